"""Without news of a listing its page is asked for at most twice in seven days, whoever wants it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.liveness import Answer, Judgement, Verdict
from pincali_sync.items import Ending, QueuedProperty, ScrapeResult
from tests.support.builders import SITE, Workshop, add_live, detail, entry, id_of, rows
from tests.support.clock import FixedClock
from tests.support.scans import full_scan, shown_alive

DAY = timedelta(days=1)
FAILS = Judgement(verdict=Verdict.UNKNOWN, evidence="HTTP 503", may_change=True)
OTHER = Judgement(verdict=Verdict.UNKNOWN, evidence="the page shows another")
ALIVE = Judgement(verdict=Verdict.ALIVE, evidence="the page shows its id")


class Month:
    """Whoever may want a page wants it, as often as may be; every fetch is written down."""

    def __init__(self, services: Services, clock: FixedClock, *, page: str) -> None:
        self.services = services
        self.clock = clock
        self.page = (
            page  # what every page does: show its listing, fail, be missing, another's, or kill
        )
        self.fetches: dict[str, list[datetime]] = {}

    async def day(self, scan: Sequence[str] | None) -> None:
        """Refreshes, samples and top-ups; with a full scan of these slugs, verification too."""
        if scan is not None:
            cards = [entry(slug, public_id=public_id(slug)) for slug in scan]
            session_id = await full_scan(self.services, {"sale": cards})
            await self.services.diff.detect_removed_properties(session_id)
            await self.services.queue.queue_verifications(session_id)
            await self.services.audit.draw()
        await self.services.audit.queue_waiting()
        await self.services.queue.queue_stale_properties(0, 100)
        await self.services.queue.queue_random_sample(100)
        await self.services.queue.top_up()
        for _ in range(3):  # attempts
            await self.drain(verification=False)
            await self.drain(verification=True)
            self.clock.advance(hours=8)

    async def drain(self, *, verification: bool) -> None:
        token = uuid4()
        claimed = await self.services.queue.claim_next_batch(
            100, "w", lease_token=token, verification=verification
        )
        for each in claimed:
            self.fetches.setdefault(each.property_id, []).append(self.clock.now())
        if not claimed:
            return
        if self.page == "kills":
            self.clock.advance(hours=1)
            await self.services.queue.reclaim_expired()
        elif verification:
            ticket = await self.services.jobs.begin(uuid4(), spider="verification", source=None)
            await self.services.verification.record(
                [self.verified(each) for each in claimed],
                ticket=ticket,
                lease_token=token,
                rules=(),
                max_attempts=3,
            )
        else:
            ticket = await self.services.jobs.begin(uuid4(), spider="detail", source=None)
            await self.services.sync.save_results(
                [self.scraped(each) for each in claimed], ticket=ticket, lease_token=token, rules=()
            )

    def scraped(self, queued: QueuedProperty) -> ScrapeResult:
        if self.page == "alive":
            slug = queued.source_url.rpartition("/")[2]
            return ScrapeResult(queued=queued, scraped=detail(slug, public_id=queued.public_id))
        ending = Ending.GONE if self.page == "gone" else Ending.AGAIN
        return ScrapeResult(queued=queued, error=self.page, ending=ending)

    def verified(self, queued: QueuedProperty) -> VerificationResult:
        if self.page == "alive":
            return shown_alive(queued, ALIVE)
        judgement = OTHER if self.page == "another's" else FAILS
        answer = Answer(url=queued.source_url, status=503)
        return VerificationResult(queued=queued, answer=answer, judgement=judgement)


def public_id(slug: str) -> str:
    return f"EB-FW{sum(map(ord, slug)):04d}"


def most_within(moments: Sequence[datetime], span: timedelta) -> int:
    return max((sum(0 <= (m - t) / span < 1 for m in moments) for t in moments), default=0)


@pytest.mark.parametrize("page", ["alive", "fails", "gone", "another's", "kills"])
async def test_no_page_is_fetched_more_than_twice_a_week_without_news(
    db: Database, clock: FixedClock, page: str
) -> None:
    services = build_services(load_config(pincali_base_url=SITE), clock=clock, db=db)
    listed, unlisted = ["listed-1", "listed-2", "listed-3"], ["unlisted-1", "unlisted-2"]
    await full_scan(
        services, {"sale": [entry(s, public_id=public_id(s)) for s in (*listed, *unlisted)]}
    )
    for slug in (*listed, *unlisted):
        await add_live(db, slug, public_id=public_id(slug), price=2_000_000, visits=1)
    await rows(db, "DELETE FROM scrape_queue")
    await rows(db, "UPDATE property_manifest SET needs_full_scrape = false, is_new = false")
    month = Month(services, clock, page=page)
    chance = random.Random(page)
    for day in range(36):
        full = day % 7 == 3 or chance.random() < 0.1
        await month.day(listed if full else None)
    assert set(month.fetches) == {id_of(slug) for slug in (*listed, *unlisted)}
    for moments in month.fetches.values():
        # A lost attempt is taken for none that asked, but where all of a row's are lost, all count.
        assert most_within(moments, 7 * DAY) <= (3 if page == "kills" else 2)
        # What brings nothing is asked for ever more rarely.
        assert len(moments) <= {"alive": 10, "kills": 15}.get(page, 8)


@pytest.mark.parametrize(
    ("ending", "days", "at_first"),
    [(Ending.AGAIN, [0, 2, 4, 8, 16, 33], 3), (Ending.GONE, [0, 1, 3, 7, 15, 31], 1)],
)
async def test_a_newcomer_is_tried_again_after_a_day_and_then_ever_more_rarely(
    shop: Workshop, clock: FixedClock, ending: Ending, days: list[int], at_first: int
) -> None:
    tried = []
    for day in range(36):
        await shop.scan(entry("blue-house"))  # seen every day
        await shop.queue.top_up()
        for _ in range(3):
            for each in await shop.claim():
                tried.append(day)
                await shop.save(ScrapeResult(queued=each, error="HTTP 500", ending=ending))
            clock.advance(hours=8)
    assert sorted(set(tried)) == days
    assert (tried.count(0), tried.count(days[1])) == (at_first, 1)


async def test_a_page_that_came_in_the_end_is_no_dead_letter_any_more(
    shop: Workshop, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    await shop.save(ScrapeResult(queued=queued, error="nonsense", ending=Ending.FAILED))
    assert len(await shop.db.run(lambda tx: tx.queue_rows.dead_letters(limit=9))) == 1
    clock.advance(days=1)
    await shop.queue.top_up()
    [queued] = await shop.claim()
    assert queued.queue_reason == "another_try"
    await shop.save(ScrapeResult(queued=queued, scraped=detail("blue-house")))
    assert await shop.db.run(lambda tx: tx.queue_rows.dead_letters(limit=9)) == []
