"""What the page objects read, as plain values for `json.dumps`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pincali_sync.domain.prices import Offer
from pincali_sync.items import ListingPage, ManifestEntry, Property

_PAGE_FIELDS = ("total_listings", "total_pages", "next_page", "entries")
_ENTRY_FIELDS = (
    *("property_id", "public_id", "source_url", "listing_page_title", "listing_page_price"),
    *("latitude", "longitude", "exact_location", "offers"),
)


def as_dict(page: ListingPage | Property) -> dict[str, Any]:
    """What a page shows; null where it does not show a field."""
    return {name: _plain(getattr(page, name)) for name in _names(page)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in _names(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _names(value: Any) -> Iterable[str]:
    if isinstance(value, ListingPage):
        return _PAGE_FIELDS
    if isinstance(value, ManifestEntry):
        return _ENTRY_FIELDS
    names = [field.name for field in fields(value)]
    if isinstance(value, Offer):  # `per_m2` and `starting_at` only where they are true
        return [name for name in names if getattr(value, name) is not False]
    return names
