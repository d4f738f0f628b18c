"""Moments as people read them: in the one zone of this process, and never without its name."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import available_timezones

from pincali_sync.language import ENGLISH, current

NOTHING = "–"
LOG_TIMES = "%Y-%m-%d %H:%M:%S%z"  # of every log line: the machine's clock, and how far from UTC

_shown_in: list[tzinfo] = [UTC]


def is_zone(name: str) -> str:
    """The name. Raises: ValueError: when there is no such zone."""
    if name not in available_timezones():
        raise ValueError(f"there is no zone {name!r}")
    return name


def show_times_in(zone: tzinfo) -> None:
    """From here on times are told in this zone, as `DISPLAY_TIMEZONE` wants."""
    _shown_in[0] = zone


def shown_zone() -> tzinfo:
    """The zone that times are told in."""
    return _shown_in[0]


def instant(at: datetime | None) -> str:
    """To the minute, as "2026-11-25 06:00 UTC" or "25 nov 2026, 06:00 UTC"; a dash for None."""
    if at is None:
        return NOTHING
    local = at.astimezone(shown_zone())
    return f"{_told(local, '%Y-%m-%d %H:%M', 'd MMM y, HH:mm')} {local:%Z}"


def local_day(at: datetime) -> str:
    """The day that a moment falls on where times are told."""
    return day(at.astimezone(shown_zone()))


def day(at: date) -> str:
    """The date alone, in whatever zone it is given, as "2026-11-25" or "25 nov 2026"."""
    return _told(at, "%Y-%m-%d", "d MMM y")


def day_of_year(at: date) -> str:
    """A date of a known year, as "25 Nov" or "25 nov"."""
    return _told(at, "%-d %b", "d MMM")


def month(at: date) -> str:
    """As "Nov 2026" or "nov 2026"."""
    return _told(at, "%b %Y", "MMM y")


def _told(at: date, english: str, spanish: str) -> str:
    """By the pattern of the language spoken."""
    if current() == ENGLISH:
        return f"{at:{english}}"
    from babel.dates import format_date, format_datetime  # noqa: PLC0415  # only for Spanish

    told = format_datetime if isinstance(at, datetime) else format_date
    return str(told(at, spanish, locale="es_MX"))
