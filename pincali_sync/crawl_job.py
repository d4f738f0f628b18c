"""What the parts of one crawl share: the services, the job's ticket and its lease token."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from dataclasses import dataclass, field
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from scrapy import Spider
from scrapy.crawler import Crawler
from tenacity import (
    AsyncRetrying,
    before_sleep_log,
    retry_if_exception_type,
    stop_after_delay,
    wait_exponential,
)

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.domain.listing_walk import WalkSummary
from pincali_sync.exceptions import DatabaseUnavailableError
from pincali_sync.services.runs.job_service import JobTicket

logger = logging.getLogger(__name__)

_DATABASE_PATIENCE_SECONDS = 60

# Stats that decide whether a job did its part: Scrapy says "finished" also when pages were lost.
FLUSH_FAILED = "sync/flush_failed"
UNEXPECTED_ERRORS = "sync/unexpected_errors"
PAGES_LOST = "manifest/pages_lost"
SHARDS_LOST = "sitemap/shards_lost"

# The setting that makes a manifest job a dry run: where its report goes. Nothing else is written.
DRY_RUN_REPORT = "DRY_RUN_REPORT"


@dataclass(slots=True, kw_only=True, weakref_slot=True)
class CrawlJob:
    """One crawl. The ticket is there once `spider_opened` was sent."""

    services: Services
    job_id: UUID
    lease_token: UUID = field(default_factory=uuid4)
    source: str | None = None  # of a scan that reads just one
    reads_everything: bool = False  # a scan of all pages
    ended_walks: list[WalkSummary] = field(default_factory=list)  # stored when the scan closes
    _ticket: JobTicket | None = None

    @property
    def ticket(self) -> JobTicket:
        assert self._ticket is not None, "the job has not begun"
        return self._ticket

    @ticket.setter
    def ticket(self, ticket: JobTicket) -> None:
        self._ticket = ticket

    @property
    def has_begun(self) -> bool:
        return self._ticket is not None

    @property
    def worker_id(self) -> str:
        """Shown to people who ask who holds a page."""
        return f"{socket.gethostname()}:{os.getpid()}:{self.job_id}"

    @classmethod
    def of(cls, crawler: Crawler, spider: Spider | None = None) -> CrawlJob:
        """The crawl's one job, made when first asked for.

        Args:
            spider: for a spider under construction, which its crawler does not know yet.
        """
        if crawler not in _jobs:
            _jobs[crawler] = cls(
                services=build_services(load_config(), application_name="pincali-sync spider"),
                job_id=_job_id(spider or crawler.spider),
            )
        return _jobs[crawler]


def database_patience() -> AsyncRetrying:
    """Tries again while the database is away: a restart loses nothing, a longer outage the job."""
    return AsyncRetrying(
        retry=retry_if_exception_type(DatabaseUnavailableError),
        stop=stop_after_delay(_DATABASE_PATIENCE_SECONDS),
        wait=wait_exponential(multiplier=0.5, max=10),
        before_sleep=before_sleep_log(logger, logging.WARNING),
        reraise=True,
    )


def close_soon(crawler: Crawler, reason: str) -> None:
    """Asks the engine to close the spider, once.

    In a task of its own: closing waits for requests and items under way, and whoever asks for it
    is usually busy with one of them.
    """
    if crawler in _closing or crawler.engine is None or crawler.engine.spider is None:
        return
    _closing[crawler] = asyncio.get_running_loop().create_task(
        crawler.engine.close_spider_async(reason=reason)
    )


_closing: WeakKeyDictionary[Crawler, asyncio.Task[None]] = WeakKeyDictionary()
_jobs: WeakKeyDictionary[Crawler, CrawlJob] = WeakKeyDictionary()


def _job_id(spider: Spider | None) -> UUID:
    """The id that Scrapyd or the local runner gave the job (`_job`), else a new one."""
    given = getattr(spider, "_job", None)
    try:
        return UUID(str(given))
    except ValueError:
        return uuid4()
