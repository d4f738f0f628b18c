"""A filter and an order of listings as parts of statements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pincali_sync.db.models.listings import changed_at, first_seen_at
from pincali_sync.db.repositories.listings.selection import (
    SHELF,
    SHELVES,
    priced_in,
    selection,
    shelves_of,
)
from pincali_sync.domain.listing_filter import ListingFilter, ListingOrder
from pincali_sync.domain.prices import Currency
from pincali_sync.exceptions import UsageError

# The first rows of one shelf that are wanted, of so many that are looked at.
LISTED_FIRST = """
SELECT l.id FROM (
    SELECT * FROM properties_live l WHERE {shelves} AND {narrowed} AND {after}
     ORDER BY {key} {way}, l.id {way} LIMIT {most}) AS l
 WHERE {condition} LIMIT :size
"""
# The last of these, wanted or not; none where the shelf has no more.
LOOKED_LAST = """
SELECT l.id FROM properties_live l WHERE {shelves} AND {narrowed} AND {after}
 ORDER BY {key} {way}, l.id {way} OFFSET {most} - 1 LIMIT 1
"""

_PRICE = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")

_FIRST, _CHANGED = first_seen_at("l."), changed_at("l.")
# By what each order sorts, its type, and which way. Ties are told apart by `id`.
_ORDERS = {
    ListingOrder.NEWEST: (_FIRST, "timestamptz", "DESC"),
    ListingOrder.OLDEST: (_FIRST, "timestamptz", "ASC"),
    ListingOrder.CHANGED: (_CHANGED, "timestamptz", "DESC"),
    ListingOrder.CHEAPEST: ("l.price", "numeric", "ASC"),
    ListingOrder.DEAREST: ("l.price", "numeric", "DESC"),
}
# What of a filter the index of an order knows: rows without it are not looked at.
_PRICES = ("city", "price_min", "price_max", "currency")
_OF_SHELVES = (*_PRICES, "first_seen_since", "first_seen_before", "changed_since")
_NARROWED = {
    ListingOrder.NEWEST: ("city", "first_seen_since", "first_seen_before"),
    ListingOrder.OLDEST: ("city", "first_seen_since", "first_seen_before"),
    ListingOrder.CHANGED: ("changed_since",),
    ListingOrder.CHEAPEST: _PRICES,
    ListingOrder.DEAREST: _PRICES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedQuery:
    """What rows of `properties_live l` must be, and in which order they come.

    Shelves, the parts of the table that `shelves_of` tells, are named apart from the condition.
    """

    order: ListingOrder
    condition: str
    narrowed: str  # the part of it that the order's index knows
    parameters: Mapping[str, Any]
    shelves: Sequence[int]
    is_first: bool  # there is no cursor
    is_of_shelves: bool  # an index that knows the shelves knows something else of the condition

    @classmethod
    def of(cls, wanted: ListingFilter, order: ListingOrder, after: str | None) -> OrderedQuery:
        """Raises: UsageError: when no page in this order ended at the cursor."""
        chosen = selection(wanted)
        part = {name: getattr(wanted, name) for name in _NARROWED[order]}
        priced = priced_in(wanted.currency or Currency.MXN) if order.is_of_prices else "true"
        return cls(
            order=order,
            condition=f"{chosen.beside_shelves} AND {priced}",
            narrowed=f"{selection(ListingFilter(**part)).beside_shelves} AND {priced}",
            parameters={**chosen.parameters, **(_cursor(after, order) if after else {})},
            shelves=shelves_of(wanted),
            is_first=not after,
            is_of_shelves=any(getattr(wanted, name) is not None for name in _OF_SHELVES),
        )

    def on(self, shelves: Sequence[int]) -> str:
        """That rows are on these shelves."""
        return f"{SHELF} IN ({', '.join(map(str, shelves))})"

    def beside(self, large: AbstractSet[int]) -> str:
        """The same of all its shelves, beside the condition: for a large one alone no index is
        read, which would take longer than looking at what the condition finds."""
        others = [each for each in SHELVES if each not in self.shelves]
        if not others:
            return "true"
        if self.is_of_shelves or large.isdisjoint(self.shelves):
            return self.on(self.shelves)
        return f"{SHELF} NOT IN ({', '.join(map(str, others))})"

    def sql(self, statement: str, **parts: object) -> str:
        """A statement with the filter's and the order's parts in their places."""
        key, kind, way = _ORDERS[self.order]
        ahead = ">" if way == "ASC" else "<"
        after = f"{ahead} (CAST(:after_key AS {kind}), CAST(:after_id AS uuid))"
        return statement.format(
            key=key,
            way=way,
            until="<=" if way == "ASC" else ">=",
            condition=self.condition,
            narrowed=self.narrowed,
            after="true" if self.is_first else f"({key}, l.id) {after}",
            after_found="true" if self.is_first else f"(key, id) {after}",
            **parts,
        )


def _cursor(text: str, order: ListingOrder) -> dict[str, Any]:
    """The last row of an earlier page: by what its order sorts, and its id."""
    key, _, row = text.rpartition("~")
    try:
        return {"after_key": _key(key, order), "after_id": UUID(row)}
    except (ArithmeticError, ValueError):
        raise UsageError(f"after {text[:100]!r}: no page in this order ended there") from None


def _key(text: str, order: ListingOrder) -> Decimal | datetime | str:
    """What is handed on is what was read: PostgreSQL reads other texts than Python does."""
    if order.is_of_prices:
        if not _PRICE.fullmatch(text):
            raise ValueError(text)
        return Decimal(text)
    if text in {"infinity", "-infinity"}:
        return text
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)
