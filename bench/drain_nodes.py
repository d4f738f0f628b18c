"""Details a minute by one, two and three Scrapyd nodes, and by three at a pace for one and a half.

A worker asks for one page at a time of a site that takes half a second to answer: so it is the
waiting that nodes share, as they would on machines of their own, and not two cores.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from pincali_workshop.stack.scrapyd import ScrapydNode
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from bench.cached_site import cached
from bench.crawls import variables
from bench.own_database import own_database
from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.runner.scrapyd import ScrapydJobRunner
from pincali_sync.services.runs.run_jobs import page_worker

_LISTINGS = 900
_NODES = 3
_ANSWER_SECONDS = 0.5
_GAP = 0.02  # faster than all of them
_MEASURED_SECONDS = 20
_START_SECONDS = 120
_PACED = 1.5  # of what one node does
_DONE = "SELECT count(*) FROM scrape_queue WHERE completed_at IS NOT NULL"
_BEGUN = "SELECT count(*) FROM sync_run_jobs WHERE status = 'running'"
_SOURCES = "SELECT source_url FROM property_manifest ORDER BY property_id"


def measure() -> dict[str, float]:
    """Pages a minute, and how they compare."""
    options = StandinOptions(listings=_LISTINGS, crawl_delay=0)
    with (
        own_database() as (home, url),
        StandinProcess(options) as origin,
        cached(origin.base_url, _ANSWER_SECONDS) as site,
    ):
        _queue_all(home, url, origin.base_url, site)
        figures = {n: _turn(home, url, site, n, _GAP) for n in range(1, _NODES + 1)}
        gap = 60 / (_PACED * figures[1])
        paced = _turn(home, url, site, _NODES, gap)
    return {
        **{f"details_per_minute_{n}_nodes": pages for n, pages in figures.items()},
        **{f"details_on_{n}_nodes_to_one": figures[n] / figures[1] for n in (2, 3)},
        "details_at_a_pace_to_it": paced / (60 / gap),
    }


def _queue_all(home: Path, url: str, origin: str, site: str) -> None:
    """All listings wait, and all pages in the site's memory."""
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "manifest", "-a", "max_pages=0"],
        env=variables(home, url, origin),
        cwd=home,
        capture_output=True,
        check=True,
        timeout=600,
    )
    with psycopg.connect(url) as connection:
        paths = [row[0].partition(".com")[2] for row in connection.execute(_SOURCES)]

    async def fetch() -> None:
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(base_url=site, trust_env=False, limits=limits) as client:
            await asyncio.gather(*(client.get(path, timeout=120) for path in paths))

    asyncio.run(fetch())


def _turn(home: Path, url: str, site: str, count: int, gap: float) -> float:
    told = variables(
        home,
        url,
        site,
        SITE_MIN_GAP_SECONDS=str(gap),
        DETAIL_TRANSPORT="http",
        DETAIL_CONCURRENCY="1",
        LOG_LEVEL="WARNING",
    )
    with _nodes(home, count, told) as nodes:
        return asyncio.run(_measure(url, nodes))


@contextmanager
def _nodes(home: Path, count: int, told: Mapping[str, str]) -> Iterator[list[ScrapydNode]]:
    nodes = [ScrapydNode(home / f"drain-node-{n}", max_proc=2) for n in range(count)]
    try:
        for node in nodes:
            node.start({name: value for name, value in told.items() if name not in os.environ})
        yield nodes
    finally:
        for node in nodes:
            node.stop()
        asyncio.run(_give_up_all(told["DATABASE_URL"]))


async def _measure(url: str, nodes: list[ScrapydNode]) -> float:
    """The product orders a worker for each node; they are counted once all have begun."""
    credentials = {node.url: node.credentials for node in nodes}
    runner = ScrapydJobRunner(tuple(credentials), credentials=credentials.get)
    database = Database(url)
    try:
        jobs = build_services(load_config(), db=database).run_jobs(runner)
        for _ in nodes:
            await jobs.start_standing(page_worker("detail", 0))
        async with asyncio.timeout(_START_SECONDS):
            while await _number(database, _BEGUN) < len(nodes):  # noqa: ASYNC110  # rows tell it
                await asyncio.sleep(0.5)
        await asyncio.sleep(5)  # until each has saved a batch
        before = await _number(database, _DONE)
        await asyncio.sleep(_MEASURED_SECONDS)
        return (await _number(database, _DONE) - before) * 60 / _MEASURED_SECONDS
    finally:
        await database.dispose()


async def _number(database: Database, statement: str) -> int:
    async with database.transaction() as tx:
        found: int = (await tx.connection.exec_driver_sql(statement)).scalar_one()
        return found


async def _give_up_all(url: str) -> None:
    database = Database(url)
    jobs = build_services(load_config(), db=database).jobs
    async with jobs.db.transaction() as tx:
        given_up = await tx.jobs.give_up_all(None, reason="the turn is over", now=jobs.clock.now())
        await tx.queue.release_all([job.session_id for job in given_up if job.session_id])
    await database.dispose()


if __name__ == "__main__":
    for figure, value in measure().items():
        print(f"{figure:<34} {value:8.2f}")
