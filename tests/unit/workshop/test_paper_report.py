"""What a season's criteria say of its runs, its queue and its days."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pincali_workshop.paper.course import Course
from pincali_workshop.paper.report import Criterion, PaperReport, report_of
from pincali_workshop.paper.truth import Truth

from pincali_sync.domain.tiers import Tier
from tests.support.paper import BEGIN, SEED, day, sync_run, then

HOUR = timedelta(hours=1)


@pytest.fixture
def course() -> Course:
    return Course()


def report(course: Course) -> PaperReport:
    """Of a season in which the stock did not change."""
    truth = Truth(SEED, BEGIN)
    return report_of(course, truth, then(9), listings=700, seed=SEED, page_size=42, ceiling=10_000)


def criterion(course: Course, name: str) -> Criterion:
    """The one whose name has this in it."""
    return next(each for each in report(course).criteria if name in each.name)


def add_run(
    course: Course,
    hours: float,
    *,
    tier: Tier = Tier.WEEKLY_DEEP,
    is_failed: bool = False,
    disturbed_in: str | None = None,
) -> None:
    """A run that reads for so many hours, and then looks and fetches for an hour each.

    Args:
        disturbed_in: the step in which the site was down for a while.
    """
    run = sync_run(tier_level=tier)
    steps = [("scan", 0.0), ("scan", hours / 2)]
    steps += [("scan", hours)] if is_failed else [("verify", hours), ("verify", hours + 0.5)]
    steps += [] if is_failed else [("drain", hours + 1), ("drain", hours + 1.5)]
    for number, (step, at) in enumerate(steps):
        is_disturbed = step == disturbed_in and number % 2 == 1
        course.note_run(replace(run, step=step), BEGIN + at * HOUR, is_disturbed=is_disturbed)
    ended = ("failed", "scan") if is_failed else ("completed", "done")
    course.note_run(
        replace(run, status=ended[0], step=ended[1]), BEGIN + (at + 1) * HOUR, is_disturbed=False
    )


def test_a_tiers_longest_undisturbed_run_is_told_with_how_many_were_judged(course: Course) -> None:
    for hours in (3.0, 4.0):
        add_run(course, hours)
    told = criterion(course, "tier 3")
    assert (told.figure, told.is_met) == ("5:00:00 of 2 runs", True)


def test_disturbed_runs_are_left_out_and_counted_however_they_ended(course: Course) -> None:
    add_run(course, 3.0)
    add_run(course, 20.0, disturbed_in="scan")
    add_run(course, 1.0, disturbed_in="scan", is_failed=True)
    told = criterion(course, "tier 3")
    assert (told.figure, told.is_met) == ("4:00:00 of 1 runs; 2 more were disturbed", True)


def test_a_run_that_nothing_disturbed_and_that_failed_is_not_passed(course: Course) -> None:
    add_run(course, 3.0)
    add_run(course, 1.0, is_failed=True)
    told = criterion(course, "tier 3")
    assert told.figure == "4:00:00 of 1 runs; 1 ended without being complete"
    assert told.is_met is False


def test_disturbed_runs_alone_tell_nothing(course: Course) -> None:
    add_run(course, 3.0, disturbed_in="scan")
    told = criterion(course, "tier 3")
    assert (told.figure, told.is_met) == ("there was none; 1 more were disturbed", None)


@pytest.mark.parametrize(
    ("tier", "step", "is_judged"),
    [
        (Tier.HOT_LISTINGS, "scan", False),
        (Tier.HOT_LISTINGS, "verify", True),
        (Tier.WEEKLY_DEEP, "verify", False),
        (Tier.WEEKLY_DEEP, "drain", True),
    ],
)
def test_what_disturbs_a_run_after_the_time_it_is_judged_by_does_not_count(
    course: Course, tier: Tier, step: str, is_judged: bool
) -> None:
    add_run(course, 0.05, tier=tier, disturbed_in=step)
    assert criterion(course, f"tier {tier.value}").is_met is (True if is_judged else None)


@pytest.mark.parametrize(
    ("pending", "outside", "told", "is_met"),
    [
        (10_000, 1_234, "10,000 pages, and at most 1,234 more outside", True),
        (10_001, 0, "10,001 pages, and at most 0 more outside", False),
    ],
)
def test_the_longest_queue_is_told_with_what_waits_outside_for_a_place_in_it(
    course: Course, pending: int, outside: int, told: str, is_met: bool
) -> None:
    course.days += [day(1, most_pending=pending), day(2, most_outside=outside)]
    queue = criterion(course, "longest queue")
    assert (queue.figure, queue.is_met) == (told, is_met)


@pytest.mark.parametrize(("falsely", "is_met"), [(2, True), (3, False)])
def test_listings_taken_off_the_market_falsely_are_judged_on_the_worst_day(
    course: Course, falsely: int, is_met: bool
) -> None:
    course.days += [
        day(1, present=9_000, falsely_off=2),
        day(2, present=2_000, falsely_off=falsely),
        day(3, present=9_000, falsely_off=4),
    ]
    told = criterion(course, "not taken off the market")
    assert told.figure == f"{falsely} of 2,000 on day 2, {falsely / 2_000:.3%}"
    assert told.is_met is is_met


def test_the_most_of_them_on_a_day_are_named(course: Course) -> None:
    course.note_falsely_off(["a", "b"])
    course.note_falsely_off(["c"])
    course.days += [day(1, falsely_off=2), day(2, falsely_off=1)]
    assert report(course).figures["off_the_market_falsely"] == {"most": 2, "named": ["a", "b"]}
