"""Tells people what is the matter: once an incident, and once more when it is over."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.insights.incidents import Incident
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.alerts import ALERT_RULES, AlertRule, firing
from pincali_sync.services.insights.metrics import samples_of
from pincali_sync.services.insights.snapshot import Snapshot
from pincali_sync.services.ports import Notifier

logger = logging.getLogger(__name__)


class AlertService:
    """Judges the present by the alert rules.

    Told at least once: killed between telling and noting that it was told, it tells again.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        notifier: Notifier,
        rules: Sequence[AlertRule] = ALERT_RULES,
    ) -> None:
        self._db = db
        self._clock = clock
        self._notifier = notifier
        self._holds = {rule.name: rule.hold for rule in rules}
        self._rules = rules

    async def check(self, snapshot: Snapshot) -> list[Incident]:
        """Opens and ends incidents by what the figures say, and tells who is to be told.

        Returns:
            The open incidents that have lasted long enough to be told.
        """
        broken = firing(samples_of(snapshot), self._rules)

        async def work(tx: UnitOfWork) -> tuple[list[Incident], list[Incident]]:
            await tx.incidents.settle(broken, now=self._clock.now())
            recovered = await tx.incidents.recovered()
            passing = [each for each in recovered if not self._is_worth_telling(each)]
            await tx.incidents.forget(passing)
            over = [each for each in recovered if each not in passing]
            return await tx.incidents.open(), over

        opened, recovered = await self._db.run(work)
        lasting = [each for each in opened if self._has_lasted(each)]
        await self._tell([each for each in lasting if each.announced_at is None], recovered)
        return lasting

    def _is_worth_telling(self, ended: Incident) -> bool:
        """What was told is told to be over; what lasted and could not be told is told late."""
        return ended.announced_at is not None or self._has_lasted(ended)

    def _has_lasted(self, incident: Incident) -> bool:
        hold = self._holds.get(incident.alert, timedelta(0))
        return (incident.resolved_at or self._clock.now()) - incident.opened_at >= hold

    async def _tell(self, opened: Sequence[Incident], recovered: Sequence[Incident]) -> None:
        if not opened and not recovered:
            return
        title = _title(opened, recovered)
        if not await self._notifier.tell(title, _body(opened, recovered)):
            logger.error("nobody could be told: %s; it is tried again at the next tick", title)
            return
        for incident in opened:
            logger.error("alert %s: %s", incident.alert, incident.message)
        for incident in recovered:
            logger.warning("over: alert %s", _name(incident))

        async def work(tx: UnitOfWork) -> None:
            await tx.incidents.mark_announced(opened, recovered, now=self._clock.now())

        await self._db.run(work)


def _title(opened: Sequence[Incident], recovered: Sequence[Incident]) -> str:
    if not opened:
        return f"Pincali Sync: over: {_names(recovered)}"
    worst = "critical" if any(each.severity == "critical" for each in opened) else "warning"
    return f"Pincali Sync: {worst}: {_names(opened)}"


def _body(opened: Sequence[Incident], recovered: Sequence[Incident]) -> str:
    lines = [f"{each.severity.upper()} {each.alert}: {each.message}" for each in opened]
    lines += [
        f"OVER {_name(each)}, which began {each.opened_at:%Y-%m-%d %H:%M} UTC" for each in recovered
    ]
    return "\n".join(lines)


def _names(incidents: Iterable[Incident]) -> str:
    return ", ".join(dict.fromkeys(each.alert for each in incidents))


def _name(incident: Incident) -> str:
    return f"{incident.alert} ({incident.subject})" if incident.subject else incident.alert
