"""Where a detail page says its listing lies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.json_data import part
from pincali_sync.pages.places import (
    MAX_PLACE,
    place_of,
    property_type_of,
    without_ending,
)
from pincali_sync.pages.text import clean, one_line, text_of

_POSTAL_CODE = re.compile(r"(?:\bC\.?\s?P\.?\s*)?\b([0-9]{5})\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The parts of an address, and the type that stands before it in the place line."""

    property_type: str | None
    street: str | None
    neighborhood: str | None
    city: str | None
    state: str | None
    postal_code: str | None


def address_of(document: DetailDocument) -> Address:
    """Reads the address.

    State and city come from the tracking data. The address below the map ends with them: what
    stands before is the neighbourhood, and before that the street, where there is one.
    """
    tree = document.tree
    line = place_of(text_of(tree.css_first("h2.location")))
    shown, postal_code = _without_postal_code(text_of(tree.css_first(".map-address-info")) or "")
    city, state = _city_and_state(document, shown, line.city)
    local = without_ending(without_ending(shown, state), city)
    street, _, last = local.rpartition(",")
    return Address(
        property_type=_property_type(document, line.property_type),
        street=clean(street),
        neighborhood=clean(last, MAX_PLACE) or line.neighborhood,
        city=city,
        state=state,
        postal_code=postal_code or one_line(_ld_address(document, "postalCode"), 20),
    )


def _property_type(document: DetailDocument, from_line: str | None) -> str | None:
    tracked = document.tracking.get("Type") or document.tracking.get("Property Type")
    return (
        property_type_of(tracked)
        or from_line
        or property_type_of(_second_crumb(document))
        or property_type_of(document.json_ld.get("category"))
    )


def _second_crumb(document: DetailDocument) -> str | None:
    """The type's crumb: the first one, home, is an icon without text."""
    crumbs = [text_of(crumb) for crumb in document.tree.css(".eb-breadcrumbs a")]
    return next((crumb for crumb in crumbs if crumb), None)


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
