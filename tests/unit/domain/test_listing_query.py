"""What is asked of the site keeps the path's own filters and names prices in pesos."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pincali_sync.answers.listing import facts_of
from pincali_sync.domain.listing_query import STATES, ListingQuery, Order
from pincali_sync.domain.prices import Offer, Operation
from pincali_sync.domain.property_types import PROPERTY_TYPES
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.items import ListingPage, ManifestEntry
from tests.support.builders import MXN, USD, entry, rent, sale

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


def listing_page(*entries: ManifestEntry) -> ListingPage:
    return ListingPage(total_listings=240, total_pages=10, next_page=None, entries=entries)


def test_the_last_price_is_that_of_the_last_card_in_pesos() -> None:
    shown = listing_page(
        entry("casa-1", sale(1_000_000)),
        entry("casa-2", sale(2_000_000)),
        entry("casa-3", sale(120_000, USD)),
        entry("casa-4", sale(None)),
    )
    facts = facts_of(shown, SALE)
    assert (facts.last_price, facts.unpriced, facts.starts_unpriced) == (
        Decimal(2_000_000),
        1,
        False,
    )


@pytest.mark.parametrize(
    ("total", "told", "pages"),
    [(240, 100, 100), (2_400, 100, 240), (1_050, 100, 100), (240, None, None)],
)
def test_a_pager_that_stops_at_the_cap_does_not_hide_what_lies_beyond(
    total: int, told: int | None, pages: int | None
) -> None:
    cards = tuple(entry(f"casa-{n}") for n in range(10))
    page = ListingPage(total_listings=total, total_pages=told, next_page="/2", entries=cards)
    assert facts_of(page, SALE).pages == pages


def test_the_price_of_the_sources_operation_counts() -> None:
    both = (sale(3_000_000), rent(15_000))
    rents = ListingQuery(source=ListingSource.RENT)
    assert facts_of(listing_page(entry("casa-1", *both)), rents).last_price == Decimal(15_000)
    assert facts_of(listing_page(entry("casa-1", *both)), SALE).last_price == Decimal(3_000_000)


@pytest.mark.parametrize(
    ("offer", "kept"),
    [
        (sale(2_000_000), True),
        (sale(1_999_999), False),
        (sale(110_000, USD), True),  # the site compares it after conversion
        (sale(None), True),
    ],
)
def test_cards_outside_the_prices_asked_for_show_a_forgotten_filter(
    offer: Offer, kept: bool
) -> None:
    window = replace(SALE, order=Order.CHEAPEST, min_price=Decimal(2_000_000))
    cards = [entry(f"casa-{n}", offer) for n in range(10)]
    assert facts_of(listing_page(*cards), window).keeps_filters is kept


def test_one_odd_card_is_no_forgotten_filter() -> None:
    window = replace(SALE, order=Order.CHEAPEST, min_price=Decimal(2_000_000))
    cards = [entry(f"casa-{n}", sale(2_500_000)) for n in range(9)]
    assert facts_of(listing_page(*cards, entry("casa-9", sale(900))), window).keeps_filters


def test_cards_of_another_type_show_a_forgotten_filter() -> None:
    houses = replace(SALE, property_type=29058)
    cards = [entry(f"casa-{n}", property_type="House") for n in range(5)]
    assert facts_of(listing_page(*cards), houses).keeps_filters
    flats = [entry(f"depto-{n}", property_type="Apartment") for n in range(5)]
    assert not facts_of(listing_page(*flats), houses).keeps_filters


def test_an_offer_of_another_operation_is_no_price() -> None:
    offers = Offer(operation=Operation.RENT, amount=Decimal(9_000), currency=MXN)
    facts = facts_of(listing_page(entry("casa-1", offers)), SALE)
    assert (facts.last_price, facts.unpriced) == (None, 1)
