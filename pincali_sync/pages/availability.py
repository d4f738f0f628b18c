"""What a page's data say of its listing being available; schema.org's words, with their sense."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.text import JsonObject, term_of

# Whether a word says that the listing can be had; others say neither.
IS_AVAILABLE = {
    "SoldOut": False,
    "OutOfStock": False,
    "Discontinued": False,
    "InStock": True,
    "LimitedAvailability": True,
    "OnlineOnly": True,
    "InStoreOnly": True,
    "PreOrder": True,
    "PreSale": True,
}
_WORDS = {word.lower(): word for word in IS_AVAILABLE}
_NO_LETTER = re.compile(r"[^a-z]")
_COUNT = re.compile(r"\s*[0-9]{1,9}\s*")
_DEEPEST = 4  # offers within offers
_MOST = 50
_Words = Iterator[str | None]


def availabilities_of(document: DetailDocument) -> list[str | None]:
    """One word for each offer of the listing's; None for one of which nothing is known.

    Other listings' are left out. Two objects may tell of the same offers: what both say counts
    once. What is too much to be read counts as one more offer of which nothing is known.
    """
    words: Counter[str | None] = Counter()
    for value in document.objects:
        if value.get("availability") or value.get("offers"):
            words |= Counter(_first(_words_in(value, 0)))
    return [*words.elements()]


def _first(words: _Words) -> list[str | None]:
    found = [*islice(words, _MOST + 1)]
    return found if len(found) <= _MOST else [*found[:_MOST], None]


def _words_in(value: Any, depth: int) -> _Words:
    if depth > _DEEPEST:
        yield None
    elif isinstance(value, list):
        for inner in value:
            yield from _words_in(inner, depth + 1)
    elif isinstance(value, dict):
        yield from _words_of_offer(value, depth)
    elif value:
        yield None


def _words_of_offer(offer: JsonObject, depth: int) -> _Words:
    """Those of the offers in it, else its own, which is otherwise but the sum of theirs."""
    own = _word_of(offer.get("availability"))
    inner = _first(_words_in(offer.get("offers"), depth + 1))
    is_off = own is not None and not IS_AVAILABLE[own]
    yield from inner
    if not inner or (offer.get("availability") and not is_off):
        yield own
    if _counted_in(offer) > max(len(inner), 1):
        yield None


def _word_of(said: Any) -> str | None:
    """The word of one offer; of several, one that does not say that it is off."""
    texts = said if isinstance(said, list) else [said]
    words = [*map(_word, texts[:_MOST])]
    if not words or len(texts) > _MOST:
        return None
    return next((word for word in words if word is None or IS_AVAILABLE[word]), words[0])


def _word(text: Any) -> str | None:
    name = term_of(text.strip().rstrip("/")) if isinstance(text, str) else ""
    return _WORDS.get(_NO_LETTER.sub("", name.lower()))


def _counted_in(offer: JsonObject) -> int | float:
    """How many offers there are, whether or not the page tells of each."""
    count = offer.get("offerCount")
    if isinstance(count, str):
        return int(count) if _COUNT.fullmatch(count) else 0
    return count if isinstance(count, (int, float)) else 0
