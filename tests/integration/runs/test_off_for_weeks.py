"""Runs and jobs that were under way when everything stood still for longer than a column counts."""

from __future__ import annotations

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import Tier
from pincali_sync.items import ScrapeResult
from tests.support.builders import detail, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.stage import Stage

LONGEST = 2**31 - 1  # milliseconds in an integer: 24.8 days


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def under_way(stage: Stage) -> None:
    """Two houses are queued; a worker has saved one of them and holds the other."""
    ticket = await stage.shop.begin()
    await stage.shop.scan(entry("blue-house"), entry("red-house"), ticket=ticket)
    await stage.end(ticket)
    ticket = await stage.shop.begin("detail")
    queued, _ = await stage.shop.claim(2)
    slug = queued.source_url.rpartition("/")[2]
    saved = ScrapeResult(queued=queued, scraped=detail(slug))
    await stage.shop.save(saved, ticket=ticket)


async def test_a_run_that_was_paused_for_weeks_ends_and_its_tier_runs_again(
    stage: Stage, clock: FixedClock
) -> None:
    run = await stage.start()
    await stage.tick()
    await stage.scan_all()
    assert (await stage.tick()).step == "drain"
    clock.advance(days=25)
    await stage.tick()
    run = await stage.runs.get(run.id)
    assert (run.status, run.execution_time_ms) == ("completed", LONGEST)
    assert (await stage.start()).status == "running"


async def test_a_run_of_weeks_can_be_cancelled(stage: Stage, clock: FixedClock) -> None:
    run = await stage.start(Tier.WEEKLY_DEEP)
    clock.advance(days=25)
    assert (await stage.runs.cancel(run.id)).status == "cancelled"


async def test_a_run_that_ended_before_it_began_took_no_time(
    stage: Stage, clock: FixedClock
) -> None:
    run = await stage.start()
    clock.advance(days=-25)
    assert (await stage.runs.cancel(run.id)).execution_time_ms == 0


async def test_a_job_that_was_under_way_for_weeks_is_given_up_and_others_go_on(
    stage: Stage, clock: FixedClock
) -> None:
    await under_way(stage)
    clock.advance(days=25)
    await stage.services.scheduler(stage.runner).tick(start_due=False)
    assert [spec.spider for spec in stage.runner.ordered] == ["detail"]
    assert await value(stage.db, "SELECT sync_duration_ms FROM sync_metadata") == LONGEST


async def test_what_cannot_be_summed_up_is_told_and_keeps_no_job_from_ending(
    stage: Stage, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    await under_way(stage)
    await rows(stage.db, "ALTER TABLE sync_metadata ADD CHECK (sync_duration_ms < 60000)")
    clock.advance(hours=1)
    await stage.services.scheduler(stage.runner).tick(start_due=False)
    assert [spec.spider for spec in stage.runner.ordered] == ["detail"]
    states = await rows(stage.db, "SELECT DISTINCT status FROM scraping_sessions ORDER BY 1")
    assert [state["status"] for state in states] == ["completed", "failed"]
    assert "is not summed up" in caplog.text
