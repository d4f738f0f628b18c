"""Retry-After, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from scrapy.http import Response

from pincali_sync.middlewares.retry_after import retry_after_seconds

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def response(header: str | None) -> Response:
    headers = {} if header is None else {"Retry-After": header}
    return Response("http://127.0.0.1/", status=429, headers=headers)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("Mon, 23 Nov 2026 12:01:30 GMT", 90),
        ("Mon, 23 Nov 2026 12:01:30", 90),
        ("Mon, 23 Nov 2026 06:01:30 -0600", 90),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),  # that moment has passed
        ("86400", 3600),
        ("Tue, 24 Nov 2026 12:00:00 GMT", 3600),
        ("9" * 400, 3600),
    ],
)
def test_a_pause_is_read_and_never_longer_than_an_hour(header: str, seconds: float) -> None:
    assert retry_after_seconds(response(header), NOW) == seconds


@pytest.mark.parametrize(
    "header", [None, "", "soon", "-5", "1.5", "²", "Mon, 99 Nov 2026 12:00:00 GMT"]
)
def test_what_cannot_be_read_asks_for_no_pause(header: str | None) -> None:
    assert retry_after_seconds(response(header), NOW) is None
