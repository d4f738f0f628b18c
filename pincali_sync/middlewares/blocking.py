"""A challenge, a captcha, a 403: the crawl stops. It is never answered and never worked around."""

from __future__ import annotations

import logging

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from pincali_sync.crawl_job import Component, close_soon, fetched, surely
from pincali_sync.db.repositories.site.pace import SITEMAP
from pincali_sync.domain.liveness import tells_nothing
from pincali_sync.middlewares.outage import Outage
from pincali_sync.middlewares.redirects import IS_ROBOTS, REDIRECTS_LEFT
from pincali_sync.pages.challenge import Challenge, challenge_kind
from pincali_sync.pages.own_page import what_is_missing
from pincali_sync.services.runs.run_jobs import BLOCKED, PAUSED
from pincali_sync.services.site.pauses import BURST

logger = logging.getLogger(__name__)


class BlockedResponse(IgnoreRequest):  # Scrapy's naming for ignored requests
    """The site's refusal instead of a page, or a request not sent because everything rests."""


class BlockingMiddleware(Component):
    """At the first refusal what was asked for rests, pages or the sitemap, and the crawl ends as
    "blocked".

    A 403 of another host, or for the sitemap or robots.txt alone, refuses no page, and no wall
    before robots.txt refuses the sitemap. What shows no mark of the site's refuses nothing either,
    unless that is all that comes: then everything rests for a while. Nor does an error, or no
    answer: see `Outage`.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._first_missing: str | None = None  # of those in a row
        self._outage = Outage(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Raises: BlockedResponse: when the answer is a refusal, or the site fails for long."""
        if not self._askable.is_site(request.url):
            return response
        is_page = REDIRECTS_LEFT not in request.meta
        answer = fetched(response)
        kind = challenge_kind(response.status, answer.headers, answer.body)
        if kind is not None and self._refuses(kind, request, is_page=is_page):
            raise await self._refused(kind, request, response)
        missing = what_is_missing(answer) if is_page else None
        if missing is not None:
            await self._look_how_often(missing, request)
        elif not tells_nothing(response.status):
            self._first_missing = None
            await self._job.services.pace.answered()
        if is_page and (said := await self._outage.after_answer(request, response.status)):
            raise BlockedResponse(said)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Raises: BlockedResponse: when page after page gets no answer."""
        is_page = self._askable.is_site(request.url) and REDIRECTS_LEFT not in request.meta
        if is_page and (said := await self._outage.after_exception(request, exception)):
            raise BlockedResponse(said) from exception

    def _refuses(self, kind: Challenge, request: Request, *, is_page: bool) -> bool:
        if request.meta.get(IS_ROBOTS) and self._job.role.asks == SITEMAP:
            return False
        return is_page or kind is not Challenge.FORBIDDEN

    async def _refused(
        self, kind: Challenge, request: Request, response: Response
    ) -> BlockedResponse:
        self._stats.inc_value(f"blocking/{kind.value}")
        seen = f"the site refuses us: {kind.value} (HTTP {response.status}) at {request.url}"
        logger.error("%s: stopping", seen)
        # At once, database or not: no further request leaves. The crawl ends only after this
        # one, so the pause is there before the job's row says "blocked", which is what lets the
        # job be started again once no pause is left.
        close_soon(self._crawler, BLOCKED)
        await surely(self._job.services.pauses.refused)(self._job.role.asks, reason=seen)
        return BlockedResponse(seen)

    async def _look_how_often(self, missing: str, request: Request) -> None:
        self._stats.inc_value("blocking/no_page")
        self._first_missing = self._first_missing or missing
        times = await surely(self._job.services.pace.showed_no_page)()
        if times >= BURST:
            seen = f"{self._first_missing}; {times} times in a row, last at {request.url}"
            close_soon(self._crawler, PAUSED)
            await surely(self._job.services.pauses.back_off)(reason=seen)
            raise BlockedResponse(seen)
