"""Looks at the pages of missing listings over plain HTTP, and keeps what they answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from scrapy import Request
from scrapy.exceptions import CloseSpider

from pincali_sync.crawl_job import DONE, PLANNED, JobSpider, failed, fetched
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.exceptions import BlockedError, CalibrationError, DatabaseError
from pincali_sync.items import FetchedPage, QueuedProperty
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.services.removal.looking import read_page


class VerificationSpider(JobSpider):
    """`scrapy crawl verification`: works until no verification is left to claim.

    It is the service's `Fetcher`: pages come through the crawl's own middlewares, so they are
    paced, within robots.txt, and asked for again on errors.
    """

    name = "verification"
    is_worker = True

    async def start(self) -> AsyncIterator[VerificationResult]:
        """Judges page after page; each result is an item, once it is proven."""
        verification = self.job.services.verification
        try:
            async for results in verification.looked_at(self._claim, partial(read_page, self)):
                self.count(DONE, len(results))
                for result in results:
                    yield result
        except CalibrationError as error:
            self.logger.error("%s", error)
            raise CloseSpider("calibration_failed") from error
        except BlockedError:
            return  # the blocking middleware ends the crawl; the leases are released then

    async def _claim(self) -> list[QueuedProperty]:
        size = self.settings.getint("CONCURRENT_REQUESTS")
        batch = await self.job.claim(size, verification=True)
        self.count(PLANNED, len(batch))
        return batch

    async def get(self, url: str) -> FetchedPage:
        """Raises: BlockedError: when the site refuses us."""
        assert self.crawler.engine is not None
        delay = self.settings.getfloat("DETAIL_DELAY_SECONDS")
        request = Request(url, dont_filter=True, meta={GAP: delay})
        try:
            response = await self.crawler.engine.download_async(request)
        except BlockedResponse as error:
            raise BlockedError(str(error)) from error
        except DatabaseError:
            raise  # of the page nothing is known
        except Exception as error:  # noqa: BLE001  # whatever went wrong: there is no answer
            return failed(error)
        return fetched(response)
