"""A query divided, and what the totals of its parts tell of that way to divide."""

from __future__ import annotations

from dataclasses import dataclass, field

from pincali_sync.domain.divisions import BY_PRICE, ByMeasure, Division
from pincali_sync.domain.listing_query import ListingQuery
from pincali_sync.domain.page_facts import PageFacts

A_FEW = 3  # listings that come and go while totals are compared
_LACKING = 0.001  # of the whole: what the parts may lack of it by chance
_TOO_MANY = 1.03  # of the whole: the site did not keep to what was asked
_ON_REQUEST = 0.1  # ranges of prices lack these, and they are looked for
_POOR = 0.5  # a division that leaves out more is of no use


@dataclass(slots=True)
class Parts:
    """The parts of a query that find something, with their first pages."""

    division: Division
    query: ListingQuery
    whole: int  # listings
    found: list[tuple[ListingQuery, PageFacts]] = field(default_factory=list)
    is_kept: bool = True  # the site heeds the filter
    is_lost: bool = False  # a part's first page could not be read
    looked_at: int = 0  # parts, whether they find something or not

    def add(self, query: ListingQuery, first: PageFacts | None, *, is_kept: bool) -> None:
        """Takes in what a part declares."""
        self.looked_at += 1
        if first is None:
            self.is_lost = True
        elif first.total:
            self.found.append((query, first))
            self.is_kept = is_kept and self.total <= _TOO_MANY * self.whole + A_FEW

    @property
    def total(self) -> int:
        """Listings that they find."""
        return sum(first.total or 0 for _, first in self.found)

    @property
    def lacking(self) -> int:
        """Listings that are in none."""
        return max(0, self.whole - self.total)

    def is_real(self, lacking: int) -> bool:
        """Whether so many are more than come and go meanwhile."""
        return lacking > max(A_FEW, _LACKING * self.whole)

    @property
    def is_enough(self) -> bool:
        """Whether further types or places would find nothing.

        A few that are left are read too: they would be the same in each scan, and soon missing. So
        they are where the others find more than the whole: that is older than they are, or some
        listings are in two. One that finds all there is may have been passed over by the site: the
        next one shows it.
        """
        is_by_name = not isinstance(self.division, ByMeasure)
        return is_by_name and self.looked_at > 1 and self.total == self.whole


class KnownDivisions:
    """Which ways to divide the site keeps to, and which leave something out; learned as we go."""

    def __init__(self) -> None:
        self._refuted: set[str] = set()
        self._lacking: dict[tuple[object, str], float] = {}  # the share, by type of property

    def learn(self, parts: Parts) -> bool:
        """Judges by the totals; whether the parts may be gone by."""
        if not parts.is_kept:
            self._refuted.add(parts.division.name)
            return False
        share = parts.lacking / max(parts.whole, 1)
        if not parts.is_lost:
            is_chance = parts.lacking <= A_FEW
            self._lacking.setdefault(_key(parts.division, parts.query), 0.0 if is_chance else share)
        return parts.is_lost or share <= _allowed(parts.division) or parts.lacking <= A_FEW

    def lacking(self, division: Division, query: ListingQuery) -> float | None:
        """The share of such listings that it leaves out; None: not known yet."""
        if division.name in self._refuted:
            return 1.0
        return self._lacking.get(_key(division, query))

    def trusts(self, division: Division, query: ListingQuery) -> bool:
        """Whether its parts may be read before all of them are known."""
        share = self.lacking(division, query)
        return share is not None and share <= _allowed(division)

    def distrusts(self, division: Division, query: ListingQuery) -> bool:
        """Whether it was found to leave out too much."""
        share = self.lacking(division, query)
        return share is not None and share > _allowed(division)

    def is_useless(self, division: Division, query: ListingQuery) -> bool:
        """Whether the site does not keep to it, or few listings have what it goes by."""
        return (self.lacking(division, query) or 0.0) > _POOR


def _allowed(division: Division) -> float:
    return _ON_REQUEST if division is BY_PRICE else _LACKING


def _key(division: Division, query: ListingQuery) -> tuple[object, str]:
    """What is said of a listing depends on its type; which places are known, on the place."""
    subject = query.property_type if isinstance(division, ByMeasure) else query.place
    return subject, division.name
