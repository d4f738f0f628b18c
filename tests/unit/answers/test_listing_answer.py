"""An answer to a wanted listing page: an item to record, and facts for the walk to go on by."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pincali_sync.answers.listing import facts_of, read_listing
from pincali_sync.domain.listing_query import ListingQuery, Order, WantedPage
from pincali_sync.domain.prices import Offer, Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.items import (
    NO_PAGE,
    FetchedPage,
    ListingPage,
    LostPage,
    ManifestEntry,
    ManifestPage,
)
from tests.support.builders import MXN, USD, entry, rent, sale
from tests.unit.pages.test_listing_page import PAGES

SALE = ListingQuery(source=ListingSource.SALE)
WINDOW = replace(SALE, order=Order.CHEAPEST, min_price=Decimal(1))
URL = "http://127.0.0.1/en/properties/properties-for-sale?page=2"


def wanted(query: ListingQuery = SALE, number: int = 2) -> WantedPage:
    return WantedPage(query=query, number=number, partition=query.partition)


def test_a_page_is_recorded_under_its_partition_and_its_facts_are_the_walks() -> None:
    body = (PAGES / "listing-2026.html").read_bytes()
    answer = read_listing(wanted(WINDOW), URL, FetchedPage(status=200, body=body))
    assert isinstance(answer.item, ManifestPage)
    place = (answer.item.source, answer.item.partition, answer.item.page_number)
    assert place == ("sale", "cheapest 1-", 2)
    assert answer.item.page.entries
    assert answer.facts is answer.item.facts


@pytest.mark.parametrize(("query", "number"), [(SALE, 2), (WINDOW, 1)])
def test_a_filter_that_finds_nothing_or_a_last_page_may_be_absent(
    query: ListingQuery, number: int
) -> None:
    answer = read_listing(wanted(query, number), URL, FetchedPage(status=404))
    assert answer.item is None
    assert answer.facts is not None
    assert answer.facts.is_absent


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (FetchedPage(status=404), "HTTP 404"),  # the plain query's first page is always there
        (FetchedPage(status=503), "HTTP 503"),
        (FetchedPage(status=None, error="TimeoutError: slow"), "TimeoutError: slow"),
    ],
)
def test_any_other_answer_is_a_lost_page(answer: FetchedPage, error: str) -> None:
    lost = read_listing(wanted(number=1), URL, answer)
    assert lost.facts is None
    assert lost.item == LostPage(url=URL, source="sale", page_number=1, error=error)
    assert not lost.is_doubtful


@pytest.mark.parametrize("body", [b"", b"<title>Hold on</title><form>", b"<html><body></body>"])
@pytest.mark.parametrize("number", [1, 2])
def test_what_is_no_page_of_the_site_is_no_page_without_cards(body: bytes, number: int) -> None:
    answer = read_listing(wanted(number=number), URL, FetchedPage(status=200, body=body))
    assert answer.facts is None
    assert answer.is_doubtful  # asked for again first
    assert isinstance(answer.item, LostPage)
    assert answer.item.error.startswith(NO_PAGE)


def test_more_markup_than_any_page_has_is_a_lost_page() -> None:
    answer = read_listing(
        wanted(),
        URL,
        FetchedPage(status=200, body=b"<div data-search-results>" * 20_000 + b"</html>"),
    )
    assert answer.facts is None
    assert isinstance(answer.item, LostPage)
    assert "tags" in answer.item.error


def test_a_page_without_cards_of_a_query_that_has_some_is_asked_for_again() -> None:
    body = b'<div data-search-results data-total="7"></div>'
    answer = read_listing(wanted(), URL, FetchedPage(status=200, body=body))
    assert answer.is_doubtful
    assert isinstance(answer.item, LostPage)  # unless it is asked for again


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
