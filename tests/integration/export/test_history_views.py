"""What was: prices over time and days on the market, from the journal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from tests.support.builders import (
    USD,
    Workshop,
    add_live,
    detail,
    entry,
    id_of,
    rent,
    rows,
    sale,
)
from tests.support.clock import FixedClock

DAYS_AGO = 100


@pytest.fixture
def clock() -> FixedClock:
    """A hundred days ago: the views look at the machine's clock."""
    return FixedClock(datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS_AGO))


async def prices(db: Database, slug: str) -> list[dict[str, Any]]:
    return await rows(
        db,
        "SELECT * FROM price_history WHERE property_id = :id ORDER BY valid_from",
        id=id_of(slug),
    )


async def timeline(db: Database, slug: str) -> dict[str, Any]:
    [row] = await rows(
        db, "SELECT * FROM property_timeline WHERE property_id = :id", id=id_of(slug)
    )
    return row


def terms(history: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(each["price"], each["currency"]) for each in history]


async def test_every_price_is_a_row_from_when_until_when_it_was_in_force(
    db: Database, shop: Workshop, clock: FixedClock
) -> None:
    first = clock.now()
    await shop.visit(detail("blue-house", sale(2_000_000)))
    second = clock.advance(days=10)
    await shop.visit(detail("blue-house", sale(1_900_000), title="Fine house"))
    clock.advance(days=10)
    await shop.visit(detail("blue-house", sale(1_900_000), title="Finer house"))
    third = clock.advance(days=10)
    await shop.visit(detail("blue-house", sale(110_000, USD)))
    history = await prices(db, "blue-house")
    assert terms(history) == [(2_000_000, "MXN"), (1_900_000, "MXN"), (110_000, "USD")]
    assert [(each["valid_from"], each["valid_to"]) for each in history] == [
        (first, second),
        (second, third),
        (third, None),
    ]
    began = {each["id"]: each for each in await shop.journal("blue-house")}
    assert history[0]["change_id"] is None
    assert [began[each["change_id"]]["field_name"] for each in history[1:]] == ["price"] * 2
    assert [began[each["change_id"]]["created_at"] for each in history[1:]] == [second, third]


async def test_price_unit_and_operation_are_part_of_the_price(
    db: Database, shop: Workshop, clock: FixedClock
) -> None:
    await shop.visit(detail("land", sale(8_800, per_m2=True)))
    clock.advance(days=1)
    await shop.visit(detail("land", sale(8_800)))
    clock.advance(days=1)
    await shop.visit(detail("land", rent(8_800)))
    history = await prices(db, "land")
    assert [(each["operation_type"], each["price_unit"]) for each in history] == [
        ("sale", "m2"),
        ("sale", "total"),
        ("rent", "total"),
    ]


async def test_a_price_on_request_is_a_row_without_a_price(
    db: Database, shop: Workshop, clock: FixedClock
) -> None:
    for amount in (2_000_000, None, 2_100_000):
        await shop.visit(detail("blue-house", sale(amount)))
        clock.advance(days=1)
    assert [price for price, _ in terms(await prices(db, "blue-house"))] == [
        2_000_000,
        None,
        2_100_000,
    ]


async def test_the_repair_of_an_adopted_row_is_no_history(
    db: Database, shop: Workshop, clock: FixedClock
) -> None:
    adopted = clock.now() - timedelta(days=300)
    await add_live(db, "old-house", price=9, currency="USD", first_seen_at=adopted)
    await shop.visit(detail("old-house", sale(900_000)))
    clock.advance(days=1)
    await shop.visit(detail("old-house", sale(880_000)))
    history = await prices(db, "old-house")
    assert terms(history) == [(900_000, "MXN"), (880_000, "MXN")]
    assert history[0]["valid_from"] == adopted


async def test_a_rejected_price_and_its_taking_back_are_both_history(
    db: Database, shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    clock.advance(days=1)
    await shop.visit(detail("blue-house", sale(200_000)))
    clock.advance(days=1)
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    await services.reviews.settle(review.id, accept=False, settled_by="Operator 1")
    assert [int(price or 0) for price, _ in terms(await prices(db, "blue-house"))] == [
        2_000_000,
        200_000,
        2_000_000,
    ]


async def test_prices_of_a_row_that_was_merged_into_another_are_none_of_that_ones(
    db: Database, shop: Workshop, clock: FixedClock
) -> None:
    await shop.visit(detail("old-house", sale(2_000_000)))
    clock.advance(days=10)
    await shop.visit(detail("new-house", sale(1_950_000)))
    clock.advance(days=10)
    await shop.visit(detail("new-house", sale(1_900_000)))
    await merge(db, clock.advance(days=10), gone="new-house", stays="old-house")
    clock.advance(days=1)
    await shop.visit(detail("old-house", sale(1_900_000)))
    assert terms(await prices(db, "old-house")) == [(2_000_000, "MXN"), (1_900_000, "MXN")]


async def merge(db: Database, now: datetime, *, gone: str, stays: str) -> None:
    async with db.transaction() as tx:
        await tx.identities.merge([(id_of(gone), id_of(stays))], reason="one listing", now=now)


async def test_a_price_that_an_earlier_scraper_wrote_down_otherwise_breaks_nothing(
    db: Database, clock: FixedClock
) -> None:
    first = clock.now()
    await add_live(db, "old-house", price=3, first_seen_at=first)
    for old in ('"2500000.50"', '"on request"', '{"amount": 1}', "null"):
        await rows(
            db,
            """INSERT INTO property_changes
                      (property_id, change_type, field_name, old_value, created_at)
               VALUES (:id, 'price_change', 'price', CAST(:old AS jsonb), :now)""",
            id=id_of("old-house"),
            old=old,
            now=clock.advance(days=1),
        )
    assert [price for price, _ in terms(await prices(db, "old-house"))] == [
        Decimal("2500000.50"),
        None,
        None,
        None,
        3,
    ]


async def test_days_on_the_market_survive_a_relisting_without_the_gap(
    db: Database, shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    await shop.visit(detail("blue-house"))
    removed = clock.advance(days=30)
    await services.diff.update_removal_status(id_of("blue-house"), confirmed=True)
    gone = await timeline(db, "blue-house")
    assert (gone["days_on_market"], gone["removed_at"]) == (30, removed)
    assert (gone["listing_status"], gone["times_relisted"]) == ("confirmed_removed", 0)
    clock.advance(days=20)
    await shop.scan(entry("blue-house"))
    clock.advance(days=1)
    await shop.visit(detail("blue-house"))
    back = await timeline(db, "blue-house")
    assert (back["days_on_market"], back["removed_at"]) == (DAYS_AGO - 20, None)
    assert (back["listing_status"], back["times_relisted"]) == ("active", 1)
    clock.advance(days=9)
    await services.diff.update_removal_status(id_of("blue-house"), confirmed=True)
    assert (await timeline(db, "blue-house"))["days_on_market"] == 30 + 10


async def test_a_removal_that_was_taken_back_is_a_gap_and_no_relisting(
    db: Database, shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.visit(detail("blue-house"))
    for confirmed in (True, False, True):
        clock.advance(days=10)
        await services.diff.update_removal_status(id_of("blue-house"), confirmed=confirmed)
    found = await timeline(db, "blue-house")
    assert (found["days_on_market"], found["times_relisted"]) == (10 + 10, 0)


async def test_the_removal_of_a_row_that_was_merged_into_another_is_none_of_that_ones(
    db: Database, shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.visit(detail("old-house"))
    await shop.visit(detail("new-house"))
    clock.advance(days=10)
    await services.diff.update_removal_status(id_of("new-house"), confirmed=True)
    await merge(db, clock.advance(days=10), gone="new-house", stays="old-house")
    removed = clock.advance(days=10)
    await services.diff.update_removal_status(id_of("old-house"), confirmed=True)
    found = await timeline(db, "old-house")
    assert (found["days_on_market"], found["removed_at"]) == (30, removed)


async def test_a_sighting_on_a_page_is_the_last_time_it_was_seen(
    db: Database, shop: Workshop, clock: FixedClock
) -> None:
    first = clock.now()
    await shop.scan(entry("blue-house"))
    await shop.visit(detail("blue-house"))
    last = clock.advance(days=3)
    await shop.scan(entry("blue-house"))
    found = await timeline(db, "blue-house")
    assert (found["first_seen_at"], found["last_seen_at"]) == (first, last)
    assert found["days_on_market"] == DAYS_AGO


async def test_what_was_removed_before_the_journal_counts_until_it_was_last_seen(
    db: Database, clock: FixedClock
) -> None:
    await add_live(
        db,
        "old-house",
        first_seen_at=clock.now(),
        last_seen_at=clock.now() + timedelta(days=12),
        listing_status="sold",
    )
    found = await timeline(db, "old-house")
    assert (found["days_on_market"], found["removed_at"]) == (12, None)


@pytest.mark.parametrize("view", ["price_history", "property_timeline"])
async def test_one_record_is_looked_up_by_index(db: Database, view: str) -> None:
    await rows(
        db,
        """INSERT INTO properties_live (property_id, title, source_url, price)
           SELECT 'pincali_' || n, 'House', 'https://www.pincali.com/en/home/house-' || n, n
             FROM generate_series(1, 300) AS n""",
    )
    await rows(
        db,
        """INSERT INTO property_changes (property_id, change_type, field_name, created_at)
           SELECT property_id, CASE n % 2 WHEN 0 THEN 'updated' ELSE 'removed' END, 'price',
                  now() - n * interval '1 minute'
             FROM properties_live CROSS JOIN generate_series(1, 20) AS n""",
    )
    await rows(db, "ANALYZE properties_live")
    await rows(db, "ANALYZE property_changes")
    plan = await rows(db, f"EXPLAIN SELECT * FROM {view} WHERE property_id = 'pincali_7'")
    text = "\n".join(each["QUERY PLAN"] for each in plan)
    assert "idx_property_changes_property_id" in text
    assert "Seq Scan" not in text.replace("Seq Scan on property_manifest", "")
