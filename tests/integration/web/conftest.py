"""The dashboard that these tests look at; tests of what it shows make their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pincali_sync.db.engine import Database
from tests.support.clock import FixedClock
from tests.support.web import Dashboard, dashboard_on


@pytest.fixture
async def dashboard(db: Database, clock: FixedClock) -> AsyncIterator[Dashboard]:
    async with dashboard_on(db, clock) as dashboard:
        yield dashboard
