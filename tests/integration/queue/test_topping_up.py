"""What waits outside is taken up at the cost of what moves, and nothing that waits is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue import outside
from pincali_sync.db.repositories.queue.room import ROOM
from pincali_sync.items import Ending, ScrapeResult
from tests.support.builders import Workshop, add_live, detail, entry, id_of, rows, sale, value
from tests.support.clock import FixedClock
from tests.support.removals import PRICE, begin, claim, miss, record
from tests.support.scans import seen

CEILING = 60
FILLED = ("property_manifest", "queue_outside", "scrape_queue")
WAITING = """
INSERT INTO property_manifest (property_id, source_url, first_seen_at, sources)
SELECT 'pincali_' || n, 'https://www.pincali.com/en/home/house-' || n,
       CAST(:now AS timestamptz) - n * interval '1 second', '{sale}'
  FROM generate_series(1, :rows) AS n
"""
FINISHED = """
INSERT INTO scrape_queue (property_id, source_url, priority, status, completed_at)
SELECT 'pincali_' || n, 'https://example.org/' || n, 3, 'completed', :now
  FROM generate_series(1, :rows) AS n
"""
# Every flagged record without an open row waits outside, whoever flagged it and whatever ended.
LOST = """
SELECT count(*) FROM property_manifest m
 WHERE m.needs_full_scrape
   AND NOT EXISTS (SELECT FROM scrape_queue q WHERE q.property_id = m.property_id
                      AND q.status IN ('pending', 'in_progress'))
   AND NOT EXISTS (SELECT FROM queue_outside o WHERE o.property_id = m.property_id)
"""


def touched(node: dict[str, Any]) -> int:
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


def scanned(node: dict[str, Any]) -> set[tuple[str, str]]:
    """How each table is read by a plan."""
    found = {each for child in node.get("Plans", []) for each in scanned(child)}
    return (
        found | {(node["Node Type"], node["Relation Name"])} if "Relation Name" in node else found
    )


async def explained(db: Database, statement: str, **parameters: Any) -> dict[str, Any]:
    async with db.rolled_back() as tx:
        plan = await tx.outside._scalar(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", **parameters
        )
    return dict(plan[0]["Plan"])


async def test_topping_up_touches_what_it_moves_and_not_what_waits(
    db: Database, clock: FixedClock
) -> None:
    await rows(db, WAITING, rows=20_000, now=clock.now())
    await rows(db, FINISHED, rows=20_000, now=clock.now())
    for table in FILLED:
        await rows(db, f"ANALYZE {table}")
    room = await explained(db, f"SELECT {ROOM} AS room", max_pending=CEILING, announced=0)
    assert touched(room) < 20
    following = await explained(db, outside._NEXT, size=50)
    assert touched(following) < 200
    taken = await explained(
        db,
        outside._TAKE,
        property_ids=[f"pincali_{n}" for n in range(1, 11)],
        **{"wanted": 10, "announced": 0, "max_pending": CEILING, "run_id": None},
        now=clock.now(),
    )
    assert touched(taken) < 1_000
    assert not scanned(taken) & {("Seq Scan", table) for table in FILLED}


async def test_the_newest_are_next_and_what_only_the_sitemap_lists_comes_last(
    db: Database, clock: FixedClock
) -> None:
    await rows(db, WAITING, rows=6, now=clock.now())
    await rows(db, "UPDATE property_manifest SET sources = '{}' WHERE property_id = 'pincali_1'")
    await rows(db, "UPDATE property_manifest SET is_new = false WHERE property_id = 'pincali_2'")
    for queued in ("34", "56", "21"):
        shop = Workshop(db=db, clock=clock, max_pending=2)
        assert await shop.queue.top_up() == 2
        found = await rows(db, "DELETE FROM scrape_queue RETURNING property_id")
        assert {each["property_id"] for each in found} == {f"pincali_{n}" for n in queued}
        await rows(
            db,
            "UPDATE property_manifest SET needs_full_scrape = false WHERE property_id = ANY(:ids)",
            ids=[each["property_id"] for each in found],
        )
    assert await value(db, "SELECT count(*) FROM queue_outside") == 0


async def test_a_page_shows_what_only_the_sitemap_listed_and_it_moves_up(
    db: Database, clock: FixedClock
) -> None:
    await rows(db, WAITING, rows=1, now=clock.now())
    await rows(db, "UPDATE property_manifest SET sources = '{}'")
    assert await value(db, "SELECT priority FROM queue_outside") == 3
    await rows(db, "UPDATE property_manifest SET sources = '{sale}'")
    assert await value(db, "SELECT priority FROM queue_outside") == 1


@pytest.mark.parametrize(
    ("came_back", "urgency"), [(True, (1, "relisted")), (False, (2, "price_change"))]
)
async def test_what_came_back_at_a_full_queue_is_taken_up_as_urgent_as_a_newcomer(
    db: Database, clock: FixedClock, came_back: bool, urgency: tuple[int, str]
) -> None:
    shop = Workshop(db=db, clock=clock, max_pending=1)
    await add_live(
        db,
        "blue-house",
        price=2_000_000,
        **({"listing_status": "sold", "status": "inactive"} if came_back else {}),
    )
    await shop.scan(entry("new-house"), entry("blue-house", sale(3_000_000)))
    assert not await shop.queued("blue-house")
    [newcomer] = await shop.claim()
    await shop.save(ScrapeResult(queued=newcomer, error="HTTP 500", ending=Ending.FAILED))
    assert await shop.queue.top_up() == 1
    [queued] = await shop.queued("blue-house")
    assert (queued["priority"], queued["queue_reason"]) == urgency


async def test_what_ends_in_vain_rests_outside_and_comes_back_when_its_time_is_over(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    await shop.save(ScrapeResult(queued=queued, error="HTTP 500", ending=Ending.FAILED))
    assert await value(db, "SELECT rests_until FROM queue_outside") is None
    assert await shop.queue.top_up() == 0
    resting = "SELECT rests_until FROM queue_outside"
    assert await value(db, resting) == clock.now() + timedelta(days=1)
    clock.advance(hours=23)
    assert await shop.queue.top_up() == 0
    clock.advance(hours=1)
    assert await shop.queue.top_up() == 1


@pytest.mark.parametrize("was_removed", [False, True])
async def test_what_is_known_to_have_changed_is_tried_again_after_a_day(
    shop: Workshop, db: Database, clock: FixedClock, was_removed: bool
) -> None:
    await add_live(db, "blue-house", price=2_000_000)
    if was_removed:
        await rows(db, "UPDATE properties_live SET listing_status = 'sold', status = 'inactive'")
    for days in (1, 2, 4):
        await shop.scan(entry("blue-house", sale(3_000_000)))
        await shop.queue.top_up()
        [queued] = await shop.claim()
        await shop.save(ScrapeResult(queued=queued, error="HTTP 500", ending=Ending.FAILED))
        clock.advance(days=days, minutes=-1)
        assert await shop.queue.top_up() == 0
        clock.advance(minutes=1)
    assert await shop.queue.top_up() == 1


@pytest.mark.parametrize("is_set_aside", [False, True])
@pytest.mark.parametrize("is_live", [False, True])
async def test_what_a_person_took_out_stays_out_until_a_card_has_news(
    shop: Workshop, db: Database, clock: FixedClock, is_live: bool, is_set_aside: bool
) -> None:
    if is_live:
        await add_live(db, "blue-house", price=2_000_000)
    await shop.scan(entry("blue-house", sale(3_000_000)))
    if is_set_aside:
        [queued] = await shop.claim()
        await shop.save(ScrapeResult(queued=queued, error="HTTP 500", ending=Ending.FAILED))
    assert await shop.cancel("blue-house") == 1
    clock.advance(days=9)
    assert await shop.queue.top_up() == 0
    await shop.scan(entry("blue-house", sale(4_000_000)))
    await shop.queue.top_up()
    assert [each.source_url for each in await shop.claim()] == [entry("blue-house").source_url]


async def test_what_was_dismissed_by_its_kind_of_error_stays_out(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"), entry("red-house"))
    claimed = await shop.claim()
    failed = [ScrapeResult(queued=each, error="HTTP 500", ending=Ending.FAILED) for each in claimed]
    await shop.save(*failed)
    dismissed = await db.run(
        lambda tx: tx.queue_rows.dismiss("site-error", reason="not wanted", now=clock.now())
    )
    clock.advance(days=9)
    assert (dismissed, await shop.queue.top_up()) == (2, 0)


async def test_what_is_likely_removed_is_left_to_the_verification_until_a_card_shows_it(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", price=2_000_000)
    await shop.scan(entry("blue-house", sale(3_000_000)))
    [queued] = await shop.claim()
    await shop.save(ScrapeResult(queued=queued, error="HTTP 404", ending=Ending.GONE))
    await rows(
        db,
        """UPDATE properties_live
              SET listing_status = 'likely_removed', consecutive_missing_count = 2""",
    )
    clock.advance(days=8)
    assert await shop.queue.top_up() == 0
    await shop.scan(entry("blue-house", sale(3_000_000)))
    clock.advance(days=1)
    assert await shop.queue.top_up() == 1


async def test_a_page_that_came_starts_the_count_of_those_in_vain_again(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    for _ in range(3):
        await shop.queue.top_up()
        [queued] = await shop.claim()
        await shop.save(ScrapeResult(queued=queued, error="HTTP 500", ending=Ending.FAILED))
        clock.advance(days=5)
    await shop.queue.top_up()
    await shop.visit(detail("blue-house"))
    clock.advance(days=1)
    await shop.scan(entry("blue-house", sale(3_000_000)))
    [queued] = await shop.claim()
    await shop.save(ScrapeResult(queued=queued, error="HTTP 500", ending=Ending.FAILED))
    assert await shop.queue.top_up() == 0
    resting = "SELECT rests_until FROM queue_outside"
    assert await value(db, resting) == clock.now() + timedelta(days=1)


async def test_what_ends_while_a_scan_flags_it_is_not_lost(shop: Workshop, db: Database) -> None:
    await add_live(db, "blue-house", price=2_000_000)
    await shop.scan(entry("blue-house"))
    await shop.queue.queue_new_properties([id_of("blue-house")])
    [queued] = await shop.claim()
    async with db.transaction() as scanning:
        await scanning.outside._run("UPDATE property_manifest SET needs_full_scrape = true")
        await shop.save(ScrapeResult(queued=queued, error="HTTP 500", ending=Ending.FAILED))
    assert await value(db, LOST) == 0


async def test_what_a_card_has_news_of_while_its_page_is_looked_at_is_not_lost(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    await shop.scan(entry("house-1", sale(PRICE * 2)))
    await services.queue.top_up()
    await record(services, seen(queued, 404))
    assert await value(db, LOST) == 0
    clock.advance(minutes=10)
    await services.queue.top_up()
    assert [each["status"] for each in await shop.queued("house-1")] == ["completed", "pending"]


async def test_eight_at_once_never_pass_the_ceiling_nor_lose_or_double_a_record(
    database_url: str, db: Database, clock: FixedClock
) -> None:
    most: list[int] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            most.append(
                await value(
                    db,
                    """SELECT count(*) FROM scrape_queue
                        WHERE status IN ('pending', 'in_progress')""",
                )
            )

    async def work(number: int) -> None:
        own = Database(database_url)
        shop = Workshop(db=own, clock=clock, max_pending=CEILING, token=uuid4())
        ticket = await shop.begin("detail")
        try:
            for turn in range(3):
                price = sale(2_000_000 + 500_000 * turn)
                cards = [entry(f"house-{(number * 11 + n) % 120}", price) for n in range(20)]
                await shop.scan(*cards)
                await shop.queue.top_up()
                await shop.queue.queue_stale_properties(30, 20)
                claimed = await shop.claim(8)
                results = [
                    ScrapeResult(queued=each, error="HTTP 500", ending=Ending.FAILED)
                    for each in claimed
                ]
                await shop.save(*results, ticket=ticket)
        finally:
            await own.dispose()

    for n in range(40):
        await add_live(
            db, f"house-{n}", price=1, last_full_scrape_at=clock.now() - timedelta(days=40)
        )
    watching = asyncio.create_task(watch())
    try:
        await asyncio.gather(*(work(number) for number in range(8)))
    finally:
        done.set()
        await watching
    assert CEILING / 2 < max(most) <= CEILING
    assert await value(db, LOST) == 0
    await Workshop(db=db, clock=clock, max_pending=CEILING).queue.top_up()
    doubled = """SELECT count(*) FROM (SELECT FROM scrape_queue
                  WHERE status IN ('pending', 'in_progress')
                  GROUP BY property_id HAVING count(*) > 1) twice"""
    assert await value(db, doubled) == 0
