"""What a page's data say of its listing being available; schema.org's words, with their sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pincali_sync.domain.identity import slug_of
from pincali_sync.exceptions import PageError
from pincali_sync.pages.detail_document import LISTING_TYPES, PUBLIC_ID, DetailDocument
from pincali_sync.pages.text import JsonObject, attribute_at, is_of_type, json_ld, part

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


def availabilities_of(document: DetailDocument, url: str) -> list[str]:
    """One word for each offer of the listing's that has one; other listings' are left out."""
    own: list[JsonObject] = []
    unnamed: list[JsonObject] = []
    for value in json_ld(document.tree):
        if is_of_type(value, *LISTING_TYPES):
            is_own = _is_own(value, document, url)
            if is_own is not False:
                (own if is_own else unnamed).append(value)
    # Objects that name nothing are the listing's only if there is but one thing they can mean.
    one_thing = len({str(value.get("name"))[:_MOST] for value in unnamed}) == 1
    listing = own or (unnamed if one_thing else [])
    return list(islice((word for value in listing for word in _words_in(value, 0)), _MOST))


def _is_own(value: JsonObject, document: DetailDocument, url: str) -> bool | None:
    """By the id or the URL that an object gives; None where it gives neither."""
    inner = part(value, "identifier").get("value")
    named = (value.get("sku"), value.get("productID"), value.get("identifier"), inner)
    ids = [found[0] for each in named if (found := PUBLIC_ID.search(str(each or "")[:_MOST]))]
    if ids:
        return document.public_id in ids
    page = part(value, "mainEntityOfPage")
    named = (value.get("url"), value.get("@id"), value.get("mainEntityOfPage"), page.get("@id"))
    slugs = [slug for each in named if (slug := _slug(each))]
    canonical = attribute_at(document.tree, 'link[rel="canonical"][href]', "href")
    return bool({_slug(url), _slug(canonical)} & {*slugs}) if slugs else None


def _slug(url: object) -> str | None:
    try:
        return slug_of(url) if isinstance(url, str) else None
    except PageError:
        return None


def _words_in(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for inner in value[:_MOST]:
            yield from _words_in(inner, depth + 1)
    elif isinstance(value, dict):
        said = value.get("availability")
        for each in said if isinstance(said, list) else [said]:
            name = re.split(r"[/#:]", each.strip().rstrip("/"))[-1] if isinstance(each, str) else ""
            if word := _WORDS.get(_NO_LETTER.sub("", name.lower())):
                yield word
        yield from _words_in(value.get("offers"), depth + 1)
