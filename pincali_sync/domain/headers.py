"""What HTTP headers say: a moment, a rest, another place. Any text at all is read or is None."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

_REDIRECTS = range(300, 400)
LONGEST_URL = 2_048  # the sitemap protocol's limit, and longer than any of the site's
_AMBIGUOUS = {"@", "\\"}  # in "https://a\\@b/", browsers find the host a, and Python b
# A site that asks for more than this is down: the job fails and the next tick tries again.
_LONGEST_REST = 3600.0
# A header that was sent twice arrives as a list.
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:\s*,\s*[0-9]+(?:\.[0-9]+)?)*", re.ASCII)


def http_date(text: str | None) -> datetime | None:
    """The moment that Last-Modified, Date or Retry-After names."""
    try:
        return as_utc(parsedate_to_datetime(text or ""))
    except (ValueError, TypeError, OverflowError, IndexError):  # hostile text raises them all
        return None


def as_utc(moment: datetime) -> datetime:
    """Without a zone, UTC is meant.

    Raises:
        OverflowError: for a moment that UTC has no year for.
    """
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def seconds_to_rest(retry_after: str | None, now: datetime) -> float | None:
    """Of several numbers the greatest; a moment that has passed asks for no rest."""
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        return max(map(float, text.split(",")))
    moment = http_date(text)
    return None if moment is None else max((moment - now).total_seconds(), 0.0)


def rest_asked_for(
    retry_after: str | None, dated: str | None, now: datetime | None = None
) -> float | None:
    """The seconds that Retry-After asks for, at most an hour; None: it is missing or unreadable.

    A moment is counted from when the answer is dated: both are by the site's clock.
    """
    seconds = seconds_to_rest(retry_after, now or http_date(dated) or datetime.now(UTC))
    return None if seconds is None else min(seconds, _LONGEST_REST)


def redirect_target(url: str, status: int | None, location: str | None) -> str | None:
    """Where an answer leads, as a whole URL; None: nowhere that a request could be sent to."""
    if status not in _REDIRECTS or not location:
        return None
    return whole_url(url, location)


def whole_url(base: str, reference: str) -> str | None:
    """A reference as an http(s) URL; None for none, a long one, or signs that nobody sees."""
    text = reference.strip()
    if len(text) > LONGEST_URL or not text.isprintable():
        return None
    try:
        target = urljoin(base, text)
        parts = urlsplit(target)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_web = is_web and not _AMBIGUOUS & {*parts.netloc}
        _ = parts.port
    except ValueError:  # "http://[", or a port that is none
        return None
    return target if is_web else None
