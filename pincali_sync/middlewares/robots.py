"""Each host is asked for its robots.txt first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from pincali_sync.answers.robots import Robots, read_robots
from pincali_sync.clock import steady_seconds
from pincali_sync.config import load_config
from pincali_sync.crawl_job import Component, close_soon, failed, fetched, surely
from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.domain.limits import MAX_PAGE_BYTES, MAX_REDIRECTS
from pincali_sync.exceptions import BlockedError, DatabaseError
from pincali_sync.items import FetchedPage
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.outage import NO_ANSWER
from pincali_sync.middlewares.redirects import IS_ROBOTS, REDIRECTS_LEFT
from pincali_sync.services.runs.run_jobs import NOT_REACHED, PAUSED

logger = logging.getLogger(__name__)

# A detail worker may live for days, and no copy is to be used for more than one (RFC 9309, 2.4).
_GOOD_FOR_SECONDS = 12 * 3600.0


class ForbiddenRequest(IgnoreRequest):  # Scrapy's naming for ignored requests
    """Not sent, now or later: the host's robots.txt forbids this URL."""


class RobotsMiddleware(Component):
    """Keeps to what hosts ask for. Where the site asks for what cannot be done, everything rests.

    Where it forbids its pages as such, pages rest, as at a refusal. A single one that it forbids is
    not asked for, nor is a forbidden sitemap: that is a loss of its own.

    A site that this machine does not reach asks for nothing: only this job ends. What was read is
    good for some hours, and then read anew as if for the first time.
    In the place of Scrapy's own, which follows no redirect here, takes an error for consent and
    any Crawl-delay for a pace.
    """

    def __init__(self, crawler: Crawler, steady: Callable[[], float] = steady_seconds) -> None:
        super().__init__(crawler)
        self._steady = steady
        config = load_config()
        self._user_agents, self._base_url = config.user_agents, config.pincali_base_url
        self._asked: dict[str, tuple[asyncio.Task[Robots], float]] = {}  # roots; and when
        self._forbids_pages_alone: set[str] = set()  # roots: some pages, and not their kind

    async def process_request(self, request: Request) -> None:
        """Raises: IgnoreRequest: for what a host does not want to be asked for.

        BlockedResponse, where that is the site's pages.
        """
        if request.meta.get(IS_ROBOTS):
            return
        parts = urlsplit(request.url)
        root = f"{parts.scheme}://{parts.netloc}"
        robots = await asyncio.shield(self._newest(root))
        user_agent = (request.headers.get(b"User-Agent") or b"*").decode("latin-1")
        objection = robots.objection(request.url, user_agent)
        if objection is None:
            return
        self._stats.inc_value("robotstxt/forbidden")
        if self._askable.is_site(root) and REDIRECTS_LEFT not in request.meta:
            await self._rest_where_pages_are_forbidden(root, robots)
        raise ForbiddenRequest(objection)

    def _newest(self, root: str) -> asyncio.Task[Robots]:
        asked, at = self._asked.get(root, (None, 0.0))
        now = self._steady()
        if asked is None or (asked.done() and now - at > _GOOD_FOR_SECONDS):
            asked = asyncio.ensure_future(self._ask(root))
            self._asked[root] = (asked, now)
            self._forbids_pages_alone.discard(root)
        return asked

    async def _rest_where_pages_are_forbidden(self, root: str, robots: Robots) -> None:
        """Raises: BlockedResponse: where it is not this page alone.

        Found out once: a file may hold thousands of rules, and forbid thousands of pages.
        """
        if root in self._forbids_pages_alone:
            return
        refusal = robots.refusal_of_pages(self._base_url, self._user_agents)
        if refusal is not None:
            stopped = self._stop(refusal)  # first: no further request leaves, database or not
            await surely(self._job.services.pauses.refused)(PAGES, reason=refusal)
            raise stopped
        self._forbids_pages_alone.add(root)

    async def _ask(self, root: str) -> Robots:
        is_site = self._askable.is_site(root)
        try:
            robots = read_robots(await self._fetch(f"{root}/robots.txt"))
        except NO_ANSWER as error:
            if not is_site:
                return read_robots(failed(error))
            logger.error("%s is not reached: %s", root, failed(error).failure)
            raise self._stop("the site is not reached", NOT_REACHED) from error
        if is_site and robots.unreadable is not None:
            await surely(self._job.services.pauses.back_off)(reason=robots.unreadable)
            raise self._stop(robots.unreadable)
        try:
            delay = robots.crawl_delay(self._user_agents)
            self._job.services.pace.respect_crawl_delay(delay, root=root)
        except BlockedError as error:
            if not is_site:
                return Robots(unreadable=str(error))
            await surely(self._job.services.pauses.pause)(None, reason=str(error), kind="refused")
            raise self._stop(str(error)) from None
        return robots

    async def _fetch(self, url: str) -> FetchedPage:
        assert self._crawler.engine is not None
        meta = {
            IS_ROBOTS: True,
            REDIRECTS_LEFT: MAX_REDIRECTS,
            "download_maxsize": MAX_PAGE_BYTES,
        }
        request = Request(url, callback=NO_CALLBACK, meta=meta)
        try:
            return fetched(await self._crawler.engine.download_async(request))
        except (BlockedResponse, DatabaseError, *NO_ANSWER):
            raise  # no word of the host's
        except Exception as error:  # noqa: BLE001  # whatever went wrong: there is no answer
            return failed(error)

    def _stop(self, said: str, finish_reason: str = PAUSED) -> BlockedResponse:
        close_soon(self._crawler, finish_reason)
        return BlockedResponse(said)
