"""Detail pages a minute: the spider's sealed browser beside bare Playwright, and a browser a page.

All let the same requests through: the document alone, with scripts those of the page's site too.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import psycopg
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from playwright.async_api import Browser, BrowserContext, Route, async_playwright

from bench.cached_site import cached
from bench.crawls import variables
from bench.own_database import own_database
from bench.spiders import stat_of
from pincali_sync.browser.chromium import launch_options
from pincali_sync.config import load_config

_LISTINGS = 800
_PAGES = 60  # of a turn
_BROWSERS = 6  # of a turn in which each page has its own
_ROUNDS = 3
_AT_ONCE = 4
_SCRIPTED = {"document", "script", "xhr", "fetch"}
_SOURCES = "SELECT source_url FROM property_manifest ORDER BY property_id"


def measure() -> dict[str, float]:
    """Medians of rounds in which all take turns. Browsers are started within the time taken."""
    with own_database() as (home, url):
        options = StandinOptions(listings=_LISTINGS)
        with StandinProcess(options) as origin, cached(origin.base_url) as site:
            return _figures(_Turns(home, url, site))


def _figures(turns: _Turns) -> dict[str, float]:
    turns.prepare()
    rounds = [
        {
            "bare": turns.bare(),
            "sealed": turns.spider(),
            "single": turns.a_browser_each(),
            "bare_scripted": turns.bare(scripts=True),
            "sealed_scripted": turns.spider(scripts=True),
        }
        for _ in range(_ROUNDS)
    ]
    figures = {f"details_per_minute_{name}": _median(rounds, name) for name in rounds[0]}
    return figures | {
        "details_to_bare_playwright": _median(rounds, "sealed", "bare"),
        "details_to_bare_playwright_with_scripts": _median(
            rounds, "sealed_scripted", "bare_scripted"
        ),
        "details_to_a_browser_each": _median(rounds, "sealed", "single"),
    }


def _median(rounds: list[dict[str, float]], name: str, beside: str | None = None) -> float:
    return median(each[name] / (each[beside] if beside else 1) for each in rounds)


class _Turns:
    """Each takes the next pages of the same site."""

    def __init__(self, home: Path, url: str, site: str) -> None:
        self._home, self._url, self._site = home, url, site
        self._variables = variables(home, url, site, DETAIL_CONCURRENCY=str(_AT_ONCE))

    def prepare(self) -> None:
        """All listings wait in the queue, and all pages in the site's memory."""
        self._crawl("manifest", "-a", "max_pages=0")
        with psycopg.connect(self._url) as connection:
            paths = [row[0].partition(".com")[2] for row in connection.execute(_SOURCES)]
        self._pages = iter([f"{self._site}{path}" for path in paths])
        with httpx.Client(base_url=self._site, trust_env=False, timeout=60) as client:
            for path in paths:
                client.get(path).raise_for_status()

    def spider(self, *, scripts: bool = False) -> float:
        log = self._crawl(
            "detail", "-a", f"max_items={_PAGES}", DETAIL_JAVASCRIPT=str(int(scripts))
        )
        if (saved := stat_of(log, "detail/new")) != _PAGES:
            raise RuntimeError(f"{saved:g} details were saved, not {_PAGES}")
        return saved * 60 / stat_of(log, "elapsed_time_seconds")

    def bare(self, *, scripts: bool = False) -> float:
        return self._timed(_PAGES, _in_one_browser(self._next(_PAGES), scripts=scripts))

    def a_browser_each(self) -> float:
        return self._timed(_BROWSERS, _in_a_browser_each(self._next(_BROWSERS)))

    def _next(self, count: int) -> Iterator[str]:
        return (next(self._pages) for _ in range(count))

    def _timed(self, pages: int, work: object) -> float:
        started = perf_counter()
        asyncio.run(work)  # type: ignore[arg-type]
        return pages * 60 / (perf_counter() - started)

    def _crawl(self, *words: str, **others: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", *words],
            env={**self._variables, **others},
            cwd=self._home,
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        ).stderr


async def _in_one_browser(urls: Iterator[str], *, scripts: bool) -> None:
    async with _browser() as browser:
        context = await browser.new_context(java_script_enabled=scripts)
        await asyncio.gather(*(_read_pages(context, urls, scripts) for _ in range(_AT_ONCE)))


async def _read_pages(context: BrowserContext, urls: Iterator[str], scripts: bool) -> None:
    async def let_through(route: Route) -> None:
        kind = route.request.resource_type
        await (
            route.continue_() if kind in (_SCRIPTED if scripts else {"document"}) else route.abort()
        )

    for url in urls:
        page = await context.new_page()
        await page.route("**/*", let_through)
        await page.goto(url, wait_until="domcontentloaded")
        await page.content()
        await page.close()


async def _in_a_browser_each(urls: Iterator[str]) -> None:
    async def work() -> None:
        for url in urls:
            async with _browser() as browser:
                context = await browser.new_context(java_script_enabled=False)
                await _read_pages(context, iter([url]), scripts=False)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    options = launch_options(load_config())
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        yield browser
        await browser.close()


if __name__ == "__main__":
    for figure, value in measure().items():
        print(f"{figure:<42} {value:8.2f}")
