"""What the parts of one crawl share: its job, with the services, the ticket and the lease token."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from scrapy.statscollectors import StatsCollector
from tenacity import (
    before_sleep_log,
    retry,
    retry_if_exception_type,
    stop_after_attempt,
)

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.domain.limits import Askable
from pincali_sync.domain.walk_summary import WalkSummary
from pincali_sync.exceptions import CommitUnknownError, DatabaseError, UsageError, in_one_line
from pincali_sync.items import FetchedPage, QueuedProperty
from pincali_sync.pages.encoding import by_header
from pincali_sync.services.runs.job_service import JobTicket

logger = logging.getLogger(__name__)

# While the database is away: a restart loses nothing, a longer outage the job.
PATIENCE_SECONDS = 60.0
# Calls again where nobody knows whether it was done: for what may be done twice.
surely = retry(
    retry=retry_if_exception_type(CommitUnknownError),
    stop=stop_after_attempt(3),
    before_sleep=before_sleep_log(logger, logging.WARNING),
    reraise=True,
)

# Stats that decide whether a job did its part: Scrapy says "finished" also when pages were lost.
FLUSH_FAILED = "sync/flush_failed"
UNEXPECTED_ERRORS = "sync/unexpected_errors"
PAGES_LOST = "manifest/pages_lost"
SHARDS_LOST = "sitemap/shards_lost"
ERROR = "sync/error"  # what went wrong first, in a line

NO_DATABASE = "database"  # the finish reason of a job that it could not serve
_MAX_ERROR = 500

PLANNED = "progress/planned"  # pages the spider means to fetch
DONE = "progress/done"  # pages fetched or lost


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRole:
    """What a spider says of the work it was given."""

    spider: str
    asks: str = PAGES  # for them or for the sitemap; robots.txt is asked for by either
    source: str | None = None  # of a job that reads just one
    reads_everything: bool = False  # a scan of all pages
    is_worker: bool = False  # works the queue off: a session of its own, and leases to give back


@dataclass(slots=True, kw_only=True, weakref_slot=True)
class CrawlJob:
    """One crawl. The ticket is there once `spider_opened` was sent."""

    services: Services
    job_id: UUID
    role: JobRole
    lease_token: UUID = field(default_factory=uuid4)
    ended_walks: list[WalkSummary] = field(default_factory=list)  # for the pipelines, at the end
    resting: int = 0  # requests that wait on purpose
    _ticket: JobTicket | None = None
    _rules: tuple[ValidationRule, ...] | None = None

    @property
    def ticket(self) -> JobTicket:
        """What the job's writes are accepted by."""
        assert self._ticket is not None, "the job has not begun"
        return self._ticket

    async def begin(self) -> None:
        """Claims the job's row: from now on it may write."""
        self._ticket = await self.services.jobs.begin(
            self.job_id, spider=self.role.spider, source=self.role.source
        )

    @property
    def has_begun(self) -> bool:
        """Whether the job has its row, and may write."""
        return self._ticket is not None

    @contextmanager
    def rest(self) -> Iterator[None]:
        """While a request waits on purpose: that nothing moves then is no sign of a fault."""
        self.resting += 1
        try:
            yield
        finally:
            self.resting -= 1

    async def rules(self) -> tuple[ValidationRule, ...]:
        """The rules that pages are judged by, read once a job."""
        if self._rules is None:
            self._rules = await self.services.quality.load_rules()
        return self._rules

    async def claim(self, size: int, *, verification: bool = False) -> list[QueuedProperty]:
        """Leases the next rows of the queue to this job."""
        return await surely(self.services.queue.claim_next_batch)(
            size,
            # Shown to people who ask who holds a page.
            f"{socket.gethostname()}:{os.getpid()}:{self.job_id}",
            lease_token=self.lease_token,
            session_id=self.ticket.session_id,
            verification=verification,
        )

    @classmethod
    def of(cls, crawler: Crawler) -> CrawlJob:
        """The crawl's one job, made when first asked for."""
        if crawler not in _jobs:
            spider = crawler.spider
            assert spider is not None
            _jobs[crawler] = cls(
                services=build_services(
                    load_config(),
                    application_name="pincali-sync spider",
                    patience=PATIENCE_SECONDS,
                ),
                job_id=_job_id(spider),
                role=spider.role if isinstance(spider, JobSpider) else JobRole(spider=spider.name),
            )
        return _jobs[crawler]


class JobSpider(Spider):
    """A spider whose crawl is a job."""

    is_worker = False
    takes = "no arguments"  # in words; the constructor of each spider names them

    def __init__(self, /, **unknown: Any) -> None:
        # Whatever else is ordered would not be done: a whole queue instead of five pages.
        mistyped = [name for name in unknown if not name.startswith("_")]  # `_job` is Scrapyd's
        if mistyped:
            raise UsageError(f"{self.name} takes {self.takes}, not {', '.join(mistyped)}")
        super().__init__(**unknown)

    @property
    def role(self) -> JobRole:
        """Asked for once, when the crawl's job is made."""
        return JobRole(spider=self.name, is_worker=self.is_worker)

    @classmethod
    def check_arguments(cls, arguments: Mapping[str, str]) -> None:
        """Raises: UsageError: names the argument and what it accepts."""
        cls(**arguments)

    @property
    def job(self) -> CrawlJob:
        """The crawl's job."""
        return CrawlJob.of(self.crawler)

    def lacks_database(self, error: BaseException | None) -> bool:
        """Whether a request failed because of our database, which says nothing of its page: the
        crawl ends then."""
        if isinstance(error, DatabaseError):
            end_without_database(self.crawler, error)
        return isinstance(error, DatabaseError)

    def count(self, stat: str, number: int = 1) -> None:
        """Adds to one of the crawl's counts, such as `PLANNED` and `DONE` of the progress line."""
        stats_of(self.crawler).inc_value(stat, number)


class Component:
    """A middleware, pipeline or extension of a crawl, which knows the crawl's job."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy; where signals are wanted, they are connected here."""
        return cls(crawler)

    @property
    def _job(self) -> CrawlJob:
        return CrawlJob.of(self._crawler)

    @cached_property
    def _askable(self) -> Askable:
        return Askable.of(load_config())

    @property
    def _stats(self) -> StatsCollector:
        return stats_of(self._crawler)


def stats_of(crawler: Crawler) -> StatsCollector:
    """The counts of a crawl that has begun."""
    assert crawler.stats is not None
    return crawler.stats


def note_error(crawler: Crawler, error: BaseException | None) -> None:
    """Keeps what went wrong first, for the job's row and whoever asks why it failed."""
    if error is not None and stats_of(crawler).get_value(ERROR) is None:
        stats_of(crawler).set_value(ERROR, in_one_line(error)[:_MAX_ERROR])


def end_without_database(crawler: Crawler, error: DatabaseError) -> None:
    """Ends a crawl that the database did not serve within the time that jobs wait for it."""
    note_error(crawler, error)
    stats_of(crawler).inc_value(FLUSH_FAILED)
    if crawler not in _closing:  # whatever else is under way meets it as well
        logger.error("the job ends: %s", error)
    close_soon(crawler, NO_DATABASE)


def fetched(response: Response) -> FetchedPage:
    """Scrapy's answer as the layers below take it; of a header that is there twice, the last."""
    headers = {
        name.decode("latin-1").lower(): values[-1].decode("latin-1")
        for name, values in response.headers.items()
        if values
    }
    body = by_header(response.body, headers.get("content-type"))
    return FetchedPage(status=response.status, headers=headers, body=body)


def failed(error: BaseException | None) -> FetchedPage:
    """What stands for an answer where there is none."""
    if isinstance(error, DownloadCancelledError):  # Scrapy says why in its log alone
        return FetchedPage(status=None, error="the answer is longer than it may be")
    said = f"{type(error).__name__}: {error}".removesuffix(": ")
    return FetchedPage(status=None, error=said)


def is_ending(crawler: Crawler) -> bool:
    """Whether the crawl was told to end, by SIGTERM or by a part of it: it does so only when no
    request is under way any more, waiting ones among them."""
    engine = crawler.engine
    return crawler in _closing or (engine is not None and not engine.running)


def close_soon(crawler: Crawler, reason: str) -> None:
    """Asks the engine to close the spider, once.

    In a task of its own: closing waits for requests and items under way, and whoever asks for it
    is usually busy with one of them.
    """
    if crawler in _closing or crawler.engine is None or crawler.engine.spider is None:
        return
    closing = asyncio.get_running_loop().create_task(
        crawler.engine.close_spider_async(reason=reason)
    )
    _closing[crawler] = closing
    closing.add_done_callback(_tell_of_failure)


def is_closing(crawler: Crawler) -> bool:
    """Whether a part of the crawl asked for its end."""
    return crawler in _closing


def _tell_of_failure(closing: asyncio.Task[None]) -> None:
    if not closing.cancelled() and (error := closing.exception()) is not None:
        logger.error("the spider could not be closed: %s", error, exc_info=error)


_closing: WeakKeyDictionary[Crawler, asyncio.Task[None]] = WeakKeyDictionary()
_jobs: WeakKeyDictionary[Crawler, CrawlJob] = WeakKeyDictionary()


def _job_id(spider: Spider) -> UUID:
    """The id that Scrapyd or the local runner gave the job (`_job`), or scrapyd-k8s (which tells
    it in `SCRAPYD_JOB`); else a new one."""
    try:
        return UUID(str(getattr(spider, "_job", None) or os.environ.get("SCRAPYD_JOB")))
    except ValueError:
        return uuid4()
