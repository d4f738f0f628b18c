"""The detail spider in an open browser: what the sealed one is measured against."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Request as BrowserRequest
from scrapy import Request
from scrapy.settings import BaseSettings

from pincali_sync.browser.chromium import launch_options
from pincali_sync.config import load_config
from pincali_sync.spiders.detail import DetailSpider

_HEAVY = {"image", "font", "stylesheet", "media"}
_HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"


class OpenDetailSpider(DetailSpider):
    """scrapy-playwright with scripts, without a gate; each page's requests are looked at."""

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """As it was before the browser was sealed."""
        super().update_settings(settings)
        context = {"user_agent": settings["USER_AGENT"], "service_workers": "block"}
        open_browser = {
            "DOWNLOAD_HANDLERS": {"http": _HANDLER, "https": _HANDLER},
            "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(load_config()),
            "PLAYWRIGHT_CONTEXTS": {"default": context},
            "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": settings.getint("DETAIL_CONCURRENCY"),
            "PLAYWRIGHT_ABORT_REQUEST": is_aborted,
        }
        settings.setdict(open_browser, "spider")

    def _request(self, *arguments: Any, **more: Any) -> Request:
        request = super()._request(*arguments, **more)
        goto = {"wait_until": "domcontentloaded"}
        request.meta["playwright_page_goto_kwargs"] = goto
        return request


def is_aborted(request: BrowserRequest) -> bool:
    """Whether the open browser does not send it: heavy, sent elsewhere, or anything but a GET."""
    site = urlsplit(load_config().pincali_base_url).hostname
    return (
        request.method != "GET"
        or request.resource_type in _HEAVY
        or urlsplit(request.url).hostname != site
    )
