"""What a `ListingFilter` means in SQL: the one place where it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pincali_sync.db.models.listings import changed_at, first_seen_at, folded, shelf
from pincali_sync.domain.listing_filter import ListingFilter
from pincali_sync.domain.listing_status import PRESENT, REMOVED, ListingStatus
from pincali_sync.domain.prices import Operation

# How statements mark a parameter: those of `Repository._run`, and those that are copied out.
NAMED, COPIED = ":{}", "%({})s"

SHELF = shelf("l.")

_PLACES = ("neighborhood", "city", "state")
# By the group of states and the operation; what is not for rent counts as for sale.
_SHELVES = {
    (PRESENT, Operation.SALE): 0,
    (PRESENT, Operation.RENT): 1,
    (REMOVED, Operation.SALE): 2,
    (REMOVED, Operation.RENT): 3,
}
SHELVES = tuple(_SHELVES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A condition on rows of `properties_live l`, and its parameters."""

    condition: str
    parameters: Mapping[str, Any]
    beside_shelves: str  # the condition without what `shelves_of` says


def shelves_of(wanted: ListingFilter) -> list[int]:
    """The parts of the table in which rows may be that a filter wants."""
    return [
        number
        for (group, operation), number in _SHELVES.items()
        if (not wanted.status or {*group} & {*wanted.status})
        and wanted.operation in {None, operation}
    ]


def selection(wanted: ListingFilter, mark: str = NAMED) -> Selection:
    """What rows must be; `true` where the filter asks for nothing.

    Args:
        mark: how the statement marks a parameter, `NAMED` or `COPIED`.
    """
    asked = {
        name: value for name in _CONDITIONS if (value := getattr(wanted, name)) not in {None, ()}
    }
    if {*wanted.status} in _GROUPS:
        del asked["status"]  # the shelves say as much
    conditions = [_CONDITIONS[name].format(mark.format(name)) for name in asked]
    if wanted.prices_in is not None:
        conditions.append(priced_in(wanted.prices_in))
    parameters = {name: list(each) if name == "status" else each for name, each in asked.items()}
    if wanted.area is not None:
        conditions.append(_AREA.format(*map(mark.format, _SIDES)))
        parameters |= wanted.area._asdict()
    return Selection(
        condition=" AND ".join([*_on_shelves(wanted), *conditions]) or "true",
        parameters=parameters,
        beside_shelves=" AND ".join(conditions) or "true",
    )


def _on_shelves(wanted: ListingFilter) -> list[str]:
    shelves = shelves_of(wanted)
    is_part = len(shelves) < len(_SHELVES)
    return [f"{SHELF} IN ({', '.join(map(str, shelves))})"] if is_part else []


def priced_in(currency: str) -> str:
    """That a row has a price that may be compared with others in this currency."""
    return f"l.currency = '{currency}' AND l.price_unit = 'total' AND l.price IS NOT NULL"


_CONDITIONS = {
    "status": "l.listing_status = ANY({})",
    "city": f"{folded('l.city')} = {folded('{0}')}",
    "place": "({})".format(
        " OR ".join(f"{folded(f'l.{column}')} = {folded('{0}')}" for column in _PLACES)
    ),
    "property_type": f"{folded('l.property_type')} = {folded('{0}')}",
    "price_min": "l.price >= {}",
    "price_max": "l.price <= {}",
    "first_seen_since": f"{first_seen_at('l.')} >= {{}}",
    "first_seen_before": f"{first_seen_at('l.')} < {{}}",
    "changed_since": f"{changed_at('l.')} >= {{}}",
    "words": "l.search_vector @@ websearch_to_tsquery('spanish', {})",
}
_AREA = (
    "l.latitude BETWEEN CAST({} AS numeric) AND CAST({} AS numeric)"
    " AND l.longitude BETWEEN CAST({} AS numeric) AND CAST({} AS numeric)"
)
_SIDES = ("south", "north", "west", "east")
_GROUPS = ({*PRESENT}, {*REMOVED}, {*ListingStatus})
