"""What a season came to: each criterion with its figure, and everything else that was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pincali_sync.domain.statistics import wilson_interval
from pincali_sync.domain.tiers import Tier
from pincali_workshop.paper.course import Course, PlayedRun
from pincali_workshop.paper.timeline import second
from pincali_workshop.paper.truth import IN_TIME, REMOVED_IN_TIME, Delays, Truth

_HOUR, _DAY = 3600, 86_400
_PERCENTILES = (50, 90, 99, 100)
_NAMED = 20  # of records that went wrong
LEAST_NEW, LEAST_PRECISION, LEAST_RECALL = 0.995, 0.999, 0.99
MOST_FALSELY_OFF = 0.001
OLDEST_DAYS, OLDEST_FROM = 45.0, 60  # no record is older from that day on
LONGEST = {  # of a run that the site did not disturb
    Tier.HOT_LISTINGS: timedelta(minutes=5),
    Tier.DAILY_SYNC: timedelta(hours=5),
    Tier.WEEKLY_DEEP: timedelta(hours=8),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that is asked for."""

    name: str
    goal: str
    figure: str
    is_met: bool | None  # None: the season does not tell
    interval: tuple[float, float] | None = None  # of a share, at 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReport:
    """A season in figures."""

    listings: int
    days: int
    seed: int
    page_size: int
    criteria: tuple[Criterion, ...]
    figures: dict[str, Any]

    @property
    def all_met(self) -> bool:
        """Whether nothing that was asked for is missed."""
        return all(each.is_met is not False for each in self.criteria)

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "all_met": self.all_met}


def report_of(
    course: Course,
    truth: Truth,
    now: datetime,
    *,
    listings: int,
    seed: int,
    page_size: int,
    ceiling: int,
) -> PaperReport:
    """Adds a season up.

    Args:
        now: its end.
        ceiling: of the queue.
    """
    return PaperReport(
        listings=listings,
        days=len(course.days),
        seed=seed,
        page_size=page_size,
        criteria=(
            _newcomers(truth, now),
            _precision(truth),
            _recall(truth, now),
            _listed_ones(course),
            _oldest(course),
            _backlog(course, ceiling),
            *(_duration(course, tier, limit) for tier, limit in LONGEST.items()),
        ),
        figures=_figures(course, truth, listings),
    )


def _newcomers(truth: Truth, now: datetime) -> Criterion:
    good, every = truth.new.in_time(IN_TIME, second(now))
    return _share("newcomers live in 24 hours", good, every, LEAST_NEW)


def _precision(truth: Truth) -> Criterion:
    return _share(
        "removals that were right",
        truth.removals.right,
        truth.removals.all,
        LEAST_PRECISION,
    )


def _recall(truth: Truth, now: datetime) -> Criterion:
    good, every = truth.gone.in_time(REMOVED_IN_TIME, second(now))
    return _share("gone removed in 15 days", good, every, LEAST_RECALL)


def _share(name: str, good: int, every: int, least: float) -> Criterion:
    """The interval takes cases as independent; one block costs hundreds of newcomers at once, so
    it is too narrow."""
    return Criterion(
        name=name,
        goal=f"at least {least:.1%}",
        figure=f"{good:,} of {every:,}" + (f", {good / every:.3%}" if every else ""),
        is_met=good >= least * every if every else None,
        interval=wilson_interval(good, every),
    )


def _listed_ones(course: Course) -> Criterion:
    shares = [(day.falsely_off / max(1, day.present), day) for day in course.days]
    share, day = max(shares, key=lambda each: each[0], default=(0.0, None))
    return Criterion(
        name="listed ones not taken off the market",
        goal=f"at most {MOST_FALSELY_OFF:.1%} of present records",
        figure="there was no day"
        if day is None
        else f"{day.falsely_off:,} of {day.present:,} on day {day.number}, {share:.3%}",
        is_met=None if day is None else share <= MOST_FALSELY_OFF,
    )


def _oldest(course: Course) -> Criterion:
    late = [day for day in course.days if day.number >= OLDEST_FROM]
    oldest = max((day.oldest_days for day in late), default=None)
    return Criterion(
        name=f"oldest record from day {OLDEST_FROM}",
        goal=f"at most {OLDEST_DAYS:g} days",
        figure="the season is too short" if oldest is None else f"{oldest:.1f} days",
        is_met=None if oldest is None else oldest <= OLDEST_DAYS,
    )


def _backlog(course: Course, ceiling: int) -> Criterion:
    """The ceiling is kept by the filling itself; what it keeps waiting is told beside it."""
    pending = max((day.most_pending for day in course.days), default=0)
    outside = max((day.most_outside for day in course.days), default=0)
    return Criterion(
        name="longest queue",
        goal=f"at most {ceiling:,} pages",
        figure=f"{pending:,} pages, and at most {outside:,} more outside",
        is_met=pending <= ceiling,
    )


def _duration(course: Course, tier: Tier, limit: timedelta) -> Criterion:
    runs = [each for each in course.runs.values() if each.run.tier_level == tier]
    ended = [each for each in runs if each.run.status != "running"]
    judged = [each for each in ended if not each.is_disturbed]
    taken = [
        each.done_at - each.run.started_at
        for each in judged
        if each.run.status == "completed" and each.done_at is not None
    ]
    longest, failed = max(taken, default=None), len(judged) - len(taken)
    told = ["there was none" if longest is None else f"{_rounded(longest)} of {len(taken)} runs"]
    told += [f"{failed} ended without being complete"] if failed else []
    disturbed = len(ended) - len(judged)
    told += [f"{disturbed} more were disturbed"] if disturbed else []
    return Criterion(
        name=f"longest undisturbed tier {tier.value}",
        goal=f"less than {limit}",
        figure="; ".join(told),
        is_met=not failed and max(taken) < limit if judged else None,
    )


def _figures(course: Course, truth: Truth, listings: int) -> dict[str, Any]:
    changes, seconds = truth.changes, sum(day.seconds for day in course.days)
    return {
        "true_changes": {
            "born": truth.births,
            "gone": truth.ends,
            "returned": truth.returns,
            "repriced": truth.price_changes,
        },
        "hours_until_live": _percentiles(truth.new, _HOUR),
        "days_until_removed": _percentiles(truth.gone, _DAY),
        "days_until_dead_stock_removed": _percentiles(truth.dead, _DAY),
        "days_until_off_the_market": _percentiles(truth.unlisted, _DAY),
        "days_until_repriced": _percentiles(truth.prices, _DAY),
        "removed_falsely": truth.removals.wrong[:_NAMED],
        "back_between_proof_and_removal": len(truth.back_before_removal),
        "price_entries": truth.price_entries.all,
        "prices_journalled_falsely": truth.price_entries.wrong[:_NAMED],
        "off_the_market_falsely": {
            "most": len(course.falsely_off),
            "named": course.falsely_off[:_NAMED],
        },
        "requests": course.requests,
        "requests_per_true_change": round(course.requests / changes, 2) if changes else None,
        "requests_of_a_full_scrape_a_day": listings * len(course.days),
        "held_batches_approved": course.approved,
        "records_at_the_start": course.records,
        "filling_seconds": round(course.filling_seconds, 1),
        "playing_seconds": round(seconds, 1),
        "microseconds_per_listing_and_day": round(1e6 * seconds / (listings * len(course.days)), 2)
        if course.days
        else None,
        "runs": _runs(course),
        "told": course.told[:_NAMED],
        "days": [asdict(day) for day in course.days],
    }


def _percentiles(delays: Delays, unit: int) -> dict[str, float]:
    """Of what was known in the end; what is open is counted beside it."""
    known = sorted(delay for _, delay in delays.known)
    named = {
        f"p{share}" if share < 100 else "most": round(_at(known, share) / unit, 2)
        for share in _PERCENTILES
        if known
    }
    return {**named, "known": len(known), "open": len(delays.open)}


def _at(ordered: Sequence[int], percent: int) -> int:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _runs(course: Course) -> dict[str, dict[str, Any]]:
    by_tier: dict[int, list[PlayedRun]] = defaultdict(list)
    for played in course.runs.values():
        by_tier[played.run.tier_level].append(played)
    return {
        str(tier): {
            "runs": len(runs),
            "not_completed": sum(each.run.status not in {"completed", "running"} for each in runs),
            "disturbed": sum(each.is_disturbed for each in runs),
            "reading": _rounded(max((each.reading for each in runs if each.reading), default=None)),
            "settling": _rounded(max((e.settling for e in runs if e.settling), default=None)),
            "whole": _rounded(max((each.whole for each in runs if each.whole), default=None)),
            "pages": max(each.run.pages_scanned for each in runs),
        }
        for tier, runs in sorted(by_tier.items())
    }


def _rounded(span: timedelta | None) -> str:
    return "-" if span is None else str(timedelta(minutes=round(span / timedelta(minutes=1))))
