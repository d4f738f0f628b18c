"""JSON that stands in pages, with what their templates leave in it.

Read as it is where it can be; else without comments, commas too many, and what is wrapped around.
What is no JSON even then counts as absent.
"""

from __future__ import annotations

import html
import json
import re
from functools import lru_cache
from typing import Any

from pincali_sync.pages.entities import unescaped

_DECODER = json.JSONDecoder(strict=False)  # line ends within texts
_ENTITY = re.compile(r"&#?\w{1,40};")
# What does not end, ends with the text: nothing is gone through twice.
_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
_COMMENT = r"/\*(?:(?!\*/).)*+(?:\*/|\Z)|//[^\n]*+"
_WRAPPING = r"<!--|-->|<!\[CDATA\[|\]\]>|\ufeff"
_LEFT_OUT = re.compile(rf"({_STRING})|{_COMMENT}|{_WRAPPING}", re.S)
_COMMAS = re.compile(rf"{_STRING}|,[\s,]*+", re.S)
_BETWEEN = re.compile(r"[\s;,]*+")
_MOST_INNER = 20_000  # a listing page has some hundreds


def json_of(text: str | None) -> Any:
    """The value of a text; a list of them where it holds several; None where it holds none, or more
    lists and objects than any page has."""
    written = text or ""
    if written.count("[") + written.count("{") > _MOST_INNER:
        return None
    plain = _ENTITY.sub(_within_text, written) if "&" in written else written
    value = _loads(plain)
    if value is None:
        bare = _COMMAS.sub(_needed, _LEFT_OUT.sub(_kept, plain)).strip("; \t\r\n")
        value = _loads(bare) or _several(bare)
    if value is None and "&quot;" in written:  # escaped as a whole
        value = _loads(unescaped(written))
    return value


def _loads(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _several(text: str) -> list[Any] | None:
    """What follows one another, up to where it is broken."""
    values: list[Any] = []
    at = 0
    try:
        while at < len(text):
            value, end = _DECODER.raw_decode(text, at)
            values.append(value)
            at = len(_BETWEEN.match(text, end)[0]) + end  # type: ignore[index]
    except (ValueError, RecursionError):
        pass
    return [each for each in values if each is not None] or None


def _within_text(entity: re.Match[str]) -> str:
    return _meaning(entity[0])


@lru_cache(maxsize=256)
def _meaning(entity: str) -> str:
    """The sign that an entity of HTML means, as JSON has it in its texts."""
    return json.dumps(html.unescape(entity), ensure_ascii=False)[1:-1]


def _kept(found: re.Match[str]) -> str:
    return found[1] or ""


def _needed(found: re.Match[str]) -> str:
    """All but the commas before the end of a list or an object."""
    follows = found.string[found.end() : found.end() + 1]
    return "" if found[0][0] == "," and follows in {"}", "]"} else found[0]
