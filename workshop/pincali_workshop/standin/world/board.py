"""The active listings in the orders in which the site shows them, kept as time goes on."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast, overload

from pincali_sync.domain.prices import Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.world.prices import in_pesos
from pincali_workshop.standin.world.state import ListingState

_BLOCK = 1_000  # keys

Key = tuple[float, int]  # the second part is the listing's number: no two keys are the same

PRICED_BY = {
    ListingSource.SALE: Operation.SALE,
    ListingSource.RENT: Operation.RENT,
    ListingSource.FORECLOSURE: Operation.SALE,
    ListingSource.NEW_CONSTRUCTION: Operation.SALE,
}


class Ranking(Sequence[ListingState]):
    """States in the order of a key; a change costs a search and the moving of one block's keys."""

    def __init__(self, key: Callable[[ListingState], Key]) -> None:
        self._key = key
        self._blocks: list[list[Key]] = []  # none of them is empty
        self._states: dict[Key, ListingState] = {}

    def fill(self, states: Iterable[ListingState]) -> None:
        """Ranks these listings, and no others."""
        self._states = {self._key(state): state for state in states}
        keys = sorted(self._states)
        self._blocks = [keys[n : n + _BLOCK] for n in range(0, len(keys), _BLOCK)]

    def add(self, state: ListingState) -> None:
        """Ranks one more."""
        key = self._key(state)
        self._states[key] = state
        number = min(self._block_of(key), len(self._blocks) - 1)
        if number < 0:
            self._blocks.append([key])
            return
        block = self._blocks[number]
        insort(block, key)
        if len(block) > 2 * _BLOCK:
            self._blocks[number : number + 1] = [block[:_BLOCK], block[_BLOCK:]]

    def remove(self, state: ListingState) -> None:
        """Takes one out."""
        key = self._key(state)
        del self._states[key]
        number = self._block_of(key)
        block = self._blocks[number]
        del block[bisect_left(block, key)]
        if not block:
            del self._blocks[number]

    def replace(self, old: ListingState, new: ListingState) -> None:
        """Another state of a listing that is ranked: nothing moves where its key is the same."""
        key = self._key(new)
        if key == self._key(old):
            self._states[key] = new
        else:
            self.remove(old)
            self.add(new)

    def between(self, least: float | None, most: float | None) -> Sequence[ListingState]:
        """Those with a first part of the key in this range, both ends included."""
        begin = 0 if least is None else self._place_of((least, -1))
        end = len(self) if most is None else self._place_of((most, 2**62))
        return _Span(self, range(begin, end))

    def _block_of(self, key: Key) -> int:
        """The number of the first block that ends with this key or after it."""
        return bisect_left(self._blocks, key, key=_last)

    def _place_of(self, key: Key) -> int:
        number = self._block_of(key)
        before = sum(map(len, self._blocks[:number]))
        return before + (
            bisect_left(self._blocks[number], key) if number < len(self._blocks) else 0
        )

    def __len__(self) -> int:
        return len(self._states)

    @overload
    def __getitem__(self, place: int) -> ListingState: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[ListingState]: ...
    def __getitem__(self, place: int | slice) -> ListingState | Sequence[ListingState]:
        if isinstance(place, slice):
            begin, end, step = place.indices(len(self))
            found = [self._states[key] for key in self._keys_from(begin, end)]
            return found if step == 1 else found[::step]
        if place < 0:
            place += len(self)
        for key in self._keys_from(place, place + 1):
            return self._states[key]
        raise IndexError(place)

    def _keys_from(self, begin: int, end: int) -> Iterator[Key]:
        for block in self._blocks:
            if end <= 0:
                return
            if begin < len(block):
                yield from block[max(begin, 0) : end]
            begin, end = begin - len(block), end - len(block)

    def __iter__(self) -> Iterator[ListingState]:
        return (self._states[key] for block in self._blocks for key in block)

    def __reversed__(self) -> Iterator[ListingState]:
        return (self._states[key] for block in reversed(self._blocks) for key in reversed(block))


def _last(block: Sequence[Key]) -> Key:
    return block[-1]


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
        if not isinstance(places, range):
            return self._ranking[places]
        if places.step != 1:
            return [self._ranking[each] for each in places]
        return self._ranking[places.start : places.stop]

    def __iter__(self) -> Iterator[ListingState]:
        return iter(self[:])

    def __reversed__(self) -> Iterator[ListingState]:
        return reversed(self[:])


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
        before = set(self._rankings_of(old))
        after = set(self._rankings_of(state))
        for ranking in before - after:
            ranking.remove(cast(ListingState, old))
        for ranking in before & after:
            ranking.replace(cast(ListingState, old), state)
        for ranking in after - before:
            ranking.add(state)
        self._states[state.listing.index] = state
        heapq.heappush(self._ends, (state.ends, state.listing.index))

    def _rankings_of(self, state: ListingState | None) -> Iterator[Ranking]:
        if state is None or not state.active:
            return
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
