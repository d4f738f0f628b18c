"""What becomes of listings, kept by what changes, and when the database knew of it.

Nothing is looked through as a whole: the stock tells each change once, and the journal is read
from where it was read to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from pincali_sync.domain.prices import CHANGE_AMOUNT, CHANGE_SHARE, Offer, main_offer
from pincali_workshop.paper.timeline import second
from pincali_workshop.standin.world.life import DAY
from pincali_workshop.standin.world.removal import RemovalMode, way_of
from pincali_workshop.standin.world.state import ListingState

IN_TIME = 1 * DAY  # within which a newcomer is to be live
REMOVED_IN_TIME = 15 * DAY


@dataclass(slots=True)
class Delays:
    """Seconds from a change until the database knew of it."""

    known: list[tuple[int, int]] = field(default_factory=list)  # since when, and the delay
    open: dict[str, int] = field(default_factory=dict)  # public_id -> since when

    def begin(self, public_id: str, at: int) -> None:
        """A change; one that is open already began then."""
        self.open.setdefault(public_id, at)

    def drop(self, public_id: str) -> int | None:
        """The change is none any more; returns when it began."""
        return self.open.pop(public_id, None)

    def end(self, public_id: str, at: int) -> None:
        """It is known."""
        since = self.open.pop(public_id, None)
        if since is not None:
            self.known.append((since, max(0, at - since)))

    def in_time(self, limit: int, now: int) -> tuple[int, int]:
        """How many were known within so many seconds, and of how many that had the time.

        What began later is not judged, also where it is known: who is late then is not told yet.
        """
        delays = [delay for since, delay in self.known if now - since >= limit]
        late = sum(now - since >= limit for since in self.open.values())
        return sum(delay <= limit for delay in delays), len(delays) + late


@dataclass(slots=True)
class Judged:
    """How many of what was journalled was so, and who it was wrong of."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        """Right or wrong."""
        return self.right + len(self.wrong)

    def note(self, what: str, *, is_right: bool) -> None:
        """One more."""
        if is_right:
            self.right += 1
        else:
            self.wrong.append(what)


class Truth:
    """The books of a season; listens to the stock by `on_change`."""

    def __init__(self, seed: int, begin: datetime) -> None:
        self._seed = seed
        self._begin = second(begin)
        self.new = Delays()
        self.gone = Delays()
        self.dead = Delays()  # gone before the begin; known by two weekly scans at the earliest
        self.unlisted = Delays()
        self.prices = Delays()
        self.removals = Judged()
        self.back_before_removal: list[str] = []
        self.price_entries = Judged()
        self._left: dict[str, int] = {}  # newcomers gone when no journal had told of them; since
        self.births = self.ends = self.price_changes = self.returns = 0

    @property
    def changes(self) -> int:
        """True changes so far."""
        return self.births + self.ends + self.price_changes + self.returns

    def on_change(self, old: ListingState | None, new: ListingState) -> None:
        """What the stock tells."""
        was_there = old is not None and old.active
        if new.active and not was_there:
            self._come(new)
        elif was_there and not new.active:
            self._leave(new)
        elif new.active and old is not None and _is_repriced(old.offers, new.offers):
            self.price_changes += 1
            self.prices.begin(new.listing.public_id, new.begins)

    def _come(self, state: ListingState) -> None:
        public_id, life = state.listing.public_id, state.listing.life
        if state.spell:
            self.returns += 1
            self.gone.drop(public_id)
            self.dead.drop(public_id)
            self.unlisted.drop(public_id)
            self._left.pop(public_id, None)
        elif life.birth >= self._begin:
            self.births += 1
            self.new.begin(public_id, life.birth)

    def _leave(self, state: ListingState) -> None:
        public_id = state.listing.public_id
        at = max(end for _, end in state.listing.life.spells if end <= state.begins)
        self.ends += 1
        self.prices.drop(public_id)
        born = self.new.open.get(public_id)
        if born is None:
            self._ended(public_id).begin(public_id, at)
            return
        self._left[public_id] = at  # it may be live: the journal is read once a day
        if at - born < IN_TIME:
            self.new.drop(public_id)

    def _ended(self, public_id: str) -> Delays:
        """Where listings are followed that leave as this one does."""
        return self.unlisted if self._stays(public_id) else self.gone

    def _stays(self, public_id: str) -> bool:
        """Whether its page is there when it is gone."""
        return way_of(self._seed, public_id) is RemovalMode.UNLISTED

    def note_adopted(self, state: ListingState) -> None:
        """There is a record of a listing that is like this when the season begins."""
        public_id = state.listing.public_id
        if not (state.active or self._stays(public_id)):
            self.dead.begin(public_id, self._begin)

    def note_live(self, public_id: str, at: datetime) -> None:
        """A listing is in the live table; its end is something to know of from then on."""
        self.new.end(public_id, second(at))
        left = self._left.pop(public_id, None)
        if left is not None:
            self._ended(public_id).begin(public_id, max(left, second(at)))

    def note_removal(self, proven: ListingState, state: ListingState, at: datetime) -> None:
        """A listing was removed.

        Args:
            proven: the state it was in when its page was looked at, which is what proves it.
            state: the one at the time of the removal, an hour or two later. Who came back between
                the two is noticed by the next scan.
        """
        public_id = state.listing.public_id
        is_right = not proven.active and not self._stays(public_id)
        self.removals.note(public_id, is_right=is_right)
        if state.active and not proven.active:
            self.back_before_removal.append(public_id)
        self.gone.end(public_id, second(at))
        self.dead.end(public_id, second(at))

    def note_off_market(self, public_ids: Iterable[str], at: datetime) -> None:
        """These are off the market, though their pages are there."""
        for public_id in public_ids:
            self.unlisted.end(public_id, second(at))

    def note_price(self, state: ListingState, amount: object, at: datetime) -> None:
        """A price was journalled; the state is the one at that time."""
        main = main_offer(state.offers)
        asked = main.amount if main else None
        public_id = state.listing.public_id
        is_right = (None if asked is None else float(asked)) == amount
        self.price_entries.note(public_id, is_right=is_right)
        if is_right:
            self.prices.end(public_id, second(at))


def _is_repriced(old: tuple[Offer, ...], new: tuple[Offer, ...]) -> bool:
    """Whether the main price differs by more than is let pass."""
    before, now = main_offer(old), main_offer(new)
    if before is None or now is None or before.amount is None or now.amount is None:
        return False
    allowed = min(CHANGE_SHARE * before.amount, Decimal(CHANGE_AMOUNT))
    return abs(now.amount - before.amount) > allowed
