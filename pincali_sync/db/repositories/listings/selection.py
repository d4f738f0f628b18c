"""What a `ListingFilter` means in SQL: the one place where it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pincali_sync.db.models.listings import changed_at, first_seen_at, folded
from pincali_sync.domain.listing_filter import ListingFilter
from pincali_sync.domain.prices import Operation

# How statements mark a parameter: those of `Repository._run`, and those that are copied out.
NAMED, COPIED = ":{}", "%({})s"

_PLACES = ("neighborhood", "city", "state")
# Adopted rows may have the longer words.
_OPERATIONS = {each: f"('{each}', 'for {each}')" for each in Operation}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A condition on rows of `properties_live l`, and its parameters."""

    condition: str
    parameters: Mapping[str, Any]


def selection(wanted: ListingFilter, mark: str = NAMED) -> Selection:
    """What rows must be; `true` where the filter asks for nothing.

    Args:
        mark: how the statement marks a parameter, `NAMED` or `COPIED`.
    """
    asked = {
        name: value
        for name in ListingFilter.__dataclass_fields__
        if (value := getattr(wanted, name)) not in {None, ()}
    }
    conditions = [_condition(name, wanted, mark) for name in asked]
    if wanted.prices_in is not None:
        conditions.append(priced_in(wanted.prices_in))
    parameters = {name: value for name, value in asked.items() if name not in {"operation", "area"}}
    if wanted.status:
        parameters["status"] = list(wanted.status)
    if wanted.area is not None:
        parameters |= wanted.area._asdict()
    return Selection(condition=" AND ".join(conditions) or "true", parameters=parameters)


def priced_in(currency: str) -> str:
    """That a row has a price that may be compared with others in this currency."""
    return f"l.currency = '{currency}' AND l.price_unit = 'total' AND l.price IS NOT NULL"


def _condition(name: str, wanted: ListingFilter, mark: str) -> str:
    if name == "operation":
        assert wanted.operation is not None
        return f"l.operation_type IN {_OPERATIONS[wanted.operation]}"
    given = {end: mark.format(end) for end in ("south", "west", "north", "east")}
    return _CONDITIONS[name].format(mark.format(name), **given)


_CONDITIONS = {
    "status": "l.listing_status = ANY({})",
    "city": f"{folded('l.city')} = {folded('{0}')}",
    "place": "({})".format(
        " OR ".join(f"{folded(f'l.{column}')} = {folded('{0}')}" for column in _PLACES)
    ),
    "property_type": f"{folded('l.property_type')} = {folded('{0}')}",
    "price_min": "l.price >= {}",
    "price_max": "l.price <= {}",
    "currency": "l.currency = {}",
    "first_seen_since": f"{first_seen_at('l.')} >= {{}}",
    "first_seen_before": f"{first_seen_at('l.')} < {{}}",
    "changed_since": f"{changed_at('l.')} >= {{}}",
    "words": "l.search_vector @@ websearch_to_tsquery('spanish', {})",
    "area": "l.latitude BETWEEN {south} AND {north} AND l.longitude BETWEEN {west} AND {east}",
}
