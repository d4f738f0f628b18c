"""Absence acts only after proof: who is missing, and since when."""

from __future__ import annotations

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from tests.support.builders import Workshop, add_live, detail, entry, id_of, rows
from tests.support.clock import FixedClock
from tests.support.removals import FLATS, HOUSES, batch_id, begin, claim, miss, missing, record
from tests.support.scans import full_scan, seen


async def test_the_first_certified_scan_removes_nothing(services: Services, db: Database) -> None:
    await add_live(db, "house-9", price=1_000_000)
    session_id = await full_scan(services, {"sale": HOUSES})
    assert await services.diff.detect_removed_properties(session_id) == []
    assert await missing(db) == {}


async def test_a_listing_is_missing_once_a_scan_however_often_it_is_asked(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS})
    for _ in range(3):
        assert await services.diff.detect_removed_properties(session_id) == []
    assert await missing(db) == {"house-1": 1}


async def test_an_incomplete_scan_removes_nothing(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await full_scan(
        services, {"sale": HOUSES[1:], "rent": FLATS}, lost=["sale", "rent"]
    )
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {}


async def test_only_listings_of_complete_sources_may_be_missing(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS[1:]}, lost=["rent"])
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {"house-1": 1}


async def test_a_listing_of_two_sources_is_missing_only_if_both_are_complete(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await full_scan(services, {"sale": HOUSES, "rent": [*FLATS, HOUSES[0]]})
    await begin(services, clock)
    session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS}, lost=["rent"])
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {}


async def test_a_listing_of_unknown_origin_needs_all_four_sources(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    await add_live(db, "adopted-house", price=1_000_000)
    shown = {"sale": HOUSES, "rent": FLATS}
    session_id = await full_scan(services, shown, lost=["foreclosure"])
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {}
    clock.advance(days=7)
    session_id = await full_scan(services, shown)
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {"adopted-house": 1}


async def test_a_total_that_drops_during_the_scan_withholds_the_certificate(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS}, totals={"sale": 30})
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {}


async def test_half_of_the_expected_listings_is_an_outage_and_no_removal(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await full_scan(services, {"sale": HOUSES[:1], "rent": FLATS})
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {}


async def test_a_sighting_by_anyone_since_the_scan_began_is_a_sighting(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS})
    clock.advance(minutes=1)
    await shop.scan(HOUSES[0])  # tier 1, beside the weekly scan
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {}


async def test_a_listing_missed_once_and_seen_again_starts_from_nothing(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await begin(services, clock)
    await miss(services, clock, times=1)
    await shop.scan(HOUSES[0])
    assert await missing(db) == {}
    clock.advance(days=1)
    await miss(services, clock, times=1)
    assert await missing(db) == {"house-1": 1}


async def test_the_second_absence_makes_a_listing_likely_removed_and_a_candidate(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=2)
    [candidate] = await services.diff.detect_removed_properties(session_id)
    assert candidate.property_id == id_of("house-1")
    assert candidate.consecutive_missing_count == 2
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("likely_removed", "active")
    [change] = await shop.journal("house-1")
    assert (change["old_value"], change["new_value"]) == ("active", "likely_removed")


@pytest.mark.parametrize(
    ("days", "is_looked_at", "times"), [(15, False, 2), (13, False, 1), (15, True, 1)]
)
async def test_unseen_as_long_as_two_weekly_scans_take_one_absence_is_as_good_as_two(
    services: Services, db: Database, clock: FixedClock, days: int, is_looked_at: bool, times: int
) -> None:
    await begin(services, clock)
    clock.advance(days=days - 7)  # the site refused every page
    if is_looked_at:
        await rows(
            db,
            """INSERT INTO removal_checks (property_id, verdict, evidence, url, checked_at)
               VALUES (:id, 'alive', 'a person says so', '', :now)""",
            id=id_of("house-1"),
            now=clock.now(),
        )
    session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS})
    found = await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {"house-1": times}
    assert [each.property_id for each in found] == [id_of("house-1")] * (times - 1)


async def test_a_page_that_is_fetched_after_the_proof_saves_what_no_list_shows_any_more(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=3))
    await record(services, seen(queued, 404))
    clock.advance(minutes=5)
    await shop.visit(detail("house-1", public_id=HOUSES[0].public_id))
    assert (await shop.live("house-1"))["listing_status"] == "likely_removed"
    assert (await services.removals.apply(await batch_id(services.db))).removed == 0


async def test_a_card_that_shows_another_under_its_slug_takes_no_proof_back(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    await record(services, seen(queued, 404))
    clock.advance(hours=1)
    await shop.scan(entry("house-1", public_id="EB-ZZ0001"))
    session_id = await miss(services, clock, times=1)
    assert await claim(services, session_id) == []
    await services.removals.apply_of(session_id, run_id=None)
    assert (await shop.live("house-1"))["listing_status"] == "confirmed_removed"


async def test_missing_for_the_third_time_it_leaves_the_active_counts_and_waits_for_a_person(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    session_id = await miss(services, clock, times=3)
    [queued] = await claim(services, session_id)
    await record(services, seen(queued, 403))
    await services.removals.apply(await batch_id(services.db))
    live = await shop.live("house-1")
    assert (live["listing_status"], live["status"]) == ("likely_removed", "inactive")
    unsettled = await services.db.run(lambda tx: tx.missing.unsettled())
    assert [each.property_id for each in unsettled] == [id_of("house-1")]
