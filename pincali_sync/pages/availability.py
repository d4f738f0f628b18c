"""What a page's data say of its listing being available; schema.org's words, with their sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.text import term_of

# Whether a word says that the listing can be had; those that say neither are left out.
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
_DEEPEST = 4  # offers within offers
_MOST = 50


def availabilities_of(document: DetailDocument) -> list[str]:
    """One word for each offer of the listing's that has one; other listings' are left out."""
    words = (word for value in document.objects for word in _words_in(value, 0))
    return list(islice(words, _MOST))


def _words_in(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value[:_MOST]:
            yield from _words_in(inner, depth + 1)
    elif isinstance(value, dict):
        said = value.get("availability")
        for each in said[:_MOST] if isinstance(said, list) else [said]:
            name = term_of(each.strip().rstrip("/")) if isinstance(each, str) else ""
            if word := _WORDS.get(_NO_LETTER.sub("", name.lower())):
                yield word
        yield from _words_in(value.get("offers"), depth + 1)
