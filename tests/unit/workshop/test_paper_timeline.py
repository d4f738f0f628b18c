"""Virtual time moves on when all wait for it; requests come one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pincali_workshop.paper.timeline import Timeline
from pincali_workshop.simulation.clock import VirtualClock

START = datetime(2026, 11, 23, tzinfo=UTC)
GAP = timedelta(seconds=1.5)


def seconds(clock: VirtualClock) -> float:
    return (clock.now() - START).total_seconds()


async def test_workers_take_turns_and_share_one_pace() -> None:
    clock = VirtualClock(START)
    timeline, asked = Timeline(clock), []

    async def work(name: str) -> None:
        for _ in range(2):
            await timeline.turn(GAP)
            asked.append((name, seconds(clock)))

    for task in [timeline.spawn(work("a")), timeline.spawn(work("b"))]:
        await task
    assert asked == [("a", 0.0), ("b", 1.5), ("a", 3.0), ("b", 4.5)]


async def test_an_alarm_may_ring_earlier_and_rings_once() -> None:
    clock = VirtualClock(START)
    timeline, rung = Timeline(clock), []

    async def sleep() -> None:
        alarm = timeline.alarm(START + timedelta(hours=1))
        timeline.ring_at(START + timedelta(minutes=1), alarm)
        await timeline.wait(alarm)
        rung.append(seconds(clock))
        await timeline.until(START + timedelta(hours=2))
        rung.append(seconds(clock))

    await timeline.spawn(sleep())
    assert rung == [60.0, 7200.0]


async def test_a_failure_of_somebody_is_not_lost() -> None:
    timeline = Timeline(VirtualClock(START))

    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await timeline.spawn(fail())
    assert isinstance(timeline.failure, ValueError)
