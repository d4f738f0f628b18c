"""How the site's search behaves where sites differ: what it ignores, sorts last, shows beyond."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pincali_sync.exceptions import UsageError

# Parameters that a site may pass over; "place" is the path's.
FILTERS = (
    "place",
    "property_type_ids",
    "price",
    "bedroom",
    "bathroom",
    "parking_spaces",
    "total_square_meters",
    "lot_size_square_meters",
    "sort_by",
)
DIRECTIONS = ("asc", "desc")


class Beyond(StrEnum):
    """What a page beyond the site's page cap is answered."""

    NOT_FOUND = "not_found"
    EMPTY = "empty"  # 200 and no cards
    REPEATED = "repeated"  # the last one that it shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The search's habits.

    Raises:
        UsageError: for a filter or direction that there is not.
    """

    ignored: tuple[str, ...] = ()  # of FILTERS
    # Of DIRECTIONS: sorted by price so, listings on request come first; else they come last.
    unpriced_first: tuple[str, ...] = ()
    beyond_cap: Beyond = Beyond.NOT_FOUND

    def __post_init__(self) -> None:
        _check(self.ignored, FILTERS)
        _check(self.unpriced_first, DIRECTIONS)


def _check(named: Iterable[str], known: tuple[str, ...]) -> None:
    if unknown := set(named) - set(known):
        raise UsageError(f"{', '.join(sorted(unknown))}: there are {', '.join(known)}")
