"""The figures of the present, on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.alerts import ALERT_RULES, firing
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.insights_service import InsightsService
from pincali_sync.services.metrics import METRICS, samples_of
from tests.support.builders import SITE, Workshop, add_live, add_queued, detail, entry, page, rows
from tests.support.clock import FixedClock


@pytest.fixture
def insights(db: Database, clock: FixedClock) -> InsightsService:
    return build_services(load_config(pincali_base_url=SITE), clock=clock, db=db).insights


async def read(insights: InsightsService) -> dict[str, float]:
    """Every sample by its key."""
    return {each.key: each.value for each in samples_of(await insights.snapshot())}


async def test_an_empty_database_has_figures_and_no_alert(insights: InsightsService) -> None:
    samples = samples_of(await insights.snapshot())
    assert {each.key: each.value for each in samples}["pincali_live_stale"] == 0
    assert firing(samples, ALERT_RULES) == []
