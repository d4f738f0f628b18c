"""The download handler of detail pages: scrapy-playwright, in browsers that are sealed."""

from __future__ import annotations

from functools import partial
from typing import Any

from playwright.async_api import BrowserContext
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import NotSupported
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy_playwright.handler import BrowserContextWrapper, ScrapyPlaywrightDownloadHandler
from scrapy_playwright.handler import Config as HandlerConfig

from pincali_sync.browser.sealed import SealedBrowsers, context_options, seal
from pincali_sync.config import load_config
from pincali_sync.handlers.bounded import BoundedDownloadHandler


class SealedProvider(SealedBrowsers):
    """Gives scrapy-playwright its browsers."""

    def __init__(self, config: HandlerConfig) -> None:
        super().__init__(load_config(), options=config.launch_options)

    async def launch_persistent_context(self, context_kwargs: dict[str, Any]) -> BrowserContext:
        """Raises: NotSupported: what a page left behind would be met by the next."""
        raise NotSupported("a sealed browser keeps nothing")


class BrowserDownloadHandler(ScrapyPlaywrightDownloadHandler, BoundedDownloadHandler):  # type: ignore[misc]  # it tells no types
    """Contexts, pages and restarts are scrapy-playwright's business; what happens in a page, ours.

    Its own way follows redirects, renders whatever comes, has no limit around all of a page, and
    repeats it unpaced when its browser ends.
    """

    browser_provider: SealedProvider

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.browser_provider_cls = SealedProvider
        self._own_config = load_config()

    async def start_browser(self) -> None:
        """Returns when there is a browser to read pages in.

        Raises:
            BrowserMissingError: when none starts.
        """
        await self._maybe_launch_browser()

    async def _create_browser_context(
        self, name: str, context_kwargs: dict[str, Any] | None, spider: Spider | None = None
    ) -> BrowserContextWrapper:
        wrapper = await super()._create_browser_context(
            name, context_options(self._own_config), spider
        )
        await seal(wrapper.context)
        return wrapper

    async def _download_request(self, request: Request, spider: Spider | None = None) -> Response:
        """Raises what `SealedBrowsers.read` does."""
        answer = await self.browser_provider.read(
            partial(self._create_page, request, spider or self._crawler.spider),
            request.url,
            user_agent=(request.headers.get("User-Agent") or b"").decode("latin-1") or None,
        )
        assert answer.status is not None
        headers = Headers(answer.headers)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=answer.body)
        return kind(request.url, status=answer.status, headers=headers, body=answer.body)
