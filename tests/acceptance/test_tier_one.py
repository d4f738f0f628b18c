"""A whole Tier 1 through a real Scrapyd and a real Chromium, compared with the truth."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
import pytest
from pincali_workshop.demo.stage import Stage
from pincali_workshop.demo.tier_one import DemoResult, initial_sync, tier_one_after

from pincali_sync.bootstrap import open_services
from pincali_sync.config import load_config
from pincali_sync.runner.credentials import credentials_of

pytestmark = pytest.mark.timeout(180)

_HOURS = 6


@pytest.fixture(autouse=True)
def _on_stage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stage.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def results() -> list[DemoResult]:
    """What the first test found out, for the others to look at."""
    return []


async def test_tier_1_finds_queues_and_scrapes_what_changed(
    stage: Stage, results: list[DemoResult]
) -> None:
    await initial_sync(stage)
    result = await tier_one_after(stage, hours=_HOURS)
    results.append(result)
    assert result.born > 0
    assert result.run.status == "completed", result.run.error_summary
    assert result.run.step == "done"
    assert result.run.new_properties_found == result.born
    assert result.run.properties_queued == result.run.properties_scraped >= result.born
    assert result.run.error_count == 0
    assert result.run.removals_detected == 0  # tier 1 sees too little to prove an absence


async def test_every_listing_on_the_first_pages_is_in_the_manifest_with_its_offers(
    results: list[DemoResult],
) -> None:
    [result] = results
    assert result.manifest.compared > 100
    assert result.manifest.missing == ()
    assert result.manifest.differences == ()


async def test_every_new_listing_is_live_and_right_field_by_field(
    results: list[DemoResult],
) -> None:
    [result] = results
    assert result.new_listings.missing == ()
    assert result.new_listings.differences == ()


async def test_the_run_was_polite(stage: Stage) -> None:
    log = stage.site.log()
    assert {entry["method"] for entry in log} == {"GET"}
    assert stage.site.leads() == 0
    assert any(entry["path"] == "/robots.txt" for entry in log)
    fetched_by_us = {entry["user_agent"] for entry in log if entry["path"].startswith("/en/")}
    assert fetched_by_us == {load_config().user_agents[0]}
    assert not any(entry["path"].startswith("/property_images/") for entry in log)


async def test_the_jobs_of_the_run_left_their_rows(results: list[DemoResult]) -> None:
    [result] = results
    async with open_services(load_config()) as services, services.db.transaction() as tx:
        jobs = await tx.jobs.of_run(result.run.id)
        queue = await tx.queue_rows.stats(now=services.clock.now())
    assert {(job.spider, job.status) for job in jobs} == {
        ("manifest", "completed"),
        ("detail", "completed"),
    }
    assert {job.source for job in jobs if job.spider == "manifest"} == {
        "sale",
        "rent",
        "foreclosure",
        "new_construction",
    }
    assert queue.pending_count == queue.in_progress_count == 0


async def test_a_second_run_without_news_scrapes_nothing(stage: Stage) -> None:
    result = await tier_one_after(stage, hours=0)
    assert result.run.status == "completed", result.run.error_summary
    assert result.run.new_properties_found == 0
    assert result.run.properties_queued == 0


async def test_a_job_scheduled_by_hand_on_scrapyd_does_its_whole_part() -> None:
    [node] = load_config().scrapyd_urls
    order = {"project": "pincali_sync", "spider": "manifest", "tier": "1", "source": "rent"}
    auth = credentials_of(load_config(), node)
    async with httpx.AsyncClient(trust_env=False, auth=auth) as client:
        answer = (await client.post(f"{node}/schedule.json", data=order)).json()
    assert answer["status"] == "ok"
    job_id = UUID(answer["jobid"])
    async with open_services(load_config()) as services:
        job = None
        while job is None or job.is_open:
            await asyncio.sleep(0.2)  # the job is a process of its own: its row is its only word
            async with services.db.transaction() as tx:
                job = await tx.jobs.get(job_id)
        assert (job.status, job.run_id, job.source) == ("completed", None, "rent")
        assert job.session_id is not None
        async with services.db.transaction() as tx:
            [scan] = await tx.manifest.scans_of(job.session_id)
    assert scan.pages_read > 0
    assert scan.distinct_properties == scan.declared_total
