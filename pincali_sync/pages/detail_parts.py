"""The parts of a detail page: its photos, and who publishes it."""

from __future__ import annotations

import re
from itertools import islice
from typing import TypedDict
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from pincali_sync.domain.identity import numeric_id_of
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.photos import photo_of
from pincali_sync.pages.text import attribute_at, one_line, text_at

_MAX_NAME = 255  # varchar(255)
_MAX_PHOTOS = 300
_MOST_IMAGES = 2 * _MAX_PHOTOS  # that are looked at in each place: to join a URL takes its time
_MAX_PHONE = 50  # varchar(50)
# As people write them; what holds other text is none.
_PHONE = re.compile(r"\+?[0-9(](?:[ ().-]{0,3}[0-9]){6,14}(?:[ ;,]{0,2}ext?[.=]? ?[0-9]{1,6})?")
_PUBLISHED_BY = re.compile(r"^\s*(?:published by|publicado por)\s+", re.I)
# The slide show and the tour hold the full set; the gallery above them stops at five.
_IMAGES = (
    ".slideshow img",
    ".photo-tour__grid img",
    ".photo-tour__grid [data-toggle-gallery]",
    ".property__gallery img",
)


class Publisher(TypedDict):
    """Who publishes a listing, as far as the page shows it to anyone."""

    agent_name: str | None
    agency_name: str | None
    agent_phone: str | None


def photos_of(document: DetailDocument, url: str) -> tuple[str, ...]:
    """URLs of the listing's photos in the page's order, each photo once.

    A photo's query (version, size, signature) may differ between its places: the path counts.

    Args:
        url: of the page.
    """
    own = f"/property_images/{numeric_id_of(document.public_id)}/"
    by_path: dict[str, str] = {}
    for selector in _IMAGES:
        for image in document.tree.css(selector)[:_MOST_IMAGES]:
            photo = photo_of(image, url)
            path = (photo or "").partition("?")[0]
            if photo and own in path:
                by_path.setdefault(path, photo)
    return tuple(islice(by_path.values(), _MAX_PHOTOS))


def publisher_of(tree: LexborHTMLParser) -> Publisher:
    """Reads the first publisher block: the page repeats it for small screens."""
    name = text_at(
        tree,
        ".listing__sidebar .publisher-name",
        ".publisher-name",
        ".publisher-summary-agent .name",
    )
    agency = text_at(
        tree,
        ".listing__sidebar .publisher-organization-name",
        ".publisher-organization-name",
        ".publisher-summary-agent .organization",
    )
    # The first number only: two glued together are none.
    phone = attribute_at(tree, '.publisher-phones a[href^="tel:"]', "href") or ""
    return Publisher(
        agent_name=one_line(_PUBLISHED_BY.sub("", name or ""), _MAX_NAME),
        agency_name=one_line(agency, _MAX_NAME),
        agent_phone=_phone(phone.removeprefix("tel:")),
    )


def _phone(shown: str) -> str | None:
    number = one_line(unquote(shown[: 3 * _MAX_PHONE])) or ""
    return number if len(number) <= _MAX_PHONE and _PHONE.fullmatch(number) else None
