"""What the queue's pages showed into the database, and their queue rows finished."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, replace

from scrapy.crawler import Crawler

from pincali_sync.crawl_job import is_closing, surely
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.liveness import Judgement, Verdict, tells_nothing
from pincali_sync.items import NO_PAGE, ScrapeResult
from pincali_sync.pipelines.batcher import BatchingPipeline, Item


class QueuedPipeline(BatchingPipeline[Item]):
    """Keeps failures back until another page is answered, which shows that they are the pages' own.

    Where the crawl is ended before, they may be what it ended for: nobody's fault, the first time.
    A batch of them that ended no crawl are the pages' own, too.
    """

    batch_size = 20

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._failures: list[Item] = []

    @abstractmethod
    def may_be_the_sites(self, item: Item) -> bool:
        """Whether it failed in a way that a site in trouble fails."""

    @abstractmethod
    def excused(self, item: Item) -> Item:
        """The failure without an attempt that is held against its page."""

    @abstractmethod
    def refused(self, item: Item, refusal: str) -> Item:
        """The failure of a page whose values the database refuses."""

    async def set_aside(self, item: Item, refusal: str) -> Mapping[str, int]:
        """As a failed attempt: else the queue would hand it out for ever."""
        return await surely(self.store)([self.refused(item, f"cannot be stored: {refusal}")])

    async def close_spider(self) -> None:
        """Stores the rest, too."""
        failures, self._failures = self._failures, []
        for each in failures:
            await super()._add(self.excused(each) if is_closing(self._crawler) else each)
        await super().close_spider()

    async def _add(self, item: Item) -> None:
        if self.may_be_the_sites(item) and len(self._failures) < self.batch_size:
            self._failures.append(item)
            return
        failures, self._failures = self._failures, []
        for each in (*failures, item):
            await super()._add(each)


class PropertyPipeline(QueuedPipeline[ScrapeResult]):
    """Detail pages into staging and the live table."""

    item_type = ScrapeResult

    def may_be_the_sites(self, item: ScrapeResult) -> bool:
        """As the answer's reader says."""
        return item.tells_nothing

    def excused(self, item: ScrapeResult) -> ScrapeResult:
        """As it excuses itself."""
        return item.excused()

    def refused(self, item: ScrapeResult, refusal: str) -> ScrapeResult:
        """Without its page."""
        return ScrapeResult(queued=item.queued, error=refusal)

    async def store(self, items: list[ScrapeResult]) -> Mapping[str, int]:
        """Counts what became of the pages."""
        job = self._job
        saved = await job.services.sync.save_results(
            items, ticket=job.ticket, lease_token=job.lease_token, rules=await job.rules()
        )
        return {f"detail/{what}": count for what, count in asdict(saved).items()}


class VerificationPipeline(QueuedPipeline[VerificationResult]):
    """Verdicts on missing listings, with their evidence."""

    item_type = VerificationResult

    def may_be_the_sites(self, item: VerificationResult) -> bool:
        """As the status says; what robots.txt forbids was not asked for."""
        return tells_nothing(item.answer.status) and not item.answer.is_forbidden

    def excused(self, item: VerificationResult) -> VerificationResult:
        """Unknown, as before."""
        evidence = f"{NO_PAGE}: {item.judgement.evidence}"
        return replace(item, judgement=replace(item.judgement, evidence=evidence))

    def refused(self, item: VerificationResult, refusal: str) -> VerificationResult:
        """Unknown, without its page."""
        judgement = Judgement(verdict=Verdict.UNKNOWN, evidence=refusal)
        return replace(item, scraped=None, judgement=judgement)

    async def store(self, items: list[VerificationResult]) -> Mapping[str, int]:
        """Counts the verdicts."""
        job = self._job
        recorded = await job.services.verification.record(
            items,
            ticket=job.ticket,
            lease_token=job.lease_token,
            rules=await job.rules(),
            max_attempts=job.services.config.queue_max_attempts,
        )
        return {f"verification/{kind}": count for kind, count in recorded.items()}
