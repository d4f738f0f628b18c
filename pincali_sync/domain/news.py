"""What is news of a listing, and of which days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum


class NewsKind(StrEnum):
    """What may happen to a listing that people want to know of."""

    NEW = "new"  # its page was fetched for the first time
    DOWN = "down"  # its price fell, in the same currency, unit and operation
    UP = "up"
    GONE = "gone"  # it was removed, or was sold
    BACK = "back"  # it was removed, and is seen again


class Period(StrEnum):
    """The days that are looked at."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"  # today and the six days before


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From an instant up to another, which is not in it."""

    since: datetime
    until: datetime


_DAYS_AGO = {Period.TODAY: (0, -1), Period.YESTERDAY: (1, 0), Period.WEEK: (6, -1)}


def span_of(period: Period, now: datetime, zone: tzinfo) -> Span:
    """The whole days of a period on the calendar of a zone."""
    first, end = _DAYS_AGO[period]
    return Span(since=_at(time(), now, zone, first), until=_at(time(), now, zone, end))


def yesterday_until(now: datetime, zone: tzinfo) -> Span:
    """Yesterday up to the time of day that it is now: what today may fairly be compared with."""
    clock = now.astimezone(zone).time()
    return Span(since=_at(time(), now, zone, 1), until=_at(clock, now, zone, 1))


def _at(clock: time, now: datetime, zone: tzinfo, days_ago: int) -> datetime:
    day = now.astimezone(zone).date() - timedelta(days=days_ago)
    return datetime.combine(day, clock, zone).astimezone(UTC)
