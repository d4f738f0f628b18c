"""Which old record is worth a visit: what its cards told since the last one weighs in.

Changes are seen only at visits, however many there were in between, so a record's rate of change
is a censored estimate: the bias-corrected estimator of Cho & Garcia-Molina ("Estimating frequency
of change", 2003), with a prior of a few visits to the average record, so that one lucky visit
proves nothing. What a visit is worth is the marginal gain in freshness of Azar et al. ("Tractable
near-optimal policies for crawling", PNAS 2018), with what cards tell for nothing as noisy signals
of change (Busa-Fekete et al., 2025). To visit first what most likely changed is a trap: it chases
records that change faster than they can be followed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag

# The average record, as seen by so many visits of a month each.
PRIOR_VISITS = 2.0
PRIOR_NEWS = 0.3
PRIOR_DAYS = 60.0

# A visit's value in days of freshness, after the horizon of the monthly refresh.
PRIORITY_HORIZON_DAYS = 30.0
PRIORITY_FLOORS = (8.0, 5.0, 3.0, 1.5)  # of priorities 1 to 4; below the last it is 5


class CardSignal(IntFlag):
    """What of a card differs from the one before. A price that changed has a reason of its own."""

    TITLE = 1
    PHOTO = 2
    FACTS = 4  # rooms, area, type
    PLACE = 8
    OFFERS = 16  # another operation, or a price too little changed to be told
    MOVED = 32  # to the front: it was activated again


# Below it the share of changes that cards tell of is taken for none.
LEAST_RECALL = 0.001

_COMBINATIONS = 2 ** len(CardSignal)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledVisits:
    """Visits that no signal led to, to records whose cards had told the same."""

    signals: CardSignal
    visits: int
    news: int  # of them
    expected_news: float  # of them, by the records' rates of change alone


@dataclass(frozen=True, slots=True)
class Lessons:
    """What signals are worth: nothing, until a sample of visits taught more."""

    recall: float = 0.0  # share of changes that cards tell of, 0 to 1
    # By `CardSignal`, the logarithm of the share of freshness that is left after seeing them.
    doubts: Sequence[float] = (0.0,) * _COMBINATIONS


# A kind of signal weighs in when its sample differs from chance by so many standard deviations.
_CERTAINTY = 3.0
# Visits that taught nothing, added to what each share is learned from.
_SHARE_VISITS = 3.0
_RECALL_VISITS = 10.0


def learn(sample: Iterable[SampledVisits]) -> Lessons:
    """What a fair sample of visits says of each kind of signal.

    Records without a signal are the measure: it is the news beyond theirs that a kind tells of. It
    is learned from records that showed no other. One that tells nothing, or too few cases, counts
    as if it had not been seen.
    """
    sample = list(sample)
    calm = _sum(each for each in sample if not each.signals)
    measure = (calm.visits - calm.news + _RECALL_VISITS) / (
        calm.visits - calm.expected_news + _RECALL_VISITS
    )
    left = {
        kind: _freshness_left(_sum(each for each in sample if each.signals == kind), measure)
        for kind in CardSignal
    }
    doubts = [
        math.fsum(math.log(left[kind]) for kind in CardSignal if kind & signals)
        for signals in range(_COMBINATIONS)
    ]
    untold = _sum(each for each in sample if doubts[each.signals] == 0)
    told = 1 - _news_found(untold) / _news_found(_sum(sample))
    return Lessons(recall=max(told, 0.0) if any(doubts) else 0.0, doubts=tuple(doubts))


def _sum(sample: Iterable[SampledVisits]) -> SampledVisits:
    sample = list(sample)
    return SampledVisits(
        signals=CardSignal(0),
        visits=sum(each.visits for each in sample),
        news=sum(each.news for each in sample),
        expected_news=sum(each.expected_news for each in sample),
    )


def _freshness_left(seen: SampledVisits, measure: float) -> float:
    """Records without news, as a share of what there would be without the signal; 1: it is none."""
    expected = (seen.visits - seen.expected_news) * measure
    found = seen.visits - seen.news
    chance = math.sqrt(max(expected * (1 - expected / max(seen.visits, 1)), 0.25))
    if expected - found <= _CERTAINTY * chance:
        return 1.0
    return (found + _SHARE_VISITS) / (expected + _SHARE_VISITS)


def _news_found(seen: SampledVisits) -> float:
    return (seen.news + _RECALL_VISITS) / (seen.expected_news + _RECALL_VISITS)


def change_rate(*, revisits: int, with_news: int, observed_days: float) -> float:
    """Estimated changes a day.

    r = -ln((n - x + 1/2) / (n + 1/2)) * n / T, with n visits after the first, x of them with
    news, over T days in all (Cho & Garcia-Molina, section 4.2), prior included.
    """
    n = revisits + PRIOR_VISITS
    x = with_news + PRIOR_NEWS
    days = max(observed_days, 0.0) + PRIOR_DAYS
    return -math.log((n - x + 0.5) / (n + 0.5)) * n / days


def crawl_value(rate: float, age_days: float, *, doubt: float = 0.0, recall: float = 0.0) -> float:
    """Days of freshness that a visit gains.

    With f the chance that the record is still fresh, by its age and by what its cards told, and c
    the share of changes that cards tell of: (1 - f/c + (1/c - 1)·f^(1/(1-c))) / r. Where cards
    tell nothing (c = 0) that is (1 - f + f·ln f) / r, which is (1 - (1 + r·t)·e^(-r·t)) / r.

    Args:
        rate: changes a day, more than 0.
        age_days: days since the last visit.
        doubt: of `Lessons.doubts`, of what was seen since.
        recall: of `Lessons`.
    """
    log_fresh = doubt - (1 - recall) * rate * max(age_days, 0.0)
    fresh = math.exp(log_fresh)
    if recall < LEAST_RECALL:
        return (1 - fresh + fresh * log_fresh) / rate
    later = math.exp(log_fresh / (1 - recall)) if recall < 1 else 0.0
    return (1 - fresh / recall + (1 / recall - 1) * later) / rate


def scrape_priority(rate: float) -> int:
    """What the next visit of a record is worth, from 1 (most) to 5."""
    value = crawl_value(rate, PRIORITY_HORIZON_DAYS)
    for priority, floor in enumerate(PRIORITY_FLOORS, start=1):
        if value >= floor:
            return priority
    return len(PRIORITY_FLOORS) + 1
