"""A challenge, a captcha, a 403: the crawl stops. It is never answered and never worked around."""

from __future__ import annotations

import logging

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from pincali_sync.crawl_job import Component, close_soon, fetched, patiently
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.services.runs.run_jobs import BLOCKED

logger = logging.getLogger(__name__)


class BlockedResponse(IgnoreRequest):  # Scrapy's naming for ignored requests
    """The site's refusal instead of a page, or a request not sent because everything rests."""


class BlockingMiddleware(Component):
    """At the first refusal everything is paused, and the crawl ends as "blocked".

    A 403 of another host, as a store of files says it of one that is not there, refuses nothing.
    """

    async def process_response(self, request: Request, response: Response) -> Response:
        """Raises: BlockedResponse: when the answer is a refusal."""
        if not self._askable.is_site(request.url):
            return response
        kind = challenge_kind(response.status, fetched(response).headers, response.body)
        if kind is None:
            return response
        self._stats.inc_value(f"blocking/{kind.value}")
        seen = f"the site refuses us: {kind.value} (HTTP {response.status}) at {request.url}"
        logger.error("%s: stopping", seen)
        # At once, database or not: no further request leaves. The crawl ends only after this
        # one, so the pause is there before the job's row says "blocked", which is what lets the
        # job be started again once no pause is left.
        close_soon(self._crawler, BLOCKED)
        await patiently(self._job.services.pauses.pause)(
            None, reason=seen, paused_by="pincali-sync", kind="refused"
        )
        raise BlockedResponse(seen)
