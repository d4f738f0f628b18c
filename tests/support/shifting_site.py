"""A site of rows in memory that shows only some pages of a query, and may change between pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from pincali_sync.domain.listing_query import ListingQuery, Order, WantedPage
from pincali_sync.domain.listing_walk import PageFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    number: int  # the higher, the newer
    price: Decimal | None
    property_type: int = 29058
    state: str = "jalisco"
    city: str = "Zapopan"
    in_dollars: bool = False  # shown so: its number is no price in pesos


@dataclass(slots=True, kw_only=True)
class ShiftingSite:
    rows: list[Row]
    page_size: int = 4
    page_cap: int = 5
    unpriced_first: bool = False
    before_each_page: Callable[[ShiftingSite, int], None] | None = None
    forgotten: list[Row] = field(default_factory=list)  # shown too as soon as there is a filter
    lost: set[tuple[str, int]] = field(default_factory=set)
    short: dict[tuple[str, int], int] = field(default_factory=dict)  # so often with half its cards
    asked: list[tuple[str, int]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    remembered: dict[tuple[str, int], PageFacts] = field(default_factory=dict)

    @property
    def pages_read(self) -> int:
        return sum(not facts.is_absent for facts in self.remembered.values())

    async def read(self, page: WantedPage) -> PageFacts | None:
        """A `ReadPage` that keeps what it read, as the checkpoints do."""
        key = page.key
        known = self.remembered.get(key)
        if known is not None and known.was_read_before and not page.again:
            return known
        if self.before_each_page is not None:
            self.before_each_page(self, len(self.asked))
        self.asked.append(key)
        if key in self.lost:
            return None
        self.remembered[key] = facts = self._page(page.query, page.number, self._size_of(key))
        return facts

    def _size_of(self, key: tuple[str, int]) -> int:
        times = self.short.get(key, 0)
        self.short[key] = times - 1
        return self.page_size // 2 if times > 0 else self.page_size

    def _page(self, query: ListingQuery, number: int, size: int) -> PageFacts:
        found = [row for row in self.rows if _fits(row, query)]
        if self.forgotten and not query.is_plain:
            found = [*self.rows, *self.forgotten]
        found = self._sorted(found, query.order)
        pages = max(1, -(-len(found) // self.page_size))
        before = (number - 1) * self.page_size
        cards = found[before : before + size]
        if number > min(pages, self.page_cap) or (not found and not query.is_plain):
            return PageFacts(total=None, pages=None, is_absent=True)
        self.seen |= {row.number for row in cards}
        in_pesos = [row.price for row in cards if row.price is not None and not row.in_dollars]
        return PageFacts(
            total=len(found),
            pages=pages,
            cards=len(cards),
            has_next=number < pages,
            last_price=in_pesos[-1] if in_pesos else None,
            unpriced=sum(row.price is None for row in cards),
            starts_unpriced=bool(cards) and cards[0].price is None,
            cities=tuple(dict.fromkeys(row.city for row in cards)),
        )

    def _sorted(self, rows: list[Row], order: Order) -> list[Row]:
        if order is Order.NEWEST:
            return sorted(rows, key=lambda row: -row.number)
        priced = sorted(
            (row for row in rows if row.price is not None),
            key=lambda row: (row.price, row.number),
            reverse=order is Order.DEAREST,
        )
        rest = [row for row in rows if row.price is None]
        return rest + priced if self.unpriced_first else priced + rest


def _fits(row: Row, query: ListingQuery) -> bool:
    least, most = query.min_price, query.max_price
    if (least is not None or most is not None) and (
        row.price is None
        or (least is not None and row.price < least)
        or (most is not None and row.price > most)
    ):
        return False
    if query.property_type is not None and row.property_type != query.property_type:
        return False
    places = (row.state, f"{row.city.lower()}-{row.state}")
    return query.place is None or query.place in places
