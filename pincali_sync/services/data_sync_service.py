"""Scraped detail pages become staging rows, live rows, journal entries and finished queue rows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.db.repositories.runs.sessions import ScrapeError
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.people import Forgotten
from pincali_sync.exceptions import StatisticsNotOursError
from pincali_sync.items import Ending, ScrapeResult
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.data_quality_service import judge
from pincali_sync.services.runs.job_service import JobTicket

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedBatch:
    """What became of a batch of results."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    failed: int = 0
    gone: int = 0
    refused: int = 0  # the lease had lapsed: somebody else has the page now


class DataSyncService(Service):
    """Saves results: a batch is one transaction, so a crash leaves none of it half done."""

    @in_transaction
    async def save_results(
        self,
        tx: UnitOfWork,
        results: Sequence[ScrapeResult],
        *,
        ticket: JobTicket,
        lease_token: UUID,
        rules: Sequence[ValidationRule],
    ) -> SavedBatch:
        """Stages, validates, promotes and journals pages and finishes their queue rows.

        Results whose lease lapsed are refused, whatever they say: the page is someone else's.

        Raises:
            SupersededError: when the job was given up meanwhile.
            DatabaseUnavailableError: when the database went away.
        """
        # One page twice in a batch is one page: the last result counts.
        latest = {result.queued.id: result for result in results}
        await ticket.assert_current(tx)
        await tx.records.lock_for(sightings(results))
        held = await tx.queue.lock_leased(list(latest), lease_token)
        accepted = [result for key, result in latest.items() if key in held]
        await tx.takeovers.note_pages(
            [each for each in accepted if each.shows_another],
            session_id=ticket.session_id,
            now=self.clock.now(),
        )
        sound = await without_faults(tx, accepted, session_id=ticket.session_id)
        saved = await self.save_in(tx, sound, session_id=ticket.session_id, rules=rules)
        await tx.checks.doubt(_shown_as_evidence(accepted))
        return replace(saved, refused=len(latest) - len(held))

    async def save_in(
        self,
        tx: UnitOfWork,
        results: Sequence[ScrapeResult],
        *,
        session_id: UUID,
        rules: Sequence[ValidationRule],
    ) -> SavedBatch:
        """Saves results as part of a transaction that has locked their queue rows.

        A page that shows another listing than the one asked for is saved as that one's.
        """
        now = self.clock.now()
        judged = [_judged(result, rules) for result in results]
        pages = [result for result in judged if result.scraped is not None]
        others = [result for result in judged if result.scraped is None]
        gone = [result for result in others if result.ending is Ending.GONE]
        failed = [result for result in others if result.ending is not Ending.GONE]
        accepted = [each.queued.property_id for each in pages if each.ending is Ending.DONE]
        await tx.queue.forgive(accepted, now=now)
        promoted = await self._promote(tx, pages, session_id, now)
        await tx.queue.finish(judged, self.config, now=now)
        # What was left open is asked again, ever later.
        absent = [result for result in gone if not result.is_unclear]
        absent += [result for result in pages if result.shows_another]
        await tx.queue.forget_gone([result.queued.property_id for result in absent])
        await tx.checks.note(_evidence(gone), session_id=session_id, now=now)
        await tx.sessions.add_errors(session_id, [_error_row(each, now) for each in failed])
        return replace(promoted, failed=len(failed), gone=len(gone))

    async def _promote(
        self, tx: UnitOfWork, pages: Sequence[ScrapeResult], session_id: UUID, now: datetime
    ) -> SavedBatch:
        if not pages:
            return SavedBatch()
        forgotten = await tx.people.forgotten()
        kept_out = [_without(forgotten, each) for each in pages] if forgotten else pages
        await tx.scrapes.load(kept_out, now=now)
        if not self.config.store_agent_data:
            await tx.people.clear_scraped(now=now)
        await tx.reviews.look_at_prices(session_id=session_id, now=now)
        counts = await tx.scrapes.stage(session_id=session_id, now=now)
        await tx.scrapes.promote(session_id=session_id, now=now)
        return SavedBatch(**counts)

    async def refresh_statistics(self) -> None:
        """Brings `property_stats` up to date, beside its readers.

        An adopter's view may belong to another role: then it is left to them, with a warning.
        """
        try:
            async with self.db.transaction() as tx:
                await tx.live.refresh_statistics()
        except StatisticsNotOursError as error:
            logger.warning("%s", error)


def _judged(result: ScrapeResult, rules: Sequence[ValidationRule]) -> ScrapeResult:
    """A page with what the rules say of it, and so how its queue row ends."""
    if result.scraped is None:
        return result
    verdict = judge(result.scraped, rules)
    return replace(
        result,
        verdict=verdict,
        error="; ".join(verdict.errors) or result.error,
        # Who asked for another's page need not ask again, whatever that one is worth.
        ending=Ending.DONE if verdict.accepted or result.shows_another else Ending.AGAIN,
    )


def _evidence(results: Sequence[ScrapeResult]) -> list[VerificationResult]:
    return [
        VerificationResult(queued=each.queued, answer=each.answer, judgement=each.judgement)
        for each in results
        if each.answer is not None and each.judgement is not None
    ]


def sightings(results: Iterable[ScrapeResult]) -> list[tuple[str, str, str | None]]:
    """Who was asked for, and under which slug and EasyBroker id the page stands."""
    return [
        (each.queued.property_id, each.scraped.property_id, each.scraped.public_id)
        for each in results
        if each.scraped is not None
    ]


async def without_faults(
    tx: UnitOfWork, results: Sequence[ScrapeResult], *, session_id: UUID
) -> list[ScrapeResult]:
    """One listing on the pages of several others is a fault of the site: it is not saved.

    What the pages showed must be kept as evidence before.
    """
    others = [each.scraped.public_id for each in results if each.scraped and each.shows_another]
    faulty = await tx.takeovers.seen_everywhere(others, session_id=session_id)
    return [
        replace(each, scraped=None, shows_another=False, error=f"{each.error}, and so do others")
        if each.scraped and each.shows_another and each.scraped.public_id in faulty
        else each
        for each in results
    ]


def _without(forgotten: Forgotten, result: ScrapeResult) -> ScrapeResult:
    """A page without people who are kept out; of its publisher nothing stays where it is one."""
    page = result.scraped
    assert page is not None
    original, description = page.title_original, page.description
    if forgotten.are_in(page.agent_name, page.agent_phone, page.agent_email, page.agency_name):
        page = replace(page, agent_name=None, agent_phone=None, agent_email=None)
    if forgotten.are_in(page.agency_name):
        page = replace(page, agency_name=None)
    page = replace(
        page,
        title=forgotten.taken_from(page.title),
        title_original=original and forgotten.taken_from(original),
        description=description and forgotten.taken_from(description),
    )
    return replace(result, scraped=page)


def _error_row(result: ScrapeResult, now: datetime) -> ScrapeError:
    return ScrapeError(
        created_at=now,
        url=result.queued.source_url,
        error_type=result.error_type,
        error_message=result.error or "unknown",
        retry_count=result.queued.attempt_count - 1,
    )


def _shown_as_evidence(results: Sequence[ScrapeResult]) -> list[str | None]:
    """The EasyBroker ids of the pages that were kept as evidence of what stands under a slug."""
    others = [each.scraped for each in results if each.shows_another and each.scraped is not None]
    answers = [each.answer for each in results if each.answer is not None]
    return [*(page.public_id for page in others), *(each.shown_public_id for each in answers)]
