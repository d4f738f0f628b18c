"""All listings of one seed, and the stock at any instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pincali_sync.domain.tiers import ListingSource
from pincali_sync.standin.world.churn import Churn
from pincali_sync.standin.world.life import Origin, births_until
from pincali_sync.standin.world.listing import Listing, listing_of
from pincali_sync.standin.world.state import ListingState, state_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The stock at one instant. Nothing changes from `begins` until `ends`."""

    begins: int
    ends: int
    active: tuple[ListingState, ...]  # last activated first
    by_source: dict[ListingSource, tuple[ListingState, ...]]

    def holds_at(self, at: int) -> bool:
        return self.begins <= at < self.ends


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
        self._snapshot: Snapshot | None = None

    def snapshot(self, at: datetime) -> Snapshot:
        """The stock at this instant."""
        second = int(at.timestamp())
        if self._snapshot is None or not self._snapshot.holds_at(second):
            self._snapshot = self._take_snapshot(second)
        return self._snapshot

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

    def _take_snapshot(self, second: int) -> Snapshot:
        states = [self._state(listing, second) for listing in self._meet(second)]
        active = sorted(
            (state for state in states if state.active),
            key=lambda state: (-state.activated_at, -state.listing.index),
        )
        return Snapshot(
            begins=max(state.begins for state in states),
            ends=min(state.ends for state in states),
            active=tuple(active),
            by_source={
                source: tuple(state for state in active if source in state.listing.sources)
                for source in ListingSource
            },
        )

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
