"""Axes: round numbers, round times, and where a value lies between two ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from pincali_sync.moments import day_of_year, month

_INTERVALS = 4
_MAX_TIMES = 6
_LABELLED_BY_HOUR = timedelta(days=2)
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_HOURS = (1, 2, 3, 6, 12, 24, 48, 24 * 7, 24 * 14, 24 * 28, 24 * 91, 24 * 182, 24 * 364)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeScale:
    """A horizontal axis of time."""

    start: datetime
    end: datetime
    ticks: tuple[datetime, ...]
    zone: tzinfo = UTC

    def place(self, at: datetime) -> float:
        """Where an instant lies, from 0 at the start to 1 at the end; a lone one in the middle."""
        span = (self.end - self.start).total_seconds()
        return (at - self.start).total_seconds() / span if span else 0.5

    def label(self, at: datetime) -> str:
        """A tick as text, as precise as the axis is long."""
        span = self.end - self.start
        if span <= _LABELLED_BY_HOUR:
            return f"{at.astimezone(self.zone):%H:%M}"
        if span <= timedelta(days=364):
            return day_of_year(at.astimezone(self.zone))
        return month(at.astimezone(self.zone))


def height(value: float, ticks: Sequence[float]) -> float:
    """Where a value lies, from 0 at the first tick to 1 at the last."""
    return (value - ticks[0]) / (ticks[-1] - ticks[0])


def round_ticks(values: Sequence[float]) -> list[float]:
    """The ticks of a vertical axis: round numbers, with all values between the first and the last.

    They start at zero, unless all values lie so high that their differences would not show.
    """
    low, high = min(values), max(values)
    if 0 <= low <= high / 2 or low == high:
        low, high = min(low, 0.0), max(high, 0.0)
    step = _round_step((high - low) / _INTERVALS)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [n * step for n in range(first, max(last, first + 1) + 1)]


def _round_step(raw: float) -> float:
    if raw <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(raw))
    return next(step * size for step in _STEPS if step * size >= raw * (1 - 1e-9))


def time_scale(instants: Sequence[datetime], zone: tzinfo = UTC) -> TimeScale:
    """An axis from the first instant to the last, with ticks at the zone's round hours or days."""
    start, end = min(instants), max(instants)
    hours = (end - start).total_seconds() / 3_600
    # Ticks that are labelled by their day lie a day apart.
    steps = [each for each in _HOURS if each >= 24 or end - start <= _LABELLED_BY_HOUR]
    step = next((each for each in steps if hours / each <= _MAX_TIMES), steps[-1])
    size = timedelta(hours=step)
    epoch = datetime(1970, 1, 1, tzinfo=zone)  # between times of one zone its clock counts
    first = math.ceil((start.astimezone(zone) - epoch) / size)
    last = math.floor((end.astimezone(zone) - epoch) / size)
    ticks = tuple((epoch + n * size).astimezone(UTC) for n in range(first, last + 1))
    return TimeScale(start=start, end=end, ticks=ticks, zone=zone)


def short(value: float) -> str:
    """A tick's number in few characters: 1,200,000 as "1.2M"."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            divisor = 1e3 if letter == "k" else size
            return f"{value / divisor:.4g}{letter}"
    return f"{value:,.6g}" if value else "0"
