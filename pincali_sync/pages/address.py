"""Where a detail page's listing lies: what its data, its place line and its map's address say."""

from __future__ import annotations

import re

from pincali_sync.domain.listing_query import ENGLISH_TYPES
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.places import (
    MAX_PLACE,
    Place,
    is_same_place,
    place_of,
    property_type_of,
    state_of,
    without_country,
)
from pincali_sync.pages.text import clean, fold, one_line, part, text_at, text_of

_MAX_STREET = 500
_MAX_CRUMBS = 20
_CP = r"C\.?\s?P\.?:?\s*"
# "21000", "C.P. 21000", "21000 Mexicali", "Mexicali C.P. 21000"
_POSTAL_CODES = (
    re.compile(rf"(?:{_CP})?(?P<code>[0-9]{{5}})(?:\s+(?P<rest>[^0-9]+))?", re.I),
    re.compile(rf"(?P<rest>[^0-9]+?)\s+{_CP}(?P<code>[0-9]{{5}})", re.I),
)


class Address(Place):
    """The parts of an address, and the type that stands before it in the place line."""

    address: str | None  # the street
    state: str | None
    postal_code: str | None


def address_of(document: DetailDocument) -> Address:
    """Reads the address.

    State and city come from the tracking data. The address below the map ends with them: what
    stands before is the neighbourhood, and before that the street, where there is one.
    """
    line = place_of(text_at(document.tree, "h2.location"))
    parts, postal_code = _parts(text_at(document.tree, ".map-address-info") or "")
    city, state = _city_and_state(document, parts, line["city"])
    street, neighborhood = _street_and_neighborhood(parts, city, state, line["neighborhood"])
    return Address(
        property_type=_property_type(document, line["property_type"]),
        address=clean(street, _MAX_STREET),
        neighborhood=clean(neighborhood, MAX_PLACE),
        city=city,
        state=state,
        postal_code=postal_code or one_line(_ld_address(document, "postalCode"), 20),
    )


def _property_type(document: DetailDocument, from_line: str | None) -> str | None:
    tracking = document.tracking
    crumbs = map(text_of, document.tree.css(".eb-breadcrumbs a")[:_MAX_CRUMBS])
    return (
        property_type_of(tracking.get("Type"))
        or property_type_of(tracking.get("Property Type"))
        or from_line
        or property_type_of(
            next((each for each in crumbs if fold(each or "") in ENGLISH_TYPES), None)
        )
        or property_type_of(document.json_ld.get("category"))
    )


def _city_and_state(
    document: DetailDocument, parts: list[str], city_of_line: str | None
) -> tuple[str | None, str | None]:
    named = [document.tracking.get("City"), _ld_address(document, "addressLocality"), city_of_line]
    city = next((name for each in named if (name := one_line(each, MAX_PLACE))), None)
    named = [document.tracking.get("State"), _ld_address(document, "addressRegion")]
    state = next((name for each in named if (name := one_line(each, MAX_PLACE))), None)
    if len(parts) >= 3 and state_of(parts[-1]) and is_same_place(parts[-2], city or parts[-2]):
        return city or clean(parts[-2], MAX_PLACE), state or clean(parts[-1], MAX_PLACE)
    return city, state


def _ld_address(document: DetailDocument, name: str) -> object:
    return part(document.json_ld, "address").get(name)


def _parts(shown: str) -> tuple[list[str], str | None]:
    """An address's parts without country and postal code, and the code."""
    parts: list[str] = []
    code = None
    for piece in filter(None, map(str.strip, shown.split(","))):
        match = next(filter(None, (form.fullmatch(piece) for form in _POSTAL_CODES)), None)
        # A street may start with a number, too.
        if match and (parts or not match["rest"]):
            code = code or match["code"]
            parts += [match["rest"]] if match["rest"] else []
        else:
            parts.append(piece)
    return without_country(parts), code


def _street_and_neighborhood(
    parts: list[str], city: str | None, state: str | None, of_line: str | None
) -> tuple[str | None, str | None]:
    """What the address says before city and state, as far as the place line bears it out."""
    length, ends_with_city = len(parts), False
    for name in (state, city):
        ends_with_city = bool(parts) and is_same_place(parts[-1], name)
        parts = parts[:-1] if ends_with_city else parts
    ends_with_city |= len(parts) < length and is_same_place(state, city)
    if of_line is None:
        return (", ".join(parts[:-1]), parts[-1]) if parts and ends_with_city else (None, None)
    wanted = [fold(each.strip()) for each in of_line.split(",")]
    start = len(parts) - len(wanted)
    is_borne_out = start >= 0 and [*map(fold, parts[start:])] == wanted
    return ", ".join(parts[:start]) if is_borne_out else None, of_line
