"""The demo's own surroundings: nothing that is configured outside is touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def demo_environment(
    home: Path, *, base_url: str, database_url: str, scrapyd_url: str
) -> Mapping[str, str]:
    """Every variable that matters, so that neither the caller's nor a `.env` has a say."""
    return {
        "PINCALI_HOME": str(home),
        "DATABASE_URL": database_url,
        "PINCALI_BASE_URL": base_url,
        "PINCALI_SITEMAP_URL": f"{base_url}/sitemap.xml",
        "SCRAPYD_URLS": scrapyd_url,
        "SITE_MIN_GAP_SECONDS": "0",
        "PAGE_DELAY_SECONDS": "0",
        "DETAIL_DELAY_SECONDS": "0",
        "RETRY_BACKOFF_SECONDS": "0.2",
        "DETAIL_TRANSPORT": "playwright",
        "TIER_1_PAGES": "10",
        "TIERS_ENABLED": "1,2,3,4",
        "QUEUE_MAX_PENDING": "10000",
    }
