"""The active listings in the orders in which the site shows them, kept as time goes on."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

from pincali_sync.domain.prices import Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.world.prices import in_pesos
from pincali_workshop.standin.world.state import ListingState

Key = tuple[float, int]  # the second part is the listing's number: no two keys are the same

PRICED_BY = {
    ListingSource.SALE: Operation.SALE,
    ListingSource.RENT: Operation.RENT,
    ListingSource.FORECLOSURE: Operation.SALE,
    ListingSource.NEW_CONSTRUCTION: Operation.SALE,
}


class Ranking(Sequence[ListingState]):
    """States in the order of a key; a change costs one search, not a sort."""

    def __init__(self, key: Callable[[ListingState], Key]) -> None:
        self._key = key
        self._keys: list[Key] = []
        self._states: dict[Key, ListingState] = {}

    def fill(self, states: Iterable[ListingState]) -> None:
        """Ranks these listings, and no others."""
        self._states = {self._key(state): state for state in states}
        self._keys = sorted(self._states)

    def add(self, state: ListingState) -> None:
        """Ranks one more."""
        key = self._key(state)
        self._states[key] = state
        insort(self._keys, key)

    def remove(self, state: ListingState) -> None:
        """Takes one out."""
        key = self._key(state)
        del self._states[key]
        del self._keys[bisect_left(self._keys, key)]

    def between(self, least: float | None, most: float | None) -> Sequence[ListingState]:
        """Those with a first part of the key in this range, both ends included."""
        begin = 0 if least is None else bisect_left(self._keys, (least, -1))
        end = len(self._keys) if most is None else bisect_left(self._keys, (most, 2**62))
        return _Span(self, range(begin, end))

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> ListingState: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ListingState]: ...
    def __getitem__(self, place: int | slice) -> ListingState | Sequence[ListingState]:
        if isinstance(place, slice):
            return [self._states[key] for key in self._keys[place]]
        return self._states[self._keys[place]]

    def __iter__(self) -> Iterator[ListingState]:
        return (self._states[key] for key in self._keys)


class _Span(Sequence[ListingState]):
    """A part of a ranking, looked at only where it is asked for."""

    def __init__(self, ranking: Ranking, places: range) -> None:
        self._ranking = ranking
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> ListingState: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ListingState]: ...
    def __getitem__(self, place: int | slice) -> ListingState | Sequence[ListingState]:
        places = self._places[place]
        if isinstance(places, range):
            return [self._ranking[each] for each in places]
        return self._ranking[places]


class Board:
    """All active listings; last activated first, and by price."""

    def __init__(self, states: Sequence[ListingState]) -> None:
        active = [state for state in states if state.active]
        self.active = Ranking(_by_activation)
        self.active.fill(active)
        self.by_source: dict[ListingSource, Ranking] = {}
        self.by_price: dict[ListingSource, Ranking] = {}
        for source in ListingSource:
            own = [state for state in active if source in state.listing.sources]
            self.by_source[source] = Ranking(_by_activation)
            self.by_source[source].fill(own)
            self.by_price[source] = Ranking(_by_price_of(source))
            self.by_price[source].fill(state for state in own if _has_price(state, source))
        self._states = {state.listing.index: state for state in states}
        self._ends = [(state.ends, state.listing.index) for state in states]
        heapq.heapify(self._ends)

    def __len__(self) -> int:
        """How many listings it knows, active or not."""
        return len(self._states)

    def ends_before(self, second: int) -> Iterator[int]:
        """The listings whose state is over by then, each taken off the list of what ends."""
        while self._ends and self._ends[0][0] <= second:
            yield heapq.heappop(self._ends)[1]

    def put(self, state: ListingState) -> None:
        """Takes in a listing or its new state."""
        old = self._states.get(state.listing.index)
        if old is not None and old.active:
            for ranking in self._rankings_of(old):
                ranking.remove(old)
        if state.active:
            for ranking in self._rankings_of(state):
                ranking.add(state)
        self._states[state.listing.index] = state
        heapq.heappush(self._ends, (state.ends, state.listing.index))

    def _rankings_of(self, state: ListingState) -> Iterator[Ranking]:
        yield self.active
        for source in state.listing.sources:
            yield self.by_source[source]
            if _has_price(state, source):
                yield self.by_price[source]


def price_of(state: ListingState, operation: Operation) -> float | None:
    """What the site sorts and filters by, in pesos; None: on request."""
    for offer in state.offers:
        if offer.operation is operation:
            return in_pesos(offer)
    return None


def _has_price(state: ListingState, source: ListingSource) -> bool:
    return price_of(state, PRICED_BY[source]) is not None


def _by_activation(state: ListingState) -> Key:
    return (-state.activated_at, -state.listing.index)


def _by_price_of(source: ListingSource) -> Callable[[ListingState], Key]:
    operation = PRICED_BY[source]

    def by_price(state: ListingState) -> Key:
        return (price_of(state, operation) or 0.0, state.listing.index)

    return by_price
