"""How detail pages are fetched in a browser: what it may load and what it never does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Request as BrowserRequest
from scrapy.settings import BaseSettings

from pincali_sync.browser import context_options, launch_options
from pincali_sync.config import load_config

# Nothing that a parser reads: without them a page costs a third.
_ABORTED_TYPES = {"image", "font", "stylesheet", "media"}
_MILLISECONDS = 1000

# The meta of a request for a page; only the browser's download handler looks at it.
BROWSER_META = {
    "playwright": True,
    "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded"},
}


def abort_request(request: BrowserRequest) -> bool:
    """Whether the browser must not send this: heavy, sent elsewhere, or anything but a GET.

    A page's own scripts could submit forms and count visits; a guest only reads.
    """
    site = urlsplit(load_config().pincali_base_url).hostname
    return (
        request.method != "GET"
        or request.resource_type in _ABORTED_TYPES
        or urlsplit(request.url).hostname != site
    )


def browser_settings(settings: BaseSettings) -> dict[str, Any]:
    """Scrapy settings that put Chromium in charge of requests with `BROWSER_META`.

    Raises:
        BrowserMissingError: when no Chromium is found.
    """
    config = load_config()
    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(config),
        "PLAYWRIGHT_CONTEXTS": {"default": context_options(settings["USER_AGENT"])},
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": settings.getint("DETAIL_CONCURRENCY"),
        "PLAYWRIGHT_ABORT_REQUEST": "pincali_sync.spiders.browser_settings.abort_request",
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": config.request_timeout_seconds * _MILLISECONDS,
        "PLAYWRIGHT_RESTART_DISCONNECTED_BROWSER": True,
    }
