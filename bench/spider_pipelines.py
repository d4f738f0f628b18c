"""What the pipelines cost: the manifest spider with all of them and with none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from pincali_workshop.stack import embedded
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db import migrate

_LISTINGS = 6000
_ROUNDS = 3
_NO_PIPELINES = ("-s", "ITEM_PIPELINES={}")


def measure() -> dict[str, float]:
    """Pages a second of both, taken in turns in one run, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home)
            migrate.upgrade(url)
            with StandinProcess(StandinOptions(listings=_LISTINGS, page_cap=1000)) as site:
                environment = _environment(home, url, site.base_url)
                _pages_per_second(environment, *_NO_PIPELINES)  # renders each card once
                _pages_per_second(environment)  # the first scan inserts, the others update
                rounds = [
                    (
                        _pages_per_second(environment, *_NO_PIPELINES),
                        _pages_per_second(environment),
                    )
                    for _ in range(_ROUNDS)
                ]
        finally:
            embedded.destroy(home)
    return {
        "spider_pages_per_s_without_pipelines": median(without for without, _ in rounds),
        "spider_pages_per_s_with_pipelines": median(with_all for _, with_all in rounds),
        "spider_with_to_without_pipelines": median(w / without for without, w in rounds),
    }


def _pages_per_second(environment: dict[str, str], *options: str) -> float:
    run = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "manifest", "-a", "max_pages=0", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return _stat(run.stderr, "progress/done") / _stat(run.stderr, "elapsed_time_seconds")


def _stat(log: str, name: str) -> float:
    found = re.search(rf"'{name}': ([\d.]+)", log)
    if found is None:
        raise RuntimeError(f"the spider's log shows no {name}")
    return float(found[1])


def _environment(home: Path, url: str, base_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "SCRAPY_SETTINGS_MODULE": "pincali_sync.settings",
        "DATABASE_URL": url,
        "PINCALI_HOME": str(home),
        "PINCALI_BASE_URL": base_url,
        "SITE_MIN_GAP_SECONDS": "0",
        "PAGE_DELAY_SECONDS": "0",
    }
