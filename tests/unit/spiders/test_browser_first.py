"""Nobody takes a turn while a browser starts."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.core.downloader.middleware import DownloaderMiddlewareManager
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from pincali_sync import settings
from pincali_sync.crawl_job import CrawlJob, JobRole
from pincali_sync.exceptions import BrowserMissingError
from pincali_sync.middlewares.browser import IN_BROWSER, BrowserMiddleware
from pincali_sync.middlewares.politeness import PolitenessMiddleware

URL = "https://www.pincali.com/en/home/casa-1"
_BOTH = (BrowserMiddleware, PolitenessMiddleware)
OURS = {
    name: priority
    for name, priority in settings.DOWNLOADER_MIDDLEWARES.items()
    if name.endswith(tuple(f".{each.__name__}" for each in _BOTH))
}


class Crawl:
    """What happened, in its order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **own: Any) -> None:
        self.happened: list[str] = []
        self.fault: Exception | None = None
        crawler: Crawler = get_crawler(
            settings_dict={
                "DOWNLOADER_MIDDLEWARES_BASE": {},
                "DOWNLOADER_MIDDLEWARES": OURS,
                **own,
            }
        )
        crawler.spider = crawler._create_spider("any")
        pace = SimpleNamespace(wait_for_turn=self.wait_for_turn)
        job = CrawlJob(
            services=SimpleNamespace(pace=pace),  # type: ignore[arg-type]
            job_id=None,  # type: ignore[arg-type]
            role=JobRole(spider="detail", is_worker=True),
        )
        monkeypatch.setattr(CrawlJob, "of", lambda _: job)
        handlers = SimpleNamespace(_get_handler=lambda _: self)
        downloader = SimpleNamespace(handlers=handlers)
        crawler.engine = SimpleNamespace(downloader=downloader)  # type: ignore[assignment]
        self.middlewares = DownloaderMiddlewareManager.from_crawler(crawler)

    async def wait_for_turn(self, *_: object, **__: object) -> float:
        self.happened.append("turn")
        return 0.0

    async def start_browser(self) -> None:
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        self.happened.append("browser")

    async def send(self, **meta: object) -> None:
        async def download(request: Request) -> Response:
            self.happened.append("sent")
            return Response(request.url)

        await self.middlewares.download_async(download, Request(URL, meta=meta))


BROWSER: dict[str, Any] = {"PLAYWRIGHT_LAUNCH_OPTIONS": {}}


async def test_no_turn_is_taken_before_the_browser_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crawl = Crawl(monkeypatch, **BROWSER)
    await crawl.send(**{IN_BROWSER: True})
    assert crawl.happened == ["browser", "turn", "sent"]


async def test_a_browser_that_does_not_start_uses_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = Crawl(monkeypatch, **BROWSER)
    crawl.fault = BrowserMissingError("Chromium does not start")
    with pytest.raises(BrowserMissingError):
        await crawl.send(**{IN_BROWSER: True})
    assert crawl.happened == []


@pytest.mark.parametrize(("own", "meta"), [(BROWSER, {}), ({}, {IN_BROWSER: True})])
async def test_what_needs_no_browser_starts_none(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, Any], meta: dict[str, bool]
) -> None:
    crawl = Crawl(monkeypatch, **own)
    await crawl.send(**meta)
    assert crawl.happened == ["turn", "sent"]
