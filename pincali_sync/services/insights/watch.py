"""What a tick does so that people see how things are: a sign of life, alerts, figures over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.export.change_feed import ChangeFeedService
from pincali_sync.services.insights.alerts import AlertService
from pincali_sync.services.insights.metrics import samples_of
from pincali_sync.services.insights.snapshot import RUNNER
from pincali_sync.services.insights_service import InsightsService

# A runner that waits ticks every second; the figures need not be read as often.
_LEAST_GAP = timedelta(seconds=20)
_HISTORY_GAP = timedelta(hours=1)
# What is kept over time: the trends that are shown where nobody has Prometheus.
HISTORY_METRICS = frozenset(
    {"pincali_live_listings", "pincali_live_stale", "pincali_queue_pending"}
)


@dataclass(frozen=True)
class Watch(Service):
    """Reads the figures, once for everybody who needs them."""

    insights: InsightsService
    alerts: AlertService
    feed: ChangeFeedService

    async def look(self, runs: Sequence[SyncRun] = ()) -> None:
        """Checks the alerts and keeps figures, if that is due; `runs` are those of this tick."""
        now = self.clock.now()
        is_due, is_kept = await self._is_wanted(any(run.status != "running" for run in runs))
        if not is_due:
            return
        snapshot = await self.insights.snapshot(whole=not is_kept)
        if not is_kept:
            figures = {
                sample.key: sample.value
                for sample in samples_of(snapshot)
                if sample.metric in HISTORY_METRICS
            }
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
        return True, await tx.history.has_any_since(now - _HISTORY_GAP)
