"""A listing page's answer: what is recorded of it, and what the walk goes on by."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pincali_sync.domain.listing_query import PROPERTY_TYPES, ListingQuery, WantedPage
from pincali_sync.domain.listing_walk import PageFacts
from pincali_sync.domain.prices import Currency, Offer, Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedPage, ListingPage, LostPage, ManifestEntry, ManifestPage
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.pages.own_page import what_is_cut_off, what_is_missing

_OK, _NOT_FOUND = 200, 404
# A card may be odd; a filter that the site forgot shows on most of them.
_MAX_ODD_SHARE = 0.2
_HIDDEN = 1.1  # a page may be a card or two short


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingAnswer:
    """What became of a page that a walk wants."""

    facts: PageFacts | None  # for the walk; None: the page is lost
    item: ManifestPage | LostPage | None  # to be recorded; None: the site has no such page
    is_doubtful: bool = False  # not to be believed at once: ask again first


def read_listing(wanted: WantedPage, url: str, answer: FetchedPage) -> ListingAnswer:
    """Reads an answer, or why there is none.

    Args:
        url: where the page was fetched.
    """
    if answer.status == _NOT_FOUND and wanted.may_be_absent:
        return ListingAnswer(facts=PageFacts(total=None, pages=None, is_absent=True), item=None)
    if answer.status != _OK:
        return ListingAnswer(facts=None, item=_lost(wanted, url, answer.failure))
    missing = what_is_missing(answer) or what_is_cut_off(answer.body)
    if missing is not None:
        return ListingAnswer(facts=None, item=_lost(wanted, url, missing), is_doubtful=True)
    try:
        page = parse_listing_page(answer.body, url)
    except PageError as error:
        return ListingAnswer(facts=None, item=_lost(wanted, url, str(error)))
    if page.total_listings and not page.entries and not page.unreadable_cards:
        lost = _lost(wanted, url, "no card, although listings are declared")
        return ListingAnswer(facts=None, item=lost, is_doubtful=True)
    facts = facts_of(page, wanted.query)
    read = ManifestPage(
        url=url,
        source=wanted.query.source.value,
        partition=wanted.partition,
        page_number=wanted.number,
        page=page,
        facts=facts,
    )
    return ListingAnswer(facts=facts, item=read)


def _lost(wanted: WantedPage, url: str, error: str) -> LostPage:
    return LostPage(
        url=url,
        source=wanted.query.source.value,
        partition=wanted.partition,
        page_number=wanted.number,
        error=error,
    )


def facts_of(page: ListingPage, query: ListingQuery) -> PageFacts:
    """Reads the facts off a parsed page of this query."""
    operation = Operation.RENT if query.source is ListingSource.RENT else Operation.SALE
    offers = [_offer_of(entry, operation) for entry in page.entries]
    priced = [None if offer is None else offer.amount for offer in offers]
    in_pesos = [
        offer.amount
        for offer in offers
        if offer is not None and offer.amount is not None and offer.currency is Currency.MXN
    ]
    return PageFacts(
        total=page.total_listings,
        pages=_pages_of(page),
        cards=len(page.entries) + len(page.unreadable_cards),
        has_next=page.next_page is not None,
        last_price=in_pesos[-1] if in_pesos else None,
        unpriced=priced.count(None),
        starts_unpriced=bool(priced) and priced[0] is None,
        cities=tuple(dict.fromkeys(entry.city for entry in page.entries if entry.city)),
        keeps_filters=_keeps_prices(in_pesos, query) and _keeps_type(page.entries, query),
    )


def _pages_of(page: ListingPage) -> int | None:
    """As the page says; but a pager that stops at what the site shows hides what lies beyond."""
    cards = len(page.entries) + len(page.unreadable_cards)
    if page.next_page is None or not cards or not page.total_listings:
        return page.total_pages
    needed = -(-page.total_listings // cards)
    is_hidden = page.total_pages is not None and needed > _HIDDEN * page.total_pages
    return needed if is_hidden else page.total_pages


def _offer_of(entry: ManifestEntry, operation: Operation) -> Offer | None:
    return next((offer for offer in entry.offers if offer.operation is operation), None)


def _keeps_prices(amounts: list[Decimal], query: ListingQuery) -> bool:
    """Amounts in other currencies are compared after conversion: they tell nothing here."""
    least = query.min_price or Decimal(0)
    most = query.max_price or Decimal("Infinity")
    odd = sum(not least <= amount <= most for amount in amounts)
    return odd <= _MAX_ODD_SHARE * len(amounts)


def _keeps_type(entries: tuple[ManifestEntry, ...], query: ListingQuery) -> bool:
    if query.property_type is None:
        return True
    wanted = PROPERTY_TYPES[query.property_type]
    named = [entry.property_type for entry in entries if entry.property_type]
    odd = sum(name.lower() != wanted for name in named)
    return odd <= _MAX_ODD_SHARE * len(named)
