"""What robots.txt forbids is found out once for each file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from scrapy import Request
from scrapy.utils.test import get_crawler

from pincali_sync.answers.robots import Robots, read_robots
from pincali_sync.items import FetchedPage
from pincali_sync.middlewares.robots import ForbiddenRequest, RobotsMiddleware

SITE = "https://www.pincali.com"


async def test_a_file_that_forbids_many_pages_is_searched_once_for_what_it_means(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[str] = []
    search = Robots.refusal_of_pages

    def count(robots: Robots, base_url: str, user_agents: Sequence[str]) -> str | None:
        searched.append(base_url)
        return search(robots, base_url, user_agents)

    async def ask(_: RobotsMiddleware, __: str) -> Robots:
        await asyncio.sleep(0)
        rules = b"User-agent: *\nDisallow: /en/home/casa-\n"
        return read_robots(FetchedPage(status=200, body=rules))

    monkeypatch.setattr(Robots, "refusal_of_pages", count)
    monkeypatch.setattr(RobotsMiddleware, "_ask", ask)
    crawler = get_crawler()
    crawler.spider = crawler._create_spider("any")
    middleware = RobotsMiddleware.from_crawler(crawler)
    for number in range(20):
        with pytest.raises(ForbiddenRequest):
            await middleware.process_request(Request(f"{SITE}/en/home/casa-{number}"))
    assert searched == [SITE]
