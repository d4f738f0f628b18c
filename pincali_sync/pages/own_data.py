"""Which objects of a page's JSON-LD are its own listing's: pages tell of others, too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from pincali_sync.domain.identity import slug_of
from pincali_sync.exceptions import PageError
from pincali_sync.pages.text import (
    MAX_OBJECTS,
    MAX_TITLE,
    JsonObject,
    attribute_at,
    fold,
    is_of_type,
    json_ld_blocks,
)

PUBLIC_ID = re.compile(r"\bEB-[A-Z]{1,4}[0-9]{4}\b")
_HOMES = ("Residence", "SingleFamilyResidence", "House", "Apartment")
_LISTING_TYPES = ("RealEstateListing", "Product", *_HOMES)
_OF_OTHERS = {"isSimilarTo", "isRelatedTo", "itemListElement"}
_OF_THE_SAME = {"about", "mainEntity", "offers", "itemOffered"}
_IDS = ("sku", "productID", "identifier")
_PLACES = ("url", "@id", "mainEntityOfPage", "offers")  # the first that names a listing counts
_NAMING = frozenset(_IDS + _PLACES)
_WITHIN = ("value", "url", "@id")  # of an object in the place of a text
_MOST_TEXTS = 10  # in one place
_LONGEST = 50  # characters of an id or a name
# No place of its own: only a part of this page, or of the site.
_NOWHERE = re.compile(r"\s*(?:(?:(?:https?://(?:www\.)?pincali\.com)?/?#|_:).*)?", re.S)
_WORD = re.compile(r"[^\W_]+")
_SLUGS_NUMBER = re.compile(r"-[0-9]+$")
_MOST_VALUES = 5_000  # looked at on a page, of whatever kind; a listing's own are some hundreds


class _Tie(Enum):
    """What ties an object to the page's listing."""

    NAME = auto()  # it gives its id or its URL
    SUBJECT = auto()  # one that does is about it, or offers it
    PART = auto()  # it stands elsewhere in such a one, as the seller's other houses may
    NONE = auto()


_LOOSE = frozenset({_Tie.PART, _Tie.NONE})


@dataclass(frozen=True, slots=True)
class _Listing:
    """What the page's listing goes by."""

    public_id: str
    slugs: frozenset[str]
    names: frozenset[str]  # its titles and slugs, as `_words_of` leaves them

    def is_named_by(self, value: JsonObject) -> bool | None:
        """By the id or the URL that an object gives; None where it gives neither."""
        if _NAMING.isdisjoint(value):
            return None
        ids = [
            PUBLIC_ID.search(text[:_LONGEST]) for name in _IDS for text in _texts(value.get(name))
        ]
        found = [each[0] for each in ids if each]
        if found:
            return self.public_id in found
        for name in _PLACES:
            slugs = {slug for text in _texts(value.get(name)) if (slug := _slug(text))}
            if slugs:
                return bool(slugs & self.slugs)
        return None

    def may_be(self, value: JsonObject) -> bool:
        """Whether an object has no name, or one of the listing's."""
        name = value.get("name")
        return not name or not self.names.isdisjoint(map(_words_of, _texts(name)))


def own_objects(
    tree: LexborHTMLParser, url: str, public_id: str, titles: Iterable[str | None]
) -> tuple[JsonObject, ...]:
    """The objects of listing types that are the page's listing's; first those that name it.

    What these are about is the listing's as well, and the only home beside one that is no home. Of
    those that name nothing else, others are only where none does, and they mean but one thing.

    Args:
        url: where the page was fetched.
        titles: what the page calls its listing.
    """
    canonical = attribute_at(tree, 'link[rel="canonical"][href]', "href")
    slugs = frozenset(filter(None, map(_slug, (url, canonical or ""))))
    called = (*titles, *slugs, *(_SLUGS_NUMBER.sub("", slug) for slug in slugs))
    names = frozenset(filter(None, map(_words_of, filter(None, called))))
    listing = _Listing(public_id, slugs, names)
    found: dict[_Tie, list[JsonObject]] = {tie: [] for tie in _Tie}
    for value, tie in islice(_listings(tree, listing), MAX_OBJECTS):
        found[tie].append(value)
    own = found[_Tie.NAME] + _one_thing(found[_Tie.SUBJECT])
    if not own:
        return tuple(filter(listing.may_be, _one_thing(found[_Tie.PART] + found[_Tie.NONE])))
    return (*own, *_home_beside(own, found[_Tie.NONE]))


def _listings(tree: LexborHTMLParser, listing: _Listing) -> Iterator[tuple[JsonObject, _Tie]]:
    """What may be this listing's, and what ties it; nothing within what names another."""
    left = _MOST_VALUES
    for block in json_ld_blocks(tree):
        pending: list[tuple[Any, _Tie]] = [(block, _Tie.NONE)]
        while pending and left:
            left -= 1
            value, tie = pending.pop()
            if isinstance(value, list):
                pending.extend((each, tie) for each in reversed(value[:left]))
            elif isinstance(value, dict) and (is_own := listing.is_named_by(value)) is not False:
                tie = _Tie.NAME if is_own else tie
                if tie in _LOOSE and _is_something_else(value):
                    continue
                if "@type" in value and is_of_type(value, *_LISTING_TYPES):
                    yield value, tie
                inner = [
                    (each, _tie_within(tie, name))
                    for name, each in value.items()
                    if name not in _OF_OTHERS
                ]
                pending.extend(reversed(inner))
        if not left:
            return


def _tie_within(tie: _Tie, name: str) -> _Tie:
    if tie in _LOOSE:
        return tie
    return _Tie.SUBJECT if name in _OF_THE_SAME else _Tie.PART


def _is_something_else(value: JsonObject) -> bool:
    """Whether an object that does not name the listing has an id or a place of its own."""
    if any(value.get(name) for name in _IDS):
        return True
    places = (text for name in _PLACES for text in _texts(value.get(name)))
    return not all(map(_NOWHERE.fullmatch, places))


def _one_thing(values: list[JsonObject]) -> list[JsonObject]:
    """All of them, where they can mean but one; none else."""
    return values if len({_name_of(value) for value in values}) == 1 else []


def _home_beside(own: list[JsonObject], unnamed: list[JsonObject]) -> list[JsonObject]:
    """The home that a page's product is, where they are two objects and the page has no third."""
    if len(unnamed) != 1 or any(is_of_type(value, *_HOMES) for value in own):
        return []
    is_it = _name_of(unnamed[0]) in {None, *map(_name_of, own)}
    return unnamed if is_it and is_of_type(unnamed[0], *_HOMES) else []


def _texts(value: Any) -> list[str]:
    """A text, several, or those of objects in their place."""
    texts: list[str] = []
    for each in value[:_MOST_TEXTS] if isinstance(value, list) else [value]:
        inner = [each.get(name) for name in _WITHIN] if isinstance(each, dict) else [each]
        texts += [text for text in inner if isinstance(text, str)]
    return texts


def _words_of(name: str) -> str:
    """A name for comparing."""
    return " ".join(_WORD.findall(fold(name[:MAX_TITLE])))


def _slug(url: str) -> str | None:
    try:
        return slug_of(url)
    except PageError:
        return None


def _name_of(value: JsonObject) -> str | None:
    name = value.get("name")
    return name[:_LONGEST] if isinstance(name, str) else None
