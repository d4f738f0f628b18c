"""An answer to a wanted listing page: an item to record, and facts for the walk to go on by."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pincali_sync.answers import listing
from pincali_sync.answers.listing import facts_of, read_listing
from pincali_sync.domain.listing_query import ListingQuery, Measure, Place, Range, WantedPage
from pincali_sync.domain.liveness import Calibration, Verdict, judge
from pincali_sync.domain.page_facts import PageFacts, Sample
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
from pincali_sync.pages.answer import read_answer
from tests.support.builders import MXN, USD, entry, rent, sale
from tests.unit.pages.test_listing_page import PAGES

SALE = ListingQuery(source=ListingSource.SALE)
WINDOW = SALE.within(Measure.PRICE, Range(least=Decimal(1)))
URL = "http://127.0.0.1/en/properties/properties-for-sale?page=2"


def wanted(query: ListingQuery = SALE, number: int = 2) -> WantedPage:
    return WantedPage(query=query, number=number, partition=query.partition)


def test_a_page_is_recorded_under_its_partition_and_its_facts_are_the_walks() -> None:
    body = (PAGES / "listing-2026.html").read_bytes()
    answer = read_listing(wanted(WINDOW), URL, FetchedPage(status=200, body=body))
    assert isinstance(answer.item, ManifestPage)
    place = (answer.item.source, answer.item.partition, answer.item.page_number)
    assert place == ("sale", "price=1-", 2)
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


def test_a_watched_error_is_no_end_of_a_list() -> None:
    body = b"<title>Not found</title><script src='/cdn-cgi/challenge-platform/main.js'></script>"
    answer = read_listing(wanted(), URL, FetchedPage(status=404, body=body))
    assert answer.facts is None
    assert isinstance(answer.item, LostPage)


WATCHES = [
    "<script src='https://www.google.com/recaptcha/api.js?render=k'></script>",
    "<script src='https://x.sdk.awswaf.com/x/challenge.js' defer></script>",
    "<script src='/cdn-cgi/challenge-platform/main.js'></script>",
    "<script src='/_Incapsula_Resource?SWJIYLWA=7'></script>",
]
NOT_FOUND = ["Not found", "404", "Página no encontrada", "Página não encontrada"]


def error_page(title: str, body: str, attributes: str = "") -> FetchedPage:
    markup = f"<html><head><title>{title}</title></head><body {attributes}>{body}</body></html>"
    return FetchedPage(status=404, body=markup.encode())


@pytest.mark.parametrize("watch", WATCHES)
@pytest.mark.parametrize("title", NOT_FOUND)
def test_what_watches_the_sites_own_error_keeps_no_page_from_being_absent(
    title: str, watch: str
) -> None:
    beyond, beside = replace(wanted(number=101), may_be_beyond=True), wanted(WINDOW, 1)
    heading = "<h1>Página no encontrada</h1>"
    named = error_page(f"{title} | Pincali", watch + heading)
    framed = error_page(title, heading + watch, "class='marketplace errors'")
    for page, answer in (
        *((page, answer) for page in (beyond, beside, wanted()) for answer in (named, framed)),
        (beyond, error_page(title, watch + heading)),
    ):
        read = read_listing(page, URL, answer)
        assert (read.facts, read.item) == (listing.ABSENT, None)
        assert verdict_on(answer) is Verdict.UNKNOWN  # as a listing's page it removes nothing


def verdict_on(page: FetchedPage) -> Verdict:
    answer = read_answer("http://127.0.0.1/en/home/casa-1", 404, {}, page.body).answer
    seen = Calibration(shows_listings=True)
    return judge(answer, property_id="", public_id="EB-KL7001", calibration=seen).verdict


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Access denied | Pincali", WATCHES[0]),
        ("Verifica que eres humano | Pincali", ""),
        ("Un momento… | Pincali", WATCHES[2]),
        ("Error | Pincali", "<form><div class='g-recaptcha' data-sitekey='6L'></div></form>"),
        ("Error | Pincali", "<iframe src='/_Incapsula_Resource?CWUDNSAI=9'></iframe>"),
        ("404 | Pincali", "<script>window._cf_chl_opt={}</script>"),
        ("404 | Pincali", "<form><input name='authentication[email]'></form>"),
    ],
)
def test_a_walls_name_mark_or_task_is_no_end_of_a_list(title: str, body: str) -> None:
    for page in (wanted(), replace(wanted(number=101), may_be_beyond=True)):
        answer = read_listing(page, URL, error_page(title, body))
        assert answer.facts is None
        assert isinstance(answer.item, LostPage)


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


BEYOND = replace(wanted(number=101), may_be_beyond=True)
NOWHERE = wanted(replace(SALE, place=Place("jalisco", "nowhere")), 1)
OWN_ERROR = b"<html><head><title>Error | Pincali</title></head><body></body></html>"


def fetched_from(page: WantedPage) -> str:
    return f"http://127.0.0.1{page.query.target(page.number)}"


def redirect(target: str, status: int = 302) -> FetchedPage:
    return FetchedPage(status=status, headers={"location": target})


@pytest.mark.parametrize(
    "answer",
    [
        redirect("/en/properties/properties-for-sale"),
        redirect("http://127.0.0.1/en/properties/properties-for-sale?page=100", 301),
        FetchedPage(status=410),
        FetchedPage(status=410, body=OWN_ERROR),
        FetchedPage(status=422, body=OWN_ERROR),
    ],
)
@pytest.mark.parametrize("page", [BEYOND, NOWHERE, wanted(WINDOW, 7)])
def test_a_page_is_absent_however_the_site_says_so(page: WantedPage, answer: FetchedPage) -> None:
    read = read_listing(page, fetched_from(page), answer)
    assert (read.facts, read.item, read.is_doubtful) == (listing.ABSENT, None, False)
    first = wanted(number=1)
    assert isinstance(read_listing(first, fetched_from(first), answer).item, LostPage)


@pytest.mark.parametrize("page", [BEYOND, NOWHERE])
@pytest.mark.parametrize(
    "answer",
    [
        redirect("/account/authentication"),
        redirect("/"),
        redirect("https://challenge.example/en/properties/properties-for-sale"),
        redirect(""),
        FetchedPage(status=410, body=b"<title>Access denied | Pincali</title>"),
        FetchedPage(status=422, body=b"<title>Verifica que eres humano | Pincali</title>"),
        FetchedPage(status=409, body=OWN_ERROR),
    ],
)
def test_what_leads_out_of_the_search_or_stands_before_it_is_a_lost_page(
    page: WantedPage, answer: FetchedPage
) -> None:
    read = read_listing(page, fetched_from(page), answer)
    assert read.facts is None
    assert isinstance(read.item, LostPage)


def test_an_unprocessable_query_is_no_end_where_nothing_shows_the_site() -> None:
    read = read_listing(NOWHERE, fetched_from(NOWHERE), FetchedPage(status=422))
    assert isinstance(read.item, LostPage)


@pytest.mark.parametrize("page", [BEYOND, NOWHERE, wanted(WINDOW, 7)])
def test_a_redirect_to_the_same_page_is_no_end(page: WantedPage) -> None:
    url = fetched_from(page)
    for target in (url, f"{url}{'&' if '?' in url else '?'}token=1"):
        assert isinstance(read_listing(page, url, redirect(target)).item, LostPage)


BLANK = """<html><head><title>Houses for sale | Pincali</title></head><body class="marketplace">
<h1>Sorry, something went wrong</h1><p>We could not load the results.</p></body></html>"""
HOUSES = replace(SALE, property_type=29058)


def read_blank(page: WantedPage, markup: str = BLANK) -> listing.ListingAnswer:
    return read_listing(page, URL, FetchedPage(status=200, body=markup.encode()))


@pytest.mark.parametrize("query", [SALE, HOUSES])
def test_a_later_page_without_cards_is_lost_though_it_declares_nothing(query: ListingQuery) -> None:
    answer = read_blank(wanted(query, 57))
    assert (answer.facts, answer.is_doubtful) == (None, True)
    assert isinstance(answer.item, LostPage)


def test_a_page_without_cards_where_none_need_be_is_absent() -> None:
    answer = read_blank(replace(wanted(number=101), may_be_beyond=True))
    assert (answer.facts, answer.item, answer.is_doubtful) == (listing.ABSENT, None, True)


@pytest.mark.parametrize("query", [SALE, HOUSES])
def test_a_first_page_without_cards_and_total_is_asked_for_again(query: ListingQuery) -> None:
    answer = read_blank(wanted(query, 1))
    assert answer.is_doubtful
    assert isinstance(answer.item, ManifestPage)  # else the query finds nothing
    known = read_blank(replace(wanted(query, 1), again=True))
    assert (known.facts, known.is_doubtful) == (None, True)  # what it showed before stands


def test_a_filter_that_declares_to_find_nothing_is_believed() -> None:
    nothing = BLANK.replace("<h1>", "<div data-search-results data-total='0'></div><h1>")
    answer = read_blank(wanted(HOUSES, 1), nothing)
    assert answer.facts is not None
    assert (answer.facts.total, answer.is_doubtful) == (0, False)


def listing_page(*entries: ManifestEntry) -> ListingPage:
    return ListingPage(total_listings=240, total_pages=10, next_page=None, entries=entries)


def facts_of_page(*entries: ManifestEntry, query: ListingQuery = SALE) -> PageFacts:
    return facts_of(listing_page(*entries), wanted(query, 1))


def sample_of(*entries: ManifestEntry, query: ListingQuery = SALE) -> Sample:
    sample = facts_of_page(*entries, query=query).sample
    assert sample is not None
    return sample


def test_a_first_page_tells_the_values_by_which_its_query_can_be_divided() -> None:
    cards = (
        entry("casa-1", sale(1_000_000), bedrooms=3, city="Zapopan", neighborhood="Centro"),
        entry("casa-2", sale(120_000, USD), bathrooms=2),
        entry("casa-3", sale(None), total_area_m2=Decimal("80.5")),
    )
    facts, sample = facts_of_page(*cards), sample_of(*cards)
    assert (facts.unpriced, facts.starts_unpriced) == (1, False)
    assert facts.unpriced_ids == (cards[2].property_id,)
    assert sample.values == {
        Measure.PRICE: (Decimal(1_000_000),),
        Measure.BEDROOMS: (Decimal(3),),
        Measure.BATHROOMS: (Decimal(2),),
        Measure.BUILT: (Decimal("80.5"),),
    }
    assert sample.colonias == (("Zapopan", "Centro"),)
    assert len(set(sample.ids)) == 3
    assert facts_of(listing_page(*cards), wanted(number=2)).sample is None


@pytest.mark.parametrize(
    ("total", "told", "pages"),
    [(240, 100, 100), (2_400, 100, 240), (1_050, 100, 100), (240, None, 24), (None, None, None)],
)
def test_a_pager_that_stops_at_the_cap_does_not_hide_what_lies_beyond(
    total: int | None, told: int | None, pages: int | None
) -> None:
    cards = tuple(entry(f"casa-{n}") for n in range(10))
    page = ListingPage(total_listings=total, total_pages=told, next_page="/2", entries=cards)
    assert facts_of(page, wanted()).pages == pages


def test_the_price_of_the_sources_operation_counts() -> None:
    both = (sale(3_000_000), rent(15_000))
    rents = ListingQuery(source=ListingSource.RENT)
    card = entry("casa-1", *both)
    assert sample_of(card, query=rents).values[Measure.PRICE] == (Decimal(15_000),)
    assert sample_of(card).values[Measure.PRICE] == (Decimal(3_000_000),)


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
    window = SALE.within(Measure.PRICE, Range(least=Decimal(2_000_000)))
    cards = [entry(f"casa-{n}", offer) for n in range(10)]
    assert facts_of_page(*cards, query=window).keeps_filters is kept


def test_one_odd_card_is_no_forgotten_filter() -> None:
    window = SALE.within(Measure.PRICE, Range(least=Decimal(2_000_000)))
    cards = [entry(f"casa-{n}", sale(2_500_000)) for n in range(9)]
    assert facts_of_page(*cards, entry("casa-9", sale(900)), query=window).keeps_filters


def test_cards_of_another_type_show_a_forgotten_filter() -> None:
    houses = replace(SALE, property_type=29058)
    cards = [entry(f"casa-{n}", property_type="House") for n in range(5)]
    assert facts_of_page(*cards, query=houses).keeps_filters
    flats = [entry(f"depto-{n}", property_type="Apartment") for n in range(5)]
    assert not facts_of_page(*flats, query=houses).keeps_filters


def test_an_offer_of_another_operation_is_no_price() -> None:
    offers = Offer(operation=Operation.RENT, amount=Decimal(9_000), currency=MXN)
    card = entry("casa-1", offers)
    assert facts_of_page(card).unpriced == 1
    assert sample_of(card).values[Measure.PRICE] == ()


def test_cards_of_other_sizes_or_places_show_a_forgotten_filter() -> None:
    cards = [
        entry(f"casa-{n}", bedrooms=2, city="Tlajomulco de Zúñiga", neighborhood="El Palomar")
        for n in range(5)
    ]
    two = SALE.within(Measure.BEDROOMS, Range(most=Decimal(2)))
    three = SALE.within(Measure.BEDROOMS, Range(least=Decimal(3)))
    assert facts_of_page(*cards, query=two).keeps_filters
    assert not facts_of_page(*cards, query=three).keeps_filters
    there, colonia = "tlajomulco-de-zuniga", "el-palomar"
    places = (Place("jalisco", there), Place("jalisco", there, colonia), Place("jalisco"))
    elsewhere = (Place("jalisco", "zapopan"), Place("jalisco", there, "centro"))
    for place in places:
        assert facts_of_page(*cards, query=replace(SALE, place=place)).keeps_filters
    for place in elsewhere:
        assert not facts_of_page(*cards, query=replace(SALE, place=place)).keeps_filters


def test_a_page_beyond_what_the_site_shows_is_absent_and_asked_for_again_first() -> None:
    body = b'<html><body><div data-search-results data-total="7"></div></body></html>'
    page = replace(wanted(number=41), may_be_beyond=True)
    answer = read_listing(page, URL, FetchedPage(status=200, body=body))
    assert answer.facts is not None
    assert (answer.facts.is_absent, answer.item, answer.is_doubtful) == (True, None, True)


def test_a_page_that_trips_the_parser_is_a_lost_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ArithmeticError("nobody thought of this")

    monkeypatch.setattr(listing, "parse_listing_page", broken)
    body = (PAGES / "listing-2026.html").read_bytes()
    lost = read_listing(wanted(), URL, FetchedPage(status=200, body=body))
    assert lost.facts is None
    assert isinstance(lost.item, LostPage)
    assert lost.item.error == "parser: ArithmeticError('nobody thought of this')"
