"""What is kept for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.unit_of_work import UnitOfWork

_CHUNK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTerms:
    """How long each kind of row stays."""

    queue: timedelta  # completed and cancelled rows; those set aside stay until settled
    staging: timedelta
    sightings: timedelta  # on pages, and in the sitemap
    runs: timedelta  # and quality reports, and errors of pages
    insights: timedelta  # figures over time, ended incidents, audits of removals
    removed_manifest: timedelta  # manifest rows of removed listings; their live rows stay


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedUp:
    """How many rows went."""

    queue: int
    staging: int
    sightings: int
    sitemap: int
    errors: int
    runs: int
    quality_reports: int
    manifest: int


class RetentionService:
    """Deletes what is past its term, a chunk a transaction."""

    def __init__(self, db: Database, clock: Clock, terms: RetentionTerms) -> None:
        self._db = db
        self._clock = clock
        self._terms = terms

    async def clean_up(self) -> CleanedUp:
        """One round over everything; being stopped half-way does no harm."""
        now = self._clock.now()

        async def finished(tx: UnitOfWork) -> tuple[int, int, int, int]:
            old = now - self._terms.insights
            await tx.history.forget(before=old)
            await tx.incidents.clean_up(before=old)
            await tx.audits.clean_up(before=old)
            return (
                await tx.queue.clean_up(before=now - self._terms.queue),
                await tx.removals.clean_manifest(before=now - self._terms.removed_manifest),
                await tx.runs.clean_up(before=now - self._terms.runs),
                await tx.quality.clean_up(before=now - self._terms.runs),
            )

        queue, manifest, runs, reports = await self._db.run(finished)
        return CleanedUp(
            queue=queue,
            manifest=manifest,
            runs=runs,
            quality_reports=reports,
            staging=await self._in_chunks("staging", self._terms.staging),
            sightings=await self._in_chunks("sightings", self._terms.sightings),
            sitemap=await self._in_chunks("sitemap", self._terms.sightings),
            errors=await self._in_chunks("errors", self._terms.runs),
        )

    async def _in_chunks(self, what: str, term: timedelta) -> int:
        before, total = self._clock.now() - term, 0
        while True:
            async with self._db.transaction() as tx:
                deleted = await tx.sessions.delete_old(what, before=before, size=_CHUNK)
            total += deleted
            if deleted < _CHUNK:
                return total
