"""Who may decide on the dashboard, and how guessing is slowed down."""

from __future__ import annotations

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from pincali_sync.web.trust import TokenGuard, is_from_elsewhere


class Monotonic:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Monotonic:
    return Monotonic()


@pytest.fixture
def guard(time: Monotonic) -> TokenGuard:
    return TokenGuard("the token of tests", monotonic=time)


def refusal(guard: TokenGuard, given: str) -> tuple[int, str] | None:
    """The status and how the reason begins; None where the token passes."""
    try:
        guard.check(given)
    except HTTPException as error:
        return error.status_code, " ".join(error.detail.split()[:4])
    return None


WRONG = (403, "That is not the")


def test_only_the_token_itself_is_right(guard: TokenGuard) -> None:
    assert refusal(guard, "the token of tests") is None
    for wrong in ("", "the token of test", "the token of tests ", "\ud800", "é" * 20):
        assert refusal(guard, wrong) == WRONG


def test_without_a_token_nobody_is_right() -> None:
    guard = TokenGuard(None)
    assert not guard.is_set
    assert refusal(guard, "") == (403, "This dashboard decides nothing:")


def test_after_five_wrong_ones_in_a_minute_even_the_right_one_waits(
    guard: TokenGuard, time: Monotonic
) -> None:
    for _ in range(5):
        assert refusal(guard, "a guess") == WRONG
        time.seconds += 5
    with pytest.raises(HTTPException, match="Too many wrong tokens") as refused:
        guard.check("the token of tests")
    assert refused.value.status_code == 429
    assert refused.value.headers == {"Retry-After": "36"}
    time.seconds += 35
    assert refusal(guard, "the token of tests") is None


def test_right_ones_and_old_wrong_ones_do_not_count(guard: TokenGuard, time: Monotonic) -> None:
    for _ in range(20):
        assert refusal(guard, "a guess") == WRONG
        assert refusal(guard, "the token of tests") is None
        time.seconds += 16


def test_guesses_made_while_it_is_closed_do_not_keep_it_closed(
    guard: TokenGuard, time: Monotonic
) -> None:
    for _ in range(50):
        assert refusal(guard, "a guess") is not None
    time.seconds += 61
    assert refusal(guard, "the token of tests") is None


def _request(**headers: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "POST",
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
            ],
        }
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://dash.test:8080"},
        {"origin": "HTTP://DASH.test:8080"},
        {"origin": "https://dash.test:8080"},  # a proxy in front speaks TLS
        {"sec_fetch_site": "same-origin"},
        {"referer": "http://dash.test:8080/pauses"},
        {},  # no browser
    ],
)
def test_requests_of_its_own_pages_and_of_programs_are_answered(headers: dict[str, str]) -> None:
    assert not is_from_elsewhere(_request(host="dash.test:8080", **headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test"},
        {"origin": "http://dash.test"},  # another port is another site
        {"origin": "http://dash.test:8080.evil.test"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://evil.test", "sec_fetch_site": "same-origin"},
        {"origin": "http://evil.test", "referer": "http://dash.test:8080/"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"referer": "http://evil.test/http://dash.test:8080/"},
        {"referer": "data:text/html,x"},
    ],
)
def test_requests_that_another_site_sent_are_refused(headers: dict[str, str]) -> None:
    assert is_from_elsewhere(_request(host="dash.test:8080", **headers))


def test_an_opaque_origin_matches_no_missing_host() -> None:
    assert is_from_elsewhere(_request(origin="null"))
