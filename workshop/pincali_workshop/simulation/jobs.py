"""The spiders' jobs without Scrapy: the same pages, services and rows, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from uuid import UUID, uuid4

from pincali_sync.answers.detail import detail_url, read_detail
from pincali_sync.answers.listing import read_listing
from pincali_sync.answers.sitemap import read_index, read_shard
from pincali_sync.bootstrap import Services
from pincali_sync.domain.coverage import too_many_lost
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.domain.listing_walk import ListingWalk
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import BlockedError, CalibrationError, PageError
from pincali_sync.items import LostPage, ManifestPage, QueuedProperty, ScrapeResult
from pincali_sync.services.ports import Fetcher, JobSpec
from pincali_sync.services.runs.job_service import JobTicket
from pincali_sync.services.runs.run_jobs import BLOCKED, NO_INDEX, SCANNERS, TOO_MANY_LOST_PAGES

_PAGES_PER_BATCH = 10
_DETAILS_PER_BATCH = 50
_AT_ONCE = 8
_ATTEMPTS = 3  # at a page without cards that should have some
T = TypeVar("T")


class SimulatedJobs:
    """Carries out what a node would be asked to."""

    def __init__(self, services: Services, fetcher: Fetcher) -> None:
        self._services = services
        self._fetcher = fetcher
        self._base_url = services.config.pincali_base_url

    async def run(self, spec: JobSpec) -> None:
        """Begins the job, does it, and ends it with its reason."""
        source = spec.arguments.get("source")
        ticket = await self._services.jobs.begin(spec.job_id, spider=spec.spider, source=source)
        work: dict[str, Callable[[JobSpec, JobTicket], Awaitable[str]]] = {
            "manifest": self._manifest,
            "detail": self._detail,
            "verification": self._verification,
            "sitemap": self._sitemap,
        }
        try:
            reason = await work[spec.spider](spec, ticket)
        except BlockedError as error:
            await self._services.pauses.pause(
                None, reason=str(error), paused_by="simulation", kind="refused"
            )
            reason = BLOCKED
        except CalibrationError:
            reason = "calibration_failed"
        if spec.spider not in SCANNERS:
            await self._services.sync.complete_session(ticket.session_id)
        await self._services.jobs.finish(
            ticket,
            succeeded=reason == "finished",
            reason=reason,
            stats={},
            owns_session=spec.spider not in SCANNERS,
        )

    async def _manifest(self, spec: JobSpec, ticket: JobTicket) -> str:
        source = ListingSource(spec.arguments["source"])
        reader = _PageReader(self._services, self._fetcher, ticket)
        cap = await self._services.scans.page_cap()
        walk = ListingWalk(source, reader.read, page_cap=cap)
        count = int(spec.settings["MANIFEST_MAX_PAGES"])
        summary = await (walk.first_pages(count) if count else walk.everything())
        await reader.flush()
        if too_many_lost(reader.pages_read, reader.pages_lost):
            return TOO_MANY_LOST_PAGES
        await self._services.scans.record_walk(summary, ticket)
        return "finished"

    async def _sitemap(self, spec: JobSpec, ticket: JobTicket) -> str:
        services, url = self._services, self._services.config.sitemap_url
        try:
            links = read_index(url, await self._fetcher.get(url))
        except PageError:
            return NO_INDEX
        await services.sitemap.begin(ticket, shards=len(links))
        for link in links:
            shard = read_shard(link, await self._fetcher.get(link.url))
            if shard is not None:
                with suppress(PageError):  # a shard that cannot be read to its end is lost
                    await services.sitemap.record_shard(shard, ticket)
        await services.sitemap.finish(ticket)
        return "finished"

    async def _detail(self, spec: JobSpec, ticket: JobTicket) -> str:
        rules, token = await self._services.quality.load_rules(), uuid4()
        while batch := await self._services.queue.claim_next_batch(
            _DETAILS_PER_BATCH, "simulation", lease_token=token, session_id=ticket.session_id
        ):
            async with self._all_of(map(self._scrape, batch), token) as results:
                await self._services.sync.save_results(
                    results, ticket=ticket, lease_token=token, rules=rules
                )
        return "finished"

    @asynccontextmanager
    async def _all_of(
        self, pages: Iterable[Awaitable[T]], lease_token: UUID
    ) -> AsyncIterator[list[T]]:
        """What came before the site refused is kept; the rest of the batch is given back.

        Raises:
            BlockedError: when the site refused, after what came was kept.
        """
        answers = await asyncio.gather(*pages, return_exceptions=True)
        failed = [each for each in answers if isinstance(each, BaseException)]
        yield [each for each in answers if not isinstance(each, BaseException)]
        if failed:
            await self._services.db.run(lambda tx: tx.queue.release(lease_token))
            raise failed[0]

    async def _scrape(self, queued: QueuedProperty) -> ScrapeResult:
        source_url, hops = queued.source_url, 0
        while True:
            url = detail_url(self._base_url, source_url)
            answer = read_detail(queued, url, await self._fetcher.get(url), hops=hops)
            if isinstance(answer, ScrapeResult):
                return answer
            source_url, hops = answer.url, hops + 1

    async def _verification(self, spec: JobSpec, ticket: JobTicket) -> str:
        services, token = self._services, uuid4()
        rules = await services.quality.load_rules()

        async def claim() -> list[QueuedProperty]:
            return await services.queue.claim_next_batch(
                _AT_ONCE,
                "simulation",
                lease_token=token,
                session_id=ticket.session_id,
                verification=True,
            )

        try:
            async for results in services.verification.looked_at(claim, self._fetcher):
                await services.verification.record(
                    results,
                    ticket=ticket,
                    lease_token=token,
                    rules=rules,
                    max_attempts=services.config.queue_max_attempts,
                )
        finally:
            await services.db.run(lambda tx: tx.queue.release(token))
        return "finished"


class _PageReader:
    """Fetches a walk's pages, some at once, and records them in batches."""

    def __init__(self, services: Services, fetcher: Fetcher, ticket: JobTicket) -> None:
        self._services = services
        self._fetcher = fetcher
        self._ticket = ticket
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._batch: list[ManifestPage] = []
        self.pages_read = 0
        self.pages_lost = 0

    async def read(self, page: WantedPage) -> PageFacts | None:
        """A `ReadPage`."""
        url = f"{self._services.config.pincali_base_url}{page.query.target(page.number)}"
        for _ in range(_ATTEMPTS):
            async with self._slots:
                answer = read_listing(page, url, await self._fetcher.get(url))
            if not answer.is_doubtful:
                break
        await self._record(answer.item)
        return answer.facts

    async def _record(self, item: ManifestPage | LostPage | None) -> None:
        if isinstance(item, LostPage):
            self.pages_lost += 1
            await self._services.scans.record_lost_page(item, self._ticket)
        elif item is not None:
            self.pages_read += 1
            self._batch.append(item)
            if len(self._batch) >= _PAGES_PER_BATCH:
                await self.flush()

    async def flush(self) -> None:
        """Stores what is there."""
        batch, self._batch = self._batch, []
        if batch:
            await self._services.scans.record_pages(batch, self._ticket)


class SimulatedNode:
    """A node that takes jobs and does them when it is told to work."""

    def __init__(self) -> None:
        self._waiting: list[JobSpec] = []

    @property
    def nodes(self) -> tuple[str, ...]:
        """The only one."""
        return ("simulation",)

    async def check(self) -> None:
        """Always ready."""

    async def start(self, spec: JobSpec, node: str) -> None:
        """Puts a job in line, to be done by `work`."""
        self._waiting.append(spec)

    async def cancel(self, job_id: object, node: str) -> None:
        """Takes a job out of the line."""
        self._waiting = [spec for spec in self._waiting if spec.job_id != job_id]

    async def work(self, jobs: SimulatedJobs) -> bool:
        """Does all waiting jobs; returns whether there were any."""
        waiting, self._waiting = self._waiting, []
        for spec in waiting:
            await jobs.run(spec)
        return bool(waiting)
