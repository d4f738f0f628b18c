"""Every number that is shown anywhere, read in one place. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.insights.closeups import LoggedError
from pincali_sync.db.repositories.insights.dossier import Change, Sighting
from pincali_sync.db.repositories.insights.history import DayCount, HistoryPoint
from pincali_sync.db.repositories.insights.incidents import Incident
from pincali_sync.db.repositories.prices.reviews import PriceReview
from pincali_sync.db.repositories.queue.queue import DeadLetter, QueueRow, QueueStats
from pincali_sync.db.repositories.removal.removals import RemovalBatch, RemovalCheck
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.scan.manifest import ManifestStats
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.identity import property_id_of
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import PageError, UsageError
from pincali_sync.services.insights.snapshot import (
    RUNNER,
    InsightsPolicy,
    Snapshot,
    read_snapshot,
)
from pincali_sync.services.runs.run_progress import RunProgress, progress_of

__all__ = [
    "BatchView",
    "Dossier",
    "InsightsService",
    "ManifestStats",
    "QueueStats",
    "RunProgress",
    "RunView",
    "Snapshot",
    "TierStatus",
]

_RUNS_COMPARED = 20


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything known of one record: what it is, why it is queued, why it was removed."""

    property_id: str
    live: Mapping[str, Any] | None
    manifest: Mapping[str, Any] | None
    aliases: tuple[Mapping[str, Any], ...]
    queue: tuple[QueueRow, ...]
    checks: tuple[RemovalCheck, ...]
    reviews: tuple[PriceReview, ...]
    changes: tuple[Change, ...]
    sightings: tuple[Sighting, ...]
    certificates: tuple[Mapping[str, Any], ...]  # of the scan that missed it last
    sitemap: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A batch of removals, with what its listings' pages answered."""

    batch: RemovalBatch
    removable: int  # proven gone and not seen since: what approving would remove now
    verdicts: Mapping[str, int]
    checks: tuple[RemovalCheck, ...]  # as many as were asked for


class InsightsService:
    """Reads what commands, pages, metrics, alerts and reports present."""

    def __init__(self, db: Database, clock: Clock, policy: InsightsPolicy) -> None:
        self._db = db
        self._clock = clock
        self._policy = policy

    async def snapshot(self, *, whole: bool = True) -> Snapshot:
        """The present in one go; see `read_snapshot`."""
        async with self._db.repeatable_read() as tx:
            return await read_snapshot(tx, self._policy, self._clock.now(), whole=whole)

    async def open_incidents(self) -> list[Incident]:
        """What is the matter now, critical things first."""
        async with self._db.transaction() as tx:
            return await tx.incidents.open()

    async def last_tick(self) -> datetime | None:
        """When the tier runner last did its work; None: never."""
        async with self._db.transaction() as tx:
            return (await tx.history.heartbeats()).get(RUNNER)

    async def trends(self, days: float) -> list[HistoryPoint]:
        """Figures as they were kept over the last days, the oldest first; see `HISTORY_METRICS`."""
        async with self._db.transaction() as tx:
            return await tx.history.points(since=self._clock.now() - timedelta(days=days))

    async def price_changes_by_day(self, days: int) -> list[DayCount]:
        """Listings whose price changed, by day of the site's country."""
        async with self._db.transaction() as tx:
            return await tx.history.price_changes_by_day(
                since=self._clock.now() - timedelta(days=days)
            )

    async def removed_by_day(self, days: int) -> list[DayCount]:
        """Confirmed removals, by day of the site's country."""
        async with self._db.transaction() as tx:
            return await tx.history.removed_by_day(since=self._clock.now() - timedelta(days=days))

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

    async def history(self, tier: Tier | None = None, limit: int = 20) -> list[SyncRun]:
        """The latest runs, of one tier or of all."""
        level = None if tier is None else tier.value
        async with self._db.transaction() as tx:
            return await tx.runs.recent(tier_level=level, limit=limit)

    async def find_run(self, prefix: str) -> SyncRun:
        """The run whose id begins so.

        Raises:
            UsageError: when there is none, or more than one.
        """
        async with self._db.transaction() as tx:
            found = await tx.runs.find(prefix)
        if len(found) != 1:
            many = "more than one run begins" if found else "no run begins"
            raise UsageError(f"{many} with {prefix!r}: `pincali-sync history` lists them")
        return found[0]

    async def record_of(self, name: str) -> str:
        """The property_id that an id, an alias, a URL or an EasyBroker id means.

        Raises:
            UsageError: when it means none.
        """
        async with self._db.transaction() as tx:
            return await _resolve(tx, name)

    async def explain(self, name: str, limit: int = 20) -> Dossier:
        """What is known of the record that an id, an alias, a URL or an EasyBroker id means.

        Raises:
            UsageError: when it means none.
        """
        async with self._db.transaction() as tx:
            property_id = await _resolve(tx, name)
            return Dossier(
                property_id=property_id,
                live=await tx.dossier.live(property_id),
                manifest=await tx.dossier.manifest(property_id),
                aliases=tuple(await tx.identities.aliases(property_id)),
                queue=tuple(await tx.queue.of_property(property_id, limit=limit)),
                checks=tuple(await tx.removals.checks_of_property(property_id, limit=limit)),
                reviews=tuple(await tx.reviews.of_property(property_id, limit=limit)),
                changes=tuple(await tx.dossier.changes(property_id, limit=limit)),
                sightings=tuple(await tx.dossier.sightings(property_id, limit=limit)),
                certificates=tuple(await tx.dossier.certificates(property_id)),
                sitemap=tuple(await tx.dossier.sitemap(property_id)),
            )

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Pages that were set aside after their attempts."""
        async with self._db.transaction() as tx:
            return await tx.queue.dead_letters(limit=limit)

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

    async def progress(self) -> list[RunProgress]:
        """How far each open run has come."""
        async with self._db.transaction() as tx:
            return [
                progress_of(
                    run,
                    await tx.closeups.pages_of(run.session_id),
                    await tx.queue.of_run(run.id),
                    await tx.runs.recent(tier_level=run.tier_level, limit=_RUNS_COMPARED),
                )
                for run in await tx.runs.open_runs()
            ]

    async def removal_batch(self, batch_id: UUID, limit: int = 100) -> BatchView | None:
        """One batch of removals with up to `limit` of its checks."""
        async with self._db.transaction() as tx:
            batch = await tx.removals.batch(batch_id)
            if batch is None:
                return None
            return BatchView(
                batch=batch,
                removable=await tx.removals.removable(batch_id),
                verdicts=await tx.closeups.verdicts_of_batch(batch_id),
                checks=tuple(await tx.removals.checks_of_batch(batch_id, limit=limit)),
            )

    async def prices(self, property_id: str, limit: int = 200) -> list[Change]:
        """What the journal says of a record's price and its terms, the latest first."""
        async with self._db.transaction() as tx:
            return await tx.closeups.prices_of(property_id, limit=limit)

    async def errors(self, limit: int = 100) -> list[LoggedError]:
        """Pages that could not be read or stored, the latest first."""
        async with self._db.transaction() as tx:
            return await tx.closeups.errors(limit=limit)

    async def failed_runs(self, limit: int = 20) -> list[SyncRun]:
        """The latest runs that failed."""
        async with self._db.transaction() as tx:
            return await tx.runs.recent(tier_level=None, limit=limit, status="failed")


async def _resolve(tx: UnitOfWork, name: str) -> str:
    property_id = await tx.identities.resolve(_as_id(name))
    if property_id is None:
        raise UsageError(f"{name!r} is no record: give a property_id, an EB id or a URL")
    return property_id


def _as_id(name: str) -> str:
    """A listing's URL as the id it computes to; anything else as it is."""
    try:
        return property_id_of(name)
    except PageError:
        return name.strip()
