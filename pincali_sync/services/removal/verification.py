"""Second: the pages of missing listings are looked at, and what they answer is judged and kept.

GET decides: HEAD lies. At the start of a job the site shows how it answers what was never there
(invented URLs) and what certainly is (a listing seen on a page just now), and the latter again
before anything that removes a listing is kept (`looking`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import cycle
from uuid import UUID

from pincali_sync.answers.detail import shows_another
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.liveness import Verdict
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import Tier
from pincali_sync.items import NO_PAGE, Ending, QueuedProperty, ScrapeResult
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.data_sync_service import DataSyncService, sightings, without_faults
from pincali_sync.services.ports import Fetcher
from pincali_sync.services.removal.looking import Claim, Lookout, Read, read_page
from pincali_sync.services.runs.job_service import JobTicket
from pincali_sync.services.runs.run_jobs import DONE, Outcome, RunJobs, State, page_worker
from pincali_sync.services.runs.steps.base import RunRecord, session_of
from pincali_sync.services.scrape_queue_service import ScrapeQueueService

logger = logging.getLogger(__name__)

_CANARIES = 50  # known; they are asked in turn
# A canary must have been seen this recently, or its absence would prove nothing.
CANARY_AGE = timedelta(days=2)
_AT_ONCE = 8
# While so many wait, a worker has enough to do for a while, and nobody looks for more.
_ENOUGH = 500
# However long the scan took, missing listings are looked at for so long.
_AT_LEAST = timedelta(hours=1)


@dataclass(frozen=True)
class VerificationService(Service):
    """Looks at pages and keeps the evidence. No listing changes its state for a verdict alone."""

    sync: DataSyncService

    async def looked_at(self, claim: Claim, read: Read) -> AsyncIterator[list[VerificationResult]]:
        """Judges the pages that it claims, some at a time, until nothing is left.

        Writes nothing but which canaries were asked: their pages rest now, as any others do.

        Raises:
            CalibrationError, BlockedError: see `Lookout.look`.
        """
        lookout = Lookout(self.config, self.clock, read, cycle(await self.canaries()))
        try:
            async for results in lookout.look(claim):
                yield results
        finally:
            await self.note_canaries(lookout.asked)

    async def canaries(self) -> list[QueuedProperty]:
        """Some listings that were seen lately: their pages must show them."""
        now = self.clock.now()
        return await self.db.run(
            lambda tx: tx.checks.canaries(since=now - CANARY_AGE, limit=_CANARIES, now=now)
        )

    async def note_canaries(self, asked: Mapping[str, int]) -> None:
        """Counts what was asked of them, by record, as what is asked of the queue's pages."""
        now = self.clock.now()
        await self.db.run(lambda tx: tx.queue.note_canaries(asked, now=now))

    async def look_at(
        self, property_ids: Sequence[str], fetcher: Fetcher
    ) -> list[VerificationResult]:
        """Verifies records that nobody queued, and keeps the verdicts; returns what is kept.

        Raises:
            CalibrationError: when the site does not even show what is certainly there.
        """
        targets = await self.db.run(lambda tx: tx.live.targets(property_ids))

        async def claim() -> list[QueuedProperty]:
            taken, targets[:] = targets[:_AT_ONCE], targets[_AT_ONCE:]
            return taken

        read = partial(read_page, fetcher)
        results = [each async for some in self.looked_at(claim, read) for each in some]
        return await self.db.run(
            lambda tx: tx.checks.record(results, session_id=None, now=self.clock.now())
        )

    @in_transaction
    async def record(
        self,
        tx: UnitOfWork,
        results: Sequence[VerificationResult],
        *,
        ticket: JobTicket,
        lease_token: UUID,
        rules: Sequence[ValidationRule],
        max_attempts: int,
    ) -> Counter[str]:
        """Keeps verdicts, saves the pages of what is alive, and finishes the queue rows.

        A page that shows another listing is saved as that one's: it may have the slug now.

        All in one transaction, by lease: a worker that lost its lease changes nothing. "Alive"
        counts as a full scrape. An answer that another try may better goes back to the queue.

        Returns:
            How many verdicts there are of each kind, and how many results were `refused`: somebody
            else has their pages now.

        Raises:
            SupersededError: when the job was given up meanwhile.
        """
        await ticket.assert_current(tx)
        await tx.records.lock_for(sightings(_pages(results)))
        latest = {result.queued.id: result for result in results}
        held = await tx.queue.lock_leased(list(latest), lease_token)
        accepted = [result for key, result in latest.items() if key in held]
        final = [each for each in accepted if not _try_again(each, max_attempts)]
        now = self.clock.now()
        # First: a page that is saved may make two records one, with their checks.
        kept = await tx.checks.record(final, session_id=ticket.session_id, now=now)
        await tx.audits.settle(kept, now=now)
        sound = await without_faults(tx, _pages(kept), session_id=ticket.session_id)
        pages = {each.queued.id: each for each in sound if each.scraped is not None}
        await self.sync.save_in(tx, list(pages.values()), session_id=ticket.session_id, rules=rules)
        others = [_outcome(each, max_attempts) for each in accepted if each.queued.id not in pages]
        await tx.queue.finish(others, self.config, now=now)
        counts = Counter(str(each.judgement.verdict) for each in kept)
        counts["refused"] = len(latest) - len(held)
        return counts


@dataclass(frozen=True, slots=True)
class VerifyStep:
    """Has the pages of missing listings looked at, until none of them waits or its time is over.

    What was proven by then counts: the removals of a scan wait for no backlog.
    """

    record: RunRecord
    jobs: RunJobs
    queue: ScrapeQueueService

    async def __call__(self, run: SyncRun) -> Outcome:
        """Moves the run on by this step."""
        if await self._is_over(run):
            return await self._leave_the_rest(run)
        await self.queue.reclaim_expired()
        # An earlier run's, too.
        waiting = await self.record.db.run(lambda tx: tx.queue.open_verifications())
        if waiting < _ENOUGH and not await self._queue_more(run):
            return DONE
        worker = page_worker("verification", self.record.plan(run).detail_delay_seconds)
        report = await self.jobs.ensure_worker(run, worker, verification=True)
        if report.state is State.FAILED:
            # What was proven counts; the rest is for the next daily run, and is in nobody's way.
            logger.error("run %s: missing listings could not be verified: %s", run.id, report.error)
            async with self.record.db.transaction() as tx:
                await tx.queue.unqueue_missing()
                await tx.runs.note(run.id, RunNotes(verification=report.error))
            return DONE
        return report

    async def _queue_more(self, run: SyncRun) -> bool:
        """Queues what is missing and due; whether anything waits to be looked at."""
        outside = await self.queue.queue_verifications(session_of(run), is_daily=_is_daily(run))
        waiting = await self.record.db.run(lambda tx: tx.queue.open_verifications())
        return bool(waiting or outside)

    async def _is_over(self, run: SyncRun) -> bool:
        verifies_for = self.record.plan(run).verifies_for
        if verifies_for is None:
            return False
        now, until = self.record.clock.now(), run.details.verifies_until
        if until is None:
            until = max(run.started_at + verifies_for, now + _AT_LEAST)
            await self.record.note(run, RunNotes(verifies_until=until))
        return now >= until

    async def _leave_the_rest(self, run: SyncRun) -> Outcome:
        outside = await self.queue.missing_outside(session_of(run), is_daily=_is_daily(run))
        async with self.record.db.transaction() as tx:
            left = await tx.queue.unqueue_missing()
            said = f"its time ended with {left} pages still queued"
            said += f" and {outside} that found no place" if outside else ""
            if left or outside:
                note = RunNotes(verification=f"{said}; daily runs go on with them")
                await tx.runs.note(run.id, note)
        return DONE


def _is_daily(run: SyncRun) -> bool:
    return run.tier_level == Tier.DAILY_SYNC


def _pages(results: Sequence[VerificationResult]) -> list[ScrapeResult]:
    """The pages to be saved: of what is alive, and of other listings under its URL."""
    return [
        ScrapeResult(
            queued=each.queued,
            scraped=each.scraped,
            error=None if each.judgement.verdict is Verdict.ALIVE else each.judgement.evidence,
            shows_another=each.judgement.verdict is not Verdict.ALIVE,
        )
        for each in results
        if each.scraped is not None
        and (each.judgement.verdict is Verdict.ALIVE or shows_another(each.queued, each.scraped))
    ]


def _try_again(result: VerificationResult, max_attempts: int) -> bool:
    return (
        result.judgement.may_change and _failed(result).ending_after(max_attempts) is Ending.AGAIN
    )


def _outcome(result: VerificationResult, max_attempts: int) -> ScrapeResult:
    # "Unknown" is an answer too, once no further try is left.
    ending = Ending.AGAIN if _try_again(result, max_attempts) else Ending.DONE
    return replace(_failed(result), ending=ending)


def _failed(result: VerificationResult) -> ScrapeResult:
    said = result.judgement.evidence
    return ScrapeResult(queued=result.queued, error=said, is_no_page=said.startswith(NO_PAGE))
