"""Memory of the spiders over 20,000 listing pages, and over 2,000 pages in a browser.

`python -m bench.run memory` takes a quarter of an hour; `python -m bench.memory scan [PAGES]` and
`… details [PAGES]` are its halves. What is told is how much the process, and
the browser, have grown a page: a line through the samples after the first fifth.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import linear_regression
from typing import LiteralString

import psycopg
from pincali_workshop.stack import embedded
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from bench.endless_site import endless
from pincali_sync.db import migrate

_LISTING_PAGES = 20_000
_DETAIL_PAGES = 2_000
_LOOK_SECONDS = 0.5
_SCAN = ("manifest", "-a", "source=sale", "-a", "max_pages=0")
_Sample = tuple[float, int, int]  # seconds, bytes of the spider, bytes of its browser


def measure() -> dict[str, float]:
    """Megabytes at most, and kilobytes a page."""
    return of_scan() | of_details()


def of_scan(pages: int = _LISTING_PAGES) -> dict[str, float]:
    """Of a scan, in price windows of a hundred pages."""
    with _site(pages) as variables:
        samples = list(_samples(variables, *_SCAN))
        _make_sure(variables, "property_manifest", 24 * pages)
    return {
        "memory_listing_peak_mb": max(spider for _, spider, _ in samples) / 1e6,
        "memory_listing_kb_a_page": _growth(samples, 1, pages),
    }


def of_details(pages: int = _DETAIL_PAGES) -> dict[str, float]:
    """Of a worker and its browser."""
    with _site(pages // 24 + 1) as variables:
        list(_samples(variables, *_SCAN))
        samples = list(_samples(variables, "detail", "-a", f"max_items={pages}"))
        _make_sure(variables, "properties_live", pages)
    return {
        "memory_detail_peak_mb": max(spider for _, spider, _ in samples) / 1e6,
        "memory_detail_kb_a_page": _growth(samples, 1, pages),
        "memory_browser_peak_mb": max(browser for _, _, browser in samples) / 1e6,
        "memory_browser_kb_a_page": _growth(samples, 2, pages),
    }


@contextmanager
def _site(pages: int) -> Iterator[dict[str, str]]:
    """A spider's variables, while there is a site of so many search pages, and a database."""
    with tempfile.TemporaryDirectory() as folder, StandinProcess(StandinOptions()) as origin:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home, durable=False)
            migrate.upgrade(url)
            with endless(origin.base_url, pages) as site:
                yield _variables(home, url, site)
        finally:
            embedded.destroy(home)


def _make_sure(variables: dict[str, str], table: LiteralString, wanted: int) -> None:
    with psycopg.connect(variables["DATABASE_URL"]) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    if row != (wanted,):
        raise RuntimeError(f"{table} has {row} rows, not {wanted}")


def _growth(samples: list[_Sample], column: int, pages: int) -> float:
    """Kilobytes a page, by the samples after the first fifth and before the end's tidying up."""
    later = samples[len(samples) // 5 : -4]
    slope, _ = linear_regression([each[0] for each in later], [each[column] for each in later])
    return slope * (samples[-1][0] - samples[0][0]) / pages / 1000


def _samples(variables: dict[str, str], *words: str) -> Iterator[_Sample]:
    command = [sys.executable, "-m", "scrapy", "crawl", *words]
    with subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL) as process:
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


def _variables(home: Path, url: str, site: str) -> dict[str, str]:
    return {
        **os.environ,
        "SCRAPY_SETTINGS_MODULE": "pincali_sync.settings",
        "DATABASE_URL": url,
        "PINCALI_HOME": str(home),
        "PINCALI_BASE_URL": site,
        "SITE_MIN_GAP_SECONDS": "0",
        "PAGE_DELAY_SECONDS": "0",
        "DETAIL_DELAY_SECONDS": "0",
    }


if __name__ == "__main__":
    of = {"scan": of_scan, "details": of_details}[sys.argv[1]]
    for figure, value in of(*map(int, sys.argv[2:])).items():
        print(f"{figure:<30} {value:8.2f}")
