"""A job that is told to end, or cannot go on, ends soon, and no page is to blame."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pincali_sync.clock import SystemClock
from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import ListingSource
from tests.acceptance.conftest import environment, hurried
from tests.support.builders import Workshop, entry, rows
from tests.support.hostile_site import HostileSite, Says

pytestmark = pytest.mark.timeout(120)

BUSY = Says(503, b"busy", {"Retry-After": "600"})
# Somebody waits for a browser for as long as the first argument says.
PROGRAM = """
import sys
from pincali_sync.browser import sealed
from scrapy.cmdline import execute
sealed._SECONDS_TO_START = float(sys.argv[1])
execute(["scrapy", "crawl", *sys.argv[2:]])
"""
SECONDS_TO_END = 20  # the machine's share in it is most of that
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(hostile: HostileSite, database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts `scrapy crawl …`, and leaves none behind."""
    variables = {
        **hurried(hostile, database_url, tmp_path),
        "DETAIL_DELAY_SECONDS": "0",
        "DETAIL_TRANSPORT": "http",
    }
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, patience: float = 30.0, **more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", PROGRAM, str(patience), *arguments]
        job = subprocess.Popen(command, env=environment({**variables, **more}), cwd=tmp_path)
        started.append(job)
        return job

    yield run
    for job in started:
        with suppress(ProcessLookupError):
            job.kill()
        job.wait()


async def asked(hostile: HostileSite, *paths: str) -> None:
    """Until one of them was."""
    while not {*paths} & {*hostile.paths}:  # noqa: ASYNC110  # a process
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)  # its answer is there, and the rest has begun


async def seconds_to_end(job: subprocess.Popen[bytes]) -> float:
    job.send_signal(signal.SIGTERM)
    began = time.monotonic()
    await asyncio.to_thread(job.wait, SECONDS_TO_END)
    return time.monotonic() - began


async def end_of(db: Database, spider: str) -> dict[str, object]:
    ended = "SELECT status, finish_reason FROM sync_run_jobs WHERE spider = :spider"
    [job] = await rows(db, ended, spider=spider)
    return job


async def test_pages_that_wait_for_a_busy_site_go_back_when_their_job_is_told_to_end(
    start: Start, hostile: HostileSite, db: Database
) -> None:
    houses = [f"/en/home/house-{number}" for number in range(9)]
    await Workshop(db=db, clock=SystemClock()).scan(*(entry(each[9:]) for each in houses))
    hostile.answers = dict.fromkeys(houses, BUSY)
    job = start("detail", DETAIL_CONCURRENCY="4", SITE_MIN_GAP_SECONDS="1")
    await asked(hostile, *houses)
    assert await seconds_to_end(job) < SECONDS_TO_END
    assert await end_of(db, "detail") == {"status": "failed", "finish_reason": "shutdown"}
    queue = await rows(db, "SELECT status, attempt_count FROM scrape_queue ORDER BY 2")
    # The one that was refused has used an attempt, as ever.
    assert [row["attempt_count"] for row in queue] == [0] * (len(houses) - 1) + [1]
    assert {row["status"] for row in queue} == {"pending"}


async def test_a_listing_page_that_rests_is_not_lost_when_its_job_is_told_to_end(
    start: Start, hostile: HostileSite, db: Database
) -> None:
    hostile.answers[ListingSource.SALE.path] = BUSY
    job = start("manifest", "-a", "source=sale", "-a", "max_pages=1")
    await asked(hostile, ListingSource.SALE.path)
    assert await seconds_to_end(job) < SECONDS_TO_END
    assert await end_of(db, "manifest") == {"status": "failed", "finish_reason": "shutdown"}
    assert await rows(db, "SELECT 1 FROM manifest_pages") == []


async def test_a_browser_that_hangs_as_it_starts_ends_the_job_and_no_page_is_to_blame(
    start: Start, hostile: HostileSite, db: Database, tmp_path: Path
) -> None:
    houses = [f"house-{number}" for number in range(6)]
    await Workshop(db=db, clock=SystemClock()).scan(*map(entry, houses))
    chromium = tmp_path / "chromium"
    chromium.write_text("#!/bin/sh\nexec sleep 300\n")
    chromium.chmod(0o755)
    hangs = {"DETAIL_TRANSPORT": "playwright", "CHROMIUM_EXECUTABLE": str(chromium)}
    job = start("detail", patience=2, REQUEST_TIMEOUT_SECONDS="1", DETAIL_CONCURRENCY="2", **hangs)
    assert await asyncio.to_thread(job.wait, 60) == 1
    assert await end_of(db, "detail") == {"status": "failed", "finish_reason": "no_browser"}
    queue = await rows(db, "SELECT DISTINCT status, attempt_count FROM scrape_queue")
    assert queue == [{"status": "pending", "attempt_count": 0}]
    assert set(hostile.paths) == {"/robots.txt"}
