"""The ways in which a query that finds too much can be divided."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from pincali_sync.domain.listing_query import (
    PROPERTY_TYPES,
    STATES,
    ListingQuery,
    Measure,
    Place,
    Range,
    slug_of_name,
)
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.tiers import ListingSource

LEAST_PRICE = Decimal(1)  # the site's sellers type 0 and 1 for "on request"
_MAX_PARTS = 6  # by what 24 cards say
_OFTEN = 0.5  # of the cards: what fewer say divides nothing


class Atlas:
    """Which places the pages of a walk named, and how many listings they had."""

    def __init__(self) -> None:
        self._found: Counter[Place] = Counter()
        self._cities: dict[str, dict[str, None]] = defaultdict(dict)
        self._colonias: dict[Place, dict[str, None]] = defaultdict(dict)

    def learn(self, query: ListingQuery, facts: PageFacts) -> None:
        """Takes in the names on a page of a place."""
        if query.place is None:
            return
        state = query.place.state
        self._found[query.place] += facts.total or 0
        self._cities[state] |= dict.fromkeys(map(slug_of_name, facts.cities))
        for city, colonia in facts.sample.colonias if facts.sample else ():
            self._colonias[Place(state, slug_of_name(city))][slug_of_name(colonia)] = None

    def within(self, place: Place | None) -> list[Place]:
        """The states, the known cities of a state or colonias of a city: the largest first."""
        if place is None:
            inner = [Place(state) for state in STATES]
        elif place.city is None:
            inner = [Place(place.state, city) for city in self._cities[place.state] if city]
        elif place.colonia is None:
            names = self._colonias[place]
            inner = [replace(place, colonia=name) for name in names if name]
        else:
            inner = []
        return sorted(inner, key=lambda each: -self._found[each])


class Division(Protocol):
    """One way."""

    @property
    def name(self) -> str:
        """Unique."""

    def parts(
        self, query: ListingQuery, first: PageFacts, atlas: Atlas, count: int
    ) -> list[ListingQuery]:
        """Queries that together find the same; fewer than two where this way leads nowhere.

        Args:
            first: of the query's pages.
            count: of parts that are wanted at least.
        """


@dataclass(frozen=True, slots=True)
class ByType:
    """By the types of property; each listing has one."""

    name: str = "type"

    def parts(
        self, query: ListingQuery, first: PageFacts, atlas: Atlas, count: int
    ) -> list[ListingQuery]:
        """One a type, common ones first."""
        if query.property_type is not None:
            return []
        return [replace(query, property_type=number) for number in PROPERTY_TYPES]


@dataclass(frozen=True, slots=True)
class ByPlace:
    """By states, by the cities of a state, or by the colonias of a city, as far as known."""

    name: str  # "state", "city" or "colonia"

    def parts(
        self, query: ListingQuery, first: PageFacts, atlas: Atlas, count: int
    ) -> list[ListingQuery]:
        """One a place."""
        if query.source is ListingSource.NEW_CONSTRUCTION:
            return []  # its path takes no place
        inner = atlas.within(query.place)
        return [replace(query, place=each) for each in inner if each.level == self.name]


@dataclass(frozen=True, slots=True)
class ByMeasure:
    """By ranges of what listings say of themselves: some say nothing, and are in none."""

    measure: Measure

    @property
    def name(self) -> str:
        """The measure's."""
        return self.measure.value

    def parts(
        self, query: ListingQuery, first: PageFacts, atlas: Atlas, count: int
    ) -> list[ListingQuery]:
        """Ranges that hold about as many of the first page's cards each."""
        limits = query.range_of(self.measure)
        if self.measure is Measure.PRICE and limits.least is None:
            limits = replace(limits, least=LEAST_PRICE)
        cuts = _cuts(self.measure, limits, first, min(count, _MAX_PARTS))
        ranges = limits.cut_at(cuts, self.measure.step) if cuts else []
        return [query.within(self.measure, each) for each in ranges]


BY_PRICE = ByMeasure(Measure.PRICE)
# Those first that leave out least and depend least on what cards happened to name.
DIVISIONS: tuple[Division, ...] = (
    ByType(),
    ByPlace("state"),
    ByMeasure(Measure.BEDROOMS),
    ByMeasure(Measure.BATHROOMS),
    ByMeasure(Measure.LOT),
    ByPlace("city"),
    ByMeasure(Measure.BUILT),
    ByMeasure(Measure.PARKING),
    BY_PRICE,
    ByPlace("colonia"),
)


def _cuts(measure: Measure, limits: Range, first: PageFacts, count: int) -> Sequence[Decimal]:
    """Where to divide a range, so that none of its parts is empty."""
    said = _values(measure, first)
    if said is None:
        return ()
    inside = sorted(value for value in said if _may_end(value, limits))
    if inside:
        places = (len(inside) * part // count for part in range(1, count))
        return sorted({inside[max(place - 1, 0)] for place in places})
    return [cut] if (cut := _middle(measure, limits)) is not None else ()


def _values(measure: Measure, first: PageFacts) -> Iterable[Decimal] | None:
    """What the cards say of a measure; None where too few say anything."""
    sample = first.sample
    if sample is None:
        return None
    if measure is Measure.PARKING:
        return ()  # it is on no card
    shown = sample.values.get(Measure.BUILT if measure is Measure.LOT else measure, ())
    return shown if len(shown) >= _OFTEN * first.cards else None


def _may_end(value: Decimal, limits: Range) -> bool:
    """Whether a part of a range may end with a value."""
    return limits.holds(value) and value != limits.most


def _middle(measure: Measure, limits: Range) -> Decimal | None:
    least, most = limits.least, limits.most
    if least is None:
        return Decimal(1) if most is None or most > 1 else None
    if most is None:
        return least if measure.step == 1 else 2 * least
    if most - least < measure.step:
        return None
    middle = (least + most) / 2
    return min(middle.quantize(measure.step, "ROUND_FLOOR"), most - measure.step)
