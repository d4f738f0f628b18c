"""Figures are read in the background, and are never older than they may be."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import pytest

from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_sync.services.insights.snapshot import Snapshot
from pincali_sync.web.snapshots import SnapshotKeeper
from tests.support.clock import FixedClock


class Figures:
    """Snapshots that are only times; `broken` makes the next reads fail."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.broken = False
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self) -> Snapshot:
        self.reads += 1
        await self.gate.wait()
        if self.broken:
            raise DatabaseUnavailableError("PostgreSQL cannot be reached\nmore about it")
        taken_at = self.clock.now()
        return cast(Snapshot, type("Taken", (), {"taken_at": taken_at})())


@pytest.fixture
def figures(clock: FixedClock) -> Figures:
    return Figures(clock)


async def test_a_snapshot_is_shown_for_a_minute_and_not_longer(
    figures: Figures, clock: FixedClock
) -> None:
    keeper = SnapshotKeeper(figures.read, clock)
    await keeper.read_once()
    clock.advance(seconds=60)
    assert await keeper.current() is not None
    assert keeper.age_seconds == 60
    clock.advance(seconds=1)
    assert await keeper.current() is None
    assert keeper.age_seconds == 61


async def test_a_failed_read_keeps_the_last_snapshot(figures: Figures, clock: FixedClock) -> None:
    keeper = SnapshotKeeper(figures.read, clock)
    await keeper.read_once()
    figures.broken = True
    clock.advance(seconds=30)
    await keeper.read_once()
    assert await keeper.current() is not None
    assert keeper.age_seconds == 30


async def test_an_outage_is_logged_once_and_so_is_its_end(
    figures: Figures, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    keeper = SnapshotKeeper(figures.read, clock)
    for figures.broken in (True, True, True, False, False, True):
        await keeper.read_once()
    assert [record.getMessage() for record in caplog.records] == [
        "the figures cannot be read: PostgreSQL cannot be reached",
        "the figures can be read again",
        "the figures cannot be read: PostgreSQL cannot be reached",
    ]


async def test_a_request_waits_for_the_first_read_and_for_no_other(
    figures: Figures, clock: FixedClock
) -> None:
    keeper = SnapshotKeeper(figures.read, clock)
    figures.gate.clear()
    first = asyncio.create_task(keeper.read_once())
    asked = asyncio.create_task(keeper.current())
    await asyncio.sleep(0)
    assert not asked.done()
    figures.gate.set()
    await first
    assert await asked is not None
    figures.gate.clear()
    second = asyncio.create_task(keeper.read_once())
    await asyncio.sleep(0)
    assert figures.reads == 2
    assert await keeper.current() is not None
    figures.gate.set()
    await second


async def test_it_reads_again_after_each_interval_and_stops_when_told(
    figures: Figures, clock: FixedClock
) -> None:
    waits: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            enough.set()
            await asyncio.Event().wait()

    keeper = SnapshotKeeper(figures.read, clock, interval=7, sleep=sleep)
    async with keeper.running():
        await enough.wait()
    assert waits == [7, 7, 7]
    assert figures.reads == 3
