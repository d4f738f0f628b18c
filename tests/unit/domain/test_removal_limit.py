"""How many removals go without a person: by the days that passed and the churn that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from pincali_sync.domain.removal_limit import OnDay, Turnover, removal_limit

STOCK = 470_000
BEGAN = date(2026, 9, 1)


def daily(*listings: int, every: int = 1, after: int = 1) -> list[OnDay]:
    """A first day, and the others so many days apart, the second after so many."""
    days = [0, *range(after, after + every * len(listings), every)]
    return [
        OnDay(day=BEGAN + timedelta(days=day), listings=each)
        for day, each in zip(days, listings, strict=False)
    ]


USUAL = daily(*[1_100] * 20)
A_MILLION_AT_FIRST = daily(1_000_000, *[1_100] * 20)
AFTER_AN_OUTAGE = daily(*[1_100] * 5, 66_000)


@pytest.mark.parametrize(
    ("days", "removals", "births", "limit"),
    [
        # What a day, a week, a month of usual churn take, three times.
        (1, USUAL, USUAL, 4_700),
        (7, USUAL, USUAL, 23_100),
        (10, USUAL, USUAL, 33_000),
        # However long nothing was removed: a person looks at more than a tenth.
        (60, USUAL, USUAL, 47_000),
        (3_000, USUAL, USUAL, 47_000),
        # A busier market, seen by what it lost or by what it gained.
        (1, daily(*[3_000] * 20), USUAL, 9_000),
        (1, USUAL, daily(*[3_000] * 20), 9_000),
        # Weekly scans see a week's listings in one day.
        (7, daily(*[7_700] * 4, every=7, after=7), [], 23_100),
        # The first filling of a table, one great day and an outage move nothing.
        (7, [], A_MILLION_AT_FIRST, 23_100),
        (7, daily(*[1_100] * 9, 90_000, *[1_100] * 9), [], 23_100),
        (7, [], AFTER_AN_OUTAGE, 23_100),
        # Nothing is known yet: what such sites are known for.
        (1, [], [], 4_700),
        (7, daily(40_000), daily(470_000), 24_675),
        # A quiet market, and two runs on one day.
        (1, daily(*[10] * 20), daily(*[10] * 20), 4_700),
        (0, USUAL, USUAL, 4_700),
        (-3, USUAL, USUAL, 4_700),
        # Less than a day lets expect what a day does, in a busy market, too.
        (0, daily(*[3_000] * 20), USUAL, 9_000),
        (0.25, USUAL, daily(*[3_000] * 20), 9_000),
    ],
)
def test_the_limit_follows_from_the_days_and_the_churn(
    days: float, removals: Sequence[OnDay], births: Sequence[OnDay], limit: int
) -> None:
    seen = Turnover(stock=STOCK, days=days, removals=removals, births=births)
    assert removal_limit(seen) == limit


@pytest.mark.parametrize(("stock", "limit"), [(0, 50), (100, 50), (1_000, 52), (3_000, 157)])
def test_a_small_stock_may_lose_a_few_whatever_their_share(stock: int, limit: int) -> None:
    seen = Turnover(stock=stock, days=7, removals=[], births=[])
    assert removal_limit(seen) == limit


@pytest.mark.parametrize("share", [0.03, 0.05, 0.065])
def test_what_left_at_once_goes_by_itself_in_the_end(share: float) -> None:
    """While it is held, days add to the batch what usually goes, and to the limit three times."""
    held, days = share * STOCK, 1
    while held > removal_limit(Turnover(stock=STOCK, days=days, removals=USUAL, births=USUAL)):
        held, days = held + 1_100, days + 1
        assert days < 30
    assert days > 4, "long enough for a fault of the site to end"


def test_a_fault_that_takes_more_than_a_tenth_never_goes_by_itself() -> None:
    for days in range(1_000):
        seen = Turnover(stock=STOCK, days=days, removals=USUAL, births=USUAL)
        assert removal_limit(seen) <= STOCK / 10
