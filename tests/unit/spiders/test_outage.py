"""Which answers make an outage, whatever a request's own tries are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from pincali_sync import settings
from pincali_sync.crawl_job import CrawlJob, JobRole
from pincali_sync.middlewares import outage as outages
from pincali_sync.middlewares.known_pages import KnownPages
from pincali_sync.middlewares.outage import Outage
from pincali_sync.middlewares.retry import BackoffRetryMiddleware

OF_WHO_STANDS_BEFORE_THE_SITE = (520, 521, 523, 525, 526, 530)


@pytest.fixture
def crawler(monkeypatch: pytest.MonkeyPatch) -> Crawler:
    """As jobs have it, with two more tries for each page."""
    tries = {"RETRY_TIMES": 2, "RETRY_HTTP_CODES": settings.RETRY_HTTP_CODES}
    crawler = get_crawler(settings_dict={**tries, "RETRY_BACKOFF_SECONDS": 0})
    crawler.spider = crawler._create_spider("any")
    rested: list[str] = []

    async def back_off(*, reason: str) -> bool:
        rested.append(reason)
        return True

    async def show_none(*_: object, **__: object) -> bool:
        return False

    async def no_rest(*_: object) -> None:
        return None

    services = SimpleNamespace(pauses=SimpleNamespace(back_off=back_off))
    role = JobRole(spider="any", is_worker=True)
    job = SimpleNamespace(services=services, role=role)
    monkeypatch.setattr(CrawlJob, "of", lambda _: job)
    monkeypatch.setattr(outages, "close_soon", lambda *_: None)
    monkeypatch.setattr(KnownPages, "show_one", show_none)
    monkeypatch.setattr("pincali_sync.middlewares.retry.rest", no_rest)
    return crawler


async def pages_until_noticed(crawler: Crawler, status: int, *, is_tried_once: bool) -> int | None:
    """How many pages were answered so, each as often as it is asked for."""
    outage, tries = Outage(crawler), BackoffRetryMiddleware.from_crawler(crawler)
    for number in range(1, 20):
        url = f"https://www.pincali.com/en/home/casa-{number}"
        request = Request(url, meta={"dont_retry": True} if is_tried_once else {})
        while True:
            if await outage.after_answer(request, status):
                return number
            answer = await tries.process_response(request, Response(url, status=status))
            if not isinstance(answer, Request):
                break
            request = answer
    return None


@pytest.mark.parametrize("is_tried_once", [True, False])
@pytest.mark.parametrize(
    "status", [408, 500, 501, 502, 504, 507, 522, 524, 999, *OF_WHO_STANDS_BEFORE_THE_SITE]
)
async def test_six_pages_that_tell_nothing_are_an_outage_whatever_the_status(
    crawler: Crawler, status: int, is_tried_once: bool
) -> None:
    assert await pages_until_noticed(crawler, status, is_tried_once=is_tried_once) == 6


async def test_a_scan_asks_at_its_first_lost_page_whether_it_is_an_outage(
    crawler: Crawler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CrawlJob.of(crawler), "role", JobRole(spider="any"))
    assert await pages_until_noticed(crawler, 502, is_tried_once=False) == 1

    async def show_one(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(KnownPages, "show_one", show_one)
    assert await pages_until_noticed(crawler, 502, is_tried_once=False) is None


@pytest.mark.parametrize("status", [200, 404, 410, 422, 429, 503])
async def test_what_tells_of_its_page_is_none_and_what_is_counted_elsewhere_neither(
    crawler: Crawler, status: int
) -> None:
    assert await pages_until_noticed(crawler, status, is_tried_once=True) is None
