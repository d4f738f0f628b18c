"""Which order of visits keeps records freshest at the same number of requests a day.

`python -m bench.refresh_orders [SEEDS]`: seeded worlds of listings whose rates of change spread
over orders of magnitude. Some changes show on cards, which are read once a week, and cards also
show what is no news. Prices have visits of their own in every order, as have newcomers and the
sample. Compared are oldest first, the crawl value by rates of change alone, the same with what
cards tell, and a clairvoyant who knows at the end of each day what changed and when it changes
next, and owes nothing to ceiling and sample. To visit what did not change gains nothing; a visit of
what changed gains the days until its next change, and each day of waiting costs one of them: so
what stays longest as it is first is the most that so many visits a day can gain.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import nlargest
from math import exp, inf, sqrt
from statistics import fmean, stdev

from pincali_sync.config import load_config
from pincali_sync.domain.freshness import (
    CardSignal,
    Lessons,
    SampledVisits,
    change_rate,
    crawl_value,
    learn,
)
from pincali_sync.services.refresh_service import near_the_ceiling

LISTINGS = 1_500
DAYS, WARM_UP = 400, 130
# As a full scrape every 28 days would make. Each order uses them up: with some more, nothing that
# is old is left over to choose from; with fewer, the age ceiling asks for nearly all of them.
VISITS_A_DAY = LISTINGS / 28
_PLAN = load_config()
STALE, TOLD = _PLAN.tier_4_stale_days, 7  # days since the last visit
CEILING = near_the_ceiling(_PLAN)  # days from which the oldest come first
SAMPLE_A_DAY = _PLAN.tier_4_sample_share / 30  # of all listings
# None of these is a seed that anything was tuned on.
SEEDS = range(101, 107)
_RATE, _SPREAD, _LIFE = 0.004, 1.5, 250.0  # changes a day: median, log-normal; days
_PRICES = 0.25  # of all changes
_T_95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


class Order(StrEnum):
    """By what the next visits are chosen."""

    OLDEST = "oldest"
    RATES = "rates"
    SIGNALS = "signals"
    CLAIRVOYANT = "clairvoyant"


@dataclass(frozen=True, slots=True)
class Cards:
    """Of each kind of signal, the share of changes that it tells of, and false alarms a day."""

    recall: float
    false_alarms: float


WORLDS = {
    "telling": {
        CardSignal.TITLE: Cards(0.20, 0.0003),
        CardSignal.PHOTO: Cards(0.25, 0.0005),
        CardSignal.FACTS: Cards(0.08, 0.0002),
        CardSignal.MOVED: Cards(0.30, 0.006),
    },
    "reticent": {
        CardSignal.TITLE: Cards(0.05, 0.0003),
        CardSignal.PHOTO: Cards(0.05, 0.0005),
        CardSignal.FACTS: Cards(0.02, 0.0002),
        CardSignal.MOVED: Cards(0.05, 0.01),
    },
    "misleading": {
        CardSignal.TITLE: Cards(0.0, 0.003),
        CardSignal.PHOTO: Cards(0.0, 0.003),
        CardSignal.MOVED: Cards(0.0, 0.01),
    },
}


@dataclass(slots=True)
class Listing:
    """A listing of the site: its days, what happens to it, and what is known of it here."""

    born: float
    dies: float
    changes: list[tuple[float, bool]]  # when; whether its price
    signals: list[tuple[float, int]]
    read_on: int  # day of the week on which its card is read
    visited: float | None = None
    outdated: float | None = None  # since when the record is not what the page says
    told: int = 0  # signals since the visit
    price_told: bool = False
    is_price_changed: bool = False
    revisits: int = 0
    with_news: int = 0
    observed: float = 0.0

    @property
    def rate(self) -> float:
        """Changes a day, as visits have it."""
        return change_rate(
            revisits=self.revisits, with_news=self.with_news, observed_days=self.observed
        )

    def live_until(self, now: float) -> None:
        """What happens until a moment; a card that is read tells of it."""
        while self.changes and self.changes[-1][0] < now:
            at, is_price = self.changes.pop()
            self.outdated = at if self.outdated is None else self.outdated
            self.is_price_changed |= is_price
        if int(now) % 7 == self.read_on:
            self.price_told = self.is_price_changed
            while self.signals and self.signals[-1][0] < now:
                self.told |= self.signals.pop()[1]

    def visit(self, now: float) -> None:
        """The record is what the page says; what there was to learn is learned."""
        if self.visited is not None:
            self.revisits += 1
            self.with_news += self.outdated is not None
            self.observed += now - self.visited
        self.visited, self.outdated, self.told = now, None, 0
        self.price_told = self.is_price_changed = False


def _times(draw: random.Random, rate: float, begin: float, end: float) -> Iterator[float]:
    at = begin
    while rate and (at := at + draw.expovariate(rate)) < end:
        yield at


def _listing(draw: random.Random, kinds: dict[CardSignal, Cards], born: float) -> Listing:
    dies = born + draw.expovariate(1 / _LIFE)
    rate = min(0.5, max(1e-4, _RATE * exp(draw.gauss(0, _SPREAD))))
    changes = [(at, draw.random() < _PRICES) for at in _times(draw, rate, born, dies)]
    signals = [
        (at, kind.value)
        for kind, cards in kinds.items()
        for at in [
            *(at for at, is_price in changes if not is_price and draw.random() < cards.recall),
            *_times(draw, cards.false_alarms, born, dies),
        ]
    ]
    # The latest first: they are taken from the end.
    changes.sort(reverse=True)
    signals.sort(reverse=True)
    return Listing(born, dies, changes, signals, draw.randrange(7), outdated=born)


def world(name: str, seed: int) -> list[Listing]:
    """All that are there on the first day or come later, by birth."""
    draw = random.Random(seed)  # noqa: S311 - repeats itself
    later = round(LISTINGS * DAYS / _LIFE)
    births = sorted([0.0] * LISTINGS + [draw.uniform(0, DAYS) for _ in range(later)])
    return [_listing(draw, WORLDS[name], born) for born in births]


@dataclass(slots=True)
class Crawl:
    """So many visits a day in one order."""

    order: Order
    draw: random.Random
    sampled: dict[int, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0] * 3))
    lessons: Lessons = field(default_factory=Lessons)
    visits_left: float = 0.0
    samples_left: float = 0.0

    def day(self, there: list[Listing], now: float) -> None:
        """Visits what the day's requests are for."""
        self.visits_left += VISITS_A_DAY
        if self.order is Order.CLAIRVOYANT:
            wanted = [each for each in there if each.outdated is not None]
            return self._visit(nlargest(int(self.visits_left), wanted, key=_unchanged_until), now)
        self._visit([each for each in there if each.visited is None or each.price_told], now)
        rested = [each for each in there if each.visited is not None and now - each.visited >= TOLD]
        self._sample(rested, now, len(there))
        self._visit(self._choose(rested, now), now)
        if self.order is Order.SIGNALS and now % 7 == 0:
            self.lessons = learn(_sampled(self.sampled))
        return None

    def _visit(self, chosen: list[Listing], now: float) -> None:
        for each in chosen[: int(self.visits_left)]:
            each.visit(now)
            self.visits_left -= 1

    def _sample(self, rested: list[Listing], now: float, listings: int) -> None:
        self.samples_left += SAMPLE_A_DAY * listings
        size = min(int(self.samples_left), int(self.visits_left), len(rested))
        self.samples_left -= size
        for each in self.draw.sample(rested, size):
            if each.visited is not None and not each.price_told:
                found = self.sampled[each.told]
                found[0] += 1
                found[1] += each.outdated is not None
                found[2] += 1 - exp(-each.rate * (now - each.visited))
            self._visit([each], now)

    def _choose(self, rested: list[Listing], now: float) -> list[Listing]:
        valued = [(self._value(each, now), n) for n, each in enumerate(rested)]
        best = nlargest(int(self.visits_left), (each for each in valued if each[0] > (0, 0)))
        return [rested[n] for _, n in best]

    def _value(self, each: Listing, now: float) -> tuple[int, float]:
        """As `CHOOSE_STALE` sorts; (0, 0): it is no candidate."""
        age = now - (each.visited or 0.0)
        doubt = self.lessons.doubts[each.told]
        if age >= CEILING:
            return 1, age
        if age < STALE and not (doubt < 0 and age >= TOLD):
            return 0, 0.0
        if self.order is Order.OLDEST:
            return 0, age
        return 0, crawl_value(each.rate, age, doubt=doubt, recall=self.lessons.recall)


def _unchanged_until(each: Listing) -> float:
    return min(each.changes[-1][0] if each.changes else inf, each.dies)


def _sampled(found: dict[int, list[float]]) -> Iterator[SampledVisits]:
    for signals, (visits, news, expected) in found.items():
        yield SampledVisits(
            signals=CardSignal(signals),
            visits=int(visits),
            news=int(news),
            expected_news=expected,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What records are like after a day's visits, on the average day."""

    fresh: float  # share that is as its page
    outdated_days: float  # since when the others have not been
    oldest_days: float  # since the visit of the record that had the longest to wait for one


def crawl(name: str, seed: int, order: Order) -> Outcome:
    """Lets a world live, and follows it."""
    coming, there = world(name, seed)[::-1], list[Listing]()
    crawler = Crawl(order, random.Random(seed))  # noqa: S311 - repeats itself
    days, oldest, outdated = 0, 0.0, list[float]()
    for day in range(1, DAYS + 1):
        while coming and coming[-1].born < day:
            there.append(coming.pop())
        there = [each for each in there if each.dies > day]
        for each in there:
            each.live_until(day)
        crawler.day(there, day)
        if day > WARM_UP:
            days += len(there)
            oldest = max(oldest, *(day - (each.visited or each.born) for each in there))
            outdated += [day - each.outdated for each in there if each.outdated is not None]
    return Outcome(1 - len(outdated) / days, fmean(outdated or [0.0]), oldest)


def measure(seeds: range = SEEDS) -> dict[str, float]:
    """Freshness in each order; what is outdated with signals as a ratio to what is without, with
    the ends of its 95 % interval over seeds."""
    results: dict[str, float] = {}
    for name in WORLDS:
        found = {o: [crawl(name, seed, o) for seed in seeds] for o in Order}
        for order, runs in found.items():
            results[f"refresh_{name}_{order}_fresh"] = fmean(run.fresh for run in runs)
            days = fmean(run.outdated_days for run in runs)
            results[f"refresh_{name}_{order}_outdated_days"] = days
            results[f"refresh_{name}_{order}_oldest_days"] = max(run.oldest_days for run in runs)
        for other in (Order.OLDEST, Order.RATES):
            pairs = zip(found[Order.SIGNALS], found[other], strict=True)
            ratios = [(1 - ours.fresh) / (1 - theirs.fresh) for ours, theirs in pairs]
            margin = _T_95[len(ratios)] * stdev(ratios) / sqrt(len(ratios))
            prefix = f"refresh_{name}_outdated_to_{other}"
            ends = {"": 0.0, "_low": -margin, "_high": margin}
            results |= {prefix + end: fmean(ratios) + off for end, off in ends.items()}
    return results


if __name__ == "__main__":
    for key, value in measure(SEEDS[: int((sys.argv[1:] or ["6"])[0])]).items():
        print(f"{key:50} {value:.4f}")
