"""Every doubt has a way out: a person settles single listings, and their word holds."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import OutdatedError, UsageError
from pincali_sync.moments import show_times_in
from tests.support.builders import Workshop, add_live, add_queued, entry, id_of, rows
from tests.support.clock import FixedClock
from tests.support.removals import HOUSES, batch_id, begin, claim, hold, miss, missing, record
from tests.support.scans import seen

HOUSE = id_of("house-1")
WHO = "Operator 1"


async def doubt(services: Services, clock: FixedClock) -> None:
    """House-1 missing for long, and its page tells nothing."""
    await begin(services, clock)
    session_id = await miss(services, clock, times=3)
    [queued] = await claim(services, session_id)
    await record(services, seen(queued, 409))


async def settle(services: Services, *, gone: bool, slug: str = "house-1") -> tuple[str, bool]:
    settled = await services.settlements.settle(id_of(slug), gone=gone, decided_by=WHO)
    assert settled.settled_by == WHO
    return settled.listing_status, settled.changed


async def unsettled(services: Services) -> list[str]:
    found = await services.db.run(lambda tx: tx.missing.unsettled())
    return [each.property_id for each in found]


async def test_gone_is_removed_by_a_persons_word_and_the_journal_says_whose(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await doubt(services, clock)
    assert await unsettled(services) == [HOUSE]
    assert await settle(services, gone=True) == ("confirmed_removed", True)
    assert await settle(services, gone=True) == ("confirmed_removed", False)
    assert await unsettled(services) == []
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("confirmed_removed", "removed")
    [removal] = [e for e in await shop.journal("house-1") if e["change_type"] == "removed"]
    assert removal["change_reason"] == "settled as gone by Operator 1: HTTP 409"


async def test_what_a_person_removed_is_no_measure_of_removals(
    services: Services, clock: FixedClock
) -> None:
    await doubt(services, clock)
    await settle(services, gone=True)
    clock.advance(days=1)
    assert await services.audit.draw() == 0


async def test_seen_again_it_is_relisted_all_the_same(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await doubt(services, clock)
    await settle(services, gone=True)
    await shop.scan(HOUSES[0])
    assert (await shop.live("house-1"))["listing_status"] == "relisted"


async def test_kept_it_is_active_and_starts_from_nothing(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await doubt(services, clock)
    assert await settle(services, gone=False) == ("active", True)
    assert await settle(services, gone=False) == ("active", False)
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("active", "active")
    assert await missing(services.db) == {}
    kept = [e for e in await shop.journal("house-1") if e["new_value"] == "active"]
    assert [each["change_reason"] for each in kept] == ["kept by Operator 1"]


async def test_what_was_kept_comes_up_again_after_three_more_absences_and_not_before(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await doubt(services, clock)
    await settle(services, gone=False)
    session_id = await miss(services, clock, times=2)
    assert (await shop.live("house-1"))["listing_status"] == "active"
    assert await claim(services, session_id) == []
    await miss(services, clock, times=1)
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("likely_removed", "inactive")
    assert await unsettled(services) == [HOUSE]


async def test_a_word_ends_where_something_lists_the_record_again(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await doubt(services, clock)
    await settle(services, gone=False)
    clock.advance(days=1)
    await shop.scan(HOUSES[0])
    clock.advance(days=6)
    await miss(services, clock, times=2)
    assert (await shop.live("house-1"))["listing_status"] == "likely_removed"


async def test_a_removal_can_be_taken_back(services: Services, clock: FixedClock) -> None:
    await doubt(services, clock)
    await settle(services, gone=True)
    assert await settle(services, gone=False) == ("active", True)
    assert await missing(services.db) == {}


async def test_what_was_kept_leaves_the_batch_that_is_held(
    services: Services, clock: FixedClock
) -> None:
    await hold(services, clock)
    held = await services.removals.apply(await batch_id(services.db))
    clock.advance(hours=1)
    assert await settle(services, gone=False, slug="house-3") == ("active", True)
    assert await services.db.run(lambda tx: tx.batches.removable(held.id, now=clock.now())) == 59
    # Missed again, it is still not what the batch was held for.
    await rows(
        services.db, "UPDATE properties_live SET listing_status = 'likely_removed' WHERE id = id"
    )
    assert await services.db.run(lambda tx: tx.batches.removable(held.id, now=clock.now())) == 59


@pytest.mark.parametrize(("gone", "left"), [(True, set()), (False, {"price_change"})])
async def test_needless_rows_leave_the_queue(
    services: Services, db: Database, clock: FixedClock, gone: bool, left: set[str]
) -> None:
    await doubt(services, clock)
    await add_queued(db, "house-1", clock, queue_reason="price_change")
    await add_queued(db, "house-1", clock, status="failed", queue_reason="stale_data")
    await add_queued(db, "house-2", clock, queue_reason="stale_data")
    await settle(services, gone=gone)
    found = await rows(
        db,
        """SELECT property_id, queue_reason FROM scrape_queue
            WHERE status NOT IN ('cancelled', 'completed')""",
    )
    of_house = {row["queue_reason"] for row in found if row["property_id"] == HOUSE}
    assert (of_house, len(found)) == (left, len(left) + 1)


async def test_a_waiting_verification_of_what_was_kept_is_taken_out(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    await services.queue.queue_verifications(session_id)
    await settle(services, gone=False)
    [row] = await shop.queued("house-1")
    assert (row["status"], row["last_error"]) == ("cancelled", "kept by Operator 1")


async def test_a_page_that_shows_another_listing_is_doubt_enough(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    await rows(
        db,
        """INSERT INTO removal_checks (property_id, verdict, http_status, evidence, url, checked_at)
           VALUES (:id, 'unknown', 200, 'the page shows EB-XX0001', 'x', :now)""",
        id=HOUSE,
        now=clock.now(),
    )
    assert await settle(services, gone=True) == ("confirmed_removed", True)


async def test_what_nothing_speaks_against_is_not_settled_as_gone(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    with pytest.raises(UsageError, match="nothing says that it is gone"):
        await settle(services, gone=True)
    assert await settle(services, gone=False) == ("active", False)
    await shop.scan(entry("newcomer"))
    with pytest.raises(UsageError, match="is not live yet"):
        await settle(services, gone=True, slug="newcomer")


async def test_the_day_that_it_was_listed_last_is_told_where_times_are_told(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    await rows(db, "UPDATE property_manifest SET last_seen_at = '2026-11-25T02:00Z'")
    show_times_in(ZoneInfo("America/Mexico_City"))
    try:
        with pytest.raises(UsageError, match="listed last on 2026-11-24"):
            await settle(services, gone=True)
    finally:
        show_times_in(UTC)


async def test_an_adopted_record_that_no_list_ever_showed_says_so(
    services: Services, db: Database
) -> None:
    await add_live(db, "adopted", price=1)
    with pytest.raises(UsageError, match="was never listed"):
        await settle(services, gone=True, slug="adopted")


async def test_what_is_not_as_it_was_shown_is_not_settled(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await doubt(services, clock)
    with pytest.raises(OutdatedError, match="look at it again"):
        await services.settlements.settle(
            HOUSE, gone=True, decided_by=WHO, seen=("likely_removed", 2)
        )
    assert (await shop.live("house-1"))["listing_status"] == "likely_removed"
