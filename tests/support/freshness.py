"""Crawl value in plain Python: what the SQL of `db.repositories.queue.freshness` is held to."""

from __future__ import annotations

import math

from pincali_sync.db.repositories.queue.freshness import (
    PRIOR_DAYS,
    PRIOR_NEWS,
    PRIOR_VISITS,
    PRIORITY_FLOORS,
    PRIORITY_HORIZON_DAYS,
)


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
