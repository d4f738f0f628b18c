"""Corners of a source that a scan could not look into: who may be there is not missing.

A listing may be there unless a fact that is known of it says otherwise. Whether it has a price is
none: a listing on a price may have become one on request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pincali_sync.domain.listing_query import PROPERTY_TYPES, STATES
from pincali_sync.domain.walk_summary import Hole


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """A hole that is too large to be passed over, in the words that records are stored in."""

    out_of_reach: int  # listings
    property_type: str | None  # in the site's English words; None: all types
    state: str | None  # as paths name it; None: anywhere
    within: str | None  # the rest of the path's name: "zapopan", "chapalita-zapopan"

    @property
    def is_everywhere(self) -> bool:
        """Whether anybody may be there."""
        return self.property_type is None and self.state is None and self.within is None

    def __str__(self) -> str:
        where = "-".join(filter(None, (self.within, self.state)))
        kind = self.property_type or "listings"
        return f"{kind}{' in ' if where else ''}{where}"


def corners_of(holes: Iterable[Hole], *, negligible: float) -> tuple[Corner, ...]:
    """The corners that holes make.

    Args:
        negligible: the share of its listings that a hole may lack and is none.
    """
    return tuple(
        _corner_of(hole)
        for hole in holes
        if hole.listings is None or hole.out_of_reach > negligible * hole.listings
    )


def _corner_of(hole: Hole) -> Corner:
    place = hole.place or ""
    # "x-baja-california-sur" does not end with "baja-california".
    state = next((each for each in STATES if f"-{place}".endswith(f"-{each}")), None)
    within = place.removesuffix(state or "").removesuffix("-")
    return Corner(
        out_of_reach=hole.out_of_reach,
        property_type=PROPERTY_TYPES.get(hole.property_type or 0),
        state=state,
        within=within or None,
    )
