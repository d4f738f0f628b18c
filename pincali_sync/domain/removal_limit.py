"""How many removals are carried out at once without a person: what so many days let expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import floor
from statistics import median

from pincali_sync.domain.coverage import EXPECTED_DAILY_CHURN

# Never held: so many, or such a share of what is there.
LIMIT_AT_LEAST = 50
LIMIT_SHARE = 0.01
# What is held waits for days to pass, since each lets expect more: but a person always looks at
# more than such a share.
CEILING = 0.10
# Days differ: an agency leaves with all that it has.
EXCESS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDay:
    """How many listings came, or were removed, on one day."""

    day: date
    listings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """What is known of a stock's coming and going."""

    stock: int  # listings that are there
    days: float  # since removals were last carried out, or since there is a stock
    removals: Sequence[OnDay]  # carried out lately, in order
    births: Sequence[OnDay]  # listings first seen lately, in order


def removal_limit(seen: Turnover) -> int:
    """How many go at once without a person.

    As many as go, at the rate that was seen, in `EXCESS` times the days since the last ones went.
    A stock that keeps its size loses as many as it gains, so the births tell of what was never
    carried out.
    """
    rates = [_daily_rate(seen.removals), _daily_rate(seen.births)]
    known = [rate for rate in rates if rate is not None]
    rate = max(known, default=EXPECTED_DAILY_CHURN / 2 * seen.stock)
    expected = max(EXCESS * rate * max(seen.days, 1.0), LIMIT_SHARE * seen.stock)
    return max(LIMIT_AT_LEAST, floor(min(expected, CEILING * seen.stock)))


def _daily_rate(events: Sequence[OnDay]) -> float | None:
    """Listings a day: the median of what each day brought for the days since the one before it.

    So neither an outage nor a single great day moves it. The first day tells of an unknown time.
    """
    rates = [now.listings / (now.day - before.day).days for before, now in pairwise(events)]
    return median(rates) if rates else None
