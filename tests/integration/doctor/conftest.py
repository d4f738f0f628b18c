"""Fixtures of the doctor's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pincali_sync.db.engine import Database
from tests.support.clock import FixedClock
from tests.support.doctor import Surgery


@pytest.fixture
def surgery(db: Database, clock: FixedClock, tmp_path: Path) -> Surgery:
    return Surgery(db=db, clock=clock, home=tmp_path / "home")
