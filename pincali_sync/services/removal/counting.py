"""First: who is missing. Without a certificate that proves absence, nobody is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from pincali_sync.db.repositories.removal.counting import PropertyRemovalCandidate
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.listing_status import LIKELY_AFTER
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import UsageError
from pincali_sync.services.base import Service
from pincali_sync.services.removal.audit import RemovalAuditService
from pincali_sync.services.runs.run_jobs import DONE, Outcome
from pincali_sync.services.runs.steps.base import RunRecord, session_of


class MissingService(Service):
    """Counts absences."""

    async def count(self, session_id: UUID) -> list[PropertyRemovalCandidate]:
        """Counts what a session's certified scans did not see and what its sitemap dropped.

        Once, however often it is called, a chunk a transaction. Without a certificate, or an
        earlier complete sitemap to compare with, nothing is missing: absence acts only after proof.

        Returns:
            The listings missing for the second time or more.
        """
        began = await self.db.run(lambda tx: tx.sessions.began(session_id))
        if began is None:
            raise UsageError(f"there is no session {session_id}")
        now = self.clock.now()

        async def absent(tx: UnitOfWork, records: Sequence[str]) -> None:
            await tx.missing.count_absent(session_id, records, began=began, now=now)

        async def delisted(tx: UnitOfWork, records: Sequence[str]) -> None:
            await tx.missing.count_delisted(session_id, records, now=now)

        await self._count(
            await self.db.run(lambda tx: tx.missing.absent(session_id, began=began)), absent
        )
        await self._count(await self.db.run(lambda tx: tx.missing.delisted(session_id)), delisted)
        return await self.db.run(lambda tx: tx.missing.candidates(session_id))

    async def count_dropped(self, session_id: UUID) -> None:
        """Counts what a session's sitemap dropped, once, until it is likely removed and no
        further: while nobody looks at pages, more days without it tell no more."""
        now = self.clock.now()

        async def dropped(tx: UnitOfWork, records: Sequence[str]) -> None:
            await tx.missing.count_delisted(session_id, records, most=LIKELY_AFTER, now=now)

        await self._count(
            await self.db.run(lambda tx: tx.missing.delisted(session_id, most=LIKELY_AFTER)),
            dropped,
        )

    async def _count(
        self,
        records: Sequence[str],
        count: Callable[[UnitOfWork, Sequence[str]], Awaitable[None]],
    ) -> None:
        """How long each is absent is told by the manifest, from when anything listed it last."""
        await self.in_chunks(records, lambda tx, chunk: tx.listed.touch(chunk))
        await self.in_chunks(records, count)


@dataclass(frozen=True, slots=True)
class RemovalsStep:
    """Counts who is missing, opens the scan's batch, and draws what is audited."""

    record: RunRecord
    missing: MissingService
    audit: RemovalAuditService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        session_id = session_of(run)
        candidates = len(await self.missing.count(session_id))
        if candidates:
            async with self.record.db.transaction() as tx:
                await tx.batches.open(
                    session_id, run_id=run.id, candidates=candidates, now=self.record.clock.now()
                )
        await self.record.note(run, removals_detected=candidates)
        if run.tier_level == Tier.WEEKLY_DEEP:
            await self.audit.draw()
        await self.audit.queue_waiting(run.id)
        return DONE
