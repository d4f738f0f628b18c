"""The Retry-After header, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy.http import Response

# A site that asks for more than this is down: the job fails and the next tick tries again.
_LONGEST_SECONDS = 3600.0


def retry_after_seconds(response: Response, now: datetime | None = None) -> float | None:
    """Seconds to rest, at most an hour; None where the header is missing or unreadable."""
    header = response.headers.get(b"Retry-After")
    if header is None:
        return None
    text = header.decode("latin-1").strip()
    if text.isdigit():
        return min(float(text), _LONGEST_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_SECONDS)
