"""The Retry-After header, in seconds or as a date."""

from __future__ import annotations

from datetime import datetime

from scrapy.http import Response

from pincali_sync.domain.headers import rest_asked_for


def retry_after_seconds(response: Response, now: datetime | None = None) -> float | None:
    """Seconds to rest, as `rest_asked_for` reads them."""
    header, dated = (
        (response.headers.get(name) or b"").decode("latin-1") for name in (b"Retry-After", b"Date")
    )
    return rest_asked_for(header, dated, now)
