"""Pages a second: the manifest spider, with all pipelines and with none, beside a bare one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from bench.cached_site import cached
from bench.crawls import variables
from bench.own_database import own_database

_LISTINGS = 12_000
_ROUNDS = 5
_CONCURRENCY = 8
_BARE = Path(__file__).with_name("bare_spider.py")


def measure() -> dict[str, float]:
    """Pages a second in the median of rounds in which all take turns, and medians of ratios."""
    with own_database() as (home, url):
        options = StandinOptions(listings=_LISTINGS, page_cap=1000)
        with StandinProcess(options) as origin, cached(origin.base_url) as site:
            return _figures(_Spiders(home, url, site))


def _figures(spiders: _Spiders) -> dict[str, float]:
    turns: tuple[Callable[[], float], ...] = (spiders.bare, spiders.without, spiders.whole)
    spiders.bare()  # has each page rendered
    spiders.whole()  # the first scan inserts, the others update
    rounds = [[turn() for turn in turns] for _ in range(_ROUNDS)]
    return {
        "spider_pages_per_s_bare": median(bare for bare, _, _ in rounds),
        "spider_pages_per_s_without_pipelines": median(without for _, without, _ in rounds),
        "spider_pages_per_s_with_pipelines": median(whole for _, _, whole in rounds),
        "spider_to_bare_scrapy": median(whole / bare for bare, _, whole in rounds),
        "spider_with_to_without_pipelines": median(whole / without for _, without, whole in rounds),
    }


class _Spiders:
    """Each in a process of its own, with the same site and concurrency."""

    def __init__(self, home: Path, url: str, site: str) -> None:
        self._home, self._site = home, site
        self._variables = variables(home, url, site)

    def whole(self, *options: str) -> float:
        words = ("crawl", "manifest", "-a", "max_pages=0", *options)
        return self._pages_a_second("progress/done", *words, told=self._variables)

    def without(self) -> float:
        return self.whole("-s", "ITEM_PIPELINES={}")

    def bare(self) -> float:
        words = ("runspider", str(_BARE), "-a", f"site={self._site}", "-s", "LOG_LEVEL=INFO")
        return self._pages_a_second("response_received_count", *words, told=dict(os.environ))

    def _pages_a_second(self, stat: str, *words: str, told: dict[str, str]) -> float:
        run = subprocess.run(
            [sys.executable, "-m", "scrapy", *words, "-s", f"CONCURRENT_REQUESTS={_CONCURRENCY}"],
            env=told,
            cwd=self._home,  # where no project's settings are found
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        return stat_of(run.stderr, stat) / stat_of(run.stderr, "elapsed_time_seconds")


def stat_of(log: str, name: str) -> float:
    found = re.search(rf"'{name}': ([\d.]+)", log)
    if found is None:
        raise RuntimeError(f"the spider's log shows no {name}")
    return float(found[1])


if __name__ == "__main__":
    for figure, value in measure().items():
        print(f"{figure:<40} {value:8.3f}")
