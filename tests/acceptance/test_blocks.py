"""The site refuses us in the middle of a scan: everything stops, and goes on when told to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db.engine import Database
from tests.acceptance.conftest import environment
from tests.support.builders import rows, value

pytestmark = pytest.mark.timeout(240)

Operator = Callable[..., "subprocess.CompletedProcess[str]"]
GAP = 0.1


@pytest.fixture(scope="module")
def site() -> Iterator[StandinProcess]:
    with StandinProcess(StandinOptions(listings=500, crawl_delay=0)) as process:
        yield process


@pytest.fixture
def operator(site: StandinProcess, database_url: str, tmp_path: Path) -> Iterator[Operator]:
    """Runs a script as cron or a person would; jobs are local processes."""
    variables = {
        "DATABASE_URL": database_url,
        "PINCALI_HOME": str(tmp_path),
        "PINCALI_BASE_URL": site.base_url,
        "SCRAPYD_URLS": "local",
        "SITE_MIN_GAP_SECONDS": str(GAP),
        "PAGE_DELAY_SECONDS": "0",
        "DETAIL_DELAY_SECONDS": "0",
        "RETRY_BACKOFF_SECONDS": "0.1",
        "DETAIL_TRANSPORT": "http",
        "DETAIL_DAILY_BUDGET": "1",
        "QUEUE_MAX_PENDING": "5",
    }

    def run(script: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(Path(__file__).parents[2] / "scripts" / script), *words],
            env=environment(variables),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    yield run
    site.clear_faults()


def after_the_first(log: list[dict[str, Any]], status: int) -> int:
    """How many requests for pages arrived after the first one that was answered so."""
    first = next(each["monotonic"] for each in log if each["status"] == status)
    return sum(each["monotonic"] > first for each in log if "/en/" in str(each["path"]))


async def test_a_challenge_stops_all_workers_and_resuming_completes_the_scan(
    operator: Operator, site: StandinProcess, db: Database
) -> None:
    site.add_fault("/en/properties/properties-for-sale?page=5", "challenge")
    stopped = operator("tier_sync_cli.py", "tier3")
    assert stopped.returncode == 3, stopped.stderr
    assert "the site refuses us: challenge (HTTP 202)" in stopped.stderr
    assert after_the_first(site.log(), 202) <= 5
    assert operator("tier_runner.py").returncode == 3  # it rests
    assert after_the_first(site.log(), 202) <= 5
    assert await rows(db, "SELECT 1 FROM removal_checks") == []
    assert await rows(db, "SELECT 1 FROM scan_certificates") == []
    read = await value(db, "SELECT count(*) FROM manifest_pages")
    site.clear_faults()
    before = len(site.log())
    assert operator("tier_sync_cli.py", "resume").returncode == 0
    ended = operator("tier_runner.py", "--wait")
    assert ended.returncode == 0, ended.stderr
    [run] = await rows(db, "SELECT status, pages_scanned FROM sync_runs WHERE tier_level = 3")
    assert run["status"] == "completed"
    asked = [each for each in site.log()[before:] if "/properties/" in str(each["path"])]
    assert len(asked) <= run["pages_scanned"] - read + 8  # what was read is not asked for again
    truth = {each["property_id"] for each in site.truth()["listings"]}
    found = await rows(db, "SELECT property_id FROM property_sightings")
    assert truth == {row["property_id"] for row in found}


async def test_an_outage_in_a_scan_lets_everything_rest_and_is_no_failure_of_the_run(
    operator: Operator, site: StandinProcess, db: Database
) -> None:
    scan = asyncio.create_task(asyncio.to_thread(operator, "tier_sync_cli.py", "tier3"))
    while await value(db, "SELECT count(*) FROM manifest_pages") < 5:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    site.add_fault("/en/", "500")
    stopped = await scan
    assert stopped.returncode == 3, stopped.stderr
    [pause] = await rows(db, "SELECT scope, kind, reason FROM sync_pauses")
    assert (pause["scope"], pause["kind"]) == ("all", "busy")
    assert "HTTP 500, 1 page, last " in pause["reason"]
    [run] = await rows(db, "SELECT status, step FROM sync_runs WHERE tier_level = 3")
    assert run == {"status": "running", "step": "scan"}
    assert await rows(db, "SELECT 1 FROM manifest_pages WHERE status = 'lost'") == []
    assert await rows(db, "SELECT 1 FROM scan_certificates") == []


@pytest.mark.parametrize("kind", ["403", "captcha", "login"])
async def test_every_refusal_of_a_page_pauses_pages_and_is_told(
    operator: Operator, site: StandinProcess, db: Database, kind: str
) -> None:
    site.add_fault("/en/properties/properties-for-rent?page=2", kind)
    stopped = operator("tier_sync_cli.py", "tier1")
    assert stopped.returncode == 3, stopped.stderr
    [pause] = await rows(db, "SELECT scope, kind, reason FROM sync_pauses")
    assert (pause["scope"], pause["kind"]) == ("pages", "refused")
    assert "properties-for-rent?page=2" in pause["reason"]
