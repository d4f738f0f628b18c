"""A listing page's answer: what is recorded of it, and what the walk goes on by."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

from pincali_sync.answers.filters import keeps_filters
from pincali_sync.domain.headers import redirect_target
from pincali_sync.domain.listing_query import Measure, WantedPage
from pincali_sync.domain.page_facts import PageFacts, Sample
from pincali_sync.domain.prices import Currency, Offer, Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedPage, ListingPage, LostPage, ManifestEntry, ManifestPage
from pincali_sync.pages.challenge import challenge_kind, may_be_a_wall
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.pages.own_page import shows_the_site, what_is_cut_off, what_is_missing

logger = logging.getLogger(__name__)

_OK = 200
_NOT_THERE = {404, 410}
_NO_SUCH_QUERY = 422  # so the site has answered URLs that it does not know
ABSENT = PageFacts(total=None, pages=None, is_absent=True)
_HIDDEN = 1.1  # a page may be a card or two short


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingAnswer:
    """What became of a page that a walk wants."""

    facts: PageFacts | None  # for the walk; None: the page is lost
    item: ManifestPage | LostPage | None  # to be recorded; None: the site has no such page
    is_doubtful: bool = False  # not to be believed at once: ask again first


def read_listing(wanted: WantedPage, url: str, answer: FetchedPage) -> ListingAnswer:
    """Reads an answer, or why there is none; never raises.

    Args:
        url: where the page was fetched.
    """
    if wanted.may_be_absent and (_is_not_there(answer, wanted) or _leads_away(answer, wanted, url)):
        return ListingAnswer(facts=ABSENT, item=None)
    if answer.status != _OK:
        return ListingAnswer(facts=None, item=_lost(wanted, url, answer.failure))
    missing = what_is_missing(answer) or what_is_cut_off(answer.body)
    if missing is not None:
        return ListingAnswer(facts=None, item=_lost(wanted, url, missing), is_doubtful=True)
    try:
        page = parse_listing_page(answer.body, url)
        return answer_of(page, wanted, url)
    except PageError as error:
        return ListingAnswer(facts=None, item=_lost(wanted, url, str(error)))
    except Exception as error:
        # A page that trips the parser is counted with those that are lost.
        logger.exception("parsing %s failed", url)
        return ListingAnswer(facts=None, item=_lost(wanted, url, f"parser: {error!r}"))


def _is_not_there(answer: FetchedPage, wanted: WantedPage) -> bool:
    """Whether an error says that there is no such page."""
    if answer.status == _NO_SUCH_QUERY:
        is_such = wanted.may_be_beyond or shows_the_site(answer.body)
    else:
        is_such = answer.status in _NOT_THERE
    return is_such and _is_its_own(answer.body, wanted)


def _leads_away(answer: FetchedPage, wanted: WantedPage, url: str) -> bool:
    """Whether a redirect leads to another search page of the site: there is no such page.

    Not where it leads to the same page in other words, or with more of them.
    """
    target = redirect_target(url, answer.status, answer.headers.get("location"))
    if target is None or challenge_kind(answer.status or 0, answer.headers, answer.body):
        return False
    here, there = urlsplit(url), urlsplit(target)
    searches = here.path.rpartition("/")[0] + "/"
    if there.netloc.lower() != here.netloc.lower() or not there.path.startswith(searches):
        return False
    asked, led = {*parse_qsl(here.query)}, {*parse_qsl(there.query)}
    if wanted.number > 1:
        return ("page", str(wanted.number)) not in led
    return there.path.rstrip("/") != here.path or not asked <= led


def _is_its_own(error: bytes, wanted: WantedPage) -> bool:
    """Whether it is the site, and nothing in front of it, that says there is no such page.

    Scripts that watch say nothing against it on an error that names the site; nor beyond what the
    site is believed to show, where the pages before are asked, too.
    """
    is_likely = wanted.may_be_beyond or shows_the_site(error)
    return not may_be_a_wall(error, though_watched=is_likely)


def answer_of(page: ListingPage, wanted: WantedPage, url: str) -> ListingAnswer:
    """What a page that was read comes to."""
    is_blank = not page.entries and not page.unreadable_cards
    tells_nothing = is_blank and page.total_listings is None
    should_have_some = page.total_listings or wanted.number > 1 or (tells_nothing and wanted.again)
    if is_blank and should_have_some:
        if wanted.may_be_beyond:
            return ListingAnswer(facts=ABSENT, item=None, is_doubtful=True)
        why = "no card, although listings are declared" if page.total_listings else "no card on it"
        return ListingAnswer(facts=None, item=_lost(wanted, url, why), is_doubtful=True)
    facts = facts_of(page, wanted)
    read = ManifestPage(
        url=url,
        source=wanted.query.source.value,
        partition=wanted.partition,
        page_number=wanted.number,
        page=page,
        facts=facts,
    )
    # A filter may find nothing, and not say so: that is believed when it is asked again.
    return ListingAnswer(facts=facts, item=read, is_doubtful=tells_nothing)


def _lost(wanted: WantedPage, url: str, error: str) -> LostPage:
    return LostPage(
        url=url,
        source=wanted.query.source.value,
        partition=wanted.partition,
        page_number=wanted.number,
        error=error,
    )


def facts_of(page: ListingPage, wanted: WantedPage) -> PageFacts:
    """Reads the facts off a parsed page."""
    query = wanted.query
    operation = Operation.RENT if query.source is ListingSource.RENT else Operation.SALE
    offers = [_offer_of(entry, operation) for entry in page.entries]
    priced = [None if offer is None else offer.amount for offer in offers]
    in_pesos = tuple(
        offer.amount
        for offer in offers
        if offer is not None and offer.amount is not None and offer.currency is Currency.MXN
    )
    sample = _sample_of(page.entries, in_pesos)
    return PageFacts(
        total=page.total_listings,
        pages=_pages_of(page),
        cards=len(page.entries) + len(page.unreadable_cards),
        has_next=page.next_page is not None,
        unpriced=priced.count(None),
        starts_unpriced=bool(priced) and priced[0] is None,
        unpriced_ids=tuple(
            entry.property_id
            for entry, amount in zip(page.entries, priced, strict=True)
            if amount is None
        ),
        cities=tuple(dict.fromkeys(entry.city for entry in page.entries if entry.city)),
        keeps_filters=keeps_filters(page.entries, sample, query),
        sample=sample if wanted.number == 1 or wanted.may_be_beyond else None,
    )


def _sample_of(entries: tuple[ManifestEntry, ...], in_pesos: tuple[Decimal, ...]) -> Sample:
    values = {
        Measure.PRICE: in_pesos,
        Measure.BEDROOMS: _said(entry.bedrooms for entry in entries),
        Measure.BATHROOMS: _said(entry.bathrooms for entry in entries),
        Measure.BUILT: _said(entry.total_area_m2 for entry in entries),
    }
    colonias = ((entry.city, entry.neighborhood) for entry in entries)
    return Sample(
        ids=tuple(entry.property_id for entry in entries),
        values=values,
        colonias=tuple(dict.fromkeys((a, b) for a, b in colonias if a and b)),
    )


def _said(values: Iterable[Decimal | int | None]) -> tuple[Decimal, ...]:
    return tuple(Decimal(value) for value in values if value is not None)


def _pages_of(page: ListingPage) -> int | None:
    """As the page says; but a pager that stops at what the site shows hides what lies beyond."""
    cards = len(page.entries) + len(page.unreadable_cards)
    if page.next_page is None or not cards or not page.total_listings:
        return page.total_pages
    needed = -(-page.total_listings // cards)
    is_hidden = needed > _HIDDEN * (page.total_pages or 0)
    return needed if is_hidden else page.total_pages


def _offer_of(entry: ManifestEntry, operation: Operation) -> Offer | None:
    return next((offer for offer in entry.offers if offer.operation is operation), None)
