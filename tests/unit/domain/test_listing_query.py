"""What is asked of the site keeps the path's own filters and names prices in pesos."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pincali_sync.domain.listing_query import ListingQuery, Measure, Order, Place, Range
from pincali_sync.domain.tiers import ListingSource

SALE = ListingQuery(source=ListingSource.SALE)
RENT = ListingQuery(source=ListingSource.RENT)
PATH = "/en/properties/properties-for-sale"
JALISCO = Place("jalisco")


def between(least: str | None, most: str | None) -> Range:
    return Range(
        least=None if least is None else Decimal(least),
        most=None if most is None else Decimal(most),
    )


@pytest.mark.parametrize(
    ("query", "number", "target", "partition"),
    [
        (SALE, 1, PATH, ""),
        (SALE, 7, f"{PATH}?page=7", ""),
        (replace(SALE, order=Order.OLDEST), 1, f"{PATH}?sort_by=date_activated-asc", "oldest"),
        (
            SALE.within(Measure.PRICE, between("1500000.00", None)),
            2,
            f"{PATH}?currency_id=10&min_price=1500000&page=2",
            "price=1500000-",
        ),
        (
            replace(SALE, order=Order.DEAREST, property_type=29058, place=JALISCO),
            1,
            f"{PATH}-in-jalisco?sort_by=sale_price-desc&property_type_ids=29058",
            "dearest type=29058 in=jalisco",
        ),
        (
            replace(RENT, order=Order.CHEAPEST).within(Measure.PRICE, between("0.5", "0.5")),
            1,
            "/en/properties/properties-for-rent?currency_id=10&sort_by=rental_price-asc"
            "&min_price=0.5&max_price=0.5",
            "cheapest price=0.5-0.5",
        ),
        (
            replace(SALE, place=Place("jalisco", "zapopan", "chapalita"))
            .within(Measure.BEDROOMS, between(None, "2"))
            .within(Measure.LOT, between("90", "120.5")),
            1,
            f"{PATH}-in-chapalita-zapopan-jalisco?max_bedroom=2"
            "&min_lot_size_square_meters=90&max_lot_size_square_meters=120.5",
            "in=chapalita-zapopan-jalisco bedrooms=-2 lot=90-120.5",
        ),
    ],
)
def test_a_page_of_a_query_has_a_target_and_its_partition_a_name(
    query: ListingQuery, number: int, target: str, partition: str
) -> None:
    assert query.target(number) == target
    assert query.partition == partition
    assert "search_criteria" not in target


def test_a_range_asked_for_again_takes_the_place_of_the_first() -> None:
    wide = SALE.within(Measure.BEDROOMS, between("1", "4"))
    narrow = wide.within(Measure.BEDROOMS, between("2", "3"))
    assert narrow.partition == "bedrooms=2-3"


def test_the_parts_of_a_range_meet_and_do_not_overlap() -> None:
    parts = between("1", None).cut_at([Decimal(2), Decimal("3.5")], Decimal("0.01"))
    assert list(map(str, parts)) == ["1-2", "2.01-3.5", "3.51-"]
