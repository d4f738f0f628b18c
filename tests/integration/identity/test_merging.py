"""Two records that are one are made one, and nothing that was known of either is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pincali_sync.db.engine import Database
from tests.support.builders import (
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

STAYS, GONE = id_of("old-house"), id_of("new-house")
NAMED = "Agente 12"
SESSION = "00000000-0000-4000-8000-00000000000a"

# One row of the record that goes, by table.
ROWS = {
    "property_changes": "(property_id, change_type) VALUES (:id, 'created')",
    "property_sightings": """(session_id, source, part, page_number, property_id, seen_at)
                             VALUES (:session, 'sale', '', 1, :id, now())""",
    "property_aliases": "(alias, property_id) VALUES ('pincali_former', :id)",
    "property_scrapes_staging": """(session_id, property_id, title, source_url)
                                   VALUES (:session, :id, 'A house', 'https://example.org')""",
    "removal_checks": """(property_id, verdict, evidence, url, checked_at)
                         VALUES (:id, 'unknown', 'HTTP 503', 'https://example.org', now())""",
    "removal_audits": "(week, property_id, removed_at, drawn_at) VALUES (now(), :id, now(), now())",
    "price_reviews": """(property_id, operation, currency, price_unit, old_price, new_price,
                         old_values) VALUES (:id, 'sale', 'MXN', 'total', 1, 2, '{}')""",
    "identity_candidates": """(property_id, earlier_property_id, metres, title_similarity,
                               price_ratio) VALUES (:id, 'pincali_third', 1, 90, 1)""",
}
# Other rows of these are made by scans, visits and queues.
OTHERS = {"properties_live", "property_manifest", "queue_outside", "scrape_queue"}
NAMING = """
SELECT DISTINCT c.table_name FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.table_schema = 'public' AND c.column_name = 'property_id' AND t.table_type = 'BASE TABLE'
"""


async def merge(db: Database, clock: FixedClock, *pairs: tuple[str, str]) -> None:
    async with db.transaction() as tx:
        await tx.identities.merge(pairs or [(GONE, STAYS)], reason="one listing", now=clock.now())


async def add_rows(db: Database, property_id: str) -> None:
    await rows(
        db,
        "INSERT INTO scraping_sessions (id, base_url) VALUES (:id, 'x') ON CONFLICT DO NOTHING",
        id=SESSION,
    )
    for table, given in ROWS.items():
        text = f"INSERT INTO {table} {given}"
        await rows(db, text, id=property_id, **({"session": SESSION} if ":session" in text else {}))


async def test_every_table_that_names_the_record_that_goes_names_the_other_then(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.visit(detail("old-house"))
    await shop.scan(entry("new-house"))
    await shop.visit(detail("new-house"))
    await add_rows(db, GONE)
    tables = {row["table_name"] for row in await rows(db, NAMING)}
    assert tables == {*ROWS, *OTHERS}
    await merge(db, clock)
    for table in tables:
        left = f"SELECT count(*) FROM {table} WHERE property_id = :id"
        assert await value(db, left, id=GONE) == 0, table
        assert await value(db, left, id=STAYS) > 0, table
    aliases = await rows(db, "SELECT alias FROM property_aliases ORDER BY alias")
    assert [row["alias"] for row in aliases] == sorted([GONE, "pincali_former"])


async def test_what_both_records_have_under_one_key_is_there_once(
    db: Database, clock: FixedClock
) -> None:
    await add_live(db, "old-house")
    await add_rows(db, STAYS)
    await rows(db, "DELETE FROM property_aliases")
    await add_rows(db, GONE)
    await merge(db, clock)
    for table in ("property_sightings", "removal_audits", "identity_candidates"):
        assert await value(db, f"SELECT count(*) FROM {table}") == 1, table
    assert await value(db, "SELECT count(*) FROM removal_checks") == 2
    states = await rows(db, "SELECT status FROM price_reviews ORDER BY status")
    assert [row["status"] for row in states] == ["open", "superseded"]


async def test_the_live_row_that_goes_is_kept_in_the_journal_without_what_may_name_people(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.visit(detail("old-house", bedrooms=2))
    named = {"agent_name": NAMED, "agency_name": NAMED, "title": NAMED, "title_original": NAMED}
    await shop.visit(detail("new-house", bedrooms=3, description=NAMED, **named))
    await merge(db, clock)
    [kept] = await rows(
        db,
        "SELECT old_value, change_reason FROM property_changes WHERE field_name = 'property_id'",
    )
    assert (kept["old_value"]["property_id"], kept["old_value"]["bedrooms"]) == (GONE, 3)
    assert kept["change_reason"] == "one listing"
    assert NAMED not in str(kept["old_value"])
    assert (await shop.live("old-house"))["bedrooms"] == 2
    assert await value(db, "SELECT count(*) FROM properties_live") == 1


async def test_the_only_live_row_goes_on_under_the_id_that_stays(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("old-house"))
    for price in (2_000_000, 1_900_000):
        await shop.visit(detail("new-house", sale(price), public_id="EB-QA0001", bedrooms=3))
    await merge(db, clock)
    live = await shop.live("old-house")
    assert (live["public_id"], live["bedrooms"]) == ("EB-QA0001", 3)
    assert "price" in [each["field_name"] for each in await shop.journal("old-house")]
    assert (await shop.manifest("old-house"))["is_new"] is False


@pytest.mark.parametrize(
    ("gone", "stays", "becomes", "missing"),
    [
        ("active", "active", "active", 0),
        ("active", "likely_removed", "active", 0),
        ("active", "confirmed_removed", "relisted", 0),
        ("active", "sold", "relisted", 0),
        ("confirmed_removed", "active", "active", 2),
        ("confirmed_removed", "likely_removed", "likely_removed", 2),
        ("sold", "confirmed_removed", "confirmed_removed", 2),
    ],
)
async def test_a_record_is_there_where_one_of_the_two_is(
    shop: Workshop, db: Database, clock: FixedClock, gone: str, stays: str, becomes: str,
    missing: int,
) -> None:  # fmt: skip
    await add_live(db, "old-house", listing_status=stays, consecutive_missing_count=2)
    await add_live(db, "new-house", listing_status=gone)
    await merge(db, clock)
    live = await shop.live("old-house")
    assert (live["listing_status"], live["consecutive_missing_count"]) == (becomes, missing)
    told = [e for e in await shop.journal("old-house") if e["field_name"] == "listing_status"]
    changed = [] if becomes == stays else [(stays, becomes, "one listing")]
    assert [(e["old_value"], e["new_value"], e["change_reason"]) for e in told] == changed


@pytest.mark.parametrize("later", ["old-house", "new-house"])
async def test_the_card_seen_last_says_what_is_so_now(
    shop: Workshop, db: Database, clock: FixedClock, later: str
) -> None:
    slugs = sorted(["old-house", "new-house"], key=lambda slug: slug == later)
    first = clock.now()
    await shop.scan(entry(slugs[0], bedrooms=1))
    last = clock.advance(days=1)
    await shop.scan(entry(slugs[1], bedrooms=2))
    await merge(db, clock)
    row = await shop.manifest("old-house")
    assert (row["bedrooms"], row["source_url"].rpartition("/")[2]) == (2, later)
    assert (row["first_seen_at"], row["last_seen_at"]) == (first, last)
    assert await value(db, "SELECT count(*) FROM property_manifest") == 1


async def test_what_only_the_sitemap_lists_overwrites_no_card_and_revives_nobody(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "old-house", listing_status="sold", public_id="EB-QA0001")
    await shop.visit(detail("flat"))
    await shop.scan(entry("old-house", bedrooms=2, public_id="EB-QA0001"))
    await rows(
        db,
        "UPDATE properties_live SET listing_status = 'sold', status = 'sold' "
        "WHERE title LIKE '%old%'",
    )
    later = clock.advance(days=1)
    await rows(
        db,
        """INSERT INTO property_manifest (property_id, source_url, first_seen_at, last_seen_at)
           VALUES (:id, 'https://www.pincali.com/en/home/new-house', :now, :now)""",
        id=GONE,
        now=later,
    )
    await merge(db, clock)
    row, live = await shop.manifest("old-house"), await shop.live("old-house")
    assert (row["bedrooms"], row["public_id"], row["last_seen_at"]) == (2, "EB-QA0001", later)
    assert row["source_url"].endswith("/old-house")
    assert live["listing_status"] == "sold"


async def test_three_records_of_one_listing_are_made_one_at_once(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    for n, slug in enumerate(("old-house", "new-house", "blue-house")):
        await shop.scan(entry(slug, bedrooms=n))
        await shop.visit(detail(slug))
        clock.advance(hours=1)
    await merge(db, clock, (GONE, STAYS), (id_of("blue-house"), STAYS))
    assert await value(db, "SELECT count(*) FROM properties_live") == 1
    assert (await shop.manifest("old-house"))["bedrooms"] == 2
    assert await value(db, "SELECT count(*) FROM property_aliases") == 2


async def test_two_live_rows_of_the_third_record_leave_one(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("old-house"))
    await add_live(db, "new-house", listing_status="sold", bedrooms=1)
    await add_live(db, "blue-house", bedrooms=2)
    await merge(db, clock, (GONE, STAYS), (id_of("blue-house"), STAYS))
    live: dict[str, Any] = await shop.live("old-house")
    assert (live["bedrooms"], live["listing_status"]) == (2, "active")
    kept = await rows(db, "SELECT id FROM property_changes WHERE field_name = 'property_id'")
    assert len(kept) == 2


async def test_a_page_under_way_is_not_taken_from_its_worker(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("old-house"), entry("new-house"))
    claimed = await shop.claim()
    assert len(claimed) == 2
    await merge(db, clock)
    assert [row["status"] for row in await shop.queued("new-house")] == ["in_progress"]


async def test_what_was_asked_for_in_vain_under_the_one_id_does_not_keep_the_other_waiting(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("old-house", public_id="EB-QA0001"))
    await rows(db, "DELETE FROM scrape_queue")
    await add_queued(db, "new-house", clock, attempt_count=0)
    for status in ("failed", "cancelled"):
        await add_queued(db, "new-house", clock, status=status, completed_at=clock.now())
    await merge(db, clock)
    assert {row["status"] for row in await shop.queued("new-house")} == {"cancelled"}
    assert await shop.queue.top_up() == 1
    assert len(await shop.queued("old-house")) == 1


async def test_a_slug_that_another_listing_has_meanwhile_stays_that_ones(
    db: Database, clock: FixedClock
) -> None:
    await add_live(db, "old-house")
    await add_live(db, "new-house")
    await rows(db, f"INSERT INTO property_aliases (alias, property_id) VALUES ('{GONE}', 'third')")
    await merge(db, clock)
    assert await value(db, f"SELECT property_id FROM property_aliases WHERE alias = '{GONE}'") == (
        "third"
    )


@pytest.fixture
async def favourites(db: Database) -> AsyncIterator[None]:
    """A table that is not ours, which names each listing once."""
    await rows(
        db,
        """CREATE TABLE favourites (
               listing varchar(255) UNIQUE REFERENCES properties_live (property_id), note text)""",
    )
    yield
    await rows(db, "DROP TABLE favourites")


@pytest.mark.usefixtures("favourites")
@pytest.mark.parametrize("both", [False, True])
async def test_tables_that_are_not_ours_follow_the_record(
    db: Database, clock: FixedClock, both: bool
) -> None:
    await add_live(db, "old-house")
    await add_live(db, "new-house")
    await rows(db, "INSERT INTO favourites VALUES (:id, 'mine')", id=GONE)
    if both:
        await rows(db, "INSERT INTO favourites VALUES (:id, 'ours')", id=STAYS)
    await merge(db, clock)
    assert await value(db, "SELECT listing FROM favourites") == STAYS
    kept = await rows(db, "SELECT old_value FROM property_changes WHERE field_name = 'favourites'")
    assert [row["old_value"]["note"] for row in kept] == ["mine"] * both
