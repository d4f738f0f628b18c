"""Which stale record is worth a fetch."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.freshness import change_rate, crawl_value, scrape_priority

rates = st.floats(min_value=1e-5, max_value=5)
ages = st.floats(min_value=0, max_value=400)


def test_a_record_that_was_never_visited_changes_as_the_average_one_does() -> None:
    rate = change_rate(revisits=0, with_news=0, observed_days=0)
    assert 0.003 < rate < 0.01


def test_one_lucky_visit_proves_little() -> None:
    average = change_rate(revisits=0, with_news=0, observed_days=0)
    once = change_rate(revisits=1, with_news=1, observed_days=1)
    always = change_rate(revisits=10, with_news=10, observed_days=10)
    assert average < once < 10 * average < always


@given(visits=st.integers(0, 500), news=st.integers(0, 500), days=st.floats(0, 5_000))
def test_the_rate_is_always_a_number_above_zero(visits: int, news: int, days: float) -> None:
    rate = change_rate(revisits=visits, with_news=min(news, visits), observed_days=days)
    assert 0 < rate < math.inf


@given(rate=rates, age=ages, later=ages)
def test_waiting_makes_a_visit_worth_more(rate: float, age: float, later: float) -> None:
    first, second = sorted((age, later))
    assert crawl_value(rate, first) <= crawl_value(rate, second) + 1e-9


@given(rate=rates, age=ages)
def test_a_visit_never_gains_more_than_the_time_until_the_next_change(
    rate: float, age: float
) -> None:
    assert -1e-9 <= crawl_value(rate, age) <= min(1 / rate, age) + 1e-9


def test_what_changes_faster_than_it_can_be_followed_is_not_chased() -> None:
    hectic, lively, calm = crawl_value(2.0, 30), crawl_value(0.06, 30), crawl_value(0.001, 30)
    assert lively > hectic
    assert lively > calm


@pytest.mark.parametrize(
    ("rate", "priority"), [(0.06, 1), (0.02, 2), (0.009, 3), (0.004, 4), (0.001, 5), (3.0, 5)]
)
def test_the_priority_says_what_the_next_visit_is_worth(rate: float, priority: int) -> None:
    assert scrape_priority(rate) == priority
