"""Which stale record is worth a fetch."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.freshness import (
    LEAST_RECALL,
    CardSignal,
    Lessons,
    SampledVisits,
    change_rate,
    crawl_value,
    learn,
    scrape_priority,
)

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


doubts = st.floats(min_value=-20, max_value=0)
shares = st.floats(min_value=0, max_value=1)


@given(rate=rates, age=ages, doubt=doubts, recall=shares)
def test_what_cards_told_makes_a_visit_worth_more_up_to_the_time_until_the_next_change(
    rate: float, age: float, doubt: float, recall: float
) -> None:
    told, untold = (crawl_value(rate, age, doubt=d, recall=recall) for d in (doubt, 0.0))
    assert -1e-9 <= untold * rate <= told * rate + 1e-9 <= 1 + 2e-9


@given(rate=rates, age=ages, fewer=shares, more=shares)
def test_the_more_changes_cards_tell_of_the_less_their_silence_is_worth_a_visit(
    rate: float, age: float, fewer: float, more: float
) -> None:
    fewer, more = sorted((fewer, more))
    values = [rate * crawl_value(rate, age, recall=recall) for recall in (more, fewer)]
    assert values[0] <= values[1] + 1e-3  # where the least share begins


@given(rate=rates, age=ages)
def test_where_cards_tell_of_all_changes_their_silence_is_worth_no_visit(
    rate: float, age: float
) -> None:
    assert crawl_value(rate, age, recall=1.0) == 0


@given(rate=rates, age=ages)
def test_hardly_any_recall_is_as_good_as_none(rate: float, age: float) -> None:
    hardly = crawl_value(rate, age, recall=LEAST_RECALL)
    assert hardly == pytest.approx(crawl_value(rate, age), rel=2e-3, abs=1e-9 / rate)


def seen(signals: CardSignal, visits: int, news: int, expected: float) -> SampledVisits:
    return SampledVisits(signals=signals, visits=visits, news=news, expected_news=expected)


NOTHING = CardSignal(0)


def test_without_a_sample_signals_are_worth_nothing() -> None:
    assert learn([]) == Lessons()


def test_a_signal_that_tells_nothing_or_few_cases_has_no_effect() -> None:
    calm = seen(NOTHING, 1_000, 200, 150.0)
    noise = seen(CardSignal.MOVED, 300, 63, 45.0)  # as much above expectation as the calm ones
    few = seen(CardSignal.TITLE, 2, 2, 0.4)
    assert learn([calm, noise, few]) == Lessons()


def test_a_signal_is_worth_the_news_beyond_that_of_records_without_one() -> None:
    lessons = learn(
        [seen(NOTHING, 1_000, 100, 150.0), seen(CardSignal.TITLE, 100, 90, 15.0)],
    )
    # 10 of 100 are fresh where 90 would be.
    assert math.exp(lessons.doubts[CardSignal.TITLE]) == pytest.approx(0.14, abs=0.01)
    assert lessons.doubts[CardSignal.PHOTO] == 0
    assert lessons.doubts[CardSignal.TITLE | CardSignal.PHOTO] == lessons.doubts[CardSignal.TITLE]
    # Of 190 news 90 were told, of which some ten would have been there anyway.
    assert lessons.recall == pytest.approx(0.4, abs=0.05)


def test_signals_that_tell_all_leave_hardly_anything_untold() -> None:
    all_told = [seen(NOTHING, 10_000, 0, 1_000.0), seen(CardSignal.PHOTO, 1_000, 1_000, 100.0)]
    assert learn(all_told).recall > 0.98


def test_what_is_seen_only_beside_another_signal_has_no_effect_of_its_own() -> None:
    both = CardSignal.MOVED | CardSignal.TITLE
    lessons = learn(
        [
            seen(NOTHING, 1_000, 100, 100.0),
            seen(both, 100, 90, 15.0),
            seen(CardSignal.TITLE, 100, 90, 15.0),
        ],
    )
    assert lessons.doubts[CardSignal.MOVED] == 0
    assert lessons.doubts[both] == lessons.doubts[CardSignal.TITLE] < 0
