"""Looks at the pages of missing listings over plain HTTP, and keeps what they answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request
from scrapy.exceptions import CloseSpider

from pincali_sync.crawl_job import DONE, PLANNED, JobSpider, failed, fetched
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.liveness import Answer, tells_nothing
from pincali_sync.exceptions import BlockedError, CalibrationError, DatabaseError
from pincali_sync.items import FetchedPage, QueuedProperty
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.outage import NO_ANSWER, end_for_outage
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.middlewares.robots import ForbiddenRequest
from pincali_sync.pages.answer import ReadAnswer
from pincali_sync.services.removal.looking import read_page
from pincali_sync.services.site.pauses import BURST


class VerificationSpider(JobSpider):
    """`scrapy crawl verification`: works until no verification is left to claim.

    It is the service's `Fetcher`: pages come through the crawl's own middlewares, so they are
    paced, within robots.txt, and asked for again on errors.
    """

    name = "verification"
    is_worker = True

    def __init__(self, /, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._in_vain = 0  # requests in a row that told nothing
        self._was_answered = False  # the last of them

    async def start(self) -> AsyncIterator[VerificationResult]:
        """Judges page after page; each result is an item, once it is proven."""
        verification = self.job.services.verification
        try:
            async for results in verification.looked_at(self._claim, self._read):
                self.count(DONE, len(results))
                for result in results:
                    yield result
        except CalibrationError as error:
            if self._in_vain >= BURST:  # listings that must be there among them
                await end_for_outage(self.crawler, str(error), is_answer=self._was_answered)
                return
            self.logger.error("%s", error)
            raise CloseSpider("calibration_failed") from error
        except BlockedError:
            return  # the blocking middleware ends the crawl; the leases are released then

    async def _claim(self) -> list[QueuedProperty]:
        size = self.settings.getint("CONCURRENT_REQUESTS")
        batch = await self.job.claim(size, verification=True)
        self.count(PLANNED, len(batch))
        return batch

    async def _read(self, url: str) -> ReadAnswer:
        try:
            return await read_page(self, url)
        except ForbiddenRequest as error:  # another try would meet the same rule
            answer = Answer(url=url, status=None, error=str(error), is_forbidden=True)
            return ReadAnswer(answer=answer)

    async def get(self, url: str) -> FetchedPage:
        """Raises: BlockedError: when the site refuses us; ForbiddenRequest."""
        assert self.crawler.engine is not None
        delay = self.settings.getfloat("DETAIL_DELAY_SECONDS")
        request = Request(url, dont_filter=True, meta={GAP: delay})
        try:
            response = await self.crawler.engine.download_async(request)
        except BlockedResponse as error:
            raise BlockedError(str(error)) from error
        except (DatabaseError, ForbiddenRequest):
            raise  # of the page nothing is known
        except Exception as error:  # noqa: BLE001  # whatever went wrong: there is no answer
            if isinstance(error, NO_ANSWER):
                self._count_in_vain(is_answer=False)
            return failed(error)
        if tells_nothing(response.status):
            self._count_in_vain(is_answer=True)
        else:
            self._in_vain = 0
        return fetched(response)

    def _count_in_vain(self, *, is_answer: bool) -> None:
        self._in_vain += 1
        self._was_answered = is_answer
