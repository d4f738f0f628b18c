"""Pages that do nothing but send the browser to themselves again.

A cookie is set, perhaps, and the same address asked for once more: nothing is computed, nobody is
asked, nobody has to show themselves. Whatever does more than that is a challenge, and is not run.
"""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise
from urllib.parse import urldefrag, urljoin

from pincali_sync.items import FetchedPage
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.own_page import shows_the_site
from pincali_sync.pages.text import as_bytes

LONGEST_WAIT = 5  # seconds, until it goes
_OK = 200
_MOST = 4_096  # bytes
_SCRIPT = re.compile(
    r"""<script(?:\s+type=["']?(?:text/javascript|module)["']?)?\s*>(.*?)</script\s*>""",
    re.S | re.I,
)
_LEFT_OUT = re.compile(r"<style\b[^<>]*>.*?</style\s*>|<!--.*?-->|<!doctype[^<>]*>", re.S | re.I)
_TAG = re.compile(r"<([^<>]*)>?")
_PLAIN_TAG = re.compile(
    r"/?(?:html|head|title|meta|link|body|noscript|center|h[1-6]|p|div|span|br|hr|b|i|strong|em|a)"
    r"(?![\w-])(?!.*\b(?:src|srcset|action)\s*=)(?!.*\son(?!load)\w+\s*=).*",
    re.S | re.I,
)
_ON_LOAD = re.compile(r"""\sonload\s*=\s*("[^"<>]*"|'[^'<>]*')""", re.I)
_REFRESH = re.compile(
    r"""<meta\b(?=[^<>]*\bhttp-equiv\s*=\s*["']?refresh\b)"""
    r"""[^<>]*\bcontent\s*=\s*("[^"]*"|'[^']*'|[^\s<>]+)""",
    re.I,
)
_REFRESH_TO = re.compile(r"\s*(\d{1,3})(?:\.\d*)?\s*(?:[;,\s]\s*(?:url\s*=\s*)?(.*))?", re.S | re.I)

# All that a script may be made of. No arithmetic is among it, no loop, no name that is put together
# and nothing that asks a server.
_TEXT = r"""(?:"[^"\\\n]*"|'[^'\\\n]*'|`[^`\\$]*`)"""
_TIME = r"new Date\((?:Date\.now\(\)|\+new Date(?:\(\))?)?[\s+*0-9]*\)\.to(?:UTC|GMT)String\(\)"
_COMMENT = r"//[^\n]*|/\*.*?\*/|<!--[^\n]*|-->"
_TOKEN = re.compile(
    rf"\s+|{_COMMENT}|({_TEXT}|{_TIME}|[A-Za-z_$][\w$]*|-?\d+|=>|[=!]==?|[<>]=?|&&|\|\||[.,;?:(){{}}!=+])",
    re.S,
)
_NAMES = {"window", "document", "self", "top", "location", "cookie", "href", "reload", "replace"}
_NAMES |= {"assign", "history", "go", "pathname", "search", "hash", "URL", "setTimeout", "onload"}
_NAMES |= {"addEventListener", "navigator", "cookieEnabled", "indexOf", "includes", "function"}
_NAMES |= {"if", "else", "try", "catch", "var", "let", "const", "true", "false", "null"}
_DECLARED = re.compile(r"\b(?:var|let|const|function|catch\s*\()\s*([A-Za-z_$][\w$]*)")
_GOES = re.compile(
    r"\blocation\s*(?:\.\s*href\s*)?=(?!=)|\blocation\s*\.\s*(?:reload|replace|assign)\s*\(|"
    r"\bhistory\s*\.\s*go\s*\("
)
_TARGETED = {"location", "href", "replace", "assign"}


def returns_to_itself(answer: FetchedPage, url: str) -> bool:
    """Whether a page is no more than a way to itself, and no challenge."""
    body = as_bytes(answer.body)
    is_html = "html" in answer.headers.get("content-type", "html").lower()
    if answer.status != _OK or not is_html or len(body) > _MOST or shows_the_site(body):
        return False
    if challenge_kind(_OK, answer.headers, body) is not None:
        return False
    return _only_returns(body.decode("utf-8", "replace"), url)


def _only_returns(markup: str, url: str) -> bool:
    rest = _LEFT_OUT.sub("", _SCRIPT.sub("", markup))
    if not all(map(_PLAIN_TAG.fullmatch, _TAG.findall(rest))):
        return False
    scripts = [*_SCRIPT.findall(markup), *(unescape(_bare(on)) for on in _ON_LOAD.findall(rest))]
    refreshes = [_REFRESH_TO.fullmatch(unescape(_bare(each))) for each in _REFRESH.findall(rest)]
    if not all(_is_harmless(script, url) for script in scripts):
        return False
    if not all(each and _refreshes_itself(each, url) for each in refreshes):
        return False
    return bool(refreshes) or any(map(_GOES.search, scripts))


def _refreshes_itself(refresh: re.Match[str], url: str) -> bool:
    return int(refresh[1]) <= LONGEST_WAIT and _is_the_same(url, _bare((refresh[2] or "").strip()))


def _is_harmless(script: str, url: str) -> bool:
    """Whether it is made of nothing but what it takes to set a cookie and to come back."""
    script = script.strip().removeprefix("<![CDATA[").removesuffix("]]>")
    if _TOKEN.sub("", script):
        return False
    tokens = [token for token in _TOKEN.findall(script) if token]
    names = _NAMES | set(_DECLARED.findall(script))
    if not all(_is_known(token, names) for token in tokens):
        return False
    pairs = list(pairwise(["", *tokens, ""]))
    sums = [(before, after) for (before, _), (sign, after) in pairwise(pairs) if sign == "+"]
    if not all(_is_put_together(before, after) for before, after in sums):
        return False
    texts = [(said, text) for (said, sign), (_, text) in pairwise(pairs) if sign in {"(", "="}]
    return all(_is_meant(said, text, url) for said, text in texts if text[:1] in {'"', "'", "`"})


def _is_known(token: str, names: set[str]) -> bool:
    if token.lstrip("-").isdigit():
        return int(token) <= LONGEST_WAIT * 1000
    return not re.match(r"[A-Za-z_$]", token) or token in names or token.startswith("new Date")


def _is_put_together(before: str, after: str) -> bool:
    """Texts, the time and parts of the address: nothing that comes to a number."""
    plain = {'"', "'", "`", "n"}
    return (before[:1] in plain or before in {"pathname", "search", ")"}) and (
        after[:1] in plain or after in {"location", "window", "document"}
    )


def _is_meant(said: str, text: str, url: str) -> bool:
    if said == "setTimeout":
        return _is_harmless(_bare(text), url)
    return said not in _TARGETED or _is_the_same(url, _bare(text))


def _is_the_same(url: str, target: str) -> bool:
    try:
        return urldefrag(urljoin(url, target)).url == urldefrag(url).url
    except ValueError:  # "http://["
        return False


def _bare(text: str) -> str:
    return text[1:-1] if text[:1] in {'"', "'", "`"} else text
