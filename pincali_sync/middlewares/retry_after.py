"""The Retry-After header, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime

from scrapy.http import Response

from pincali_sync.domain.headers import seconds_to_rest

# A site that asks for more than this is down: the job fails and the next tick tries again.
_LONGEST_SECONDS = 3600.0


def retry_after_seconds(response: Response, now: datetime | None = None) -> float | None:
    """Seconds to rest, at most an hour; None where the header is missing or unreadable."""
    header = (response.headers.get(b"Retry-After") or b"").decode("latin-1")
    seconds = seconds_to_rest(header, now or datetime.now(UTC))
    return None if seconds is None else min(seconds, _LONGEST_SECONDS)
