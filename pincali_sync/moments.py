"""Moments as people read them: in the one zone of this process, and never without its name."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import available_timezones

NOTHING = "–"

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
    """To the minute, as "2026-11-25 06:00 UTC"; a dash for None."""
    return NOTHING if at is None else f"{at.astimezone(shown_zone()):%Y-%m-%d %H:%M %Z}"
