"""The specification's load targets, at pace 0 on the stand-in: pages scanned, details fetched."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

import psycopg
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from bench.crawls import variables
from bench.own_database import own_database

_LISTINGS = 40_000  # more than 24,000 of them for sale: a thousand pages
_BROWSER_DETAILS = 100
_HTTP_DETAILS = 600
_MINUTE = 60


def measure() -> dict[str, float]:
    """Seconds for a hundred and a thousand pages; details a minute in a browser and without."""
    options = StandinOptions(listings=_LISTINGS, page_cap=1_000)
    with own_database() as (home, url), StandinProcess(options) as site:
        told = variables(home, url, site.base_url, QUEUE_MAX_PENDING="100000", SITE_PAGE_CAP="1000")
        scans = {
            "scan_100_pages_s": _scan(told, 100),
            "scan_1000_pages_s": _scan(told, 1_000),
        }
        return scans | _all_details(told, url)


def _scan(told: dict[str, str], pages: int) -> float:
    return _crawl(told, "manifest", "-a", "source=sale", "-a", f"max_pages={pages}")


def _all_details(told: dict[str, str], url: str) -> dict[str, float]:
    """In the sealed browser, in an open one, in the sealed one where scripts run, and without."""
    browser = {**told, "DETAIL_TRANSPORT": "playwright"}
    opened = _details(browser, url, _BROWSER_DETAILS, "-s", "SPIDER_MODULES=bench.open_browser")
    closed = _details(browser, url, _BROWSER_DETAILS)
    scripted = _details({**browser, "DETAIL_JAVASCRIPT": "1"}, url, _BROWSER_DETAILS)
    return {
        "details_per_minute_browser": closed,
        "details_per_minute_open_browser": opened,
        "sealed_to_open_browser": closed / opened,
        "sealed_to_open_browser_with_scripts": scripted / opened,
        "details_per_minute_http": _details(
            {**told, "DETAIL_TRANSPORT": "http"}, url, _HTTP_DETAILS
        ),
    }


def _details(told: dict[str, str], url: str, pages: int, *words: str) -> float:
    before = _live(url)
    seconds = _crawl(told, "detail", "-a", f"max_items={pages}", *words)
    if (fetched := _live(url) - before) != pages:
        raise RuntimeError(f"{fetched} details were fetched, not {pages}")
    return pages * _MINUTE / seconds


def _live(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM properties_live").fetchone()
    return int(row[0]) if row else 0


def _crawl(told: dict[str, str], *words: str) -> float:
    """Seconds, the start of the process included."""
    started = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", *words],
        env=told,
        capture_output=True,
        check=True,
        timeout=1_800,
    )
    return perf_counter() - started
