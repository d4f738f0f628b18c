"""Refusals are recognised, and ordinary answers are never taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.pages.challenge import Challenge, challenge_kind

PAGES = Path(__file__).parents[2] / "pages"
ORDINARY = [
    "listing-2025-last",
    "listing-2026",
    "detail-2025-raw",
    "detail-2025-browser",
    "detail-2026-es",
]


def saved(name: str) -> bytes:
    return (PAGES / f"{name}.html").read_bytes()


@pytest.mark.parametrize("status", [202, 405, 403, 200])
def test_a_waf_page_is_a_challenge_under_every_status_it_comes_with(status: int) -> None:
    assert challenge_kind(status, {}, saved("challenge")) is Challenge.CHALLENGE


def test_an_empty_202_is_a_challenge_and_no_empty_result() -> None:
    assert challenge_kind(202, {}, b"") is Challenge.CHALLENGE


@pytest.mark.parametrize("name", ["x-amzn-waf-action", "X-Amzn-Waf-Action"])
@pytest.mark.parametrize("action", [Challenge.CHALLENGE, Challenge.CAPTCHA])
def test_the_waf_header_decides_in_any_case(name: str, action: Challenge) -> None:
    assert challenge_kind(405, {name: action.value}, "") is action


@pytest.mark.parametrize("status", [200, 405])
def test_human_verification_is_a_captcha(status: int) -> None:
    assert challenge_kind(status, {}, saved("captcha")) is Challenge.CAPTCHA


@pytest.mark.parametrize("location", ["/en/account/authentication/new", "https://x.test/login?a=b"])
def test_a_redirect_to_the_login_is_a_login(location: str) -> None:
    assert challenge_kind(302, {"Location": location}, "") is Challenge.LOGIN


def test_a_login_page_is_a_login() -> None:
    assert challenge_kind(200, {}, saved("login")) is Challenge.LOGIN


@pytest.mark.parametrize("status", [401, 403])
def test_a_plain_refusal_is_forbidden(status: int) -> None:
    assert challenge_kind(status, {}, "Forbidden") is Challenge.FORBIDDEN


@pytest.mark.parametrize("page", ORDINARY)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_an_ordinary_page_is_none(page: str, status: int) -> None:
    assert challenge_kind(status, {"Content-Type": "text/html"}, saved(page)) is None


def test_an_ordinary_page_may_carry_the_waf_script_and_a_login_form() -> None:
    extra = b'<script src="/challenge.js"></script><input type="password">'
    assert challenge_kind(200, {}, saved("detail-2025-raw") + extra) is None


@pytest.mark.parametrize("status", [404, 405, 410, 429, 500, 503])
def test_a_plain_error_is_none(status: int) -> None:
    assert challenge_kind(status, {}, "<h1>The page was not found</h1>") is None


def test_a_redirect_to_another_listing_is_none() -> None:
    location = {"location": "/en/home/departamento-frente-al-login"}
    assert challenge_kind(301, location, "") is None


@given(st.binary(max_size=500))
def test_arbitrary_bytes_are_no_challenge(body: bytes) -> None:
    assert challenge_kind(200, {}, body) is None


@pytest.mark.parametrize("number", ["9" * 5_000, "0" * 5_000 + "65", "x" + "f" * 5_000])
def test_an_entity_beyond_all_numbers_is_no_fault(number: str) -> None:
    for body in (f"<p>&#{number};</p>", f"<h1>&#{number}</h1>"):
        assert challenge_kind(200, {}, body) is None
