"""Retry-After, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
        ("299.997", 299.997),
        ("120, 120", 120),
        ("5,60 , 7.5", 60),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
    ],
)
def test_a_pause_is_read_and_never_longer_than_an_hour(header: str, seconds: float) -> None:
    assert retry_after_seconds(response(header), NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "-5",
        "²",
        "1_0",
        "1e9",
        "inf",
        "nan",
        "5, soon",
        ",",
        "1.",
        "0x10",
        "Mon, 99 Nov 2026 12:00:00 GMT",
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Mon, 1 Jan 2026",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "\x00",
        ", , , ,",
    ],
)
def test_what_cannot_be_read_asks_for_no_pause(header: str | None) -> None:
    assert retry_after_seconds(response(header), NOW) is None


def test_a_moment_is_counted_by_the_clock_of_the_site() -> None:
    answer = response("Fri, 02 Jan 1970 00:02:00 GMT")
    answer.headers["Date"] = "Fri, 02 Jan 1970 00:01:30 GMT"
    assert retry_after_seconds(answer) == 30


@given(
    st.text(alphabet=st.characters(max_codepoint=255))
    | st.from_regex(r"\A[MonTueJan0-9:,+ GMT-]+\Z")
)
def test_any_header_at_all_is_a_pause_of_an_hour_at_most_or_none(header: str) -> None:
    seconds = retry_after_seconds(response(header), NOW)
    assert seconds is None or 0 <= seconds <= 3600
