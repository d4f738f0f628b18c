"""The Retry-After header, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime

from scrapy.http import Response

from pincali_sync.domain.headers import http_date, seconds_to_rest

# A site that asks for more than this is down: the job fails and the next tick tries again.
_LONGEST_SECONDS = 3600.0


def retry_after_seconds(response: Response, now: datetime | None = None) -> float | None:
    """Seconds to rest, at most an hour; None where the header is missing or unreadable.

    A moment is counted from when the answer is dated: both are by the site's clock.
    """
    header, dated = (
        (response.headers.get(name) or b"").decode("latin-1") for name in (b"Retry-After", b"Date")
    )
    seconds = seconds_to_rest(header, now or http_date(dated) or datetime.now(UTC))
    return None if seconds is None else min(seconds, _LONGEST_SECONDS)
