"""The spiders' jobs without Scrapy: the same pages, services and rows, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from uuid import UUID, uuid4

from pincali_sync.bootstrap import Services
from pincali_sync.db.repositories.site.pace import PAGES, SITEMAP
from pincali_sync.domain.coverage import too_many_lost
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.domain.listing_walk import ListingWalk
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import (
    BlockedError,
    CalibrationError,
    PageError,
    PausedError,
    SupersededError,
)
from pincali_sync.items import LostPage, ManifestPage, QueuedProperty
from pincali_sync.services.ports import JobSpec, NodeLook
from pincali_sync.services.runs.job_service import JobTicket
from pincali_sync.services.runs.run_jobs import (
    BLOCKED,
    NO_INDEX,
    PAUSED,
    TOO_MANY_LOST_PAGES,
)
from pincali_workshop.simulation.reading import SiteReader

_VERIFIED_AT_ONCE = 8
T = TypeVar("T")


class SimulatedJobs:
    """Carries out what a node would be asked to.

    Args:
        reader_of: who asks the site in a job's name.
        pages_per_batch: listing pages that are stored together.
        details_per_batch: detail pages, likewise, whose rows are leased together.
    """

    def __init__(
        self,
        services: Services,
        reader_of: Callable[[JobSpec], SiteReader],
        *,
        pages_per_batch: int = 10,
        details_per_batch: int = 50,
    ) -> None:
        self._services = services
        self._reader_of = reader_of
        self._pages_per_batch = pages_per_batch
        self._details_per_batch = details_per_batch
        self._tickets: dict[UUID, JobTicket] = {}  # of jobs under way

    async def run(self, spec: JobSpec) -> None:
        """Begins the job, does it, and ends it with its reason; one given up just ends."""
        with suppress(SupersededError):
            source = spec.arguments.get("source")
            ticket = await self._services.jobs.begin(spec.job_id, spider=spec.spider, source=source)
            self._tickets[spec.job_id] = ticket
            try:
                await self._end(ticket, await self._work(spec, ticket))
            finally:
                del self._tickets[spec.job_id]

    async def beat(self) -> None:
        """A sign of life of each job under way."""
        for ticket in list(self._tickets.values()):
            await self._services.jobs.heartbeat(ticket)

    async def _work(self, spec: JobSpec, ticket: JobTicket) -> str:
        work: dict[str, Callable[[JobSpec, JobTicket], Awaitable[str]]] = {
            "manifest": self._manifest,
            "detail": self._detail,
            "verification": self._verification,
            "sitemap": self._sitemap,
        }
        try:
            return await work[spec.spider](spec, ticket)
        except BlockedError as error:
            what = SITEMAP if spec.spider == "sitemap" else PAGES
            await self._services.pauses.refused(what, reason=str(error), paused_by="simulation")
            return BLOCKED
        except PausedError:
            return PAUSED
        except CalibrationError:
            return "calibration_failed"

    async def _end(self, ticket: JobTicket, reason: str) -> None:
        await self._services.jobs.finish(
            ticket, succeeded=reason == "finished", reason=reason, stats={}
        )

    async def _manifest(self, spec: JobSpec, ticket: JobTicket) -> str:
        source = ListingSource(spec.arguments["source"])
        reader = _PageReader(
            self._services, self._reader_of(spec), ticket, per_batch=self._pages_per_batch
        )
        await reader.look_back(source)
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
        services, reader = self._services, self._reader_of(spec)
        try:
            links = await reader.index()
        except PageError:
            return NO_INDEX
        await services.sitemap.begin(ticket, shards=len(links))
        for link in links:
            shard = await reader.shard(link)
            if shard is not None:
                with suppress(PageError):  # a shard that cannot be read to its end is lost
                    await services.sitemap.record_shard(shard, ticket)
        await services.sitemap.finish(ticket)
        return "finished"

    async def _detail(self, spec: JobSpec, ticket: JobTicket) -> str:
        rules, token = await self._services.quality.load_rules(), uuid4()
        reader = self._reader_of(spec)
        while batch := await self._services.queue.claim_next_batch(
            self._details_per_batch,
            "simulation",
            lease_token=token,
            session_id=ticket.session_id,
        ):
            async with self._all_of(map(reader.detail, batch), token) as results:
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
            BlockedError, PausedError: when the site refused, after what came was kept.
        """
        answers = await asyncio.gather(*pages, return_exceptions=True)
        failed = [each for each in answers if isinstance(each, BaseException)]
        yield [each for each in answers if not isinstance(each, BaseException)]
        if failed:
            await self._services.db.run(lambda tx: tx.queue.release(lease_token))
            raise failed[0]

    async def _verification(self, spec: JobSpec, ticket: JobTicket) -> str:
        services, token, reader = self._services, uuid4(), self._reader_of(spec)
        rules = await services.quality.load_rules()

        async def claim() -> list[QueuedProperty]:
            return await services.queue.claim_next_batch(
                _VERIFIED_AT_ONCE,
                "simulation",
                lease_token=token,
                session_id=ticket.session_id,
                verification=True,
            )

        try:
            async for results in services.verification.looked_at(claim, reader.read):
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
    """Asks for a walk's pages, some at once, and records them in batches."""

    def __init__(
        self, services: Services, reader: SiteReader, ticket: JobTicket, *, per_batch: int
    ) -> None:
        self._services = services
        self._reader = reader
        self._ticket = ticket
        self._per_batch = per_batch
        self._slots = asyncio.Semaphore(reader.pages_at_once)
        self._batch: list[ManifestPage] = []
        self._before: dict[tuple[str, int], PageFacts] = {}
        self.pages_read = 0
        self.pages_lost = 0

    async def look_back(self, source: ListingSource) -> None:
        """What an earlier attempt at the same scan read is not asked for again."""
        session_id = self._ticket.session_id
        async with self._services.db.transaction() as tx:
            self._before = await tx.manifest_store.read_before(session_id, source.value)

    async def read(self, page: WantedPage) -> PageFacts | None:
        """A `ReadPage`."""
        if not page.again and page.key in self._before:
            return self._before[page.key]
        async with self._slots:
            answer = await self._reader.listing(page)
            await self._record(answer.item)
        return answer.facts

    async def _record(self, item: ManifestPage | LostPage | None) -> None:
        if isinstance(item, LostPage):
            self.pages_lost += 1
            await self._services.scans.record_lost_page(item, self._ticket)
        elif item is not None:
            self.pages_read += 1
            self._batch.append(item)
            if len(self._batch) >= self._per_batch:
                await self.flush()

    async def flush(self) -> None:
        """Stores what is there."""
        batch, self._batch = self._batch, []
        if batch:
            await self._services.scans.upsert_manifest_entries(batch, self._ticket)


class SimulatedNode:
    """A node that takes jobs and does them when it is told to work."""

    def __init__(self) -> None:
        self._waiting: list[JobSpec] = []

    async def look(self) -> tuple[NodeLook]:
        """The only one is always ready."""
        return (NodeLook(node="simulation"),)

    async def start(self, spec: JobSpec, node: str) -> None:
        """Puts a job in line, to be done by `work`."""
        self._waiting.append(spec)

    async def is_in_line(self, job_id: object, node: str) -> bool:
        """Whether `work` has not come to it."""
        return any(spec.job_id == job_id for spec in self._waiting)

    def where_logged(self, spider: str, job_id: object, node: str) -> str:
        """Nowhere: these jobs write to the caller's log."""
        return node

    async def cancel(self, job_id: object, node: str) -> None:
        """Takes a job out of the line."""
        self._waiting = [spec for spec in self._waiting if spec.job_id != job_id]

    async def work(self, jobs: SimulatedJobs) -> bool:
        """Does all waiting jobs; returns whether there were any."""
        waiting, self._waiting = self._waiting, []
        for spec in waiting:
            await jobs.run(spec)
        return bool(waiting)
