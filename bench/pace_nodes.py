"""Four workers on two Scrapyd nodes at one pace: how even it is, and how much of it is used.

`python -m bench.pace_nodes [REQUESTS]`: reserved times from a trigger on their row, arrivals from
the stand-in's log.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import psycopg
from pincali_workshop.stack import embedded
from pincali_workshop.stack.scrapyd import ScrapydNode
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db import migrate
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.runner.scrapyd import ScrapydJobRunner
from pincali_sync.services.ports import JobSpec

GAP = 0.2
_WORKERS = 4
_PROBES = 200
_LOOK_SECONDS = 1.0
_LOG_RESERVATIONS = """
CREATE TABLE reserved (slot timestamptz NOT NULL);
CREATE FUNCTION log_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO reserved VALUES (NEW.next_free_at); RETURN NEW; END $$;
CREATE TRIGGER log_slots AFTER INSERT OR UPDATE OF next_free_at ON site_pace
    FOR EACH ROW WHEN (NEW.host <> 'probe') EXECUTE FUNCTION log_slot();
"""
_CLOSEST = """
SELECT extract(epoch FROM min(slot - before))
  FROM (SELECT slot, lag(slot) OVER (ORDER BY slot) AS before FROM reserved) slots
"""


def measure(requests: int = 500) -> dict[str, float]:
    """Seconds between reserved times and between arrivals; shares and milliseconds."""
    options = StandinOptions(
        listings=requests * 24 // _WORKERS * 3 // 2, page_cap=100_000, crawl_delay=0
    )
    with tempfile.TemporaryDirectory() as folder, StandinProcess(options) as site:
        home = Path(folder)
        nodes: list[ScrapydNode] = []
        try:
            url = embedded.ensure_running(home)
            migrate.upgrade(url)
            with psycopg.connect(url) as connection:
                connection.execute(_LOG_RESERVATIONS)
            for number in (1, 2):
                node = ScrapydNode(home / f"node-{number}", max_proc=_WORKERS // 2)
                node.start(_environment(home, url, site.base_url))
                nodes.append(node)
            return _run(nodes, site, url, requests)
        finally:
            for node in nodes:
                node.stop()
            embedded.destroy(home)


def _run(
    nodes: list[ScrapydNode], site: StandinProcess, url: str, requests: int
) -> dict[str, float]:
    asyncio.run(_start_workers(nodes, requests // _WORKERS))
    _wait_for(site, requests // 4)
    cost = asyncio.run(_cost_of_a_reservation(url))  # while all four are at work
    _wait_for(site, requests)
    arrivals = _arrivals(site)[:requests]
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    with psycopg.connect(url) as connection:
        row = connection.execute(_CLOSEST).fetchone()
    assert row is not None
    return {
        "pace_closest_reserved_s": float(row[0]),
        "pace_arrivals_1st_percentile_s": quantiles(gaps, n=100)[0],
        "pace_slots_used": (len(arrivals) - 1) * GAP / (arrivals[-1] - arrivals[0]),
        "pace_reservation_ms": cost,
    }


async def _start_workers(nodes: list[ScrapydNode], pages: int) -> None:
    credentials = {node.url: node.credentials for node in nodes}
    runner = ScrapydJobRunner(tuple(credentials), credentials=credentials.get)
    for number in range(_WORKERS):
        spec = JobSpec(
            job_id=uuid4(),
            spider="manifest",
            arguments={"source": "sale", "max_pages": str(pages)},
            settings={},
        )
        await runner.start(spec, runner.nodes[number % len(nodes)])


def _wait_for(site: StandinProcess, arrivals: int) -> None:
    while len(_arrivals(site)) < arrivals:
        time.sleep(_LOOK_SECONDS)


def _arrivals(site: StandinProcess) -> list[float]:
    return sorted(
        float(each["monotonic"]) for each in site.log() if "/properties/" in str(each["path"])
    )


async def _cost_of_a_reservation(url: str) -> float:
    """Milliseconds in the median, on a timeline of its own."""
    database, costs = Database(url), []

    async def work(tx: UnitOfWork) -> None:
        await tx.pace.reserve("probe", GAP, asks=PAGES)

    for _ in range(_PROBES):
        started = time.perf_counter()
        await database.run(work)
        costs.append(1000 * (time.perf_counter() - started))
    await database.dispose()
    return median(costs)


def _environment(home: Path, url: str, base_url: str) -> dict[str, str]:
    return {
        "PINCALI_HOME": str(home),
        "DATABASE_URL": url,
        "PINCALI_BASE_URL": base_url,
        "SITE_MIN_GAP_SECONDS": str(GAP),
        "PAGE_DELAY_SECONDS": "0",
        "SITE_PAGE_CAP": "100000",
        "LOG_LEVEL": "WARNING",
    }


def main(requests: int = 2_000) -> int:
    """Prints the figures."""
    for name, value in measure(requests).items():
        print(f"{name:<32} {value:8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:2])))
