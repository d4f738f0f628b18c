"""A search result page: its cards, what it says of the whole query, and what comes next."""

from __future__ import annotations

import logging
import re
from urllib.parse import parse_qs, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from pincali_sync.domain.headers import whole_url
from pincali_sync.domain.identity import CANONICAL_ROOT, linked_listing
from pincali_sync.domain.numbers import integer_of, last_integer_of
from pincali_sync.domain.prices import Operation
from pincali_sync.exceptions import PageError
from pincali_sync.items import ListingPage, ManifestEntry
from pincali_sync.pages.cards import parse_card
from pincali_sync.pages.markup import page_bytes, tree_in
from pincali_sync.pages.text import (
    JsonObject,
    attribute_at,
    is_of_type,
    json_ld,
    text_at,
)

logger = logging.getLogger(__name__)

# The detail page uses the same class for similar listings: hence the scope. 2025 has `li`, 2026
# `div` here.
_CARDS = "[data-search-results] .property__component"
_CARD_IN_CARD = ".property__component .property__component"
# Of a card's photos the first is read: the others are a third of the page, and taken out of it as
# far as they are of the same listing.
_SLIDE = (
    rb'<div class="swiper-slide">\s*+<a [^>]*+>\s*+<picture>\s*+<img [^/>]*+//[^/>]*+'
    rb"/property_images/%b/[^>]*+>\s*+</picture>\s*+</a>\s*+</div>"
)
_SLIDES = re.compile(rb"(%b)(?:\s*+%b)++" % (_SLIDE % rb"([0-9]++)", _SLIDE % rb"\2"))
_MAX_CARDS = 200  # the site has shown 24 and 42
_SHOWN_OF = re.compile(r"^\D*[0-9][0-9.,]*\s*[-–—]\s*[0-9][0-9.,]*\s+(?:of|de)\s")  # 1–24 of 1,158
_RESULTS = re.compile(r"\b(?:(?:search|matching)\s+)?(?:results?|resultados?)\b", re.I)
_LISTINGS = re.compile(
    r"\b(?:propert(?:y|ies)|propiedad(?:es)?|propriedades?|inmuebles?|im[oó]ve(?:l|is)|listings?|"
    r"an[uú]ncios?)\b",
    re.I,
)
_AT_THE_END = re.compile(  # "Results: 413,954"
    rf"(?:\btotal|{_RESULTS.pattern}|{_LISTINGS.pattern})\s*:\s*[0-9][0-9.,'\s]*\Z", re.I
)
_NEW_AT_THE_END = re.compile(r"\b(?:new|nuev[oa]s|nov[oa]s)\s+[^\W\d]+\s*:[^:]*\Z", re.I)
# What makes a number one of some listings: "24 new", "42 per page".
_ONLY_SOME = re.compile(
    r"[\s(,]+(?:new|nuev[oa]s?|nov[oa]s?|recent|recientes|recentes|featured|destacad[oa]s|"
    r"(?:a|per|each|por|cada|(?:on|in) this|en (?:esta|cada)|nesta)\s+(?:page|p[aá]gina))\b",
    re.I,
)
# "42 listings of 5,000", and "3 listings of 4 bedrooms".
_OF_MORE = re.compile(
    r"[\s(,]+(?:[^\W\d]+[\s,]+){0,3}?(?:of|de|do|from)\s+"
    r"(?P<more>(?:[^\W\d]+\s+){0,3}?[0-9].{0,100})",
    re.I,
)
_OF_ALL = re.compile(
    r"(?:(?:(?:a|an|the|un|um)\s+)?total\s+(?:(?:of|de)\s+)?)?[0-9][0-9.,'\s]*+"
    r"(?:\Z|[).;:!·|]|(?:in|en|em|found|available|encontrad[oa]s|disponibles|dispon[ií]veis|"
    r"for|para)\b)",
    re.I,
)
_PAGE_OF = re.compile(
    r"(?:^|\b(?:page|p[aá]gina)\b)\s*[0-9][0-9.,]*\s+(?:(?:out )?of|de)\s+(?=[0-9])(.+)", re.I
)
# A path that ends "-for-sale-or-rent" asks for both.
_RENT_PATH = re.compile(r"-(?:for-rent|en-renta|para-alugar)\b")
_SALE_PATH = re.compile(r"-(?:for-sale|for-foreclosure|en-venta|en-remate|a-venda)\b(?!-or?-)")


def parse_listing_page(markup: str | bytes, url: str) -> ListingPage:
    """Reads a search result page.

    Args:
        url: where the page was fetched; its query tells the page number.

    Raises:
        PageError: for more markup, or more cards, than any page of the site has.
    """
    tree = tree_in(_SLIDES.sub(rb"\1", page_bytes(markup, url)), url)
    entries, unreadable = _entries(tree, url)
    total = _total_listings(tree)
    next_page = _next_page(tree, url)
    cards = len(entries) + len(unreadable)
    # A next page has more than these: such a total is of something else, and no page count's base.
    is_doubtful = next_page is not None and total is not None and total <= cards
    pages = None if is_doubtful else _total_pages(tree, total, cards, next_page, url)
    return ListingPage(
        total_listings=None if is_doubtful else total,
        total_pages=pages,
        next_page=next_page,
        entries=tuple(entries),
        unreadable_cards=tuple(unreadable),
    )


def _entries(tree: LexborHTMLParser, url: str) -> tuple[list[ManifestEntry], list[str]]:
    twins, operation = _json_ld_twins(tree, url), _operation_of_query(url)
    entries: list[ManifestEntry] = []
    unreadable: list[str] = []
    cards = tree.css(_CARDS)
    if len(cards) > _MAX_CARDS or tree.css_first(_CARD_IN_CARD) is not None:
        raise PageError(f"{url} has more than {_MAX_CARDS} cards, or cards in cards")
    for card in cards:
        try:
            entries.append(parse_card(card, twins, operation, url))
        except PageError as error:
            unreadable.append(str(error))
        except Exception as error:
            # A card that trips the parser must not cost its page.
            logger.exception("a card of %s cannot be read", url)
            unreadable.append(f"card that trips the parser: {type(error).__name__}")
    return entries, unreadable


def _json_ld_twins(tree: LexborHTMLParser, url: str) -> dict[str, JsonObject]:
    """The rows' JSON-LD objects by canonical URL; pages of 2025 have none."""
    twins: dict[str, JsonObject] = {}
    for value in json_ld(tree):
        if not is_of_type(value, "RealEstateListing"):
            continue
        try:
            link = value.get("url") or value.get("@id")
            # To write out what is no text, such as a list of lists, may take for ever.
            twins.setdefault(linked_listing(link if isinstance(link, str) else "", url), value)
        except PageError:
            continue  # without a listing's URL there is no card to join it to
    return twins


def _operation_of_query(url: str) -> Operation | None:
    """What the page's own path asks for; None where it asks for both or does not tell."""
    path = urlsplit(url).path
    rent, sale = bool(_RENT_PATH.search(path)), bool(_SALE_PATH.search(path))
    if rent == sale:
        return None
    return Operation.RENT if rent else Operation.SALE


def _total_listings(tree: LexborHTMLParser) -> int | None:
    declared = integer_of(attribute_at(tree, "[data-search-results]", "data-total"))
    if declared is not None:
        return declared
    heading = text_at(tree, ".action__result h2") or ""
    shown_of = _SHOWN_OF.match(heading)
    if shown_of:
        return integer_of(heading[shown_of.end() :])
    if _AT_THE_END.search(heading):
        return None if _NEW_AT_THE_END.search(heading) else last_integer_of(heading)
    # Other numbers may stand in it: "2 bedroom houses: 413,954 results".
    nouns = list(_RESULTS.finditer(heading)) or list(_LISTINGS.finditer(heading))
    counted = {_counted(heading, each) for each in nouns} - {None}
    return counted.pop() if len(counted) == 1 else None


def _counted(heading: str, noun: re.Match[str]) -> int | None:
    """How many a heading says there are in all, by the numbers around a noun."""
    before = last_integer_of(heading[: noun.start()])
    if before is None or _ONLY_SOME.match(heading, noun.end()):
        return None
    of_more = _OF_MORE.match(heading, noun.end())
    if of_more is None:
        return before
    more = integer_of(of_more["more"])
    if more is not None and more <= before:  # "5,000 listings of 2 bedrooms"
        return before
    return more if _OF_ALL.match(of_more["more"]) else None


def _total_pages(
    tree: LexborHTMLParser, total: int | None, cards: int, next_page: str | None, url: str
) -> int | None:
    """From "Page 1 of 17,249"; without an exact count, from the total and the size of a page."""
    summary = _PAGE_OF.search(text_at(tree, ".pagination-summary") or "")
    declared = integer_of(summary[1]) if summary else None
    if declared is not None:
        return declared
    if not total or not cards:
        return None
    current = integer_of("".join(parse_qs(urlsplit(url).query).get("page", []))) or 1
    # The last page may be a short one, so its size tells nothing.
    return -(-total // cards) if next_page or current == 1 else current


def _next_page(tree: LexborHTMLParser, url: str) -> str | None:
    """The next page's path and query. A disabled pager still holds a link: hence `:not`."""
    href = attribute_at(tree, "span.next:not(.disabled) a[href]", "href")
    page_url = urljoin(CANONICAL_ROOT, url)  # a path is enough
    target = whole_url(page_url, href) if href else None  # none: "javascript:…"
    if target is None:
        return None
    here, there = urlsplit(url), urlsplit(target)
    if (there.path, there.query) == (here.path, here.query):
        return None  # "#": a scan would go round for ever
    return f"{there.path}?{there.query}" if there.query else there.path
