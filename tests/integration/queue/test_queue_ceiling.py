"""The queue never grows past its ceiling, and what is worth most is in it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.scan.manifest import PropertyPriceChange
from tests.support.builders import Workshop, add_live, add_queued, entry, id_of, rows, sale, value
from tests.support.clock import FixedClock

CEILING = 10


@pytest.fixture
def shop(db: Database, clock: FixedClock) -> Workshop:
    return Workshop(db=db, clock=clock, max_pending=CEILING)


async def add_stale(db: Database, clock: FixedClock, count: int, *, days: float = 40) -> None:
    for number in range(count):
        await add_live(
            db,
            f"stale-{number}",
            price=1,
            visits=1,
            last_full_scrape_at=clock.now() - timedelta(days=days + number),
        )


async def by_reason(db: Database) -> Counter[str]:
    found = await rows(db, "SELECT queue_reason FROM scrape_queue WHERE status = 'pending'")
    return Counter(row["queue_reason"] for row in found)


async def test_stale_records_leave_a_fifth_of_the_ceiling_for_news(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_stale(db, clock, 20)
    assert await shop.queue.queue_stale_properties(30, 100) == 8
    assert await shop.queue.queue_random_sample(100) == 0
    assert await by_reason(db) == {"stale_data": 8}


async def test_a_page_that_was_asked_for_to_try_the_site_leaves_its_record_as_old_as_it_was(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    """Or one that is drawn week after week would grow ever older."""
    await add_stale(db, clock, 3)
    await shop.scan(entry("stale-0", sale(1)))
    async with db.transaction() as tx:
        await tx.queue.note_canaries({id_of("stale-0"): 1}, now=clock.now())
    assert await shop.queue.queue_stale_properties(30, 100) == 3


@pytest.mark.parametrize(
    ("status", "is_shown_since", "queued"),
    [("cancelled", True, 1), ("cancelled", False, 0), ("failed", True, 0)],
)
async def test_what_a_page_said_to_be_gone_and_a_card_shows_since_is_as_old_as_it_is(
    shop: Workshop, db: Database, clock: FixedClock, status: str, is_shown_since: bool, queued: int
) -> None:
    await add_stale(db, clock, 1)
    for days in (9, 16):
        at = clock.now() - timedelta(days=days)
        when = {"claimed_at": at, "completed_at": at, "attempt_count": 1}
        await add_queued(db, "stale-0", clock, status=status, queue_reason="stale_data", **when)
    if is_shown_since:
        at = clock.now() - timedelta(days=2)
        await rows(db, "UPDATE properties_live SET last_manifest_seen_at = :at", at=at)
    assert await shop.queue.queue_stale_properties(30, 100) == queued


@pytest.mark.parametrize(
    ("gone_days_ago", "failed_days_ago", "queued"),
    [(8, 4, 1), (6, 4, 0), (None, 4, 0), (None, 8, 1), (12, 4, 0), (4, 8, 1)],
    ids=["a week since both", "not yet", "never gone", "a week", "gone before that", "gone after"],
)
async def test_a_page_that_failed_after_it_was_gone_rests_a_week_from_the_first_of_the_two(
    shop: Workshop,
    db: Database,
    clock: FixedClock,
    gone_days_ago: int | None,
    failed_days_ago: int,
    queued: int,
) -> None:
    """The first took its second attempt: rested from the second, it would be too old."""
    await add_stale(db, clock, 1)
    for days, status in ((gone_days_ago, "cancelled"), (failed_days_ago, "failed")):
        if days is not None:
            at = clock.now() - timedelta(days=days)
            when = {"claimed_at": at, "completed_at": at, "attempt_count": 1}
            await add_queued(db, "stale-0", clock, status=status, queue_reason="stale_data", **when)
    await rows(db, "UPDATE properties_live SET last_manifest_seen_at = :at", at=clock.now())
    assert await shop.queue.queue_stale_properties(30, 100) == queued


@pytest.mark.parametrize(
    ("said", "queued"), [("unclear whether it is there: x", 0), ("HTTP 404", 1)]
)
async def test_a_page_that_leaves_open_whether_it_is_there_rests_though_cards_show_it(
    shop: Workshop, db: Database, clock: FixedClock, said: str, queued: int
) -> None:
    await add_stale(db, clock, 1)
    for days in (9, 16):
        at = clock.now() - timedelta(days=days)
        when = {"claimed_at": at, "completed_at": at, "attempt_count": 1}
        gone = {"status": "cancelled", "queue_reason": "stale_data", "last_error": said}
        await add_queued(db, "stale-0", clock, **gone, **when)
    at = clock.now() - timedelta(days=2)
    await rows(db, "UPDATE properties_live SET last_manifest_seen_at = :at", at=at)
    assert await shop.queue.queue_stale_properties(30, 100) == queued


@pytest.mark.parametrize(
    ("gone_days_ago", "shown_days_ago", "attempts", "queued"),
    [((3,), 1, 1, 1), ((3,), 4, 1, 0), ((3,), 1, 2, 0), ((5, 3), 1, 1, 0), ((3,), 1, 0, 0)],
    ids=["shown since", "not shown since", "asked twice", "gone twice", "taken off unasked"],
)
async def test_what_a_card_shows_again_waits_no_week_after_its_page_was_gone(
    shop: Workshop,
    db: Database,
    clock: FixedClock,
    gone_days_ago: tuple[int, ...],
    shown_days_ago: int,
    attempts: int,
    queued: int,
) -> None:
    """Within two visits in seven days."""
    await add_stale(db, clock, 1)
    for days in gone_days_ago:
        at = clock.now() - timedelta(days=days)
        when = {"claimed_at": at, "completed_at": at, "attempt_count": attempts}
        await add_queued(
            db, "stale-0", clock, status="cancelled", queue_reason="stale_data", **when
        )
    at = clock.now() - timedelta(days=shown_days_ago)
    await rows(db, "UPDATE properties_live SET last_manifest_seen_at = :at", at=at)
    assert await shop.queue.queue_stale_properties(30, 100) == queued


async def test_a_new_listing_at_a_full_queue_moves_the_least_valuable_row_outside(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_stale(db, clock, 20)
    await shop.queue.queue_stale_properties(30, 100)
    await shop.scan(*(entry(f"new-{number}") for number in range(5)))
    assert await by_reason(db) == {"new_property": 5, "stale_data": 5}
    [first, *_] = await shop.claim(1)
    assert first.queue_reason == "new_property"


async def test_what_was_asked_for_once_keeps_its_place_and_its_attempt(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_stale(db, clock, 20)
    await shop.queue.queue_stale_properties(30, 100)
    await rows(db, "UPDATE scrape_queue SET attempt_count = 1, claimed_at = :at", at=clock.now())
    asked = (await by_reason(db))["stale_data"]
    await shop.scan(*(entry(f"new-{number}") for number in range(5)))
    assert await by_reason(db) == {"new_property": CEILING - asked, "stale_data": asked}


async def test_ten_thousand_stale_jobs_do_not_keep_one_new_listing_waiting(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_stale(db, clock, 20)
    await shop.queue.queue_stale_properties(30, 100)
    clock.advance(hours=1)
    await shop.scan(entry("new-house"))
    [first] = await shop.claim(1)
    assert first.property_id == id_of("new-house")


async def test_news_never_moves_other_news_outside(shop: Workshop, db: Database) -> None:
    await shop.scan(*(entry(f"new-{number}") for number in range(15)))
    assert await by_reason(db) == {"new_property": CEILING}
    for queued in await shop.claim(4):
        await shop.queue.mark_completed(queued.property_id, True, lease_token=shop.token)
    assert await shop.queue.top_up() == 4
    assert await value(db, "SELECT count(*) FROM scrape_queue WHERE status <> 'completed'") == 10


async def test_what_was_moved_outside_counts_as_not_yet_queued_for_the_month(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await rows(
        db,
        """INSERT INTO refresh_targets (month, stale_target, sample_target, stale_queued,
                  sample_queued, stale_before, set_at)
           VALUES ('2026-11-01', 100, 0, 8, 0, :now, :now)""",
        now=clock.now(),
    )
    await add_stale(db, clock, 20)
    await shop.queue.queue_stale_properties(30, 100)
    await shop.scan(*(entry(f"new-{number}") for number in range(5)))
    await db.run(lambda tx: tx.freshness.count_returned())
    assert await value(db, "SELECT stale_queued FROM refresh_targets") == 5
    await db.run(lambda tx: tx.freshness.count_returned())
    assert await value(db, "SELECT stale_queued FROM refresh_targets") == 5


async def test_a_better_reason_raises_the_row_that_is_there(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_stale(db, clock, 1)
    await shop.queue.queue_stale_properties(30, 100)
    change = PropertyPriceChange(
        property_id=id_of("stale-0"),
        old_price=Decimal(1),
        new_price=Decimal(2),
        percent_change=100.0,
        kind="amount",
    )
    assert await shop.queue.queue_price_changes([change]) == 0
    [row] = await shop.queued("stale-0")
    assert (row["priority"], row["queue_reason"]) == (2, "price_change")
    assert await shop.queue.queue_new_properties([id_of("nobody-knows-this")]) == 0


async def test_the_visits_that_are_worth_most_come_first_and_the_overdue_before_them(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    def ago(days: float) -> object:
        return clock.now() - timedelta(days=days)

    observed = {"observed_days": 200, "price": 1}
    await add_live(
        db, "calm", visits=11, visits_with_news=0, last_full_scrape_at=ago(35), **observed
    )
    await add_live(
        db, "lively", visits=11, visits_with_news=9, last_full_scrape_at=ago(35), **observed
    )
    await add_live(
        db, "overdue", visits=11, visits_with_news=0, last_full_scrape_at=ago(50), **observed
    )
    await add_live(db, "never", visits=0, price=1)
    assert await shop.queue.queue_stale_properties(30, 100) == 4
    await rows(db, "DELETE FROM scrape_queue")
    assert await shop.queue.queue_stale_properties(30, 3) == 3
    found = await rows(db, "SELECT property_id FROM scrape_queue")
    assert {row["property_id"] for row in found} == {
        id_of("never"),
        id_of("overdue"),
        id_of("lively"),
    }


async def test_the_random_sample_of_a_session_is_drawn_once(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_stale(db, clock, 30)
    session_id = uuid4()
    assert await shop.queue.queue_random_sample(4, session_id) == 4
    drawn = {row["property_id"] for row in await rows(db, "SELECT property_id FROM scrape_queue")}
    await rows(db, "DELETE FROM scrape_queue")
    await shop.queue.queue_random_sample(4, session_id)
    again = {row["property_id"] for row in await rows(db, "SELECT property_id FROM scrape_queue")}
    assert again == drawn


async def test_a_page_that_was_not_there_is_not_asked_for_again_at_once(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_stale(db, clock, 1)
    await add_queued(
        db, "stale-0", clock, status="cancelled", completed_at=clock.now() - timedelta(days=1)
    )
    assert await shop.queue.queue_stale_properties(30, 100) == 0
    clock.advance(days=7)
    assert await shop.queue.queue_stale_properties(30, 100) == 1


async def test_a_live_listing_whose_page_once_failed_is_queued_again_after_a_week(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", price=1)
    await shop.scan(entry("blue-house"))
    await rows(
        db, "UPDATE scrape_queue SET status = 'failed', completed_at = :now", now=clock.now()
    )
    assert await shop.queue.top_up() == 0
    clock.advance(days=8)
    assert await shop.queue.top_up() == 1


async def test_dead_letters_are_visible_retryable_and_cancellable(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    for slug in ("first", "second"):
        await add_queued(
            db, slug, clock, status="failed", attempt_count=3, completed_at=clock.now()
        )
    assert await shop.retry("first") == 1
    [row] = await shop.queued("first")
    assert (row["status"], row["attempt_count"]) == ("pending", 0)
    assert await shop.retry("first") == 0
    assert await shop.cancel("second") == 1
    assert await shop.retry() == 0


async def test_finished_rows_are_deleted_after_their_term_and_dead_letters_stay(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    for slug, status in (("a", "completed"), ("b", "cancelled"), ("c", "failed"), ("d", "pending")):
        ended = None if status == "pending" else clock.now()
        await add_queued(db, slug, clock, status=status, completed_at=ended)
    clock.advance(days=36)
    assert await shop.queue.cleanup_old_queue_entries(35) == 2
    left = await rows(db, "SELECT status FROM scrape_queue ORDER BY status")
    assert [row["status"] for row in left] == ["failed", "pending"]


async def test_a_row_is_finished_only_by_the_worker_that_holds_it(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_queued(db, "blue-house", clock)
    [queued] = await shop.claim()
    assert not await shop.queue.mark_completed(queued.property_id, True, lease_token=uuid4())
    assert await shop.queue.mark_completed(
        queued.property_id, False, "HTTP 500", lease_token=shop.token
    )
    [row] = await shop.queued("blue-house")
    assert (row["status"], row["last_error"]) == ("pending", "HTTP 500")
