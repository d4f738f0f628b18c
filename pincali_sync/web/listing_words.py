"""What listings are filtered and sorted by, in the words of those who choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pincali_sync.db.repositories.listings.browsing import ListingRow
from pincali_sync.domain.listing_filter import ListingOrder
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.prices import Currency, Operation
from pincali_sync.language import N_, _, ngettext
from pincali_sync.rendering.formats import number

# The fields that may be refused, as the form calls them.
LABELS = {
    "price_min": N_("Price from"),
    "price_max": N_("Price to"),
    "property_type": N_("Type"),
    "operation": N_("Operation"),
    "status": N_("State"),
    "currency": N_("Currency"),
    "sort": N_("Order"),
    "first_seen_since": N_("First seen"),
    "first_seen_before": N_("First seen before"),
    "changed_since": N_("Changed"),
    "area": N_("Part of the map"),
}
OPERATIONS = {Operation.SALE: N_("For sale"), Operation.RENT: N_("For rent")}
TYPES = {
    "house": N_("House"),
    "apartment": N_("Apartment"),
    "lot": N_("Lot"),
    "house in condominium": N_("House in condominium"),
    "retail space": N_("Retail space"),
    "office": N_("Office"),
    "commercial lot": N_("Commercial lot"),
    "industrial warehouse": N_("Industrial warehouse"),
    "villa": N_("Villa"),
    "building": N_("Building"),
    "warehouse": N_("Warehouse"),
    "industrial lot": N_("Industrial lot"),
    "ranch": N_("Ranch"),
    "shopping mall space": N_("Shopping mall space"),
    "quinta": N_("Quinta"),
    "house with commercial use": N_("House with commercial use"),
    "farm": N_("Farm"),
    "commercial storage unit": N_("Commercial storage unit"),
}
STATES = {
    ListingStatus.ACTIVE: N_("active"),
    ListingStatus.RELISTED: N_("relisted"),
    ListingStatus.LIKELY_REMOVED: N_("likely removed"),
    ListingStatus.CONFIRMED_REMOVED: N_("confirmed removed"),
    ListingStatus.SOLD: N_("sold or rented"),
}
STATUSES = {
    "present": N_("On the site"),
    "gone": N_("Gone"),
    "all": N_("Whatever its state"),
} | STATES
ORDERS = {
    ListingOrder.NEWEST: N_("Newest first"),
    ListingOrder.OLDEST: N_("Oldest first"),
    ListingOrder.CHANGED: N_("Latest news first"),
    ListingOrder.CHEAPEST: N_("Cheapest first"),
    ListingOrder.DEAREST: N_("Dearest first"),
}
SPANS = {
    "1d": N_("within a day"),
    "7d": N_("within 7 days"),
    "30d": N_("within 30 days"),
    "90d": N_("within 90 days"),
}
KINDS = {"city": N_("city"), "state": N_("state"), "neighborhood": N_("neighbourhood")}
MOVES = {
    "closer": N_("Closer"),
    "wider": N_("Wider"),
    "north": N_("North"),
    "south": N_("South"),
    "west": N_("West"),
    "east": N_("East"),
}


def choices(name: str, chosen: str) -> list[tuple[str, str]]:
    """The values that a filter offers, each with its words; what was chosen otherwise is one."""
    offered = {value: _(words) for value, words in _OFFERED[name].items()}
    if chosen and chosen not in offered:
        offered[chosen] = chosen
    return [*offered.items()]


def rooms(listing: ListingRow) -> str:
    """How large a listing is, in a few words; empty where nothing is known."""
    parts = []
    if listing.bedrooms:
        parts.append(ngettext("%(num)s bedroom", "%(num)s bedrooms", listing.bedrooms))
    if listing.bathrooms:
        parts.append(ngettext("%(num)s bathroom", "%(num)s bathrooms", listing.bathrooms))
    if listing.total_area_m2:
        parts.append(f"{number(listing.total_area_m2)} m²")
    return " · ".join(parts)


_OFFERED: Mapping[str, Mapping[Any, str]] = {
    "operation": OPERATIONS,
    "property_type": TYPES,
    "status": STATUSES,
    "currency": {each: each for each in Currency},
    "first_seen_since": SPANS,
    "changed_since": SPANS,
    "sort": ORDERS,
}
