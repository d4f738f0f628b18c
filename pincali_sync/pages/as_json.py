"""What the page objects read, as plain values for `json.dumps`."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from pincali_sync.domain.prices import Offer
from pincali_sync.items import ListingPage, ManifestEntry, Property

_ENTRY_FIELDS = (
    "property_id",
    "public_id",
    "source_url",
    "listing_page_title",
    "listing_page_price",
    "latitude",
    "longitude",
    "exact_location",
    "offers",
)


def listing_as_dict(page: ListingPage) -> dict[str, Any]:
    """A listing page: what it declares and its entries."""
    return {
        "total_listings": page.total_listings,
        "total_pages": page.total_pages,
        "next_page": page.next_page,
        "entries": [_entry_as_dict(entry) for entry in page.entries],
    }


def detail_as_dict(prop: Property) -> dict[str, Any]:
    """A detail page: every field of `Property`; null where the page does not show it."""
    return {field.name: _plain(getattr(prop, field.name)) for field in fields(prop)}


def offer_as_dict(offer: Offer) -> dict[str, Any]:
    """One offer; `per_m2` and `starting_at` only where they are true."""
    plain: dict[str, Any] = {
        "operation": offer.operation.value,
        "amount": _plain(offer.amount),
        "currency": offer.currency.value,
    }
    flags = {"per_m2": offer.per_m2, "starting_at": offer.starting_at}
    return plain | {name: True for name, is_set in flags.items() if is_set}


def _entry_as_dict(entry: ManifestEntry) -> dict[str, Any]:
    return {name: _plain(getattr(entry, name)) for name in _ENTRY_FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, Offer):
        return offer_as_dict(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
