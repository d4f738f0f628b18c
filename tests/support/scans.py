"""Full scans of the four sources, and a site that answers as it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from pincali_sync.bootstrap import Services
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.identity import slug_of
from pincali_sync.domain.liveness import Answer, Judgement, judge
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.walk_summary import Hole, WalkSummary
from pincali_sync.items import FetchedPage, LostPage, ManifestEntry, ManifestPage, QueuedProperty
from pincali_sync.pages.answer import read_answer
from pincali_sync.services.runs.job_service import JobTicket
from tests.support.builders import SITE, detail, page

Cards = Mapping[str, Sequence[ManifestEntry]]


def whole_source(source: str, cards: Sequence[ManifestEntry], total: int) -> ManifestPage:
    """A source that fits on one page."""
    read = page(*cards, source=source, total=total)
    return replace(read, page=replace(read.page, total_pages=1))


def whole_walk(
    source: ListingSource, *, lost: bool = False, holes: Sequence[Hole] = ()
) -> WalkSummary:
    """The end of a walk through a source of one page, or of two if one is lost."""
    return WalkSummary(
        source=source,
        parts=1,
        pages_wanted=2 if lost else 1,
        total_at_start=None,
        total_at_end=None,
        unpriced_wanted=0,
        unpriced_found=0,
        gaps=(),
        holes=tuple(holes),
    )


async def full_scan(
    services: Services,
    cards: Cards,
    *,
    lost: Sequence[str] = (),
    totals: Mapping[str, int] | None = None,
    holes: Mapping[str, Sequence[Hole]] | None = None,
    ticket: JobTicket | None = None,
) -> UUID:
    """Reads all sources in a session of their own, and certifies them; returns the session.

    Args:
        lost: sources whose second page could not be read.
        totals: declared, where it is not the number of cards.
        holes: of the walks through these sources.
        ticket: of a job whose session the scan belongs to.
    """
    ticket = ticket or await services.jobs.begin(uuid4(), spider="manifest", source=None)
    pages = []
    for source in ListingSource:
        shown = list(cards.get(source.value, ()))
        total = (totals or {}).get(source.value, len(shown))
        pages.append(whole_source(source.value, shown, total))
    await services.scans.upsert_manifest_entries(pages, ticket)
    for source_name in lost:
        gap = LostPage(url=f"{SITE}/?page=2", source=source_name, page_number=2, error="HTTP 503")
        await services.scans.record_lost_page(gap, ticket)
    for source in ListingSource:
        walk = whole_walk(
            source, lost=source.value in lost, holes=(holes or {}).get(source.value, ())
        )
        await services.scans.record_walk(walk, ticket)
    await services.scans.certify(ticket.session_id)
    return ticket.session_id


@dataclass
class FakeSite:
    """Answers by slug; a slug it was not told about is not there."""

    answers: dict[str, FetchedPage] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def set(self, slug: str, status: int | None, body: bytes = b"", **headers: str) -> None:
        self.answers[slug] = FetchedPage(status=status, headers=headers, body=body)

    async def get(self, url: str) -> FetchedPage:
        self.asked.append(url)
        return self.answers.get(slug_of(url), FetchedPage(status=404))


def seen(queued: QueuedProperty, status: int | None, body: bytes = b"") -> VerificationResult:
    """What a verification job would make of an answer to this page."""
    url = queued.source_url
    answer = (
        Answer(url=url, status=None, error="timed out")
        if status is None
        else read_answer(url, status, {}, body).answer
    )
    judgement = judge(answer, property_id=queued.property_id, public_id=queued.public_id)
    return VerificationResult(queued=queued, answer=answer, judgement=judgement)


def shown_alive(queued: QueuedProperty, judgement: Judgement, **fields: Any) -> VerificationResult:
    """A page that proves the listing alive."""
    slug = slug_of(queued.source_url)
    return VerificationResult(
        queued=queued,
        answer=Answer(url=queued.source_url, status=200, shown_public_id=queued.public_id),
        judgement=judgement,
        scraped=detail(slug, public_id=queued.public_id, **fields),
    )
