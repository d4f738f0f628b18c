"""Which days "today", "yesterday" and "seven days" are."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pincali_sync.domain.news import Period, span_of, yesterday_until

MADRID = ZoneInfo("Europe/Madrid")


def test_days_begin_at_midnight_of_the_zone_also_where_one_has_25_hours() -> None:
    now = datetime(2026, 10, 26, 1, 30, tzinfo=UTC)  # half past two on Monday, winter time
    today, yesterday, week = (span_of(each, now, MADRID) for each in Period)
    assert today.since == yesterday.until == datetime(2026, 10, 25, 23, tzinfo=UTC)
    assert yesterday.since == datetime(2026, 10, 24, 22, tzinfo=UTC)  # a Sunday of 25 hours
    assert today.until == week.until == datetime(2026, 10, 26, 23, tzinfo=UTC)
    assert week.since == datetime(2026, 10, 19, 22, tzinfo=UTC)


def test_today_is_compared_with_yesterday_up_to_the_same_time_of_day() -> None:
    now = datetime(2026, 11, 20, 17, 45, tzinfo=UTC)
    compared = yesterday_until(now, ZoneInfo("America/Mexico_City"))
    assert compared.since == datetime(2026, 11, 19, 6, tzinfo=UTC)
    assert compared.until == datetime(2026, 11, 19, 17, 45, tzinfo=UTC)
