"""What no row may hold, said once more and apart from the parsers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any
from unicodedata import bidirectional, category
from urllib.parse import urlsplit

from pincali_sync.domain.prices import Offer
from pincali_sync.items import ListingPage, ManifestEntry, Property
from pincali_sync.pages.as_json import as_dict

HOSTS = {"www.pincali.com", "pincali.com", "assets.easybroker.com"}
_LONGEST = {
    **dict.fromkeys(("neighborhood", "city", "state", "agent_name", "agency_name"), 255),
    **dict.fromkeys(("title", "title_original", "listing_page_title", "address"), 500),
    **{"property_type": 100, "postal_code": 20, "public_id": 20, "agent_phone": 50},
    **{"description": 50_000, "source_url": 600, "message_url": 600, "gps_coordinates": 255},
}
_MOST = {
    **{"bedrooms": 99, "bathrooms": 99, "half_bathrooms": 99, "parking_spaces": 999},
    **{"floor_number": 199, "total_floors": 199, "age_years": 599, "construction_year": 2100},
    **{"total_area_m2": 10**8, "covered_area_m2": 10**8, "lot_size_m2": 10**8, "price": 10**12},
    **{"price_per_m2": 10**8, "amount": 10**12, "total_listings": 2**31, "total_pages": 2**31},
    **{"latitude": 33.5, "longitude": -86},
}
_FORMS = {
    "property_id": re.compile(r"pincali_[0-9a-f]{16}"),
    "public_id": re.compile(r"EB-[A-Z]+[0-9]{4}"),
    "source_url": re.compile(r"https://www\.pincali\.com/en/home/(?!\.\.?$)[^/\\?#%\s]+"),
    "agent_phone": re.compile(r"\+?[0-9(][0-9 ().-]+[0-9](?:[ ;,]{0,2}ext?[.=]? ?[0-9]+)?"),
    "message_url": re.compile(r"https://www\.pincali\.com/[^\\]*"),
    "next_page": re.compile(r"(?:/.*)?"),
}
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def nonsense_in(parsed: object) -> list[str]:
    """The faults of what a parser made; none where it is no page."""
    if not isinstance(parsed, ListingPage | Property):
        return []
    faults = list(_faults(parsed))
    printed = json.dumps(as_dict(parsed), allow_nan=False)
    most = 200 if isinstance(parsed, ListingPage) else 1
    if len(printed) > most * 700_000:
        faults.append(f"{len(printed):,} characters")
    return faults


def _faults(value: object, name: str = "") -> Iterator[str]:
    if is_dataclass(value):
        yield from _faults_together(value)
        for field in fields(value):
            yield from _faults(getattr(value, field.name), field.name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _faults(key, name)
            yield from _faults(inner, name)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _faults(inner, name)
    elif isinstance(value, str):
        yield from (f"{name}: {fault}: {value[:80]!r}" for fault in _faults_of_text(value, name))
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        least = {"latitude": 13.5, "longitude": -119.5, "construction_year": 1500}.get(name, 0)
        if not least <= value <= _MOST[name]:
            yield f"{name}: beyond reason: {value}"


def _faults_of_text(text: str, name: str) -> Iterator[str]:
    if any(category(sign) in {"Cs"} or bidirectional(sign) in _TURNING for sign in text):
        yield "turned round, or half a character"
    if any(category(sign) == "Cc" and sign not in "\n\t" for sign in text):
        yield "control characters"
    if len(text) > _LONGEST.get(name, 50_000):
        yield "too long"
    if name in _FORMS and not _FORMS[name].fullmatch(text):
        yield "no such thing"
    if name in {"main_image_url", "image_urls"} and urlsplit(text).hostname not in HOSTS:
        yield "another host's photo"


def _faults_together(value: Any) -> Iterator[str]:
    if isinstance(value, Offer) and value.amount is not None and value.amount <= 0:
        yield f"an amount of {value.amount}"
    if isinstance(value, Property) and len(value.image_urls) > 300:
        yield f"{len(value.image_urls)} photos"
    if isinstance(value, ManifestEntry | Property):
        operations = [offer.operation for offer in value.offers]
        if len(operations) != len(set(operations)):
            yield "two offers of one operation"
