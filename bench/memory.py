"""Memory of the spiders over 20,000 listing pages, and over 2,000 pages in a browser.

`python -m bench.run memory` takes a quarter of an hour. What is told is how much the process, and
the browser, have grown a page: a line through the samples after the first fifth.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import linear_regression

import psycopg
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from bench.crawls import variables
from bench.endless_site import endless
from bench.own_database import own_database

_LISTING_PAGES = 20_000
_DETAIL_PAGES = 2_000
_LOOK_SECONDS = 0.5
_COUNTS = "SELECT (SELECT count(*) FROM property_manifest), (SELECT count(*) FROM properties_live)"
_Sample = tuple[float, int, int]  # seconds, bytes of the spider, bytes of its browser


def measure(
    listing_pages: int = _LISTING_PAGES, detail_pages: int = _DETAIL_PAGES
) -> dict[str, float]:
    """Megabytes at most, and kilobytes a page."""
    with own_database(durable=False) as (home, url), StandinProcess(StandinOptions()) as origin:
        with endless(origin.base_url, listing_pages) as site:
            told = variables(home, url, site)
            words = ("manifest", "-a", "source=sale", "-a", "max_pages=0")
            listing = list(_samples(told, *words))
            detail = list(_samples(told, "detail", "-a", f"max_items={detail_pages}"))
        _make_sure(url, listings=24 * listing_pages, live=detail_pages)
    return {
        "memory_listing_peak_mb": max(spider for _, spider, _ in listing) / 1e6,
        "memory_listing_kb_a_page": _growth(listing, 1, listing_pages),
        "memory_detail_peak_mb": max(spider for _, spider, _ in detail) / 1e6,
        "memory_detail_kb_a_page": _growth(detail, 1, detail_pages),
        "memory_browser_peak_mb": max(browser for _, _, browser in detail) / 1e6,
        "memory_browser_kb_a_page": _growth(detail, 2, detail_pages),
    }


def _make_sure(url: str, **wanted: int) -> None:
    with psycopg.connect(url) as connection:
        row = connection.execute(_COUNTS).fetchone()
    if row != tuple(wanted.values()):
        raise RuntimeError(f"there are {row}, and not {wanted}")


def _growth(samples: list[_Sample], column: int, pages: int) -> float:
    """Kilobytes a page, by the samples after the first fifth and before the end's tidying up."""
    later = samples[len(samples) // 5 : -4]
    slope, _ = linear_regression([each[0] for each in later], [each[column] for each in later])
    return slope * (samples[-1][0] - samples[0][0]) / pages / 1000


def _samples(told: dict[str, str], *words: str) -> Iterator[_Sample]:
    command = [sys.executable, "-m", "scrapy", "crawl", *words]
    with subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(_LOOK_SECONDS)
            if own := _bytes_of(process.pid):
                yield time.monotonic(), own, sum(map(_bytes_of, _descendants(process.pid)))
        if process.returncode:
            raise RuntimeError(f"scrapy crawl {words[0]} ended with {process.returncode}")


def _bytes_of(pid: int) -> int:
    """What a process has in memory; what it shares with others is shared out among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0  # it has ended


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


if __name__ == "__main__":
    for figure, value in measure(*map(int, sys.argv[1:])).items():
        print(f"{figure:<30} {value:8.2f}")
