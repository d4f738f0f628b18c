"""Off the market: a page that stays while no certified list shows its listing; and the way back."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter
from uuid import UUID, uuid4

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.domain.identity import slug_of
from pincali_sync.domain.liveness import Judgement, Verdict
from pincali_sync.exceptions import CalibrationError
from pincali_sync.items import QueuedProperty
from tests.integration.site.test_sitemap import read
from tests.support.builders import Workshop, detail, id_of, rows
from tests.support.clock import FixedClock
from tests.support.removals import ALIVE, HOUSES, TOKEN, batch_id, begin, claim, miss, record
from tests.support.scans import FakeSite, full_scan, seen, shown_alive

SINCE = datetime(2000, 1, 1, tzinfo=UTC)


async def look(services: Services, session_id: UUID, judgement: Judgement = ALIVE) -> bool:
    """Has the page of house-1 answer, if it is asked; returns whether it was."""
    claimed = await claim(services, session_id)
    for queued in claimed:
        result = shown_alive(queued, judgement)
        if judgement.verdict is not Verdict.ALIVE:
            result = replace(seen(queued, 409), judgement=judgement)
        await record(services, result)
    return bool(claimed)


async def unlist(services: Services, clock: FixedClock, *, scans: int) -> None:
    """So many weekly scans without house-1, whose page is there whenever it is asked."""
    await begin(services, clock)
    for _ in range(scans):
        await look(services, await miss(services, clock, times=1))


async def state(shop: Workshop) -> tuple[str, str, int]:
    live = await shop.live("house-1")
    return live["listing_status"], live["status"], live["consecutive_missing_count"]


async def test_before_three_absences_a_listing_whose_page_is_there_is_active(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await unlist(services, clock, scans=2)
    assert await state(shop) == ("active", "active", 2)


async def test_after_three_it_is_off_the_market_and_the_journal_says_why(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    seen_last = clock.now().date()
    await unlist(services, clock, scans=3)
    assert await state(shop) == ("likely_removed", "inactive", 3)
    reasons = [each["change_reason"] for each in await shop.journal("house-1")]
    assert f"its page is there, but no certified list has shown it since {seen_last}" in reasons
    [unlisted] = await services.db.run(lambda tx: tx.missing.unsettled())
    assert (unlisted.verdict, unlisted.is_off_market) == ("alive", True)
    counts = (await services.insights.snapshot()).counts
    assert (counts.unsettled, counts.off_market) == (0, 1)


async def test_its_page_alone_never_removes_it_and_never_brings_it_back(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await unlist(services, clock, scans=12)
    await shop.visit(detail("house-1", public_id=HOUSES[0].public_id))
    assert await state(shop) == ("likely_removed", "inactive", 12)
    assert not [e for e in await shop.journal("house-1") if e["change_type"] == "removed"]


async def test_a_card_brings_it_back_at_once(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await unlist(services, clock, scans=4)
    await shop.scan(HOUSES[0])
    assert await state(shop) == ("active", "active", 0)
    last = max(await shop.journal("house-1"), key=itemgetter("created_at"))
    assert (last["old_value"], last["new_value"]) == ("likely_removed", "active")


async def test_the_sitemap_brings_it_back_at_once(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await unlist(services, clock, scans=4)
    await read(services, "house-1", "house-2", "house-3", "flat-1", "flat-2", dated_at=clock.now())
    assert await state(shop) == ("active", "active", 0)


async def test_it_counts_anew_once_it_was_seen(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await unlist(services, clock, scans=4)
    await shop.scan(HOUSES[0])
    clock.advance(days=7)
    await look(services, await miss(services, clock, times=2))
    assert await state(shop) == ("active", "active", 2)


async def test_what_the_sitemap_drops_day_by_day_is_no_absence_from_lists(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    slugs = ("house-2", "house-3", "flat-1", "flat-2", *(f"other-{n}" for n in range(40)))
    await read(services, "house-1", *slugs, dated_at=clock.now())
    asked = 0
    for _ in range(6):
        clock.advance(days=1)
        ended = await read(services, *slugs, dated_at=clock.now())
        assert ended.is_complete
        asked += await look(services, ended.session_id)
    assert asked == 1
    assert await state(shop) == ("active", "active", 0)
    await look(services, await miss(services, clock, times=1))
    assert await state(shop) == ("active", "active", 1)


@pytest.mark.parametrize(
    ("verdict", "weeks"),
    [(Verdict.ALIVE, [2, 4, 8, 15, 23, 31, 39]), (Verdict.UNKNOWN, [2, 3, 5, 9, 16, 24, 32, 40])],
)
async def test_a_page_that_tells_nothing_new_is_asked_ever_more_rarely(
    services: Services, clock: FixedClock, verdict: Verdict, weeks: list[int]
) -> None:
    await begin(services, clock)
    judgement = Judgement(verdict=verdict, evidence="as before")
    asked = [
        week
        for week in range(1, 45)
        if await look(services, await miss(services, clock, times=1), judgement)
    ]
    assert asked == weeks


async def daily(services: Services, *, is_daily: bool = True) -> tuple[UUID, list[QueuedProperty]]:
    """A run that reads the sitemap alone, and misses nobody: its session, and whom it asks for."""
    ended = await read(services, "house-2", dated_at=services.clock.now())
    await services.queue.queue_verifications(ended.session_id, is_daily=is_daily)
    return ended.session_id, await services.queue.claim_next_batch(
        1_000, "worker-1", lease_token=TOKEN, verification=True
    )


async def settle(services: Services, db: Database) -> None:
    """Carries out what is open."""
    for batch in await rows(db, "SELECT id FROM removal_batches WHERE status = 'open'"):
        await services.removals.apply(UUID(str(batch["id"])))


async def test_what_is_off_the_market_is_asked_again_by_daily_runs_and_no_weekly_one_waits_for_it(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await unlist(services, clock, scans=3)
    await settle(services, db)
    assert not (await daily(services))[1]  # its page was there a week ago
    await miss(services, clock, times=1)
    assert not (await daily(services, is_daily=False))[1]
    session_id, [queued] = await daily(services)
    await record(services, seen(queued, 404))
    clock.advance(hours=1)
    assert not (await daily(services))[1]  # what is proven is not asked again
    batch = await services.removals.apply_of(session_id, run_id=None)
    assert batch is not None
    assert (batch.candidates, batch.removed) == (1, 1)  # though this run missed nobody
    assert (await state(shop))[0] == "confirmed_removed"


async def test_a_proof_for_a_scan_before_its_page_was_there_keeps_nobody_from_looking_again(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await unlist(services, clock, scans=3)
    await settle(services, db)
    clock.advance(days=6)
    _, [queued] = await daily(services)
    await record(services, seen(queued, 404))
    session_id = await miss(services, clock, times=1)
    [again] = await claim(services, session_id)
    await record(services, seen(again, 404))
    await settle(services, db)
    assert (await state(shop))[0] == "confirmed_removed"


async def test_faults_of_the_moment_make_no_rest_longer(
    services: Services, clock: FixedClock
) -> None:
    await begin(services, clock)
    asked = []
    for week in range(1, 9):
        judgement = Judgement(verdict=Verdict.UNKNOWN, evidence=f"fault {week}")
        if await look(services, await miss(services, clock, times=1), judgement):
            asked.append(week)
    assert asked == [2, 3, 4, 5, 6, 7, 8]


async def test_a_page_that_said_gone_by_the_way_is_looked_at_at_once(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    await rows(
        db,
        """INSERT INTO removal_checks (property_id, verdict, http_status, evidence, url, checked_at)
           VALUES (:id, 'sold', 200, 'the page says so', 'x', :now)""",
        id=id_of("house-1"),
        now=clock.now(),
    )
    assert [each.property_id for each in await claim(services, session_id)] == [id_of("house-1")]


async def test_a_removed_listing_whose_page_is_there_starts_from_nothing(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=3)
    [queued] = await claim(services, session_id)
    await record(services, seen(queued, 404))
    await services.removals.apply(await batch_id(services.db))
    await shop.visit(detail("house-1", public_id=HOUSES[0].public_id))
    assert await state(shop) == ("active", "active", 0)


async def test_what_is_likely_removed_is_looked_at_by_nobody_else(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    await miss(services, clock, times=2)
    await services.queue.queue_stale_properties(0, 100)
    await services.queue.queue_random_sample(100)
    queued = await rows(db, "SELECT property_id FROM scrape_queue")
    assert len(queued) == 4
    assert id_of("house-1") not in {row["property_id"] for row in queued}


# --- who must be there --------------------------------------------------------------------------


async def test_who_must_be_there_is_asked_of_pages_that_were_not_asked_for_lately(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    await services.queue.queue_random_sample(4)
    asked = {each.property_id for each in await claim_any(services)}
    async with db.transaction() as tx:
        [canary] = await tx.checks.canaries(since=SINCE, limit=1, now=clock.now())
    assert len(asked) == 4
    assert canary.property_id not in asked


async def test_the_page_of_who_must_be_there_counts_as_one_that_was_asked_for(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    await full_scan(services, {"sale": HOUSES})
    site = FakeSite()  # that shows nobody any more
    with pytest.raises(CalibrationError):
        await services.verification.look_at([id_of("house-1")], site)
    noted = await rows(db, "SELECT * FROM scrape_queue WHERE queue_reason = 'canary'")
    times = Counter(id_of(slug_of(url)) for url in site.asked)
    assert noted
    for row in noted:
        assert (row["status"], row["attempt_count"]) == ("completed", times[row["property_id"]])
    async with db.transaction() as tx:
        [canary] = await tx.checks.canaries(since=SINCE, limit=1, now=clock.now())
    assert canary.property_id not in {row["property_id"] for row in noted}
    await services.queue.queue_random_sample(5)
    assert not {row["property_id"] for row in noted} & {
        each.property_id for each in await claim_any(services)
    }


async def claim_any(services: Services) -> list[QueuedProperty]:
    return await services.queue.claim_next_batch(10, "test", lease_token=uuid4(), session_id=None)
