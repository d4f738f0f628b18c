"""When a season on paper ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pincali_workshop.paper.playing import next_tick

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.run_notes import RunNotes

NOW = datetime(2026, 12, 13, 13, 40, tzinfo=UTC)


def run(step: str, minutes: int | None) -> SyncRun:
    """A weekly run in this step, whose time for looking at pages ends in so many minutes."""
    until = None if minutes is None else NOW + timedelta(minutes=minutes)
    counters = (
        "pages_scanned properties_in_manifest new_properties_found price_changes_detected "
        "removals_detected properties_queued properties_scraped error_count"
    )
    return SyncRun(
        id=uuid4(),
        session_id=uuid4(),
        tier_level=3,
        tier_name="weekly_deep",
        status="running",
        step=step,
        started_at=NOW - timedelta(hours=7),
        completed_at=None,
        slot_at=None,
        window_ends_at=None,
        error_summary=None,
        execution_time_ms=None,
        details=RunNotes(verifies_until=until),
        **dict.fromkeys(counters.split(), 0),
    )


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
