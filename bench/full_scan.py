"""A full scan beyond the site's page cap while the stock changes, undisturbed or killed.

`python -m bench.full_scan [LISTINGS] [KILLS] [CAP] [BELIEVED]`: the real spider over HTTP, a job a
source. The site's clock goes on by 1.5 s with each page, as it would at the default pace. What
counts is the share found of the listings that were active throughout, and the pages asked for in
relation to the fewest possible. `bench.paper_walk` tries the walk alone.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.pages.language import ENGLISH
from pincali_workshop.standin.pages.wording import path_of
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.population import Population

from bench.crawls import variables
from bench.own_database import own_database
from bench.paper_walk import REAL_CHURN, SECONDS_PER_PAGE
from pincali_sync.bootstrap import build_services
from pincali_sync.clock import SystemClock
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.domain.identity import canonical_url, property_id_of
from pincali_sync.domain.tiers import ListingSource

FIVE_TIMES_THE_REAL = Churn(births=0.025, price_changes=0.015, reactivations=0.02)
_EIGHT_HOURS = 8 * 3600
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class FullScan:
    """What a scan found, and at which cost."""

    seconds: float
    virtual_hours: float
    listings: int  # active throughout
    missed: int
    pages: int
    ideal_pages: int
    certified: int  # sources, of four
    reasons: tuple[str, ...]

    @property
    def share_found(self) -> float:
        return 1 - self.missed / self.listings

    @property
    def page_ratio(self) -> float:
        return self.pages / self.ideal_pages


def measure_one(
    listings: int,
    *,
    kills: int = 0,
    page_cap: int = 100,
    believed: int = 100,
    seed: int = 7,
    churn: Churn = REAL_CHURN,
    seconds_per_page: float = SECONDS_PER_PAGE,
    durable: bool = True,
) -> FullScan:
    """Scans all four sources of a stand-in of its own.

    Args:
        believed: the page cap as it is configured.
        seconds_per_page: that pass on the site.
    """
    options = StandinOptions(
        listings=listings,
        seed=seed,
        page_cap=page_cap,
        seconds_per_page=seconds_per_page,
        churn=churn,
    )
    with own_database(durable=durable) as (home, url), StandinProcess(options) as site:
        return _scan(options, site, _Crawl(url, home, site.base_url, believed), kills)


def _scan(options: StandinOptions, site: StandinProcess, crawl: _Crawl, kills: int) -> FullScan:
    before, started = site.now(), time.monotonic()
    for source in ListingSource:
        share = kills if source is ListingSource.SALE else 0
        crawl.read(source, kills=share, pages=options.listings * 3 // 4 // options.page_size)
    seconds, after = time.monotonic() - started, site.now()
    certificates = asyncio.run(crawl.certify())
    ids = _active_throughout(options, before, after)
    with psycopg.connect(crawl.url) as connection:
        found = {row[0] for row in connection.execute(_FOUND, (crawl.session_id,))}
    pages = [each for each in site.log() if "/properties/" in str(each["path"])]
    return FullScan(
        seconds=seconds,
        virtual_hours=(after - before).total_seconds() / 3600,
        listings=len(ids),
        missed=len(ids - found),
        pages=len(pages),
        ideal_pages=_ideal_pages(options, after),
        certified=sum(certified for certified, _ in certificates),
        reasons=tuple(reason for _, reasons in certificates for reason in reasons),
    )


_FOUND = "SELECT DISTINCT property_id FROM property_sightings WHERE session_id = %s"
_PAGES = "SELECT count(*) FROM manifest_pages WHERE session_id = %s AND source = %s"


class _Crawl:
    """One scan's jobs, as a run would order them: attempt after attempt in one session."""

    def __init__(self, url: str, home: Path, base_url: str, page_cap: int) -> None:
        self.session_id = uuid4()
        self.url = url
        self._variables = variables(
            home, url, base_url, SITE_PAGE_CAP=str(page_cap), LOG_LEVEL="WARNING"
        )
        asyncio.run(self._open_session(base_url))

    def read(self, source: ListingSource, *, kills: int, pages: int) -> None:
        """Reads a source to its end, killed at equal distances on the way."""
        for attempt in range(1, kills + 2):
            job_id = asyncio.run(self._order(source, attempt))
            process = subprocess.Popen(self._command(source, job_id), env=self._variables)
            if attempt <= kills:
                self._wait_for(source, pages * attempt // (kills + 1), process)
                process.send_signal(signal.SIGKILL)
                process.wait()
                asyncio.run(self._give_up(job_id))
            elif process.wait():
                raise RuntimeError(f"the scan of {source} failed")

    async def certify(self) -> list[tuple[bool, tuple[str, ...]]]:
        database = Database(self.url)
        try:
            services = build_services(
                load_config(database_url=self.url), clock=SystemClock(), db=database
            )
            return [
                (each.certified, each.reasons)
                for each in await services.scans.certify(self.session_id)
            ]
        finally:
            await database.dispose()

    def _command(self, source: ListingSource, job_id: UUID) -> list[str]:
        words = ("crawl", "manifest", "-a", f"source={source}", "-a", "max_pages=0")
        return [sys.executable, "-m", "scrapy", *words, "-a", f"_job={job_id}"]

    def _wait_for(
        self, source: ListingSource, pages: int, process: subprocess.Popen[bytes]
    ) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while process.poll() is None:
                row = connection.execute(_PAGES, (self.session_id, source.value)).fetchone()
                if row is not None and row[0] >= pages:
                    return
                time.sleep(_LOOK_SECONDS)
        raise RuntimeError(f"the scan of {source} ended before it could be killed")

    async def _open_session(self, base_url: str) -> None:
        database = Database(self.url)
        async with database.transaction() as tx:
            await tx.sessions.create(
                self.session_id, name="bench", base_url=base_url, now=SystemClock().now()
            )
        await database.dispose()

    async def _order(self, source: ListingSource, attempt: int) -> UUID:
        database, job_id = Database(self.url), uuid4()
        async with database.transaction() as tx:
            await tx.jobs.add(
                Job(
                    id=job_id,
                    session_id=self.session_id,
                    spider="manifest",
                    source=source.value,
                    attempt=attempt,
                    node="bench",
                    scheduled_at=SystemClock().now(),
                )
            )
        await database.dispose()
        return job_id

    async def _give_up(self, job_id: UUID) -> None:
        database = Database(self.url)
        async with database.transaction() as tx:
            await tx.jobs.give_up(job_id, status="lost", reason="killed", now=SystemClock().now())
        await database.dispose()


def _active_throughout(options: StandinOptions, begin: datetime, end: datetime) -> set[str]:
    population = Population(options.seed, options.listings, options.start, options.churn)
    spells = {state.listing.index: state.spell for state in population.states(begin)}
    return {
        property_id_of(canonical_url(path_of(state, ENGLISH)))
        for state in population.states(end)
        if state.active and spells.get(state.listing.index) == state.spell
    }


def _ideal_pages(options: StandinOptions, at: datetime) -> int:
    population = Population(options.seed, options.listings, options.start, options.churn)
    board = population.board(at)
    return sum(-(-len(found) // options.page_size) for found in board.by_source.values())


def measure() -> dict[str, float]:
    """For `make bench`: 60,000 listings, undisturbed and killed three times.

    Eight hours pass meanwhile, in a stock that changes five times as fast as the real one.
    """
    results: dict[str, float] = {}
    seconds = _EIGHT_HOURS / (60_000 / 24)
    for kills in (0, 3):
        scan = measure_one(60_000, kills=kills, churn=FIVE_TIMES_THE_REAL, seconds_per_page=seconds)
        results |= {
            f"full_scan_{kills}_kills_share_found": scan.share_found,
            f"full_scan_{kills}_kills_page_ratio": scan.page_ratio,
            f"full_scan_{kills}_kills_virtual_hours": scan.virtual_hours,
        }
    return results


def main(listings: int = 60_000, kills: int = 0, page_cap: int = 100, believed: int = 100) -> int:
    """Prints one scan."""
    scan = measure_one(listings, kills=kills, page_cap=page_cap, believed=believed)
    print(scan)
    print(f"found {scan.share_found:.4%} with {scan.page_ratio:.3f} times the fewest pages")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:5])))
