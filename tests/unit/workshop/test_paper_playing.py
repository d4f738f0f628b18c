"""When a season on paper ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pincali_workshop.paper.playing import next_tick

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes
from tests.support.paper import sync_run

NOW = datetime(2026, 12, 13, 13, 40, tzinfo=UTC)


def run(step: str, minutes: int | None) -> SyncRun:
    """A weekly run in this step, whose time for looking at pages ends in so many minutes."""
    until = None if minutes is None else NOW + timedelta(minutes=minutes)
    return sync_run(step=step, details=RunNotes(verifies_until=until))


@pytest.mark.parametrize(
    ("step", "minutes", "ticks_in"),
    [
        ("verify", 5, 5),
        ("verify", 45, 30),
        ("verify", -1, 30),
        ("verify", None, 30),
        ("drain", 5, 30),
    ],
)
def test_it_ticks_when_the_time_for_looking_at_pages_is_over(
    step: str, minutes: int | None, ticks_in: int
) -> None:
    assert next_tick(NOW, [run(step, minutes)]) == NOW + timedelta(minutes=ticks_in)


def test_with_nobody_at_work_it_ticks_twice_an_hour() -> None:
    assert next_tick(NOW, []) == NOW + timedelta(minutes=30)
