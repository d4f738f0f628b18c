"""When a tier is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pincali_sync.domain.schedule import SITE_ZONE, current_slot, due_slot

SIX_HOURS = 6.0


def mexico(text: str) -> datetime:
    """A wall-clock time of the site's country, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=SITE_ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-23 00:00", "2026-11-23 00:00"),
        ("2026-11-23 05:59:59", "2026-11-23 00:00"),
        ("2026-11-23 06:00", "2026-11-23 06:00"),
        ("2026-11-23 17:59", "2026-11-23 12:00"),
        ("2026-11-23 23:59", "2026-11-23 18:00"),
        ("2028-02-29 12:30", "2028-02-29 12:00"),
    ],
)
def test_a_slot_is_the_last_quarter_of_the_day_in_mexico(now: str, slot: str) -> None:
    assert current_slot(mexico(now)) == mexico(slot)


def test_the_first_run_is_due_at_once() -> None:
    now = mexico("2026-11-23 07:30")
    assert due_slot(now, every_hours=SIX_HOURS, last_served=None) == mexico("2026-11-23 06:00")


def test_a_slot_is_served_once() -> None:
    served = mexico("2026-11-23 06:00")
    for now in ("2026-11-23 06:00", "2026-11-23 06:01", "2026-11-23 11:59"):
        assert due_slot(mexico(now), every_hours=SIX_HOURS, last_served=served) is None
    noon = mexico("2026-11-23 12:00")
    assert due_slot(noon, every_hours=SIX_HOURS, last_served=served) == noon


def test_missed_slots_are_made_up_for_by_the_latest_one() -> None:
    now, served = mexico("2026-11-26 07:00"), mexico("2026-11-23 06:00")
    slot = due_slot(now, every_hours=SIX_HOURS, last_served=served)
    assert slot == mexico("2026-11-26 06:00")
    assert due_slot(now, every_hours=SIX_HOURS, last_served=slot) is None


def test_a_clock_that_was_set_back_doubles_nothing() -> None:
    served = mexico("2026-11-23 12:00")
    now = mexico("2026-11-23 11:30")
    assert due_slot(now, every_hours=SIX_HOURS, last_served=served) is None


@pytest.mark.parametrize(
    "day",
    [
        "2022-04-03",  # a day of 23 hours: the last summer time that Mexico City began
        "2022-10-30",  # and one of 25
        "2028-02-29",
    ],
)
def test_each_day_has_its_four_slots_whatever_the_clocks_do(day: str) -> None:
    now, served, slots = mexico(f"{day} 00:00"), mexico("2022-01-01 00:00"), []
    while now.astimezone(SITE_ZONE).date().isoformat() == day:
        slot = due_slot(now, every_hours=SIX_HOURS, last_served=served)
        if slot is not None:
            served = slot
            slots.append(slot.astimezone(SITE_ZONE).strftime("%H:%M"))
        now += timedelta(minutes=1)
    assert slots == ["00:00", "06:00", "12:00", "18:00"]


def test_another_frequency_is_an_interval_since_the_last_run() -> None:
    served = mexico("2026-11-23 10:17")
    early, late = served + timedelta(minutes=119), served + timedelta(minutes=120)
    assert due_slot(early, every_hours=2, last_served=served) is None
    assert due_slot(late, every_hours=2, last_served=served) == late
    assert due_slot(early, every_hours=2, last_served=None) == early
