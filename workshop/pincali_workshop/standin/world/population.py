"""All listings of one seed, and the stock at any instant."""

from __future__ import annotations

from datetime import datetime

from pincali_workshop.standin.world.board import Board
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.life import Origin, births_until
from pincali_workshop.standin.world.listing import Listing, listing_of
from pincali_workshop.standin.world.state import ListingState, state_at


class Population:
    """The listings of a seed.

    What it remembers is only what it worked out before; the answers depend on nothing but the
    arguments. Times within one second count as the same.

    Args:
        size: listings active at `start`.
        start: timezone-aware; births and removals go on from there.
    """

    def __init__(self, seed: int, size: int, start: datetime, churn: Churn | None = None) -> None:
        self._origin = Origin(seed, size, int(start.timestamp()), churn or Churn())
        self._listings: list[Listing] = []
        self._by_slug: dict[str, Listing] = {}
        self._states: dict[int, ListingState] = {}
        self._board: Board | None = None
        self._board_at = 0

    def board(self, at: datetime) -> Board:
        """The stock at this instant; it moves on with the next instant asked about."""
        second = int(at.timestamp())
        if self._board is None or second < self._board_at:
            self._board = Board([self._state(listing, second) for listing in self._meet(second)])
        else:
            self._move(self._board, second)
        self._board_at = second
        return self._board

    def find(self, slug: str, at: datetime) -> ListingState | None:
        """The listing with this slug, removed ones included; None before its birth."""
        second = int(at.timestamp())
        self._meet(second)
        listing = self._by_slug.get(slug)
        if listing is None or listing.life.birth > second:
            return None
        return self._state(listing, second)

    def states(self, at: datetime) -> list[ListingState]:
        """All listings born by this instant, active or not, by index; worked out afresh."""
        second = int(at.timestamp())
        return [
            state_at(self._origin.seed, listing, second)
            for listing in self._meet(second)
            if listing.life.birth <= second
        ]

    def _move(self, board: Board, second: int) -> None:
        known = len(board)
        for listing in self._meet(second)[known:]:
            board.put(self._state(listing, second))
        for index in list(board.ends_before(second)):
            board.put(self._state(self._listings[index], second))

    def _meet(self, second: int) -> list[Listing]:
        """All listings born by this time and at least the next one."""
        known = births_until(self._origin, second) + 1
        for index in range(len(self._listings), known):
            listing = listing_of(self._origin, index)
            self._listings.append(listing)
            self._by_slug[listing.wording.slug] = listing
        return self._listings[:known]

    def _state(self, listing: Listing, second: int) -> ListingState:
        state = self._states.get(listing.index)
        if state is None or not state.holds_at(second):
            state = state_at(self._origin.seed, listing, second)
            self._states[listing.index] = state
        return state
