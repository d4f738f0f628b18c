"""Every number that is shown anywhere, read in one place. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.jobs import Job
from pincali_sync.db.repositories.manifest import ManifestStats
from pincali_sync.db.repositories.queue import QueueStats
from pincali_sync.db.repositories.runs import SyncRun
from pincali_sync.domain.tiers import Tier

__all__ = ["InsightsService", "ManifestStats", "QueueStats", "RunView", "TierStatus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStatus:
    """The latest run of one tier; None before the first."""

    tier: Tier
    latest: SyncRun | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run with its jobs."""

    run: SyncRun
    jobs: tuple[Job, ...]


class InsightsService:
    """Reads what commands and pages present."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def tiers(self) -> list[TierStatus]:
        """All four tiers with their latest runs."""
        async with self._db.transaction() as tx:
            return [TierStatus(tier=tier, latest=await tx.runs.latest(tier.value)) for tier in Tier]

    async def run(self, run_id: UUID) -> RunView | None:
        """One run and the attempts of its jobs."""
        async with self._db.transaction() as tx:
            run = await tx.runs.get(run_id)
            if run is None:
                return None
            return RunView(run=run, jobs=tuple(await tx.jobs.of_run(run_id)))

    async def queue(self) -> QueueStats:
        """The queue at a glance."""
        async with self._db.transaction() as tx:
            return await tx.queue.stats(now=self._clock.now())

    async def manifest(self) -> ManifestStats:
        """The manifest at a glance."""
        async with self._db.transaction() as tx:
            return await tx.manifest.stats(now=self._clock.now())

    async def live_by_status(self) -> dict[str, int]:
        """Live rows by listing status."""
        async with self._db.transaction() as tx:
            return await tx.live.counts()
