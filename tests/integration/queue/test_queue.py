"""The queue of detail pages: order, leases, retries and what is set aside."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text

from pincali_sync.db.engine import Database
from pincali_sync.items import NO_PAGE, Ending, ScrapeResult
from tests.support.builders import (
    LEASE,
    MAX_ATTEMPTS,
    RETRY_AFTER,
    Workshop,
    add_live,
    add_queued,
    detail,
    entry,
    id_of,
    rows,
    sale,
    value,
)
from tests.support.clock import FixedClock


async def fail_once(
    shop: Workshop,
    *,
    error: str = "HTTP 503",
    ending: Ending = Ending.AGAIN,
    is_no_page: bool = False,
) -> None:
    [queued] = await shop.claim()
    result = ScrapeResult(queued=queued, error=error, ending=ending, is_no_page=is_no_page)
    await shop.save(result)


async def test_the_most_urgent_are_claimed_first_and_among_them_the_oldest(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    for age, (slug, priority) in enumerate(
        [("stale", 4), ("new-old", 1), ("changed", 2), ("new-young", 1)]
    ):
        queued_at = clock.now() + timedelta(minutes=age)
        await add_queued(db, slug, clock, priority=priority, queued_at=queued_at)
    claimed = await shop.claim(3)
    assert [each.property_id for each in claimed] == [
        id_of(slug) for slug in ("new-old", "new-young", "changed")
    ]
    assert [each.property_id for each in await shop.claim()] == [id_of("stale")]


async def test_a_new_listing_is_next_before_ten_thousand_stale_ones(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await rows(
        db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queued_at, available_at)
           SELECT 'pincali_old_' || n, 'https://example.org', 4, :now, :now
             FROM generate_series(1, 9999) n""",
        now=clock.now() - timedelta(days=1),
    )
    await shop.scan(entry("blue-house"))
    [first] = await shop.claim(1)
    assert first.property_id == id_of("blue-house")


async def test_a_claimed_row_tells_what_the_worker_must_know(shop: Workshop) -> None:
    await shop.scan(entry("blue-house", public_id="EB-QA0001"))
    [claimed] = await shop.claim()
    [row] = await shop.queued("blue-house")
    assert (claimed.public_id, claimed.attempt_count) == ("EB-QA0001", 1)
    assert claimed.source_url == "https://www.pincali.com/en/home/blue-house"
    assert (row["status"], row["worker_id"]) == ("in_progress", "worker-1")
    assert row["lease_expires_at"] == shop.clock.now() + LEASE


async def test_a_claimed_row_is_fetched_where_its_listing_was_seen_last(shop: Workshop) -> None:
    await shop.scan(entry("blue-house", public_id="EB-QA0001"))
    await shop.scan(entry("sky-blue-house", public_id="EB-QA0001"))
    [claimed] = await shop.claim()
    assert claimed.source_url.endswith("/sky-blue-house")


async def test_a_leased_row_is_nobody_elses(shop: Workshop, db: Database) -> None:
    await shop.scan(entry("blue-house"))
    await shop.claim()
    assert await Workshop(db=db, clock=shop.clock).claim() == []


async def test_a_finished_page_is_completed(shop: Workshop) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    await shop.save(ScrapeResult(queued=queued, scraped=detail("blue-house")))
    [row] = await shop.queued("blue-house")
    assert (row["status"], row["completed_at"]) == ("completed", shop.clock.now())
    assert (row["lease_token"], row["last_error"]) == (None, None)


async def test_a_failed_page_waits_longer_each_time_and_is_then_set_aside(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    for attempt in range(MAX_ATTEMPTS - 1):
        await fail_once(shop)
        wait = RETRY_AFTER * 2**attempt
        assert await value(db, "SELECT available_at FROM scrape_queue") == clock.now() + wait
        clock.advance(seconds=wait.total_seconds() - 1)
        assert await shop.claim() == []
        clock.advance(seconds=1)
    await fail_once(shop)
    [row] = await shop.queued("blue-house")
    assert (row["status"], row["attempt_count"]) == ("failed", MAX_ATTEMPTS)
    assert (row["last_error"], row["completed_at"]) == ("HTTP 503", clock.now())
    clock.advance(days=30)
    assert await shop.claim() == []


async def test_a_page_that_will_never_work_is_set_aside_at_once(shop: Workshop) -> None:
    await shop.scan(entry("blue-house"))
    await fail_once(shop, ending=Ending.FAILED)
    [row] = await shop.queued("blue-house")
    assert (row["status"], row["attempt_count"]) == ("failed", 1)


async def test_what_was_no_page_of_the_site_is_not_held_against_a_row_at_first(
    shop: Workshop, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    for attempts in (0, 1, 2):  # the second time in a row it may be this page alone
        await fail_once(shop, error=f"{NO_PAGE}: {attempts}", is_no_page=True)
        [row] = await shop.queued("blue-house")
        assert (row["status"], row["attempt_count"]) == ("pending", attempts)
        assert await shop.claim() == []
        clock.advance(days=1)
    await fail_once(shop, error=NO_PAGE, is_no_page=True)
    [row] = await shop.queued("blue-house")
    assert (row["status"], row["attempt_count"]) == ("failed", MAX_ATTEMPTS)


async def test_what_was_no_page_sets_no_row_aside_at_its_last_attempt(
    shop: Workshop, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    for _ in range(MAX_ATTEMPTS - 1):
        await fail_once(shop)
        clock.advance(days=1)
    await fail_once(shop, error=NO_PAGE, is_no_page=True)
    [row] = await shop.queued("blue-house")
    assert (row["status"], row["attempt_count"]) == ("pending", MAX_ATTEMPTS - 1)


async def test_a_released_row_gets_its_attempt_back(shop: Workshop) -> None:
    await shop.scan(entry("blue-house"), entry("red-house"))
    assert len(await shop.claim()) == 2
    assert await shop.release() == 2
    assert await shop.release() == 0
    [row] = await shop.queued("blue-house")
    assert (row["status"], row["attempt_count"], row["worker_id"]) == ("pending", 0, None)
    assert [each.attempt_count for each in await shop.claim()] == [1, 1]


async def test_a_row_of_a_silent_worker_goes_to_another_and_the_late_result_is_refused(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    [late] = await shop.claim()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    other = Workshop(db=db, clock=clock)
    [taken_over] = await other.claim()
    saved = await shop.save(ScrapeResult(queued=late, scraped=detail("blue-house", sale(1_500))))
    assert (saved.refused, saved.new) == (1, 0)
    assert await value(db, "SELECT count(*) FROM properties_live") == 0
    assert taken_over.attempt_count == 2
    saved = await other.save(ScrapeResult(queued=taken_over, scraped=detail("blue-house")))
    assert (saved.refused, saved.new) == (0, 1)
    assert (await shop.live("blue-house"))["price"] == 2_000_000


async def test_a_late_failure_does_not_take_the_row_from_its_new_worker(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    [late] = await shop.claim()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    await Workshop(db=db, clock=clock).claim()
    saved = await shop.save(ScrapeResult(queued=late, scraped=None, error="timeout"))
    assert (saved.refused, saved.failed) == (1, 0)
    assert (await shop.queued("blue-house"))[0]["status"] == "in_progress"
    assert await value(db, "SELECT count(*) FROM scraping_errors") == 0


async def test_a_worker_that_is_heard_of_keeps_its_rows(shop: Workshop, clock: FixedClock) -> None:
    await shop.scan(entry("blue-house"))
    await shop.claim()
    for _ in range(3):
        clock.advance(seconds=LEASE.total_seconds() - 1)
        assert await shop.queue.extend_leases(shop.token) == 1
    assert await shop.queue.reclaim_expired() == 0
    assert await shop.queue.extend_leases(uuid4()) == 0


async def test_a_worker_is_heard_of_while_it_saves_what_it_fetched(
    shop: Workshop, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"), entry("red-house"))
    saved, _ = await shop.claim()
    async with shop.db.transaction() as saving:
        await saving.queue.lock_leased([saved.id], shop.token)
        async with shop.db.transaction() as beat:
            await beat.connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
            assert await beat.queue.extend_leases(shop.token, until=clock.now()) == 1


async def test_lost_workers_use_attempts_up_too(shop: Workshop, clock: FixedClock) -> None:
    await shop.scan(entry("blue-house"))
    for attempt in range(1, MAX_ATTEMPTS + 1):
        [claimed] = await shop.claim()
        assert claimed.attempt_count == attempt
        clock.advance(seconds=LEASE.total_seconds() + 1)
        assert await shop.queue.reclaim_expired() == 1
    [row] = await shop.queued("blue-house")
    assert row["status"] == "failed"
    assert "worker-1 was not heard of" in row["last_error"]


async def test_what_was_lost_with_its_worker_is_no_visit_of_the_week(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", visits=1)
    await add_queued(db, "blue-house", clock, priority=4, queue_reason="stale_data")
    for _ in range(MAX_ATTEMPTS - 1):
        await shop.claim()
        clock.advance(seconds=LEASE.total_seconds() + 1)
        await shop.queue.reclaim_expired()
    [claimed] = await shop.claim()
    await shop.save(ScrapeResult(queued=claimed, scraped=detail("blue-house")))
    await add_queued(db, "blue-house", clock, priority=4, queue_reason="random_sample")
    [claimed] = await shop.claim()
    assert claimed.fetched_lately == 1
    await shop.save(ScrapeResult(queued=claimed, error="HTTP 503", ending=Ending.AGAIN))
    states = {each["status"] for each in await shop.queued("blue-house")}
    assert states == {"completed", "failed"}  # that was the second


async def test_a_verification_that_was_lost_with_its_worker_has_another_try(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", visits=1)
    await add_queued(db, "blue-house", clock, priority=4, queue_reason="stale_data")
    await shop.claim()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    await shop.queue.reclaim_expired()
    await fail_once(shop)
    assert (await shop.queued("blue-house"))[0]["status"] == "pending"


async def test_a_better_reason_raises_the_row_that_is_there(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", price=2_000_000)
    await add_queued(db, "blue-house", clock, priority=4, queue_reason="stale_data")
    batch = await shop.scan(entry("blue-house", sale(2_500_000)))
    [row] = await shop.queued("blue-house")
    assert batch.queued == 0
    assert (row["priority"], row["queue_reason"]) == (2, "price_change")


async def test_a_worse_reason_leaves_the_row_alone(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", price=2_000_000)
    await add_queued(db, "blue-house", clock, priority=1, queue_reason="new_property")
    await shop.scan(entry("blue-house", sale(2_500_000)))
    [row] = await shop.queued("blue-house")
    assert (row["priority"], row["queue_reason"]) == (1, "new_property")


async def test_a_raised_reason_finds_room_in_a_full_queue(db: Database, clock: FixedClock) -> None:
    shop = Workshop(db=db, clock=clock, max_pending=1)
    await add_live(db, "blue-house", price=2_000_000)
    await add_queued(db, "blue-house", clock, priority=5, queue_reason="random_sample")
    await shop.scan(entry("blue-house", sale(2_500_000)))
    assert [row["priority"] for row in await shop.queued("blue-house")] == [2]


async def test_the_queue_at_a_glance(shop: Workshop, db: Database, clock: FixedClock) -> None:
    yesterday = clock.now() - timedelta(days=1)
    await add_queued(db, "waiting", clock)
    await add_queued(db, "stale", clock, priority=4, queue_reason="stale_data")
    await add_queued(db, "running", clock, status="in_progress")
    await add_queued(db, "done", clock, status="completed", completed_at=clock.now())
    await add_queued(db, "done-before", clock, status="completed", completed_at=yesterday)
    await add_queued(db, "broken", clock, status="failed", completed_at=clock.now())
    await add_queued(db, "broken-before", clock, status="failed", completed_at=yesterday)
    stats = await shop.queue.get_queue_stats()
    assert (stats.pending_count, stats.in_progress_count) == (2, 1)
    assert (stats.completed_today, stats.failed_today, stats.failed_count) == (1, 1, 2)
    assert stats.by_priority == {1: 2, 4: 1}
    assert stats.by_reason == {"new_property": 2, "stale_data": 1}
