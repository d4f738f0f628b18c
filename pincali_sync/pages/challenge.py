"""Answers that are no page of the site: it refuses us, or wants to see a person.

Such an answer says nothing about any listing, and is never worked around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from pincali_sync.domain.headers import redirect_target
from pincali_sync.pages.text import as_bytes


class Challenge(StrEnum):
    """How the site refuses."""

    CHALLENGE = "challenge"  # AWS WAF wants a script to run
    CAPTCHA = "captcha"
    LOGIN = "login"
    FORBIDDEN = "forbidden"


_WAF_ACTION = "x-amzn-waf-action"
_MOST = 1_000_000  # of the body; refusals are short, and a page of the site has said so by then
_ANY_PAGE = "https://site.invalid/"  # a relative Location's path is the same below any
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOGIN_PATH = re.compile(
    r"/(?:account/authentication|login|log_in|sign_in|signin|iniciar-sesion|entrar)(?:/|$)", re.I
)
# Marks of refusals, in lower case. Each begins with plain text, which is found a hundred times
# sooner than one pattern of several.
_PASSWORD_FIELD = (r"""<input\b[^<>]{0,1000}\btype=["']?password\b""",)
# Ordinary pages hold "captcha" too (a key for their forms): only what challenges alone hold.
_CAPTCHA = (
    r"<title[^<>]{0,200}>\s{0,200}human verification",
    r"awswafcaptcha\b",
    r"/captcha\.js\b",
)
_CHALLENGE = (
    r"awswafcookiedomainlist\b",
    r"gokuprops\b",
    r"awswafintegration\b",
    r"/challenge\.js\b",
)
# A page with these is the site's own, whatever scripts it carries.
_OWN_PAGE = (
    r"data-search-results\b",
    r"""class=["']?(?:listing-id|property-title)\b""",
)


def challenge_kind(
    status: int, headers: Mapping[str, str], markup: str | bytes
) -> Challenge | None:
    """Tells how an answer refuses us; None for ordinary pages, errors and plain 404 or 405.

    Args:
        status: of the answer itself, redirects not followed.
        headers: their names in any case.
        markup: the body; may be empty.
    """
    named = {name.lower(): value for name, value in headers.items()}
    action = named.get(_WAF_ACTION, "").strip().lower()
    if action in (Challenge.CHALLENGE, Challenge.CAPTCHA):
        return Challenge(action)
    if status in _REDIRECTS:
        target = redirect_target(_ANY_PAGE, status, named.get("location"))
        return Challenge.LOGIN if target and _LOGIN_PATH.search(urlsplit(target).path) else None
    return _kind_of_body(status, as_bytes(markup[:_MOST]).decode("utf-8", "replace"))


def _kind_of_body(status: int, text: str) -> Challenge | None:
    if status in (404, 410) or status >= 500 or (status == 200 and _holds(text, _OWN_PAGE)):
        return None
    body = text.lower()
    if _holds(body, _CAPTCHA):
        return Challenge.CAPTCHA
    if status == 202 or _holds(body, _CHALLENGE):
        return Challenge.CHALLENGE  # the site itself never answers 202
    if status in (401, 403):
        return Challenge.FORBIDDEN
    return Challenge.LOGIN if status == 200 and _holds(body, _PASSWORD_FIELD) else None


def _holds(body: str, marks: tuple[str, ...]) -> bool:
    return any(re.search(mark, body) for mark in marks)
