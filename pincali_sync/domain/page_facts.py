"""What a walk needs to know of a listing page, and how it asks for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pincali_sync.domain.listing_query import Measure, WantedPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the cards of a page say: for first pages, by which a query is divided."""

    ids: tuple[str, ...] = ()  # of the records
    values: Mapping[Measure, tuple[Decimal, ...]] = field(default_factory=dict)
    colonias: tuple[tuple[str, str], ...] = ()  # city and colonia

    def is_like(self, other: Sample) -> bool:
        """Whether it shows mostly the same cards."""
        return 2 * len({*self.ids} & {*other.ids}) > max(len(self.ids), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """A listing page as a walk sees it."""

    total: int | None  # listings of the whole query, as declared
    pages: int | None
    cards: int = 0
    has_next: bool = False
    unpriced: int = 0  # cards without a price
    starts_unpriced: bool = False
    unpriced_ids: tuple[str, ...] = ()  # of the records of those cards
    cities: tuple[str, ...] = ()  # on its cards
    keeps_filters: bool = True  # its cards are what was asked for
    is_absent: bool = False  # the site has no such page
    was_read_before: bool = False  # by an earlier attempt at the same scan
    sample: Sample | None = None  # of first pages, and of those that may lie beyond the page cap


# Fetches and records a page, or tells what an earlier attempt read; None when it is lost.
ReadPage = Callable[[WantedPage], Awaitable[PageFacts | None]]
