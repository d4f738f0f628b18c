"""What a tick does so that people see how things are: figures over time, alerts, a sign of life."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pincali_sync.clock import TOLERATED, is_fresh
from pincali_sync.db.repositories.insights.history import Incident
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.alerts import ALERT_RULES, Firing, Sample, firing
from pincali_sync.domain.names import words
from pincali_sync.language import _
from pincali_sync.moments import instant
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.export.change_feed import ChangeFeedService
from pincali_sync.services.export.webhooks import WebhookService
from pincali_sync.services.insights.metrics import samples_of
from pincali_sync.services.insights.snapshot import RUNNER, Snapshot
from pincali_sync.services.insights_service import InsightsService
from pincali_sync.services.ports import Notifier

logger = logging.getLogger(__name__)

_HOLDS = {rule.name: rule.hold for rule in ALERT_RULES}
# A runner that waits ticks every second; the figures need not be read as often.
_LEAST_GAP = timedelta(seconds=20)
# For which a tick sends webhooks; what is left is for the next one.
_WEBHOOK_SECONDS = 20.0
_HISTORY_GAP = timedelta(hours=1)
# What is kept over time: the trends that are shown where nobody has Prometheus.
HISTORY_METRICS = frozenset(
    {"pincali_live_listings", "pincali_live_stale", "pincali_queue_pending"}
)


@dataclass(frozen=True)
class AlertService(Service):
    """Judges the present by the alert rules.

    Told at least once: killed between telling and noting that it was told, it tells again.
    """

    notifier: Notifier

    async def check(self, snapshot: Snapshot) -> None:
        """Opens and ends incidents by what the figures say, and tells who is to be told."""
        opened, ended = await self._settle(firing(samples_of(snapshot), ALERT_RULES))
        if not opened and not ended:
            return
        title = _title(opened, ended)
        if not await self.notifier.tell(title, _body(opened, ended)):
            logger.error(
                "nobody could be told: %s; it is tried again at the next tick",
                _names([*opened, *ended]),
            )
            return
        for incident in opened:
            logger.error("alert %s: %s", incident.alert, incident.message)
        for incident in ended:
            logger.warning("over: alert %s", _name(incident))
        now = self.clock.now()
        await self.db.run(lambda tx: tx.incidents.mark_announced(opened, ended, now=now))

    @in_transaction
    async def _settle(
        self, tx: UnitOfWork, broken: Sequence[Firing]
    ) -> tuple[list[Incident], list[Incident]]:
        """What has lasted long enough to be told, and was not; and what is told to be over."""
        await tx.incidents.settle(broken, now=self.clock.now())
        ended = await tx.incidents.recovered()
        # What lasted and could not be told is told late.
        over = [each for each in ended if each.announced_at or self._has_lasted(each)]
        await tx.incidents.forget([each for each in ended if each not in over])
        untold = [each for each in await tx.incidents.open() if each.announced_at is None]
        return [each for each in untold if self._has_lasted(each)], over

    def _has_lasted(self, incident: Incident) -> bool:
        hold = _HOLDS.get(incident.alert, timedelta(0))
        if incident.resolved_at is not None:
            return incident.resolved_at - incident.opened_at >= hold
        return not is_fresh(incident.opened_at, now=self.clock.now(), within=hold)


def _title(opened: Sequence[Incident], recovered: Sequence[Incident]) -> str:
    if not opened:
        return _("Pincali Sync: over: %(alerts)s", alerts=_names(recovered))
    if any(each.severity == "critical" for each in opened):
        return _("Pincali Sync: critical: %(alerts)s", alerts=_names(opened))
    return _("Pincali Sync: warning: %(alerts)s", alerts=_names(opened))


def _body(opened: Sequence[Incident], recovered: Sequence[Incident]) -> str:
    lines = [
        f"{words(each.severity).upper()} {each.alert}: {each.told} "
        f"(docs/runbook.md#{each.alert.lower()})"
        for each in opened
    ]
    lines += [
        _("OVER %(alert)s, which began %(when)s", alert=_name(each), when=instant(each.opened_at))
        for each in recovered
    ]
    return "\n".join(lines)


def _names(incidents: Iterable[Incident]) -> str:
    return ", ".join(dict.fromkeys(each.alert for each in incidents))


def _name(incident: Incident) -> str:
    return f"{incident.alert} ({incident.subject})" if incident.subject else incident.alert


def _kept(samples: Sequence[Sample]) -> dict[str, float]:
    """What is kept over time: of the many series that are zero the first alone, as the figure."""
    figures: dict[str, float] = {}
    for metric in sorted(HISTORY_METRICS):
        series = [each for each in samples if each.metric == metric]
        figures |= {each.key: each.value for each in series if each.value or each is series[0]}
    return figures


@dataclass(frozen=True)
class Watch(Service):
    """Reads the figures, once for everybody who needs them."""

    insights: InsightsService
    alerts: AlertService
    feed: ChangeFeedService
    webhooks: WebhookService

    async def look(self, runs: Sequence[SyncRun] = ()) -> list[Exception]:
        """Checks the alerts, keeps figures and sends webhooks, if that is due.

        Args:
            runs: those of this tick.

        Returns:
            What went wrong, which the log has too: figures that cannot be read keep no webhook.
        """
        faults: list[Exception] = []
        try:
            is_due, is_kept = await self._is_wanted(any(run.status != "running" for run in runs))
            if not is_due:
                return []
            await self._judge(is_kept)
        except Exception as error:  # noqa: BLE001
            logger.error("the figures could not be looked at: %s", error)
            faults.append(error)
        try:
            await self.webhooks.send(seconds=_WEBHOOK_SECONDS)
        except Exception as error:  # noqa: BLE001
            logger.error("changes could not be sent to webhooks: %s", error)
            faults.append(error)
        return faults

    async def _judge(self, is_kept: bool) -> None:
        now = self.clock.now()
        snapshot = await self.insights.snapshot(whole=not is_kept)
        if not is_kept:
            figures = _kept(samples_of(snapshot))
            await self.db.run(lambda tx: tx.history.keep(figures, at=snapshot.taken_at))
        await self.alerts.check(snapshot)
        await self.feed.number()  # so that a reader finds little left to number
        # The sign of life comes last: without it somebody outside notices.
        await self.db.run(lambda tx: tx.history.beat(RUNNER, now=now))

    @in_transaction
    async def _is_wanted(self, tx: UnitOfWork, has_news: bool) -> tuple[bool, bool]:
        """Whether to look, and whether figures were kept lately."""
        now = self.clock.now()
        last = await tx.history.last_beat(RUNNER)
        if last is not None and timedelta(0) <= now - last < _LEAST_GAP and not has_news:
            return False, False
        return True, await tx.history.has_any_since(now - _HISTORY_GAP, until=now + TOLERATED)
