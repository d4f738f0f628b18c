"""A scan's pages become manifest rows, sightings, differences and queue rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.walk_summary import Hole
from pincali_sync.items import LostPage
from tests.support.builders import (
    Workshop,
    add_live,
    add_queued,
    detail,
    entry,
    id_of,
    page,
    rows,
    sale,
    value,
)
from tests.support.clock import FixedClock
from tests.support.scans import whole_walk


async def test_a_listing_never_seen_before_is_new_and_queued_first(shop: Workshop) -> None:
    batch = await shop.scan(entry("blue-house", sale("1250000.50"), public_id="EB-QA0001"))
    row = await shop.manifest("blue-house")
    [queued] = await shop.queued("blue-house")
    assert (batch.records, batch.new_properties, batch.queued) == (1, 1, 1)
    assert (row["is_new"], row["needs_full_scrape"], row["price_changed"]) == (True, True, False)
    assert str(row["listing_page_price"]) == "1250000.50"
    assert (row["public_id"], row["sources"]) == ("EB-QA0001", ["sale"])
    assert (queued["priority"], queued["queue_reason"]) == (1, "new_property")
    assert row["first_seen_at"] == shop.clock.now()


async def test_one_listing_in_two_sources_is_one_record_with_both_sightings(
    shop: Workshop, db: Database
) -> None:
    card = entry("blue-house", public_id="EB-QA0001")
    batch = await shop.scan(page(card), page(card, number=2), page(card, source="rent"))
    sightings = await rows(
        db, "SELECT source, page_number FROM property_sightings ORDER BY source, page_number"
    )
    assert batch.records == batch.new_properties == batch.queued == 1
    assert (await shop.manifest("blue-house"))["sources"] == ["rent", "sale"]
    assert [tuple(row.values()) for row in sightings] == [("rent", 1), ("sale", 1), ("sale", 2)]


async def test_sources_add_up_over_batches(shop: Workshop) -> None:
    await shop.scan(page(entry("blue-house"), source="sale"))
    await shop.scan(page(entry("blue-house"), source="foreclosure"))
    assert (await shop.manifest("blue-house"))["sources"] == ["foreclosure", "sale"]


async def test_a_new_slug_with_the_same_easybroker_id_is_an_alias(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id="EB-QA0001"))
    again = await shop.scan(entry("sky-blue-house", public_id="EB-QA0001"))
    [alias] = await rows(db, "SELECT alias, property_id FROM property_aliases")
    assert again.new_properties == 0
    assert await value(db, "SELECT count(*) FROM property_manifest") == 1
    assert (await shop.manifest("blue-house"))["source_url"].endswith("/sky-blue-house")
    assert alias == {"alias": id_of("sky-blue-house"), "property_id": id_of("blue-house")}


async def test_an_alias_leads_to_its_record_without_an_easybroker_id(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id="EB-QA0001"))
    await shop.scan(entry("sky-blue-house", public_id="EB-QA0001"))
    again = await shop.scan(entry("sky-blue-house"))
    assert again.new_properties == 0
    assert await value(db, "SELECT count(*) FROM property_manifest") == 1


async def test_two_slugs_of_one_unknown_listing_in_one_batch_are_one_record(
    shop: Workshop, db: Database
) -> None:
    batch = await shop.scan(
        entry("blue-house", public_id="EB-QA0001"), entry("azure-house", public_id="EB-QA0001")
    )
    ids = sorted([id_of("blue-house"), id_of("azure-house")])
    assert batch.records == 1
    assert await value(db, "SELECT property_id FROM property_manifest") == ids[0]
    assert await value(db, "SELECT alias FROM property_aliases") == ids[1]


async def test_a_slug_reused_by_another_listing_is_not_merged(shop: Workshop) -> None:
    await shop.scan(entry("blue-house", sale(900_000), public_id="EB-QA0001"))
    before = await shop.manifest("blue-house")
    batch = await shop.scan(entry("blue-house", sale(100), public_id="EB-QA0002"))
    assert (batch.takeovers, batch.records, batch.new_properties) == (1, 1, 1)
    assert await shop.manifest("blue-house") == before | {"needs_full_scrape": False}


async def test_an_adopted_live_row_is_found_by_its_easybroker_id(
    shop: Workshop, db: Database
) -> None:
    await add_live(db, "blue-house", public_id="EB-QA0001", price=2_000_000)
    batch = await shop.scan(entry("sky-blue-house", public_id="EB-QA0001"))
    assert (batch.new_properties, batch.queued) == (0, 0)
    row = await shop.manifest("blue-house")
    assert (row["is_new"], row["needs_full_scrape"]) == (False, False)


@pytest.mark.parametrize("status", ["confirmed_removed", "sold"])
async def test_a_removed_listing_that_is_seen_again_is_relisted(
    shop: Workshop, db: Database, status: str
) -> None:
    await add_live(
        db,
        "blue-house",
        price=2_000_000,
        listing_status=status,
        status="removed",
        consecutive_missing_count=3,
    )
    batch = await shop.scan(entry("blue-house"))
    live = await shop.live("blue-house")
    [queued] = await shop.queued("blue-house")
    [change] = await shop.journal("blue-house")
    assert batch.relisted == 1
    assert (live["listing_status"], live["status"]) == ("relisted", "active")
    assert live["consecutive_missing_count"] == 0
    assert (queued["priority"], queued["queue_reason"]) == (1, "relisted")
    assert (change["change_type"], change["old_value"]) == ("reactivated", status)


async def test_a_suspected_listing_that_is_seen_again_is_active(
    shop: Workshop, db: Database
) -> None:
    await add_live(
        db,
        "blue-house",
        price=2_000_000,
        listing_status="likely_removed",
        consecutive_missing_count=2,
    )
    batch = await shop.scan(entry("blue-house"))
    live = await shop.live("blue-house")
    assert (live["listing_status"], live["consecutive_missing_count"]) == ("active", 0)
    assert batch.queued == 0
    [entry_] = await shop.journal("blue-house")
    assert (entry_["field_name"], entry_["old_value"], entry_["new_value"]) == (
        "listing_status",
        "likely_removed",
        "active",
    )


async def test_a_listing_missed_once_counts_from_zero_when_seen(
    shop: Workshop, db: Database
) -> None:
    await add_live(db, "blue-house", price=2_000_000, consecutive_missing_count=1)
    await shop.scan(entry("blue-house"))
    assert (await shop.live("blue-house"))["consecutive_missing_count"] == 0


async def test_an_unchanged_listing_does_not_touch_its_live_row(
    shop: Workshop, db: Database
) -> None:
    await add_live(db, "blue-house", price=2_000_000)
    before = await value(db, "SELECT xmin::text FROM properties_live")
    await shop.scan(entry("blue-house"))
    assert await value(db, "SELECT xmin::text FROM properties_live") == before


async def test_an_overlong_title_is_cut_and_a_missing_place_is_kept_missing(
    shop: Workshop,
) -> None:
    await shop.scan(
        entry(
            "blue-house",
            listing_page_title="Ñ" * 600,
            latitude=None,
            longitude=None,
            exact_location=None,
        )
    )
    row = await shop.manifest("blue-house")
    assert row["listing_page_title"] == "Ñ" * 500
    assert (row["latitude"], row["longitude"], row["exact_location"]) == (None, None, None)


async def test_what_a_later_card_does_not_show_is_not_forgotten(shop: Workshop) -> None:
    await shop.scan(entry("blue-house", bedrooms=3, city="Zapopan"))
    await shop.scan(entry("blue-house", latitude=None))
    row = await shop.manifest("blue-house")
    assert (row["bedrooms"], row["city"], float(row["latitude"])) == (3, "Zapopan", 20.5)


async def test_a_full_queue_is_never_passed_and_filled_up_later(
    db: Database, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock, max_pending=2)
    batch = await shop.scan(*(entry(f"house-{n}") for n in range(5)))
    assert batch.new_properties == 5
    assert batch.queued == 2
    assert await shop.queue.top_up() == 0
    assert await value(db, "SELECT count(*) FROM property_manifest WHERE needs_full_scrape") == 5
    await rows(db, "UPDATE scrape_queue SET status = 'completed', completed_at = now()")
    await rows(
        db,
        """UPDATE property_manifest SET needs_full_scrape = false, is_new = false
            WHERE property_id IN (SELECT property_id FROM scrape_queue)""",
    )
    assert await shop.queue.top_up() == 2
    assert await value(db, "SELECT count(*) FROM scrape_queue WHERE status = 'pending'") == 2
    assert await value(db, "SELECT count(DISTINCT property_id) FROM scrape_queue") == 4


async def test_rows_that_workers_hold_count_against_the_ceiling(
    db: Database, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock, max_pending=1)
    await shop.scan(entry("blue-house"))
    await shop.claim()
    assert (await shop.scan(entry("red-house"))).queued == 0


async def test_what_waits_outside_is_queued_newest_first(db: Database, clock: FixedClock) -> None:
    shop = Workshop(db=db, clock=clock, max_pending=0)
    await shop.scan(entry("old-house"))
    clock.advance(hours=1)
    await shop.scan(entry("young-house"))
    roomy = Workshop(db=db, clock=clock, max_pending=1)
    assert await roomy.queue.top_up() == 1
    assert len(await shop.queued("young-house")) == 1


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
async def test_a_new_listing_whose_page_is_not_to_be_had_is_not_queued_by_being_seen(
    shop: Workshop, db: Database, clock: FixedClock, ending: str
) -> None:
    ended = {"status": ending, "attempt_count": 3, "claimed_at": clock.now()}
    await add_queued(db, "blue-house", clock, completed_at=clock.now(), **ended)
    assert (await shop.scan(entry("blue-house"))).queued == 0
    assert await shop.queue.top_up() == 0
    clock.advance(days=1)
    assert await shop.queue.top_up() == 1
    assert "another_try" in {row["queue_reason"] for row in await shop.queued("blue-house")}


@pytest.mark.parametrize(
    ("attempts", "slug"), [(0, "blue-house"), (1, "blue-house-renovated")], ids=["unasked", "moved"]
)
async def test_a_new_listing_that_was_not_asked_for_under_this_url_is_queued_at_once(
    shop: Workshop, db: Database, clock: FixedClock, attempts: int, slug: str
) -> None:
    await shop.scan(entry("blue-house", public_id="EB-AA0001"))
    await rows(
        db,
        "UPDATE scrape_queue SET status = 'cancelled', attempt_count = :n, completed_at = :now",
        n=attempts,
        now=clock.now(),
    )
    assert (await shop.scan(entry(slug, public_id="EB-AA0001"))).queued == 1


async def test_new_listings_of_each_page_are_counted_exactly_once(
    shop: Workshop, db: Database
) -> None:
    ticket = await shop.begin()
    first, second = page(entry("a"), entry("b")), page(entry("b"), entry("c"), number=2)
    await shop.scan(first, ticket=ticket)
    await shop.scan(first, second, ticket=ticket)  # as after a crash in between
    await shop.scan(page(entry("a"), entry("b"), entry("d")), ticket=ticket)  # moved meanwhile
    counted = await rows(
        db, "SELECT page_number, entries, new_entries FROM manifest_pages ORDER BY page_number"
    )
    assert [tuple(row.values()) for row in counted] == [(1, 3, 3), (2, 2, 1)]


async def test_a_page_read_after_all_is_no_lost_page(shop: Workshop, db: Database) -> None:
    ticket = await shop.begin()
    lost = LostPage(url="https://example.org/1", source="sale", page_number=1, error="503")
    await shop.scans.record_lost_page(lost, ticket)
    assert await value(db, "SELECT status FROM manifest_pages") == "lost"
    await shop.scan(entry("blue-house"), ticket=ticket)
    await shop.scans.record_lost_page(lost, ticket)
    [stored] = await rows(db, "SELECT status, error, entries FROM manifest_pages")
    assert stored == {"status": "read", "error": None, "entries": 1}


async def test_an_empty_page_is_recorded_and_nothing_else(shop: Workshop, db: Database) -> None:
    batch = await shop.scan(page(total=0))
    assert (batch.records, batch.queued) == (0, 0)
    assert await value(db, "SELECT entries FROM manifest_pages") == 0


async def test_sightings_reach_the_live_rows_when_the_scan_is_over(
    shop: Workshop, clock: FixedClock
) -> None:
    await shop.visit(detail("blue-house"))
    seen = clock.advance(hours=1)
    ticket = await shop.begin()
    await shop.scan(entry("blue-house"), ticket=ticket)
    await shop.scans.mark_live_as_seen(ticket.session_id)
    live = await shop.live("blue-house")
    assert live["last_manifest_seen_at"] == live["last_seen_at"] == seen


async def test_what_stayed_out_of_a_walks_reach_is_kept_with_the_scan(
    shop: Workshop, db: Database
) -> None:
    holes = (
        Hole(out_of_reach=40, property_type=29058, place="zapopan-jalisco", unpriced_only=True),
        Hole(out_of_reach=7),
    )
    ticket = await shop.begin()
    await shop.scan(page(entry("blue-house")), ticket=ticket)
    walk = replace(whole_walk(ListingSource.SALE), gaps=("some are out of reach",), holes=holes)
    await shop.scans.record_walk(walk, ticket)
    async with db.transaction() as tx:
        [scan] = await tx.manifest.scans_of(ticket.session_id)
    assert (scan.gaps, scan.holes) == (walk.gaps, holes)


async def test_how_many_pages_the_site_was_seen_to_show_is_remembered_and_told_once(
    shop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = await shop.begin()
    assert await shop.scans.page_cap() == 100
    for source in (ListingSource.SALE, ListingSource.RENT):
        await shop.scans.record_walk(replace(whole_walk(source), page_cap=40), ticket)
    await shop.scans.record_walk(whole_walk(ListingSource.FORECLOSURE), ticket)
    assert await shop.scans.page_cap() == 40
    assert [line for line in caplog.messages if "shows 40 pages" in line] == [
        "the site shows 40 pages of a query; scans go by that from now on"
    ]
