"""Headers of any text at all are read, or are nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.answers.detail import read_detail
from pincali_sync.domain.headers import http_date, redirect_target, whole_url
from pincali_sync.items import FetchedPage, QueuedProperty, ScrapeResult
from pincali_sync.pages.answer import read_answer
from pincali_sync.pages.challenge import challenge_kind

PAGE = "https://www.pincali.com/en/home/casa-1"
BROKEN = [
    "http://[",
    "http://[::1",
    "https://www.pincali.com:99999/x",
    "https://:80/",
    "https://photos.invalid\\@www.pincali.com/x",
    "https://photos.invalid@www.pincali.com/x",
    "a" * 9_999,
]
ANY = st.text(alphabet=st.characters(max_codepoint=255)) | st.sampled_from(BROKEN)


def test_a_redirect_leads_to_a_whole_url() -> None:
    assert redirect_target(PAGE, 301, "casa-2") == "https://www.pincali.com/en/home/casa-2"
    assert redirect_target(PAGE, 302, "//cdn.invalid/x ") == "https://cdn.invalid/x"
    assert redirect_target(PAGE, 200, "/casa-2") is None
    assert redirect_target(PAGE, 301, None) is None


@pytest.mark.parametrize(
    "location", [*BROKEN, "ftp://x.invalid/", "javascript:alert(1)", "data:,x"]
)
def test_a_redirect_to_nowhere_is_an_answer_without_a_target(location: str) -> None:
    assert redirect_target(PAGE, 301, location) is None
    assert challenge_kind(302, {"Location": location}, b"") is None
    assert read_answer(PAGE, 301, {"location": location}, b"").answer.redirect_url is None
    queued = QueuedProperty(property_id="p", source_url=PAGE, public_id="EB-AA0001")
    answer = FetchedPage(status=301, headers={"location": location})
    assert isinstance(read_detail(queued, PAGE, answer), ScrapeResult)


@given(ANY)
def test_no_text_of_a_header_raises(text: str) -> None:
    whole_url(PAGE, text)
    moment = http_date(text)
    assert moment is None or moment.tzinfo is UTC
    read_answer(PAGE, 301, {"location": text}, b"")


def test_a_date_is_told_in_utc_or_is_none() -> None:
    assert http_date("Mon, 23 Nov 2026 06:00:00 -0600") == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert http_date("Fri, 31 Dec 9999 23:59:59 -2359") is None
    assert http_date(None) is None
