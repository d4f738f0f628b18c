"""What a walk through a source came to, and which parts of it stayed out of reach."""

from __future__ import annotations

from dataclasses import dataclass

from pincali_sync.domain.listing_query import PROPERTY_TYPES
from pincali_sync.domain.tiers import ListingSource

# How a gap says it.
SHORT = "shows fewer cards than other pages"
UNREAD = "pages that were wanted are not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A part of a source that could not be read whole: who is in it may have been overlooked."""

    out_of_reach: int  # listings
    listings: int | None = None  # in all of it, as declared; None: not known
    property_type: int | None = None  # the site's number; None: all types
    # As paths name it: "jalisco", "zapopan-jalisco", "chapalita-zapopan-jalisco"; None: everywhere.
    place: str | None = None
    unpriced_only: bool = False  # only listings on request

    def in_words(self, *, of: int) -> str:
        """For people.

        Args:
            of: listings that there are.
        """
        kind = PROPERTY_TYPES.get(self.property_type or 0, "listings of any type")
        where = f" in {self.place}" if self.place else ""
        which = "listings on request" if self.unpriced_only else "listings"
        return f"{kind}{where}: {self.out_of_reach} {which} of {of} are out of reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkSummary:
    """What a walk asked for, and what it could not look through."""

    source: ListingSource
    parts: int  # partitions
    pages_wanted: int
    total_at_start: int | None
    total_at_end: int | None
    unpriced_wanted: int  # listings on request that no range of prices holds
    unpriced_found: int
    gaps: tuple[str, ...]  # in words
    holes: tuple[Hole, ...] = ()
    page_cap: int | None = None  # pages of a query that the site shows, if not what was believed
