"""Who may decide on the dashboard, and how guessing is slowed down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from pincali_sync.web.trust import TokenGuard, is_from_elsewhere, network_of


@dataclass
class Time:
    """Passes when somebody waits, and is as long as they waited."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


RIGHT, WRONG = "the token of tests", (403, "That is not the")


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def guard(time: Time) -> TokenGuard:
    return TokenGuard(RIGHT, monotonic=time, sleep=time.sleep)


async def refusal(
    guard: TokenGuard, given: str, sender: str = "192.0.2.7"
) -> tuple[int, str] | None:
    """The status and how the reason begins; None where the token passes."""
    try:
        await guard.check(given, sender)
    except HTTPException as error:
        return error.status_code, " ".join(error.detail.split()[:4])
    return None


async def test_only_the_token_itself_is_right(guard: TokenGuard) -> None:
    assert await refusal(guard, RIGHT) is None
    for wrong in ("", RIGHT[:-1], f"{RIGHT} ", "\ud800", "é" * 20):
        assert await refusal(guard, wrong) == WRONG


async def test_without_a_token_nobody_is_right() -> None:
    guard = TokenGuard(None)
    assert not guard.is_set
    assert await refusal(guard, "") == (403, "This dashboard decides nothing:")


async def test_a_guesser_waits_longer_with_each_wrong_one(guard: TokenGuard, time: Time) -> None:
    waited = []
    for _ in range(9):
        began = time.seconds
        assert await refusal(guard, "a guess") == WRONG
        waited.append(time.seconds - began)
    assert waited == [0, 0, 0, 0.5, 1, 2, 4, 4, 4]


async def test_the_right_one_passes_after_any_number_of_wrong_ones(
    guard: TokenGuard, time: Time
) -> None:
    for _ in range(20):
        assert await refusal(guard, "a guess") == WRONG
    began = time.seconds
    assert await refusal(guard, RIGHT) is None
    assert time.seconds - began <= 4


async def test_nobody_waits_for_what_another_guesses(guard: TokenGuard, time: Time) -> None:
    for _ in range(20):
        assert await refusal(guard, "a guess") == WRONG
    began = time.seconds
    assert await refusal(guard, RIGHT, "198.51.100.1") is None
    assert time.seconds == began


async def test_guesses_from_everywhere_make_everybody_wait_a_moment_and_nobody_outside(
    guard: TokenGuard, time: Time
) -> None:
    for n in range(200):
        assert await refusal(guard, "a guess", f"198.51.100.{n}") == WRONG
    began = time.seconds
    assert await refusal(guard, RIGHT) is None
    assert time.seconds - began == 1


async def test_wrong_ones_are_forgotten_after_a_minute(guard: TokenGuard, time: Time) -> None:
    for _ in range(9):
        await refusal(guard, "a guess")
    time.seconds += 60
    began = time.seconds
    assert await refusal(guard, "a guess") == WRONG
    assert time.seconds == began


async def test_few_are_looked_at_at_once_for_one_sender_and_others_are_not_in_their_way(
    time: Time,
) -> None:
    gate = asyncio.Event()

    async def until_the_gate_opens(_: float) -> None:
        await gate.wait()

    guard = TokenGuard(RIGHT, monotonic=time, sleep=until_the_gate_opens)
    guesses = [asyncio.create_task(refusal(guard, "a guess")) for _ in range(8)]
    others = asyncio.create_task(refusal(guard, RIGHT, "198.51.100.1"))
    await asyncio.sleep(0)
    gate.set()
    answers = await asyncio.gather(*guesses)
    assert answers.count(WRONG) == 5
    assert answers.count((429, "Too many tokens at")) == 3
    assert await others is None
    assert await refusal(guard, RIGHT) is None


@pytest.mark.parametrize(
    ("client", "network"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("testclient", 1), "an unknown address"),
        (None, "an unknown address"),
    ],
)
def test_one_persons_addresses_are_one_sender(client: tuple[str, int] | None, network: str) -> None:
    assert network_of(Request({"type": "http", "headers": [], "client": client})) == network


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
