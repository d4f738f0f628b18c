"""Which objects of a page's JSON-LD are its own listing's: pages tell of others, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from pincali_sync.domain.identity import slug_of
from pincali_sync.exceptions import PageError
from pincali_sync.pages.text import (
    MAX_OBJECTS,
    JsonObject,
    attribute_at,
    is_of_type,
    json_ld_blocks,
)

PUBLIC_ID = re.compile(r"\bEB-[A-Z]{1,4}[0-9]{4}\b")
_LISTING_TYPES = (
    "RealEstateListing", "Product", "Residence", "SingleFamilyResidence", "House", "Apartment"
)  # fmt: skip
_OF_OTHERS = {"isSimilarTo", "isRelatedTo", "itemListElement"}
_IDS = ("sku", "productID", "identifier")
_PLACES = ("url", "@id", "mainEntityOfPage", "offers")  # the first that names a listing counts
_WITHIN = ("value", "url", "@id")  # of an object in the place of a text
_MOST = 50  # texts in one place, and characters of an id or a name


@dataclass(frozen=True, slots=True)
class _Listing:
    """What the page's listing goes by."""

    public_id: str
    slugs: frozenset[str]

    def is_named_by(self, value: JsonObject) -> bool | None:
        """By the id or the URL that an object gives; None where it gives neither."""
        ids = [PUBLIC_ID.search(text[:_MOST]) for name in _IDS for text in _texts(value.get(name))]
        found = [each[0] for each in ids if each]
        if found:
            return self.public_id in found
        for name in _PLACES:
            slugs = {slug for text in _texts(value.get(name)) if (slug := _slug(text))}
            if slugs:
                return bool(slugs & self.slugs)
        return None


def own_objects(tree: LexborHTMLParser, url: str, public_id: str) -> tuple[JsonObject, ...]:
    """The objects of listing types that are the page's listing's, in document order.

    Those that name nothing are only where none does, and there is but one thing they can mean.

    Args:
        url: where the page was fetched.
    """
    canonical = attribute_at(tree, 'link[rel="canonical"][href]', "href")
    slugs = frozenset(filter(None, map(_slug, (url, canonical or ""))))
    own: list[JsonObject] = []
    unnamed: list[JsonObject] = []
    for value, is_own in islice(_listings(tree, _Listing(public_id, slugs)), MAX_OBJECTS):
        (own if is_own else unnamed).append(value)
    one_thing = len({_name_of(value) for value in unnamed}) == 1
    return tuple(own or (unnamed if one_thing else ()))


def _listings(
    tree: LexborHTMLParser, listing: _Listing
) -> Iterator[tuple[JsonObject, bool | None]]:
    """What may be this listing's, and whether it says so; nothing within what names another."""
    for block in json_ld_blocks(tree):
        pending: list[Any] = [block]
        while pending:
            value = pending.pop()
            if isinstance(value, list):
                pending.extend(reversed(value))
            elif isinstance(value, dict) and (is_own := listing.is_named_by(value)) is not False:
                if "@type" in value and is_of_type(value, *_LISTING_TYPES):
                    yield value, is_own
                inner = [each for name, each in value.items() if name not in _OF_OTHERS]
                pending.extend(reversed(inner))


def _texts(value: Any) -> list[str]:
    """A text, several, or those of objects in their place."""
    texts: list[str] = []
    for each in value[:_MOST] if isinstance(value, list) else [value]:
        inner = [each.get(name) for name in _WITHIN] if isinstance(each, dict) else [each]
        texts += [text for text in inner if isinstance(text, str)]
    return texts


def _slug(url: str) -> str | None:
    try:
        return slug_of(url)
    except PageError:
        return None


def _name_of(value: JsonObject) -> str | None:
    name = value.get("name")
    return name[:_MOST] if isinstance(name, str) else None
