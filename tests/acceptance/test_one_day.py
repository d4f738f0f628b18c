"""A day of all tiers through a real Scrapyd, Chromium and PgBouncer, compared with the truth.

The pooler lends ten connections for a transaction each, and is killed in the middle of a scan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pincali_workshop.demo.compare import compare_live
from pincali_workshop.demo.past import move_back
from pincali_workshop.demo.stage import Stage, busy_site
from pincali_workshop.demo.tier_one import initial_sync
from pincali_workshop.standin.options import RemovalMode

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.config import load_config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_sync.services.scheduler_service import SchedulerService
from tests.support.builders import rows
from tests.support.pooler import CONNECTIONS, Pooler

pytestmark = pytest.mark.timeout(600)

# The program's clock is the machine's, so the tiers are started by hand; the site's moves on, and
# what happened is moved back.
_BETWEEN_RUNS = timedelta(hours=6)
_DAY = (
    Tier.WEEKLY_DEEP,
    Tier.HOT_LISTINGS,
    Tier.DAILY_SYNC,
    Tier.MONTHLY_REFRESH,
    Tier.WEEKLY_DEEP,
    Tier.WEEKLY_DEEP,
)
_LOOK_AGAIN_SECONDS = 0.5
_PAGES_READ = "SELECT count(*) AS n FROM manifest_pages"


class PooledStage(Stage):
    """Nobody on it, the upgrade of the schema included, reaches the database but by the pooler."""

    pooler: Pooler

    def start_database(self) -> str:
        self.pooler = Pooler(super().start_database())
        self.pooler.start()
        return self.pooler.url

    def strike(self) -> None:
        self.pooler.end()
        super().strike()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PooledStage]:
    stage = PooledStage(tmp_path_factory.mktemp("stage"), busy_site(150))
    try:
        stage.set_up()
        yield stage
    finally:
        stage.strike()


@pytest.fixture(autouse=True)
def _on_stage(stage: PooledStage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stage.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def runs() -> list[SyncRun]:
    """What the first test played, for the others to look at."""
    return []


async def test_every_tier_of_the_day_completes_although_the_pooler_is_killed_in_a_scan(
    stage: PooledStage, runs: list[SyncRun]
) -> None:
    await initial_sync(stage)
    stage.site.set_removal_mode(RemovalMode.REDIRECT)
    for tier in _DAY:
        if runs:
            stage.site.advance(_BETWEEN_RUNS.total_seconds())
            move_back(stage.database_url, _BETWEEN_RUNS)
        async with open_services(load_config()) as services:
            scheduler = services.scheduler(build_runner(services.config))
            run = await scheduler.start_now(tier)
            if not runs:
                await _trouble(stage.pooler, services, scheduler)
            run = await _to_its_end(scheduler, run)
        assert run.status == "completed", run.error_summary
        assert run.error_count == 0
        runs.append(run)
    assert len(stage.pooler.order("SHOW SERVERS")) <= CONNECTIONS


async def _trouble(pooler: Pooler, services: Services, scheduler: SchedulerService) -> None:
    """Once pages have been read: kill -9, a tick in between, a new start, and a RELOAD."""
    [before] = await rows(services.db, _PAGES_READ)
    while await rows(services.db, _PAGES_READ) == [before]:
        await scheduler.tick(start_due=False)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    pooler.kill()
    with pytest.raises(DatabaseUnavailableError, match="cannot be reached"):
        await scheduler.tick(start_due=False)
    pooler.start()
    pooler.order("RELOAD")


async def _to_its_end(scheduler: SchedulerService, run: SyncRun) -> SyncRun:
    while run.status == "running":
        await scheduler.tick(start_due=False)
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        run = await scheduler.orchestrator.get(run.id)
    return run


async def test_full_scans_are_certified(runs: list[SyncRun]) -> None:
    for run in runs:
        if run.tier_level == Tier.WEEKLY_DEEP:
            assert [each.certified for each in run.details.certificates] == [True] * 4


async def test_what_went_is_removed_on_evidence_and_nothing_else_is(
    stage: PooledStage, runs: list[SyncRun]
) -> None:
    last = runs[-1]
    assert last.removals_detected > 0
    assert last.details.removed == last.removals_detected
    truth = stage.site.truth()["listings"]
    async with open_services(load_config()) as services:
        [batch] = await services.db.run(lambda tx: tx.batches.latest())
        checks = await services.db.run(lambda tx: tx.checks.of_batch(batch.id))
        async with services.db.transaction() as tx:
            live = await tx.live.counts()
        shown = await rows(
            services.db,
            "SELECT listing_status FROM properties_live WHERE property_id = ANY(:ids)",
            ids=[each["property_id"] for each in truth],
        )
    assert live["confirmed_removed"] == last.removals_detected
    assert {(check.verdict, check.http_status) for check in checks} == {("gone", 301)}
    assert "confirmed_removed" not in {row["listing_status"] for row in shown}


async def test_what_is_on_the_site_is_live_and_right(
    stage: PooledStage, runs: list[SyncRun]
) -> None:
    shown = stage.site.truth()["listings"]
    async with open_services(load_config()) as services:
        compared = await compare_live(services.db, shown)
    assert runs[-1].status == "completed"
    assert compared.missing == ()
    # Only what no listing page shows, such as a new translation, waits for its next visit.
    assert {each.field for each in compared.differences} <= {
        "title",
        "title_original",
        "description",
    }
