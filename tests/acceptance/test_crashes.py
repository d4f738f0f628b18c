"""kill -9 at the worst moments: the next ticks end where an undisturbed run would have."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pincali_workshop.demo.compare import compare_live
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.config import load_config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.scheduler_service import SchedulerService
from tests.support.builders import rows

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def services(
    site: StandinProcess, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Services]:
    """Slow enough to be killed in the middle, quick to notice that it was."""
    for name, value in {
        "DATABASE_URL": database_url,
        "PINCALI_HOME": str(tmp_path),
        "PINCALI_BASE_URL": site.base_url,
        "SCRAPYD_URLS": "local",
        "SITE_MIN_GAP_SECONDS": "0.05",
        "PAGE_DELAY_SECONDS": "0.05",
        "DETAIL_DELAY_SECONDS": "0.05",
        "DETAIL_TRANSPORT": "http",
        "TIER_1_PAGES": "1",
        "JOB_SILENCE_SECONDS": "5",
        "QUEUE_LEASE_SECONDS": "5",
        "QUEUE_MAX_ATTEMPTS": "5",
    }.items():
        monkeypatch.setenv(name, value)
    # Its Crawl-delay of a second would be kept to, and make this test last minutes.
    site.add_fault("/robots.txt", "404")
    async with open_services(load_config()) as services:
        yield services
    site.clear_faults()


async def test_jobs_killed_in_a_scan_and_in_a_drain_lose_nothing_and_repeat_nothing(
    services: Services, site: StandinProcess, tmp_path: Path
) -> None:
    scheduler = services.scheduler(build_runner(load_config()))
    run = await scheduler.start_now(Tier.HOT_LISTINGS)
    await _tick_until(services, scheduler, "SELECT 1 FROM sync_run_jobs WHERE status = 'running'")
    _kill_jobs(tmp_path)
    await _tick_until(
        services,
        scheduler,
        "SELECT 1 FROM scrape_queue WHERE status = 'completed'"
        " AND (SELECT count(*) FROM scrape_queue WHERE status = 'in_progress') > 0",
    )
    _kill_jobs(tmp_path)
    await _tick_until(services, scheduler, "SELECT 1 FROM sync_runs WHERE status <> 'running'")
    # The worker that was killed may have been the standing one, which the run does not wait for.
    await _tick_until(
        services,
        scheduler,
        "SELECT 1 WHERE NOT EXISTS"
        " (SELECT 1 FROM sync_run_jobs WHERE status IN ('scheduled', 'running'))",
    )

    ended = await _reload(services, run)
    assert ended.status == "completed", ended.error_summary
    attempts = await rows(services.db, "SELECT spider, status, attempt FROM sync_run_jobs")
    lost = {each["spider"] for each in attempts if each["status"] == "lost"}
    assert lost == {"manifest", "detail"}
    queue = await rows(services.db, "SELECT status, count(*) AS n FROM scrape_queue GROUP BY 1")
    assert queue == [{"status": "completed", "n": ended.properties_queued}]
    live = await rows(services.db, "SELECT property_id FROM properties_live")
    assert len(live) == ended.properties_scraped == ended.new_properties_found
    ids = {each["property_id"] for each in live}
    truth = [each for each in site.truth()["listings"] if each["property_id"] in ids]
    assert (await compare_live(services.db, truth)).is_true
    created = await rows(
        services.db,
        "SELECT property_id FROM property_changes WHERE change_type = 'created'"
        " GROUP BY property_id HAVING count(*) > 1",
    )
    assert created == []
    assert await rows(services.db, "SELECT FROM scraping_sessions WHERE status = 'running'") == []


async def _tick_until(services: Services, scheduler: SchedulerService, condition: str) -> None:
    """Ticks as cron would, until the database says that the moment has come."""
    while not await rows(services.db, condition):
        await scheduler.tick(start_due=False)
        await asyncio.sleep(0.1)  # jobs are processes of their own: their rows are their only word


async def _reload(services: Services, run: SyncRun) -> SyncRun:
    async with services.db.transaction() as tx:
        found = await tx.runs.get(run.id)
    assert found is not None
    return found


def _kill_jobs(home: Path) -> None:
    for path in (home / "logs" / "jobs").glob("*.pid"):
        try:
            os.killpg(int(path.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            continue  # it had ended by itself
