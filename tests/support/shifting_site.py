"""A site of rows in memory that shows only some pages of a query, and may change between pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pincali_sync.domain.listing_query import (
    ListingQuery,
    Measure,
    Order,
    Place,
    WantedPage,
    slug_of_name,
)
from pincali_sync.domain.page_facts import PageFacts, Sample

ABSENT = PageFacts(total=None, pages=None, is_absent=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    number: int  # the higher, the newer
    price: Decimal | None
    property_type: int = 29058
    state: str = "jalisco"
    city: str = "Zapopan"
    colonia: str = "Centro"
    bedrooms: int | None = None
    area: int | None = None
    in_dollars: bool = False  # shown so: its number is no price in pesos
    is_stand_in: bool = False  # its price: filters and orders go by it, its card tells none

    @property
    def told(self) -> Decimal | None:
        """The price as its card tells it."""
        return None if self.is_stand_in else self.price

    def size(self, measure: Measure) -> Decimal | None:
        said = {
            Measure.PRICE: self.price,
            Measure.BEDROOMS: self.bedrooms,
            Measure.BUILT: self.area,
        }.get(measure)
        return None if said is None else Decimal(said)


@dataclass(slots=True, kw_only=True)
class ShiftingSite:
    rows: list[Row]
    page_size: int = 4
    page_cap: int = 5
    unpriced_first: frozenset[Order] = frozenset()
    ignored: frozenset[str] = frozenset()  # filters, by the measure's name; "type", "place"
    repeats_last: bool = False  # beyond the cap
    before_each_page: Callable[[ShiftingSite, int], None] | None = None
    forgotten: list[Row] = field(default_factory=list)  # shown too as soon as there is a filter
    lost: set[tuple[str, int]] = field(default_factory=set)
    away: Counter[tuple[str, int]] = field(default_factory=Counter)  # not found so often
    short: dict[tuple[str, int], int] = field(default_factory=dict)  # so often with half its cards
    asked: list[tuple[str, int]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    remembered: dict[tuple[str, int], PageFacts] = field(default_factory=dict)
    found: dict[ListingQuery, list[Row]] = field(default_factory=dict)
    found_in: tuple[list[Row], int] = ([], 0)

    @property
    def pages_read(self) -> int:
        return sum(not facts.is_absent for facts in self.remembered.values())

    @property
    def fewest_pages(self) -> int:
        return -(-len(self.rows) // self.page_size)

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
        if self.away[key] > 0:
            self.away[key] -= 1
            return ABSENT
        facts = self._page(page.query, page.number, self._size_of(key))
        if page.number > 1 and not page.may_be_beyond:
            facts = replace(facts, sample=None)
        self.remembered[key] = facts
        return facts

    def _size_of(self, key: tuple[str, int]) -> int:
        times = self.short.get(key, 0)
        self.short[key] = times - 1
        return self.page_size // 2 if times > 0 else self.page_size

    def _page(self, query: ListingQuery, number: int, size: int) -> PageFacts:
        found = self._find(query)
        pages = max(1, -(-len(found) // self.page_size))
        if number > pages or (not found and not query.is_plain):
            return ABSENT
        if number > self.page_cap:
            return self._page(query, self.page_cap, size) if self.repeats_last else ABSENT
        before = (number - 1) * self.page_size
        cards = found[before : before + size]
        self.seen |= {row.number for row in cards}
        return PageFacts(
            total=len(found),
            pages=pages,
            cards=len(cards),
            has_next=number < pages,
            unpriced=sum(row.told is None for row in cards),
            starts_unpriced=bool(cards) and cards[0].told is None,
            unpriced_ids=tuple(str(row.number) for row in cards if row.told is None),
            cities=tuple(dict.fromkeys(row.city for row in cards)),
            keeps_filters=all(_is_asked_for(row, query) for row in cards),
            sample=_sample(cards),
        )

    def _find(self, query: ListingQuery) -> list[Row]:
        """Found anew where rows came, went or changed, which a test does in a list of its own."""
        rows, count = self.found_in
        if rows is not self.rows or count != len(rows):
            self.found_in = self.rows, len(self.rows)
            self.found.clear()
        if query not in self.found:
            found = [row for row in self.rows if self._fits(row, query)]
            if self.forgotten and not query.is_plain:
                found = [*self.rows, *self.forgotten]
            self.found[query] = self._sorted(found, query.order)
        return self.found[query]

    def _sorted(self, rows: list[Row], order: Order) -> list[Row]:
        if order in {Order.NEWEST, Order.OLDEST} or "sort_by" in self.ignored:
            is_oldest = order is Order.OLDEST and "sort_by" not in self.ignored
            return sorted(rows, key=lambda row: row.number, reverse=not is_oldest)
        priced = sorted(
            (row for row in rows if row.price is not None),
            key=lambda row: (row.price, row.number),
            reverse=order is Order.DEAREST,
        )
        rest = [row for row in rows if row.price is None]
        return rest + priced if order in self.unpriced_first else priced + rest

    def _fits(self, row: Row, query: ListingQuery) -> bool:
        return (
            all(
                measure.value in self.ignored or _is_within(row, query, measure)
                for measure, _ in query.ranges
            )
            and ("type" in self.ignored or query.property_type in {None, row.property_type})
            and ("place" in self.ignored or _is_in(row, query.place))
        )


def _is_within(row: Row, query: ListingQuery, measure: Measure) -> bool:
    size = row.size(measure)
    return size is not None and query.range_of(measure).holds(size)


def _is_in(row: Row, place: Place | None) -> bool:
    return place is None or (
        place.state == row.state
        and place.city in {None, slug_of_name(row.city)}
        and place.colonia in {None, slug_of_name(row.colonia)}
    )


def _is_asked_for(row: Row, query: ListingQuery) -> bool:
    """As far as a card tells: the state is on none, nor is a price in pesos on all."""
    sizes = {measure: row.size(measure) for measure, _ in query.ranges}
    if row.in_dollars or row.is_stand_in:
        sizes.pop(Measure.PRICE, None)
    return query.property_type in {None, row.property_type} and all(
        size is None or query.range_of(measure).holds(size) for measure, size in sizes.items()
    )


def _sample(cards: list[Row]) -> Sample:
    def said(measure: Measure) -> tuple[Decimal, ...]:
        sizes = (row.size(measure) for row in cards)
        return tuple(size for size in sizes if size is not None)

    in_pesos = tuple(row.told for row in cards if row.told is not None and not row.in_dollars)
    return Sample(
        ids=tuple(str(row.number) for row in cards),
        values={
            Measure.PRICE: in_pesos,
            Measure.BEDROOMS: said(Measure.BEDROOMS),
            Measure.BUILT: said(Measure.BUILT),
        },
        colonias=tuple(dict.fromkeys((row.city, row.colonia) for row in cards)),
    )
