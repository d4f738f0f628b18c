"""Crawl value: which stale record is worth a fetch.

Changes are seen only at visits, however many there were in between, so a record's rate of change
is a censored estimate: the bias-corrected estimator of Cho & Garcia-Molina ("Estimating frequency
of change", 2003), with a prior of a few visits to the average record, so that one lucky visit
proves nothing. What a visit is worth is the marginal gain in freshness of Azar et al. ("Tractable
near-optimal policies for crawling", PNAS 2018). To visit first what most likely changed is a trap:
it chases records that change faster than they can be followed.
"""

from __future__ import annotations

import math

# The average record, as seen by so many visits of a month each.
PRIOR_VISITS = 2.0
PRIOR_NEWS = 0.3
PRIOR_DAYS = 60.0

# A visit's value in days of freshness, after the horizon of the monthly refresh.
PRIORITY_HORIZON_DAYS = 30.0
PRIORITY_FLOORS = (8.0, 5.0, 3.0, 1.5)  # of priorities 1 to 4; below the last it is 5


def change_rate(*, revisits: int, with_news: int, observed_days: float) -> float:
    """Estimated changes a day.

    r = -ln((n - x + 1/2) / (n + 1/2)) * n / T, with n visits after the first, x of them with
    news, over T days in all (Cho & Garcia-Molina, section 4.2), prior included.
    """
    n = revisits + PRIOR_VISITS
    x = with_news + PRIOR_NEWS
    days = max(observed_days, 0.0) + PRIOR_DAYS
    return -math.log((n - x + 0.5) / (n + 0.5)) * n / days


def crawl_value(rate: float, age_days: float) -> float:
    """Days of freshness that a visit gains: (1 - (1 + r·t)·e^(-r·t)) / r.

    Args:
        rate: changes a day, more than 0.
        age_days: days since the last visit.
    """
    exponent = rate * max(age_days, 0.0)
    return (1 - (1 + exponent) * math.exp(-exponent)) / rate


def scrape_priority(rate: float) -> int:
    """What the next visit of a record is worth, from 1 (most) to 5."""
    value = crawl_value(rate, PRIORITY_HORIZON_DAYS)
    for priority, floor in enumerate(PRIORITY_FLOORS, start=1):
        if value >= floor:
            return priority
    return len(PRIORITY_FLOORS) + 1
