"""What the SQL of a batch takes for a price change, and that it is what the spec says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, pool, text

from pincali_sync.db.engine import Database, sqlalchemy_url
from pincali_sync.db.repositories.prices.price_change import PRICE_CHANGE_KIND
from pincali_sync.domain.prices import Currency, Offer
from tests.support.builders import EUR, USD, Workshop, add_live, detail, entry, rent, rows, sale
from tests.support.prices import compare_offers


async def changes(shop: Workshop, slug: str, *offers: Offer) -> int:
    """How many changes a scan finds on a card with these offers."""
    return (await shop.scan(entry(slug, *offers))).price_changes


# live offer, card's offer, changed?
CASES: dict[str, tuple[Offer, Offer, bool]] = {
    "the same": (sale(2_000_000), sale(2_000_000), False),
    "one percent exactly": (sale(50_000), sale(50_500), False),
    "more than one percent": (sale(50_000), sale("50500.01"), True),
    "less by more than one percent": (sale(50_000), sale("49499.99"), True),
    "a thousand exactly": (sale(5_000_000), sale(5_001_000), False),
    "more than a thousand": (sale(5_000_000), sale("5001000.01"), True),
    "less by more than a thousand": (sale(5_000_000), sale("4998999.99"), True),
    "where both limits meet": (sale(100_000), sale(101_000), False),
    "cents per square metre": (sale("0.50", per_m2=True), sale("0.51", per_m2=True), True),
    "a jump": (sale(2_000_000), sale(9_000_000), True),
    "pesos to dollars": (sale(200_000), sale(200_000, USD), True),
    "dollars to euros": (sale(200_000, USD), sale(200_000, EUR), True),
    "total to per square metre": (sale(8_800), sale(8_800, per_m2=True), True),
    "fixed to starting at": (sale(8_800), sale(8_800, starting_at=True), False),
    "on request to an amount": (sale(None), sale(2_000_000), True),
    "an amount to on request": (sale(2_000_000), sale(None), True),
    "on request still": (sale(None), sale(None), False),
    "on request, whatever the currency": (sale(None, USD), sale(None), False),
    "on request, whatever the unit": (sale(None, per_m2=True), sale(None), False),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_scan_notices_what_is_more_than_the_threshold(shop: Workshop, case: str) -> None:
    old, new, changed = CASES[case]
    await shop.visit(detail("blue-house", old))
    batch = await shop.scan(entry("blue-house", new))
    assert batch.price_changes == batch.queued == int(changed)
    assert (compare_offers(old, new) is not None) is changed
    assert (await shop.manifest("blue-house"))["price_changed"] is changed


async def test_a_price_change_is_queued_second_and_counted_on_its_page(
    shop: Workshop, db: Database
) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    await shop.scan(entry("blue-house", sale(2_100_000)))
    [queued] = [row for row in await shop.queued("blue-house") if row["status"] == "pending"]
    [counted] = await rows(db, "SELECT new_entries, changed_entries FROM manifest_pages")
    assert (queued["priority"], queued["queue_reason"]) == (2, "price_change")
    assert counted == {"new_entries": 0, "changed_entries": 1}


async def test_a_price_that_creeps_in_small_steps_is_noticed_in_the_end(shop: Workshop) -> None:
    await shop.scan(entry("blue-house", sale(50_000)))
    await shop.visit(detail("blue-house", sale(50_000)))
    found = [
        await changes(shop, "blue-house", sale(50_000 + step * 200)) for step in (1, 2, 3, 4, 5, 6)
    ]
    assert found == [0, 0, 1, 0, 0, 1]


async def test_a_card_that_differs_from_its_detail_page_is_flagged_once_only(
    shop: Workshop,
) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_500_000)) == 1
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert [await changes(shop, "blue-house", sale(2_500_000)) for _ in range(3)] == [0, 0, 0]
    assert await changes(shop, "blue-house", sale(2_600_000)) == 1


async def test_a_change_is_not_found_twice_before_its_page_is_fetched(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert [await changes(shop, "blue-house", sale(2_500_000)) for _ in range(2)] == [1, 0]
    assert (await shop.live("blue-house"))["price_at_last_manifest"] == 2_500_000


async def test_a_card_that_comes_back_to_the_live_price_is_no_change(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_500_000)) == 1
    assert await changes(shop, "blue-house", sale(2_000_000)) == 0


async def test_a_price_that_comes_back_after_a_visit_saw_another_first_is_noticed(
    shop: Workshop,
) -> None:
    await shop.scan(entry("blue-house", sale(2_000_000)))
    await shop.visit(detail("blue-house", sale(2_000_000)))
    await shop.visit(detail("blue-house", sale(2_500_000)))
    assert await changes(shop, "blue-house", sale(2_500_000)) == 0
    assert await changes(shop, "blue-house", sale(2_000_000)) == 1
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_000_000)) == 0


async def test_a_price_that_came_back_before_any_card_showed_another_is_noticed(
    shop: Workshop,
) -> None:
    await shop.scan(entry("blue-house", sale(2_000_000)))
    await shop.visit(detail("blue-house", sale(2_000_000)))
    await shop.visit(detail("blue-house", sale(2_500_000)))
    assert await changes(shop, "blue-house", sale(2_000_000)) == 1
    await shop.visit(detail("blue-house", sale(2_500_000)))  # a card that lags behind
    assert [await changes(shop, "blue-house", sale(2_000_000)) for _ in range(2)] == [0, 0]


async def test_a_card_that_differs_from_a_page_that_moves_is_flagged_once_only(
    shop: Workshop,
) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_500_000)) == 1
    for price in (2_010_000, 2_020_000, 2_030_000):
        await shop.visit(detail("blue-house", sale(price)))
        assert await changes(shop, "blue-house", sale(2_500_000)) == 0


async def test_a_rise_to_what_a_card_once_said_in_vain_is_noticed(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_500_000)) == 1
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_000_000)) == 0
    assert await changes(shop, "blue-house", sale(2_500_000)) == 1


async def test_a_card_without_any_price_in_between_hides_no_return(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_500_000)) == 1
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", sale(2_000_000)) == 0
    await shop.scan(entry("blue-house", offers=()))
    assert await changes(shop, "blue-house", sale(2_500_000)) == 1


async def test_the_price_of_rent_is_compared_with_the_price_of_rent(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", rent(9_000)))
    assert await changes(shop, "blue-house", sale(2_000_000), rent(9_000)) == 0
    assert await changes(shop, "blue-house", sale(2_000_000), rent(9_500)) == 1
    row = await shop.manifest("blue-house")
    assert (row["operation_type"], row["listing_page_price"]) == ("rent", 9_500)


async def test_the_price_of_sale_stands_for_a_listing_of_both(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000), rent(9_000)))
    assert await changes(shop, "blue-house", rent(12_000), sale(2_000_000)) == 0
    assert await changes(shop, "blue-house", rent(9_000), sale(2_200_000)) == 1


async def test_an_operation_that_vanished_from_the_card_is_a_change_once(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert await changes(shop, "blue-house", rent(9_000)) == 1
    assert await changes(shop, "blue-house", rent(9_000)) == 0


async def test_a_card_without_any_price_is_no_change(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    card = entry("blue-house", offers=())
    assert (await shop.scan(card)).price_changes == 0


@pytest.mark.parametrize(("price", "found"), [(2_000_000, 0), (1_900_000, 1), (None, 1)])
async def test_an_adopted_row_is_compared_with_its_live_price_alone(
    shop: Workshop, db: Database, price: int | None, found: int
) -> None:
    await add_live(db, "blue-house", price=price, price_at_last_manifest=1)
    assert await changes(shop, "blue-house", sale(2_000_000)) == found
    assert await changes(shop, "blue-house", sale(2_000_000)) == 0


AMOUNTS = st.one_of(
    st.none(),
    st.decimals("0.01", "9999999999999.99", places=2),
    # Near each other, and around the point where one percent is a thousand.
    st.decimals("98000", "103000", places=2),
    st.sampled_from([Decimal(each) for each in ("50000", "50500", "50500.01", "100000", "101000")]),
)
OFFERS = st.builds(
    lambda amount, currency, per_m2, starting_at: sale(
        amount, currency, per_m2=per_m2, starting_at=starting_at
    ),
    AMOUNTS,
    st.sampled_from(Currency),
    st.booleans(),
    st.booleans(),
)

COLUMNS = {
    "amount": "numeric(15, 2)",
    "currency": "text",
    "unit": "text",
    "live_amount": "numeric(15, 2)",
    "live_currency": "text",
    "live_unit": "text",
}


def changed_by_sql(url: str, pairs: list[tuple[Offer, Offer]]) -> list[bool]:
    """The SQL rule over all pairs of a live and a card's offer, in one query."""
    values: dict[str, Any] = {}
    tuples = []
    for number, (old, new) in enumerate(pairs):
        card, live = ((each.amount, each.currency.value, each.unit) for each in (new, old))
        values |= {
            f"{name}_{number}": each for name, each in zip(COLUMNS, (*card, *live), strict=True)
        }
        casts = (f"CAST(:{name}_{number} AS {kind})" for name, kind in COLUMNS.items())
        tuples.append(f"({number}, {', '.join(casts)})")
    statement = f"""
        SELECT ({PRICE_CHANGE_KIND}) IS NOT NULL AS changed
          FROM (SELECT v.*, true AS is_live, 'sale' AS operation, 'sale' AS live_operation,
                       'sale' AS manifest_operation, NULL::numeric AS last_amount,
                       NULL::text AS last_currency, NULL::text AS last_unit
                  FROM (VALUES {", ".join(tuples)}) AS v (number, {", ".join(COLUMNS)})) AS o
         ORDER BY number"""
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        return list(connection.execute(text(statement), values).scalars())


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(OFFERS, OFFERS), min_size=20, max_size=60))
def test_the_sql_rule_is_the_one_of_the_spec(
    postgres_url: str, pairs: list[tuple[Offer, Offer]]
) -> None:
    by_spec = [compare_offers(old, new) is not None for old, new in pairs]
    assert changed_by_sql(postgres_url, pairs) == by_spec
