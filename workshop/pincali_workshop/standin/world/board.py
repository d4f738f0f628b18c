"""The active listings in the orders in which the site shows them, kept as time goes on."""

from __future__ import annotations

import heapq
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Protocol, cast

from pincali_sync.domain.prices import Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.world.places import City
from pincali_workshop.standin.world.prices import in_pesos
from pincali_workshop.standin.world.ranking import Key, Ranking
from pincali_workshop.standin.world.state import ListingState

PRICED_BY = {
    ListingSource.SALE: Operation.SALE,
    ListingSource.RENT: Operation.RENT,
    ListingSource.FORECLOSURE: Operation.SALE,
    ListingSource.NEW_CONSTRUCTION: Operation.SALE,
}
_MAX_VIEWS = 24  # a visitor pages through few searches at a time

Change = Callable[[ListingState | None, ListingState], None]  # from a state (None: new) to one
Cell = tuple[ListingSource, int, City]  # the int: the site's number of the property type


class Query(Hashable, Protocol):
    """A search whose results are kept at hand."""

    def cells(self) -> Iterable[Cell]:
        """Where it looks."""

    def fits(self, state: ListingState) -> bool:
        """What it finds."""

    def key(self, state: ListingState) -> Key:
        """In which order."""


class Board:
    """All active listings; last activated first, and as searches find them."""

    def __init__(self, states: Sequence[ListingState]) -> None:
        active = [state for state in states if state.active]
        self.active = Ranking(_by_activation)
        self.active.fill(active)
        self.by_source: dict[ListingSource, Ranking] = {}
        for source in ListingSource:
            self.by_source[source] = Ranking(_by_activation)
            self.by_source[source].fill(
                state for state in active if source in state.listing.sources
            )
        self._cells: dict[Cell, dict[int, ListingState]] = defaultdict(dict)
        for state in active:
            for cell in _cells_of(state):
                self._cells[cell][state.listing.index] = state
        self._views: OrderedDict[Query, Ranking] = OrderedDict()
        self.on_change: Change | None = None
        self._states = {state.listing.index: state for state in states}
        self._ends = [(state.ends, state.listing.index) for state in states]
        heapq.heapify(self._ends)

    def __len__(self) -> int:
        """How many listings it knows, active or not."""
        return len(self._states)

    def view(self, query: Query) -> Ranking:
        """What a search finds; at hand for as long as few others are looked at."""
        view = self._views.get(query)
        if view is None:
            view = self._views[query] = Ranking(query.key)
            found = {
                index: state
                for cell in query.cells()
                for index, state in self._cells[cell].items()
                if query.fits(state)
            }
            view.fill(found.values())
            if len(self._views) > _MAX_VIEWS:
                self._views.popitem(last=False)
        self._views.move_to_end(query)
        return view

    def known(self) -> Iterator[ListingState]:
        """All listings in the order of their birth, as they are or were last."""
        return iter(self._states.values())

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
        for cell in _cells_of(state):
            if state.active:
                self._cells[cell][state.listing.index] = state
            else:
                self._cells[cell].pop(state.listing.index, None)
        if self.on_change is not None:
            self.on_change(old, state)
        self._states[state.listing.index] = state
        heapq.heappush(self._ends, (state.ends, state.listing.index))

    def _rankings_of(self, state: ListingState | None) -> Iterator[Ranking]:
        if state is None or not state.active:
            return
        yield self.active
        for source in state.listing.sources:
            yield self.by_source[source]
        for query, view in self._views.items():
            if query.fits(state):
                yield view


def price_of(state: ListingState, operation: Operation) -> float | None:
    """What the site sorts and filters by, in pesos; None: on request."""
    for offer in state.offers:
        if offer.operation is operation:
            return in_pesos(offer)
    return None


def _cells_of(state: ListingState) -> Iterator[Cell]:
    listing = state.listing
    for source in listing.sources:
        yield source, listing.kind.site_id, listing.place.city


def _by_activation(state: ListingState) -> Key:
    return (-state.activated_at, -state.listing.index)
