"""The specification's load targets, at pace 0 on the stand-in: pages scanned, details fetched."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import psycopg
from pincali_workshop.stack import embedded
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db import migrate

_LISTINGS = 40_000  # more than 24,000 of them for sale: a thousand pages
_BROWSER_DETAILS = 100
_HTTP_DETAILS = 600
_MINUTE = 60


def measure() -> dict[str, float]:
    """Seconds for a hundred and a thousand pages; details a minute in a browser and without."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home)
            migrate.upgrade(url)
            with StandinProcess(StandinOptions(listings=_LISTINGS, page_cap=1_000)) as site:
                variables = _variables(home, url, site.base_url)
                scans = {
                    "scan_100_pages_s": _scan(variables, 100),
                    "scan_1000_pages_s": _scan(variables, 1_000),
                }
                return scans | _all_details(variables, url)
        finally:
            embedded.destroy(home)


def _scan(variables: dict[str, str], pages: int) -> float:
    return _crawl(variables, "manifest", "-a", "source=sale", "-a", f"max_pages={pages}")


def _all_details(variables: dict[str, str], url: str) -> dict[str, float]:
    """In the sealed browser, in an open one, in the sealed one where scripts run, and without."""
    browser = {**variables, "DETAIL_TRANSPORT": "playwright"}
    opened = _details(browser, url, _BROWSER_DETAILS, "-s", "SPIDER_MODULES=bench.open_browser")
    closed = _details(browser, url, _BROWSER_DETAILS)
    scripted = _details({**browser, "DETAIL_JAVASCRIPT": "1"}, url, _BROWSER_DETAILS)
    return {
        "details_per_minute_browser": closed,
        "details_per_minute_open_browser": opened,
        "sealed_to_open_browser": closed / opened,
        "sealed_to_open_browser_with_scripts": scripted / opened,
        "details_per_minute_http": _details(
            {**variables, "DETAIL_TRANSPORT": "http"}, url, _HTTP_DETAILS
        ),
    }


def _details(variables: dict[str, str], url: str, pages: int, *words: str) -> float:
    before = _live(url)
    seconds = _crawl(variables, "detail", "-a", f"max_items={pages}", *words)
    if (fetched := _live(url) - before) != pages:
        raise RuntimeError(f"{fetched} details were fetched, not {pages}")
    return pages * _MINUTE / seconds


def _live(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM properties_live").fetchone()
    return int(row[0]) if row else 0


def _crawl(variables: dict[str, str], *words: str) -> float:
    """Seconds, the start of the process included."""
    started = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", *words],
        env=variables,
        capture_output=True,
        check=True,
        timeout=1_800,
    )
    return perf_counter() - started


def _variables(home: Path, url: str, base_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "SCRAPY_SETTINGS_MODULE": "pincali_sync.settings",
        "DATABASE_URL": url,
        "PINCALI_HOME": str(home),
        "PINCALI_BASE_URL": base_url,
        "SITE_MIN_GAP_SECONDS": "0",
        "PAGE_DELAY_SECONDS": "0",
        "DETAIL_DELAY_SECONDS": "0",
        "QUEUE_MAX_PENDING": "100000",
        "SITE_PAGE_CAP": "1000",
    }
