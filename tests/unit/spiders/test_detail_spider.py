"""What becomes of detail pages that were not fetched."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from pincali_sync.crawl_job import ERROR, stats_of
from pincali_sync.exceptions import BrowserEndedError, DatabaseUnavailableError, PageError
from pincali_sync.items import Ending, QueuedProperty, ScrapeResult
from pincali_sync.middlewares.browser import IN_BROWSER
from pincali_sync.middlewares.politeness import GAP
from pincali_sync.spiders.detail import DetailSpider

QUEUED = QueuedProperty(property_id="pincali_1", source_url="/en/home/a-1", public_id=None)


def lost(error: Exception) -> list[ScrapeResult | Request]:
    spider = DetailSpider.from_crawler(get_crawler(DetailSpider))
    request = Request("http://127.0.0.1/en/home/a-1", cb_kwargs={"queued": QUEUED, "hops": 0})
    failure: Any = Failure(error)  # type: ignore[no-untyped-call]
    failure.request = request
    return list(spider.lost(failure))


def test_a_page_whose_browser_ended_with_another_is_asked_for_again_and_uses_no_attempt() -> None:
    [again] = lost(BrowserEndedError("another page ended the browser"))
    assert isinstance(again, Request)
    assert again.dont_filter
    assert again.cb_kwargs == {"queued": QUEUED, "hops": 0}


@pytest.mark.parametrize("error", [PageError("not there after 30 s"), OSError("refused")])
def test_a_page_that_was_not_there_in_time_has_used_an_attempt(error: Exception) -> None:
    [result] = lost(error)
    assert isinstance(result, ScrapeResult)
    assert result.ending is Ending.AGAIN
    assert str(error) in str(result.error)


def test_a_page_that_the_database_kept_from_being_asked_for_has_used_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[str] = []
    monkeypatch.setattr("pincali_sync.crawl_job.close_soon", lambda _, reason: ended.append(reason))
    spider = DetailSpider.from_crawler(get_crawler(DetailSpider))
    failure: Any = Failure(DatabaseUnavailableError("PostgreSQL is away"))  # type: ignore[no-untyped-call]
    failure.request = Request("http://127.0.0.1/en/home/a-1")
    assert list(spider.lost(failure)) == []
    assert stats_of(spider.crawler).get_value(ERROR) == "PostgreSQL is away"
    assert ended == ["database"]


def test_an_error_without_a_word_is_told_by_its_kind() -> None:
    [result] = lost(RuntimeError())
    assert isinstance(result, ScrapeResult)
    assert result.error == "RuntimeError"


@pytest.mark.parametrize(
    ("target", "following"),
    [
        ("/en/home/a-1?utm_source=share", "/en/home/a-1?utm_source=share"),
        ("/inmobiliarios/agencia/inmueble/a-1", "/inmobiliarios/agencia/inmueble/a-1"),
        ("https://www.pincali.com/inmueble/b-2?v=2", "/en/home/b-2"),
    ],
)
def test_a_redirect_is_asked_for_as_it_stands_in_its_turn(target: str, following: str) -> None:
    spider = DetailSpider.from_crawler(get_crawler(DetailSpider))
    here = "http://127.0.0.1/en/home/a-1"
    moved = Response(here, status=302, headers={"Location": target})
    [request] = spider.parse(moved, queued=QUEUED, hops=0)
    assert isinstance(request, Request)
    assert request.url == f"http://127.0.0.1{following}"
    assert request.cb_kwargs == {"queued": QUEUED, "hops": 1}
    assert {GAP, IN_BROWSER} <= request.meta.keys()
    [ended] = spider.parse(Response(here, status=302, headers={"Location": here}), QUEUED, 0)
    assert isinstance(ended, ScrapeResult)
    assert ended.error == f"HTTP 302 to {here}"
