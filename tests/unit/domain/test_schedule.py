"""When a tier is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.config import load_config
from pincali_sync.domain.schedule import SITE_ZONE, Cadence, backoff, latest_slot, next_slot
from pincali_sync.domain.tiers import Tier

HOT = Cadence(tier=Tier.HOT_LISTINGS)


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
    assert latest_slot(Tier.HOT_LISTINGS, mexico(now)) == mexico(slot)


def test_the_first_run_is_due_at_once() -> None:
    now = mexico("2026-11-23 07:30")
    assert HOT.due_slot(now, None) == mexico("2026-11-23 06:00")


def test_a_slot_is_served_once() -> None:
    served = mexico("2026-11-23 06:00")
    for now in ("2026-11-23 06:00", "2026-11-23 06:01", "2026-11-23 11:59"):
        assert HOT.due_slot(mexico(now), served) is None
    noon = mexico("2026-11-23 12:00")
    assert HOT.due_slot(noon, served) == noon


def test_missed_slots_are_made_up_for_by_the_latest_one() -> None:
    now, served = mexico("2026-11-26 07:00"), mexico("2026-11-23 06:00")
    slot = HOT.due_slot(now, served)
    assert slot == mexico("2026-11-26 06:00")
    assert HOT.due_slot(now, slot) is None


def test_a_clock_that_was_set_back_doubles_nothing() -> None:
    served = mexico("2026-11-23 12:00")
    now = mexico("2026-11-23 11:30")
    assert HOT.due_slot(now, served) is None


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
        slot = HOT.due_slot(now, served)
        if slot is not None:
            served = slot
            slots.append(slot.astimezone(SITE_ZONE).strftime("%H:%M"))
        now += timedelta(minutes=1)
    assert slots == ["00:00", "06:00", "12:00", "18:00"]


@given(
    st.sampled_from(Tier),
    st.integers(0, 7 * 365 * 24 * 60),
    st.lists(st.integers(-300, 1_200), min_size=1, max_size=40),
)
def test_whatever_the_clock_does_no_slot_is_served_twice_and_the_latest_always(
    tier: Tier, since_2021: int, minutes: list[int]
) -> None:
    now = mexico("2021-01-01") + timedelta(minutes=since_2021)
    cadence, served, slots = Cadence(tier=tier), None, list[datetime]()
    for passed in minutes:
        now += timedelta(minutes=passed)
        slot = cadence.due_slot(now, served)
        if slot is not None:
            slots.append(slot)
            served = slot
        assert served is not None
        assert served >= latest_slot(tier, now)
        assert cadence.due_slot(now, served) is None
    assert slots == sorted(set(slots))


def test_a_run_that_began_after_the_next_slot_did_so_by_a_wrong_clock() -> None:
    now = mexico("2026-11-23 11:30")
    hourly = Cadence(tier=Tier.HOT_LISTINGS, interval=timedelta(hours=1))
    for moment, at_slots, at_intervals in [
        ("2026-11-23 11:59", True, True),
        ("2026-11-23 12:00", False, True),
        ("2026-11-23 12:30", False, False),
    ]:
        assert HOT.may_have_begun(mexico(moment), now) is at_slots
        assert hourly.may_have_begun(mexico(moment), now) is at_intervals


def test_another_frequency_is_an_interval_since_the_last_run() -> None:
    often = Cadence(tier=Tier.HOT_LISTINGS, interval=timedelta(hours=2))
    served = mexico("2026-11-23 10:17")
    early, late = served + timedelta(minutes=119), served + timedelta(minutes=120)
    assert often.due_slot(early, served) is None
    assert often.due_slot(late, served) == late
    assert often.due_slot(early, None) == early
    assert often.next_run(early, served) == late


@pytest.mark.parametrize(
    ("tier", "now", "latest", "following"),
    [
        (1, "2026-11-23 18:30", "2026-11-23 18:00", "2026-11-24 00:00"),
        (2, "2026-11-23 05:00", "2026-11-23 00:00", "2026-11-24 00:00"),
        (3, "2026-11-23 05:00", "2026-11-22 00:00", "2026-11-29 00:00"),  # a Monday
        (3, "2026-11-22 00:00", "2026-11-22 00:00", "2026-11-29 00:00"),  # a Sunday
        (3, "2026-11-21 23:59", "2026-11-15 00:00", "2026-11-22 00:00"),  # a Saturday
        (4, "2026-11-23 05:00", "2026-11-01 00:00", "2026-12-01 00:00"),
        (4, "2028-02-29 23:59", "2028-02-01 00:00", "2028-03-01 00:00"),
        (4, "2026-12-31 12:00", "2026-12-01 00:00", "2027-01-01 00:00"),
    ],
)
def test_each_tier_has_its_own_slots(tier: int, now: str, latest: str, following: str) -> None:
    assert latest_slot(Tier(tier), mexico(now)) == mexico(latest)
    assert next_slot(Tier(tier), mexico(now)) == mexico(following)


def test_a_tier_that_was_served_waits_for_its_next_slot() -> None:
    weekly = Cadence(tier=Tier.WEEKLY_DEEP)
    now, served = mexico("2026-11-24 09:00"), mexico("2026-11-22 00:00")
    assert weekly.due_slot(now, served) is None
    assert weekly.next_run(now, served) == mexico("2026-11-29 00:00")
    assert weekly.next_run(now, None) == now


def test_frequencies_that_differ_from_their_defaults_replace_the_slots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [Cadence.of(tier, load_config()).interval for tier in Tier] == [None] * 4
    monkeypatch.setenv("TIER_3_FREQUENCY_DAYS", "3.5")
    assert Cadence.of(Tier.WEEKLY_DEEP, load_config()).interval == timedelta(days=3.5)


def test_failed_runs_wait_longer_each_time_up_to_a_limit() -> None:
    waits = [backoff(failures) for failures in range(1, 8)]
    assert waits[:3] == [timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)]
    assert waits[-1] == backoff(1_000) == timedelta(hours=6)
