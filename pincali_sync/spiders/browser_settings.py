"""How detail pages are fetched in a browser."""

from __future__ import annotations

from typing import Any

from pincali_sync.browser.chromium import launch_options
from pincali_sync.config import load_config

IN_BROWSER = "playwright"  # request.meta: for the download handler below


def browser_settings() -> dict[str, Any]:
    """Scrapy settings that put Chromium in charge of requests marked `IN_BROWSER`.

    Raises:
        BrowserMissingError: when no Chromium is found.
    """
    handler = "pincali_sync.handlers.browser.BrowserDownloadHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(load_config()),
    }
