"""The download handler of requests that the browser fetches."""

from __future__ import annotations

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from pincali_sync.browser.sealed import SealedBrowser
from pincali_sync.config import load_config
from pincali_sync.middlewares.bounded_handler import BoundedDownloadHandler
from pincali_sync.spiders.browser_settings import IN_BROWSER


class BrowserDownloadHandler(BoundedDownloadHandler):
    """Chromium for what is marked `IN_BROWSER`; robots.txt goes the plain way."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        options = crawler.settings.getdict("CHROMIUM_LAUNCH_OPTIONS")
        self._browser = SealedBrowser(load_config(), options=options)

    async def download_request(self, request: Request) -> Response:
        """Raises: PageError, BrowserEndedError: as the browser does."""
        if not request.meta.get(IN_BROWSER):
            return await super().download_request(request)
        user_agent = (request.headers.get("User-Agent") or b"").decode("latin-1")
        answer = await self._browser.read(request.url, user_agent=user_agent or None)
        assert answer.status is not None
        headers = Headers(answer.headers)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=answer.body)
        return kind(request.url, status=answer.status, headers=headers, body=answer.body)

    async def close(self) -> None:
        """Ends the browser."""
        await self._browser.close()
        await super().close()
