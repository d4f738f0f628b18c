"""What goes wrong with the site on paper, and when; all of it follows from the seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pincali_workshop.standin.world.draws import Draws

_OUTAGE_DAYS = 0.06  # the site is down for some hours
_OUTAGE_HOURS = (1.0, 7.0)
_CUT_DAYS = 0.05  # its sitemap lacks shards
_FIRST_BLOCK, _BETWEEN_BLOCKS = (12, 30), (35, 50)  # days; each waits until somebody looks
_BAD_WEEK = (30, 36)  # days; one in ninety
_FAILING, _SLOWER = 0.05, 1.5  # of requests; times the gap, while answers are slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The plan of a season."""

    seed: int
    outages: tuple[tuple[datetime, datetime], ...] = ()
    blocks: tuple[datetime, ...] = ()
    bad_weeks: tuple[tuple[datetime, datetime], ...] = ()
    cut_days: frozenset[int] = field(default_factory=frozenset)  # numbers, from the start
    start: datetime

    @classmethod
    def of(cls, seed: int, start: datetime, days: int) -> Weather:
        """The weather of so many days; the first three are fine ones.

        Each kind has draws of its own, so that a shorter season is the beginning of a longer one.
        """
        draws = Draws(seed, "weather")
        outages, cut = [], set()
        for day in range(3, days):
            if draws.chance(_OUTAGE_DAYS):
                begins = start + timedelta(days=day, hours=draws.between(0, 24))
                outages.append((begins, begins + timedelta(hours=draws.between(*_OUTAGE_HOURS))))
            if draws.chance(_CUT_DAYS):
                cut.add(day)
        return cls(
            seed=seed,
            start=start,
            outages=tuple(outages),
            blocks=tuple(start + timedelta(days=day) for day in _block_days(seed, days)),
            bad_weeks=_bad_weeks(seed, start, days),
            cut_days=frozenset(cut),
        )

    def is_down(self, now: datetime) -> bool:
        """Whether nothing is answered."""
        return any(begins <= now < ends for begins, ends in self.outages)

    def is_bad(self, now: datetime) -> bool:
        """Whether requests fail more often than usual, and answers are slow."""
        return any(begins <= now < ends for begins, ends in self.bad_weeks)

    def fails(self, now: datetime, number: int) -> bool:
        """Whether a request fails, which is repeated."""
        return self.is_bad(now) and Draws(self.seed, "request", number).chance(_FAILING)

    def slowness(self, now: datetime) -> float:
        """By how much a request takes longer."""
        return _SLOWER if self.is_bad(now) else 1.0

    def cuts_sitemap(self, now: datetime) -> bool:
        """Whether the sitemap lacks shards on this day."""
        return (now - self.start).days in self.cut_days


def _block_days(seed: int, days: int) -> list[float]:
    draws, found = Draws(seed, "weather", "blocks"), list[float]()
    day = draws.between(*_FIRST_BLOCK)
    while day < days:
        found.append(day)
        day += draws.between(*_BETWEEN_BLOCKS)
    return found


def _bad_weeks(seed: int, start: datetime, days: int) -> tuple[tuple[datetime, datetime], ...]:
    draws = Draws(seed, "weather", "bad week")
    begins = start + timedelta(days=draws.between(*_BAD_WEEK))
    if begins > start + timedelta(days=days):
        return ()
    return ((begins, begins + timedelta(days=7)),)
