"""What a search shows: its filters, its order, and the trap in its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Self

from pincali_sync.domain.prices import Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.habits import Habits
from pincali_workshop.standin.world.board import PRICED_BY, Board, price_of
from pincali_workshop.standin.world.kinds import KINDS
from pincali_workshop.standin.world.places import CITIES, City
from pincali_workshop.standin.world.prices import PESOS_PER_DOLLAR
from pincali_workshop.standin.world.ranking import Key
from pincali_workshop.standin.world.rooms import Rooms
from pincali_workshop.standin.world.state import ListingState
from pincali_workshop.standin.world.wording import slugify

_PESOS, _DOLLARS = "10", "1"
_LONG = "search_criteria["
_NEWEST = "date_activated-desc"
_OPERATIONS = {"sale": ListingSource.SALE, "rental": ListingSource.RENT}
_SORTED_BY = {
    "sale_price": Operation.SALE,
    "rental_price": Operation.RENT,
}
# What is compared of a listing, by the filter's name.
_SIZES = {
    "bedroom": "bedrooms",
    "bathroom": "bathrooms",
    "parking_spaces": "parking_spaces",
    "total_square_meters": "total_m2",
    "lot_size_square_meters": "lot_m2",
}


@dataclass(frozen=True, slots=True)
class Between:
    """A range with both ends in it; an end that is None is open."""

    least: float | None = None
    most: float | None = None

    def holds(self, value: float | None) -> bool:
        """Whether a value is in it; what a listing does not say is not."""
        return (
            value is not None
            and (self.least is None or self.least <= value)
            and (self.most is None or value <= self.most)
        )


class _Said:
    """The parameters that count."""

    def __init__(self, parameters: Mapping[str, str], habits: Habits) -> None:
        self.is_long = any(name.startswith(_LONG) for name in parameters)
        self._parameters = parameters
        self._ignored = habits.ignored

    def of(self, name: str) -> str | None:
        """What is asked by this name."""
        if name in self._ignored:
            return None
        return self._parameters.get(f"{_LONG}{name}]" if self.is_long else name) or None

    def between(self, name: str, rate: float = 1) -> Between | None:
        """A range; raises ValueError where it is none."""
        least, most = self.of(f"min_{name}"), self.of(f"max_{name}")
        if name in self._ignored or (least is None and most is None):
            return None
        return Between(
            None if least is None else float(least) * rate,
            None if most is None else float(most) * rate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The filters and the order of one search. None: all."""

    source: ListingSource | None
    place: str | None = None
    types: frozenset[int] = frozenset()
    price: Between | None = None
    sizes: tuple[tuple[str, Between], ...] = ()  # by the attribute of `Rooms`
    sort: str = _NEWEST
    habits: Habits = field(default_factory=Habits)

    @classmethod
    def parse(
        cls,
        source: ListingSource,
        place: str | None,
        parameters: Mapping[str, str],
        habits: Habits | None = None,
    ) -> Self | None:
        """Reads the parameters; None for one that is no number.

        Short parameters add to what the path asks for. A single `search_criteria[…]` makes the
        site forget the path's own filters, and only the long parameters count.
        """
        habits = habits or Habits()
        said = _Said(parameters, habits)
        # Without a word of the currency the site takes amounts for dollars.
        rate = 1 if said.of("currency_id") == _PESOS else PESOS_PER_DOLLAR
        types = said.of("property_type_ids")
        try:
            sizes = ((attribute, said.between(name)) for name, attribute in _SIZES.items())
            return cls(
                source=_OPERATIONS.get(said.of("operation_type") or "") if said.is_long else source,
                place=None if said.is_long or "place" in habits.ignored else place,
                types=frozenset(map(int, types.split("-"))) if types else frozenset(),
                price=said.between("price", rate),
                sizes=tuple((name, each) for name, each in sizes if each is not None),
                sort=said.of("sort_by") or _NEWEST,
                habits=habits,
            )
        except ValueError:
            return None

    @property
    def has_filters(self) -> bool:
        """Whether it asks for less than its path."""
        return bool(self.place or self.types or self.price or self.sizes)

    def results(self, board: Board) -> Sequence[ListingState]:
        """What it finds, in its order."""
        if not self.has_filters and self.sort == _NEWEST:
            return board.active if self.source is None else board.by_source[self.source]
        return board.view(self)

    def cells(self) -> Iterator[tuple[ListingSource, int, City]]:
        """The parts of the stock in which it looks; what is in two sources comes twice."""
        for source in (self.source,) if self.source else ListingSource:
            for kind in KINDS:
                for city in CITIES:
                    if self._is_of(kind.site_id) and self._may_be_in(city):
                        yield source, kind.site_id, city

    def fits(self, state: ListingState) -> bool:
        """Whether it finds this listing."""
        listing = state.listing
        return (
            (self.source is None or self.source in listing.sources)
            and self._is_of(listing.kind.site_id)
            and (self.place is None or self.place in _slugs_of(state))
            and (self.price is None or self.price.holds(price_of(state, self._operation)))
            and all(each.holds(_size(listing.rooms, name)) for name, each in self.sizes)
        )

    def key(self, state: ListingState) -> Key:
        """By which it sorts what it finds."""
        name, _, direction = self.sort.rpartition("-")
        sign = 1 if direction == "asc" else -1
        index = sign * state.listing.index
        if "price" not in name:
            return (0, sign * state.activated_at, index)
        price = price_of(state, _SORTED_BY.get(name, self._operation))
        if price is None:
            return (-1 if direction in self.habits.unpriced_first else 1, 0, index)
        return (0, sign * price, index)

    @property
    def _operation(self) -> Operation:
        return PRICED_BY[self.source or ListingSource.SALE]

    def _is_of(self, site_id: int) -> bool:
        return not self.types or site_id in self.types

    def _may_be_in(self, city: City) -> bool:
        return self.place is None or self.place.endswith(_STATE_OF[city])


_STATE_OF = {city: slugify(city.state) for city in CITIES}


def _slugs_of(state: ListingState) -> tuple[str, str, str]:
    place = state.listing.place
    return place_slugs(place.neighborhood, place.city.name, place.city.state)


@cache
def place_slugs(neighborhood: str, city: str, state: str) -> tuple[str, str, str]:
    """How paths name the place: by its state, its city, its neighbourhood."""
    of_state = slugify(state)
    of_city = f"{slugify(city)}-{of_state}"
    return of_state, of_city, f"{slugify(neighborhood)}-{of_city}"


def _size(rooms: Rooms, name: str) -> float | None:
    value = getattr(rooms, name)
    return None if value is None else float(value)
