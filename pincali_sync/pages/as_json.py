"""What the page objects read, as plain values for `json.dumps`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
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


def listing_as_dict(page: ListingPage) -> dict[str, Any]:
    """A listing page: what it declares and its entries."""
    return _named(page, _PAGE_FIELDS)


def detail_as_dict(prop: Property) -> dict[str, Any]:
    """A detail page: every field of `Property`; null where the page does not show it."""
    return _named(prop, [field.name for field in fields(prop)])


def _named(value: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Offer):
        return _offer(value)
    if isinstance(value, ManifestEntry):
        return _named(value, _ENTRY_FIELDS)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _offer(offer: Offer) -> dict[str, Any]:
    """`per_m2` and `starting_at` only where they are true."""
    flags = [name for name in ("per_m2", "starting_at") if getattr(offer, name)]
    return _named(offer, ["operation", "amount", "currency", *flags])
