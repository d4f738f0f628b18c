"""The parts of a detail page: where its listing lies, its photos, who publishes it."""

from __future__ import annotations

import re
from itertools import islice
from typing import TypedDict
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from pincali_sync.domain.identity import numeric_id_of
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.photos import photo_of
from pincali_sync.pages.places import MAX_PLACE, Place, place_of, property_type_of, without_ending
from pincali_sync.pages.text import attribute_at, clean, one_line, part, text_at, text_of

_MAX_NAME = 255  # varchar(255)
_MAX_STREET = 500
_MAX_CRUMBS = 20
_MAX_PHOTOS = 300
_MAX_PHONE = 50  # varchar(50)
# As people write them; what holds other text is none.
_PHONE = re.compile(r"\+?[0-9(](?:[ ().-]{0,3}[0-9]){6,14}(?:[ ;,]{0,2}ext?[.=]? ?[0-9]{1,6})?")
_POSTAL_CODE = re.compile(r"(?:\bC\.?\s?P\.?\s*)?\b([0-9]{5})\b", re.I)
_PUBLISHED_BY = re.compile(r"^\s*(?:published by|publicado por)\s+", re.I)
# The slide show and the tour hold the full set; the gallery above them stops at five.
_IMAGES = (
    ".slideshow img",
    ".photo-tour__grid img",
    ".photo-tour__grid [data-toggle-gallery]",
    ".property__gallery img",
)


class Address(Place):
    """The parts of an address, and the type that stands before it in the place line."""

    address: str | None  # the street
    state: str | None
    postal_code: str | None


class Publisher(TypedDict):
    """Who publishes a listing, as far as the page shows it to anyone."""

    agent_name: str | None
    agency_name: str | None
    agent_phone: str | None


def address_of(document: DetailDocument) -> Address:
    """Reads the address.

    State and city come from the tracking data. The address below the map ends with them: what
    stands before is the neighbourhood, and before that the street, where there is one.
    """
    tree = document.tree
    line = place_of(text_at(tree, "h2.location"))
    shown, postal_code = _without_postal_code(text_at(tree, ".map-address-info") or "")
    city, state = _city_and_state(document, shown, line["city"])
    local = without_ending(without_ending(shown, state), city)
    street, _, last = local.rpartition(",")
    return Address(
        property_type=_property_type(document, line["property_type"]),
        address=clean(street, _MAX_STREET),
        neighborhood=clean(last, MAX_PLACE) or line["neighborhood"],
        city=city,
        state=state,
        postal_code=postal_code or one_line(_ld_address(document, "postalCode"), 20),
    )


def _property_type(document: DetailDocument, from_line: str | None) -> str | None:
    tracked = document.tracking.get("Type") or document.tracking.get("Property Type")
    # The crumb before the type's, home, is an icon without text.
    crumbs = filter(None, map(text_of, document.tree.css(".eb-breadcrumbs a")[:_MAX_CRUMBS]))
    return (
        property_type_of(tracked)
        or from_line
        or property_type_of(next(crumbs, None))
        or property_type_of(document.json_ld.get("category"))
    )


def _city_and_state(
    document: DetailDocument, shown: str, city_of_line: str | None
) -> tuple[str | None, str | None]:
    tracking = document.tracking
    parts = [piece.strip() for piece in shown.split(",")]
    enough = len(parts) >= 3
    city = tracking.get("City") or _ld_address(document, "addressLocality")
    state = tracking.get("State") or _ld_address(document, "addressRegion")
    return (
        one_line(city or (parts[-2] if enough else city_of_line), MAX_PLACE),
        one_line(state or (parts[-1] if enough else None), MAX_PLACE),
    )


def _ld_address(document: DetailDocument, name: str) -> object:
    return part(document.json_ld, "address").get(name)


def _without_postal_code(address: str) -> tuple[str, str | None]:
    """An address without the part that is a postal code ("C.P. 21000"), and the code."""
    pieces = [piece.strip() for piece in address.split(",")]
    for piece in pieces:
        match = _POSTAL_CODE.fullmatch(piece)
        if match:
            return ", ".join(other for other in pieces if other != piece), match[1]
    return address, None


def photos_of(document: DetailDocument, url: str) -> tuple[str, ...]:
    """URLs of the listing's photos in the page's order, each photo once.

    A photo's query (version, size, signature) may differ between its places: the path counts.

    Args:
        url: of the page.
    """
    own = f"/property_images/{numeric_id_of(document.public_id)}/"
    by_path: dict[str, str] = {}
    for selector in _IMAGES:
        for image in document.tree.css(selector):
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
