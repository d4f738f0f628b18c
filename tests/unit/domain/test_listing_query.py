"""What is asked of the site keeps the path's own filters and names prices in pesos."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pincali_sync.domain.listing_query import PROPERTY_TYPES, STATES, ListingQuery, Order
from pincali_sync.domain.tiers import ListingSource

SALE = ListingQuery(source=ListingSource.SALE)
PATH = "/en/properties/properties-for-sale"


@pytest.mark.parametrize(
    ("query", "number", "target", "partition"),
    [
        (SALE, 1, PATH, ""),
        (SALE, 7, f"{PATH}?page=7", ""),
        (
            replace(SALE, order=Order.CHEAPEST, min_price=Decimal("1500000.00")),
            2,
            f"{PATH}?currency_id=10&sort_by=sale_price-asc&min_price=1500000&page=2",
            "cheapest 1500000-",
        ),
        (
            replace(SALE, order=Order.DEAREST, property_type=29058, place="jalisco"),
            1,
            f"{PATH}-in-jalisco?sort_by=sale_price-desc&property_type_ids=29058",
            "dearest type=29058 in=jalisco",
        ),
        (
            ListingQuery(
                source=ListingSource.RENT,
                order=Order.CHEAPEST,
                min_price=Decimal("0.5"),
                max_price=Decimal("0.5"),
            ),
            1,
            "/en/properties/properties-for-rent?currency_id=10&sort_by=rental_price-asc"
            "&min_price=0.5&max_price=0.5",
            "cheapest 0.5-0.5",
        ),
    ],
)
def test_a_page_of_a_query_has_a_target_and_its_partition_a_name(
    query: ListingQuery, number: int, target: str, partition: str
) -> None:
    assert query.target(number) == target
    assert query.partition == partition
    assert "search_criteria" not in target


def test_a_query_is_divided_by_type_then_state_then_the_cities_on_its_cards() -> None:
    by_type = SALE.finer(())
    assert [each.property_type for each in by_type] == list(PROPERTY_TYPES)
    by_state = by_type[0].finer(())
    assert [each.place for each in by_state] == list(STATES)
    by_city = by_state[0].finer(("Zapopan", "Tlajomulco de Zúñiga"))
    assert [each.place for each in by_city] == ["zapopan-jalisco", "tlajomulco-de-zuniga-jalisco"]
    assert by_city[0].finer(("Zapopan",)) == []


def test_a_source_whose_path_takes_no_place_is_divided_by_type_only() -> None:
    query = ListingQuery(source=ListingSource.NEW_CONSTRUCTION, property_type=29058)
    assert query.finer(("Zapopan",)) == []
