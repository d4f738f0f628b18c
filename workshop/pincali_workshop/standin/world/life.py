"""When a listing comes, goes, returns, is re-activated and changes its price.

Times are whole seconds since 1970. Everything follows from (seed, index): nothing is advanced,
so any instant can be asked about in any order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.draws import Draws, exponential_quantile
from pincali_workshop.standin.world.traps import Traps

DAY = 86_400
FOREVER = 2**62

_WINDOW_DAYS = 20  # of repeated events: at most one of a kind in each window
_WINDOWS_AHEAD = 4  # looked at, so that states last: a longer look costs as much as it saves
_SHORTEST_STAY = 6 * 3600
_MAX_SPELLS = 4
_MEAN_AGE_DAYS = 40.0  # of the listings that are there at the start
_TRANSLATED_AFTER = (1 * DAY, 3 * DAY)


@dataclass(frozen=True, slots=True)
class Origin:
    """What all lives of a population share."""

    seed: int
    size: int  # active listings at the start
    start: int
    churn: Churn
    traps: Traps = field(default_factory=Traps)

    @property
    def birth_interval(self) -> float:
        """Seconds from one new listing to the next."""
        return DAY / (self.churn.births * self.size)


@dataclass(frozen=True, slots=True)
class Life:
    """One listing's times."""

    birth: int
    spells: tuple[tuple[int, int], ...]  # online from, until
    translated_at: int
    reactivations: Recurrence
    price_changes: Recurrence

    def spell_at(self, at: int) -> int | None:
        """The number of the spell that is on at this time, from 0."""
        for number, (begin, end) in enumerate(self.spells):
            if begin <= at < end:
                return number
        return None


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Events that happen again and again: at most one in each window of some days."""

    name: tuple[object, ...]
    anchor: int
    daily_share: float

    def in_window(self, window: int) -> int | None:
        """The time of the event in a window, if there is one."""
        return _event(self.name, window, self.anchor, self.daily_share)

    def window_of(self, at: int) -> int:
        """The number of the window that a time falls into."""
        return (at - self.anchor) // (_WINDOW_DAYS * DAY)

    def window_start(self, window: int) -> int:
        """When a window begins."""
        return self.anchor + window * _WINDOW_DAYS * DAY

    def until(self, at: int) -> list[int]:
        """All events up to this time, in order."""
        events = (self.in_window(window) for window in range(self.window_of(at) + 1))
        return [event for event in events if event is not None and event <= at]

    def steady_between(self, at: int) -> tuple[int, int]:
        """A span around this time in which nothing happens: [first second, end)."""
        window = self.window_of(at)
        begin, event = self.window_start(window), self.in_window(window) if window >= 0 else None
        if event is not None and event > at:
            return begin, event
        for later in range(max(window, -1) + 1, window + _WINDOWS_AHEAD):
            following = self.in_window(later)
            if following is not None:
                return begin if event is None else event, following
        return begin if event is None else event, self.window_start(window + _WINDOWS_AHEAD)


@lru_cache(maxsize=65_536)
def _event(name: tuple[object, ...], window: int, anchor: int, daily_share: float) -> int | None:
    draws = Draws(*name, window)
    if not draws.chance(daily_share * _WINDOW_DAYS):
        return None
    return anchor + int((window + draws.unit()) * _WINDOW_DAYS * DAY)


def life_of(origin: Origin, index: int) -> Life:
    """The life of a listing: the first `size` are there at the start, the others come later."""
    draws = Draws(origin.seed, index, "life")
    birth = _birth(origin, index, draws.unit())
    return Life(
        birth=birth,
        spells=_spells(origin, birth, draws),
        translated_at=birth + draws.integer(*_TRANSLATED_AFTER),
        reactivations=Recurrence((origin.seed, index, "up"), birth, origin.churn.reactivations),
        price_changes=Recurrence((origin.seed, index, "price"), birth, origin.churn.price_changes),
    )


def births_until(origin: Origin, at: int) -> int:
    """A number of listings that includes all born by this time (and few more)."""
    return origin.size + max(0, int((at - origin.start) / origin.birth_interval) + 1)


def _birth(origin: Origin, index: int, jitter: float) -> int:
    """Rises with the index, so that ids are as old as their numbers say."""
    newer = origin.size - index - jitter
    if index >= origin.size:
        return origin.start + int((index - origin.size + jitter) * origin.birth_interval)
    age = exponential_quantile(_MEAN_AGE_DAYS, newer / (origin.size + 1))
    return origin.start - int(age * DAY)


def _spells(origin: Origin, birth: int, draws: Draws) -> tuple[tuple[int, int], ...]:
    mean = origin.churn.mean_days_online * DAY
    begin, known_until = birth, max(birth, origin.start)
    spells: list[tuple[int, int]] = []
    while len(spells) < _MAX_SPELLS:
        least = _SHORTEST_STAY if begin >= origin.start else 0
        end = known_until + least + int(draws.exponential(mean - least))
        spells.append((begin, end))
        if not draws.chance(origin.churn.relisted_share):
            break
        begin = known_until = end + int(draws.between(0.5, origin.churn.longest_absence_days) * DAY)
    return tuple(spells)
