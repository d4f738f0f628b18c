"""What spiders are told that a benchmark runs in processes of their own."""

from __future__ import annotations

import os
from pathlib import Path


def variables(home: Path, url: str, site: str, **others: str) -> dict[str, str]:
    """The environment of a crawl without pace.

    Args:
        home: of its files.
        url: of its database.
        site: the base URL of what stands for the site.
        others: variables by name.
    """
    return {
        **os.environ,
        "SCRAPY_SETTINGS_MODULE": "pincali_sync.settings",
        "DATABASE_URL": url,
        "PINCALI_HOME": str(home),
        "PINCALI_BASE_URL": site,
        "SITE_MIN_GAP_SECONDS": "0",
        "PAGE_DELAY_SECONDS": "0",
        "DETAIL_DELAY_SECONDS": "0",
        **others,
    }
