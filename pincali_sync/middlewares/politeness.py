"""Last before the network: each request waits for its turn on the site's one timeline."""

from __future__ import annotations

import logging
from functools import partial

from scrapy import Request
from scrapy.http import Response

from pincali_sync.crawl_job import Component, close_soon, surely
from pincali_sync.domain.liveness import BUSY
from pincali_sync.exceptions import PausedError
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.resting import assert_going_on
from pincali_sync.middlewares.retry_after import retry_after_seconds
from pincali_sync.services.runs.run_jobs import PAUSED
from pincali_sync.services.site.pauses import BURST

logger = logging.getLogger(__name__)

GAP = "politeness_gap_seconds"  # request.meta: the gap this request asks for after itself


class PolitenessMiddleware(Component):
    """Paces requests with all other workers, and makes all of them wait when the site asks."""

    async def process_request(self, request: Request) -> None:
        """Raises: BlockedResponse: when such requests rest, or the crawl ends before its turn."""
        wait_for_turn = surely(self._job.services.pace.wait_for_turn)
        try:
            with self._job.rest():
                gap = request.meta.get(GAP, 0.0)
                going_on = partial(assert_going_on, self._crawler)
                waited = await wait_for_turn(gap, asks=self._job.role.asks, look=going_on)
        except PausedError as error:
            logger.warning("%s: stopping", error)
            close_soon(self._crawler, PAUSED)
            raise BlockedResponse(str(error)) from error
        self._stats.inc_value("politeness/requests")
        self._stats.inc_value("politeness/milliseconds_waited", round(waited * 1000))

    async def process_response(self, request: Request, response: Response) -> Response:
        """Raises: BlockedResponse: when a busy site refuses again and again."""
        services = self._job.services
        if response.status not in BUSY or not self._askable.is_site(request.url):
            return response  # how busy another host is says nothing of the site
        times = await surely(services.pace.refused)(retry_after_seconds(response))
        if times >= BURST:
            seen = f"HTTP {response.status} {times} times in a row, last at {request.url}"
            await surely(services.pauses.back_off)(reason=seen)
            close_soon(self._crawler, PAUSED)
            raise BlockedResponse(seen)
        return response
