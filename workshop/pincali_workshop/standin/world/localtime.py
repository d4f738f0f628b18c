"""The site's local time: Mexico's centre, which has no daylight saving since 2022."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

MEXICO = timezone(timedelta(hours=-6))


def local_datetime(second: int) -> datetime:
    """A time in seconds since 1970, as the site writes it."""
    return datetime.fromtimestamp(second, MEXICO)


def local_date(second: int) -> date:
    """The day in the site's country."""
    return local_datetime(second).date()


def utc_datetime(second: int) -> datetime:
    """The instant as a value with a time zone."""
    return datetime.fromtimestamp(second, UTC)
