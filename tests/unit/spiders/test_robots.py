"""What robots.txt forbids is found out once for each file, and the file is read anew in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from pincali_sync.answers.robots import Robots, read_robots
from pincali_sync.crawl_job import CrawlJob, JobRole
from pincali_sync.exceptions import DatabaseBusyError, DatabaseError, DatabaseUnavailableError
from pincali_sync.items import FetchedPage
from pincali_sync.middlewares import robots as middlewares
from pincali_sync.middlewares.blocking import BlockedResponse
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


class Site:
    """Its robots.txt as it is now, and what a crawl made of it."""

    def __init__(self) -> None:
        self.robots: Callable[[], Response] = self.says
        self.asked = 0
        self.delays: list[float] = []
        self.rests: list[str] = []
        self.seconds = 0.0

    def says(self, *lines: str, status: int = 200) -> Response:
        body = "\n".join(("User-agent: *", *lines)).encode()
        return Response(f"{SITE}/robots.txt", status=status, body=body)

    async def download_async(self, _: Request) -> Response:
        await asyncio.sleep(0)
        self.asked += 1
        return self.robots()

    def respect_crawl_delay(self, seconds: float, *, root: str) -> None:
        assert root == SITE
        self.delays.append(seconds)

    async def rest(self, *what: str, reason: str) -> bool:
        self.rests.append(" ".join((*what, reason)))
        return True


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def middleware(site: Site, monkeypatch: pytest.MonkeyPatch) -> RobotsMiddleware:
    pauses = SimpleNamespace(back_off=site.rest, refused=site.rest)
    services = SimpleNamespace(pauses=pauses, pace=site)
    job = SimpleNamespace(services=services, role=JobRole(spider="detail", is_worker=True))
    monkeypatch.setattr(CrawlJob, "of", lambda _: job)
    monkeypatch.setattr(middlewares, "close_soon", lambda *_: None)
    crawler: Crawler = get_crawler()
    crawler.spider = crawler._create_spider("any")
    crawler.engine = site  # type: ignore[assignment]  # all of it that is asked here
    return RobotsMiddleware(crawler, steady=lambda: site.seconds)


async def ask(middleware: RobotsMiddleware, path: str = "/en/home/casa-1") -> None:
    await middleware.process_request(Request(f"{SITE}{path}"))


async def test_robots_txt_is_read_anew_after_some_hours_and_then_counts(
    site: Site, middleware: RobotsMiddleware
) -> None:
    site.robots = lambda: site.says("Crawl-delay: 20", "Disallow: /en/home/casa-2")
    for _ in range(20):
        await ask(middleware)
        site.seconds += 1_800
    with pytest.raises(ForbiddenRequest):
        await ask(middleware, "/en/home/casa-2")
    assert site.asked == 1
    site.robots = lambda: site.says("Crawl-delay: 5", "Disallow: /en/home/casa-1")
    site.seconds += 86_400 - 20 * 1_800
    answers = [ask(middleware, f"/en/home/casa-{number}") for number in (1, 2, 1, 2)]
    kinds = [type(each) for each in await asyncio.gather(*answers, return_exceptions=True)]
    assert kinds == [ForbiddenRequest, type(None), ForbiddenRequest, type(None)]
    assert (site.asked, site.delays, site.rests) == (2, [20, 5], [])


async def test_pages_that_are_forbidden_while_a_worker_lives_rest(
    site: Site, middleware: RobotsMiddleware
) -> None:
    site.robots = lambda: site.says("Disallow: /en/home/casa-2")
    with pytest.raises(ForbiddenRequest):
        await ask(middleware, "/en/home/casa-2")
    site.robots = lambda: site.says("Disallow: /")
    site.seconds += 86_400
    with pytest.raises(BlockedResponse):
        await ask(middleware)
    [rest] = site.rests
    assert rest.startswith("pages robots.txt forbids")


async def test_a_robots_txt_that_cannot_be_read_anew_lets_everything_rest(
    site: Site, middleware: RobotsMiddleware
) -> None:
    await ask(middleware)
    site.robots = lambda: site.says(status=503)
    site.seconds += 86_400
    with pytest.raises(BlockedResponse):
        await ask(middleware)
    assert site.rests == ["robots.txt cannot be read: HTTP 503"]


@pytest.mark.parametrize("kind", [DatabaseUnavailableError, DatabaseBusyError])
async def test_a_database_that_is_away_while_robots_txt_is_asked_for_is_no_word_of_the_sites(
    site: Site, middleware: RobotsMiddleware, kind: type[DatabaseError]
) -> None:
    def wait_in_vain_for_a_turn() -> Response:
        raise kind("PostgreSQL cannot be reached")

    site.robots = wait_in_vain_for_a_turn
    with pytest.raises(kind):
        await ask(middleware)
    assert site.rests == []


async def test_a_robots_txt_whose_answer_is_beyond_all_limits_lets_everything_rest(
    site: Site, middleware: RobotsMiddleware
) -> None:
    def give_up() -> Response:
        raise DownloadCancelledError

    site.robots = give_up
    with pytest.raises(BlockedResponse):
        await ask(middleware)
    assert site.rests == ["robots.txt cannot be read: the answer is longer than it may be"]
