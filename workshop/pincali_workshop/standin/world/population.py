"""All listings of one seed, and the stock at any instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from pincali_workshop.standin.world.board import Board
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.life import Origin, births_until
from pincali_workshop.standin.world.listing import Listing, index_of, listing_of
from pincali_workshop.standin.world.state import ListingState, state_at
from pincali_workshop.standin.world.takeovers import left_slug_for
from pincali_workshop.standin.world.traps import Traps


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom a slug leads to."""

    state: ListingState
    is_former: bool  # the listing has another slug by now


class Population:
    """The listings of a seed.

    What it remembers is only what it worked out before; the answers depend on nothing but the
    arguments. Times within one second count as the same.

    Args:
        size: listings active at `start`.
        start: timezone-aware; births and removals go on from there.
    """

    def __init__(
        self,
        seed: int,
        size: int,
        start: datetime,
        churn: Churn | None = None,
        traps: Traps | None = None,
    ) -> None:
        self._origin = Origin(
            seed, size, int(start.timestamp()), churn or Churn(), traps or Traps()
        )
        self._listings: list[Listing] = []
        self._claims: dict[str, list[tuple[int, Listing]]] = {}  # slug -> from when, by whom
        self.taken_slugs: set[str] = set()  # that had two owners
        self._states: dict[int, ListingState] = {}
        self._board: Board | None = None
        self._board_at = 0

    def board(self, at: datetime) -> Board:
        """The stock at this instant; it moves on with the next instant asked about."""
        second = int(at.timestamp())
        if self._board is None or second < self._board_at:
            known = islice(self._listings, self._meet(second))
            self._board = Board([self._state(listing, second) for listing in known])
        elif second > self._board_at:
            self._move(self._board, second)
        self._board_at = second
        return self._board

    def find(self, slug: str, at: datetime) -> Holder | None:
        """The last listing that came by this slug, removed ones included; None before that."""
        second = int(at.timestamp())
        self._meet(second)
        claims = [claim for claim in self._claims.get(slug, ()) if claim[0] <= second]
        if not claims:
            return None
        _, listing = max(claims, key=lambda claim: (claim[0], claim[1].index))
        return Holder(
            state=self._state(listing, second),
            is_former=listing.names.is_former(slug, second),
        )

    def state_of(self, public_id: str, at: datetime) -> ListingState:
        """A listing by its EasyBroker id, which must be one of this population's."""
        second = int(at.timestamp())
        self._meet(second)
        return self._state(self._listings[index_of(public_id)], second)

    def state_then(self, index: int, second: int) -> ListingState:
        """A listing that was met before, as it was or will be at this second."""
        return state_at(self._origin.seed, self._listings[index], second)

    def states(self, at: datetime) -> list[ListingState]:
        """All listings born by this instant, active or not, by index; worked out afresh."""
        second = int(at.timestamp())
        return [
            state_at(self._origin.seed, listing, second)
            for listing in islice(self._listings, self._meet(second))
            if listing.life.birth <= second
        ]

    def _move(self, board: Board, second: int) -> None:
        for listing in self._listings[len(board) : self._meet(second)]:
            board.put(self._state(listing, second))
        for index in list(board.ends_before(second)):
            board.put(self._state(self._listings[index], second))

    def _meet(self, second: int) -> int:
        """Makes all listings born by this time and at least the next one; returns their number."""
        known = births_until(self._origin, second) + 1
        for index in range(len(self._listings), known):
            slug = left_slug_for(self._origin, index, self._listings, self.taken_slugs)
            listing = listing_of(self._origin, index, slug)
            self._listings.append(listing)
            self.taken_slugs |= {slug} if slug else set()
            for name in listing.names.all:
                self._claims.setdefault(name.slug, []).append((name.answers_from, listing))
        return known

    def _state(self, listing: Listing, second: int) -> ListingState:
        state = self._states.get(listing.index)
        if state is None or not state.holds_at(second):
            state = state_at(self._origin.seed, listing, second)
            self._states[listing.index] = state
        return state
