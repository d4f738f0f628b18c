"""Three Scrapyd nodes, of which two are killed with all that runs on them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pincali_workshop.demo.compare import compare_live
from pincali_workshop.stack.ports import free_port
from pincali_workshop.stack.processes import processes_with
from pincali_workshop.stack.scrapyd import ScrapydNode, node_of
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.config import load_config
from pincali_sync.domain.tiers import Tier
from pincali_sync.runner.credentials import node_folder
from tests.support.builders import rows

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def nodes(
    site: StandinProcess, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, ScrapydNode]]:
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(3)]
    variables = {
        "DATABASE_URL": database_url,
        "PINCALI_HOME": str(tmp_path),
        "PINCALI_BASE_URL": site.base_url,
        "SCRAPYD_URLS": ",".join(urls),
        "SITE_MIN_GAP_SECONDS": "0.05",
        "PAGE_DELAY_SECONDS": "0.05",
        "DETAIL_DELAY_SECONDS": "0.05",
        "DETAIL_TRANSPORT": "http",
        "TIER_1_PAGES": "1",
        "JOB_SILENCE_SECONDS": "8",
        "QUEUE_MAX_ATTEMPTS": "5",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    site.add_fault("/robots.txt", "404")  # its Crawl-delay would make this last minutes
    started = {url: node_of(url, tmp_path) for url in urls}
    try:
        for node in started.values():
            node.start(variables)
        yield started
    finally:
        for node in started.values():
            node.stop()
        site.clear_faults()


@pytest.fixture
async def services(nodes: dict[str, ScrapydNode]) -> AsyncIterator[Services]:
    assert nodes
    async with open_services(load_config()) as services:
        yield services


async def test_two_of_three_nodes_killed_one_in_mid_drain_lose_nothing_and_repeat_nothing(
    services: Services, site: StandinProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = services.scheduler(build_runner(load_config()))

    async def tick_until(condition: str) -> None:
        while not await rows(services.db, condition):
            await scheduler.tick(start_due=False)
            await asyncio.sleep(0.1)  # jobs are processes of their own: their rows are their word

    async def kill_where(job: str) -> str:
        """Kills a node, with all its jobs, as soon as it works on such a job; returns its URL."""
        while not (found := await rows(services.db, f"SELECT node FROM sync_run_jobs WHERE {job}")):
            await scheduler.tick(start_due=False)
            await asyncio.sleep(0.1)
        node: str = found[0]["node"]
        for pid in processes_with("PINCALI_SCRAPYD_FOLDER", str(node_folder(tmp_path, node))):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return node

    run = await scheduler.start_now(Tier.HOT_LISTINGS)
    first = await kill_where("spider = 'manifest' AND status = 'running'")
    spread = await rows(services.db, "SELECT DISTINCT node FROM sync_run_jobs")
    assert len(spread) == 3
    second = await kill_where(
        "spider = 'detail' AND status = 'running'"
        " AND (SELECT count(*) FROM scrape_queue WHERE status = 'completed') > 5"
        " AND (SELECT count(*) FROM scrape_queue WHERE status = 'in_progress') > 0"
    )
    await tick_until("SELECT 1 FROM sync_runs WHERE status <> 'running'")
    await tick_until(
        "SELECT 1 WHERE NOT EXISTS"
        " (SELECT 1 FROM sync_run_jobs WHERE status IN ('scheduled', 'running'))"
    )

    ended = await scheduler.orchestrator.get(run.id)
    assert ended.status == "completed", ended.error_summary
    queue = await rows(services.db, "SELECT status, count(*) AS n FROM scrape_queue GROUP BY 1")
    assert queue == [{"status": "completed", "n": ended.properties_queued}]
    live = await rows(services.db, "SELECT property_id FROM properties_live")
    assert len(live) == ended.properties_scraped == ended.new_properties_found
    ids = {each["property_id"] for each in live}
    truth = [each for each in site.truth()["listings"] if each["property_id"] in ids]
    assert (await compare_live(services.db, truth)).is_true
    twice = await rows(
        services.db,
        "SELECT property_id FROM property_changes WHERE change_type = 'created'"
        " GROUP BY property_id HAVING count(*) > 1",
    )
    assert twice == []
    told = [each.message for each in caplog.records if each.message.startswith("a node is given")]
    assert sorted(each.split()[8] for each in told) == sorted([first, second])  # each once
    left = await rows(services.db, "SELECT node FROM sync_nodes WHERE objection IS NULL")
    assert len(left) == 1
