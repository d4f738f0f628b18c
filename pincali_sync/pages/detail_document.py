"""A detail page prepared for reading: one listing's markup, ids and data, and nothing else's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pincali_sync.domain.identity import public_id_of
from pincali_sync.exceptions import PageError
from pincali_sync.pages.markup import tree_of
from pincali_sync.pages.own_data import PUBLIC_ID, own_objects
from pincali_sync.pages.text import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    JsonObject,
    attribute_at,
    clean,
    object_of,
    one_line,
    paragraphs_of,
    text_at,
)

_TRACKING = "data-track-custom-properties"
_NUMERIC_ID = re.compile(r"[1-9][0-9]{4,11}")

# Cards of other listings, with their prices, places and photos.
_FOREIGN = ".listing__similar-properties, .property__component"
_MAX_FOREIGN = 200  # each costs a walk over the page; the site shows seven
_EMPTY: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailDocument:
    """The page of one listing."""

    url: str
    tree: LexborHTMLParser  # without the similar listings
    tracking: JsonObject  # State, City, Type, Rental, Sale; more since 2026
    objects: tuple[JsonObject, ...]  # of its JSON-LD, the listing's; none before 2026
    json_ld: JsonObject  # the same, merged
    public_id: str
    title: str
    title_original: str | None  # where the page shows a translation

    @classmethod
    def of(cls, markup: str | bytes, url: str) -> DetailDocument:
        """Parses a page.

        Raises:
            PageError: as `in_tree`, and for more markup than any page of the site has.
        """
        return cls.in_tree(tree_of(markup, url), url)

    @classmethod
    def in_tree(cls, tree: LexborHTMLParser, url: str) -> DetailDocument:
        """Takes other listings out of a page's tree, for good, and finds this one.

        Raises:
            PageError: for a search page, and where there is no title or no listing id.
        """
        if tree.css_first("[data-search-results]") is not None:
            raise PageError(f"{url} is a search page, not a listing")
        _drop_other_listings(tree, url)
        public_id, tracking = _id_and_tracking(tree)
        if public_id is None:
            raise PageError(f"{url} shows no listing id")
        title, original = _titles(tree)
        objects = own_objects(tree, url, public_id, (title, original))
        data = _merged(objects)
        title = title or clean(data.get("name"), MAX_TITLE)
        if title is None:
            raise PageError(f"{url} ({public_id}) has no title")
        return cls(
            url=url,
            tree=tree,
            tracking=tracking,
            objects=objects,
            json_ld=data,
            public_id=public_id,
            title=title,
            title_original=original,
        )

    def description(self) -> str | None:
        """The description in the page's language, line breaks kept."""
        for selector in (".listing__description .text-description", "#description-modal p"):
            node = self.tree.css_first(selector)
            text = paragraphs_of(_translations(node)[0] or node) if node else None
            if text:
                return text
        return clean(self.json_ld.get("description"), MAX_DESCRIPTION)


def _drop_other_listings(tree: LexborHTMLParser, url: str) -> None:
    if len(tree.css(_FOREIGN)) > _MAX_FOREIGN:
        raise PageError(f"{url} shows more than {_MAX_FOREIGN} other listings")
    # One at a time: they are nested, and a node inside a removed one must not be touched again.
    while (node := tree.css_first(_FOREIGN)) is not None:
        if node.parent is None or node.tag == "html":
            raise PageError(f"{url} is a card, not a listing's page")
        node.decompose()


def _translations(node: LexborNode) -> tuple[LexborNode | None, LexborNode | None]:
    """The shown text of a node and its hidden original; both None where nothing is translated."""
    shown = hidden = None
    for span in node.css("span[data-translation]"):
        if "d-none" in (span.attributes.get("class") or "").split():
            hidden = hidden or span
        else:
            shown = shown or span
    return shown, hidden


def _titles(tree: LexborHTMLParser) -> tuple[str | None, str | None]:
    # The heading occurs twice, and its plain text glues both languages.
    for selector in (".listing__intro h1.property-title", "h1.property-title"):
        heading = tree.css_first(selector)
        if heading is None:
            continue
        shown, hidden = _translations(heading)
        if shown is not None:
            original = clean(hidden.text(), MAX_TITLE) if hidden else None
            return clean(shown.text(), MAX_TITLE), original
        return one_line(heading.text(separator=" "), MAX_TITLE), None
    return None, None


def _merged(objects: Iterable[JsonObject]) -> JsonObject:
    merged: JsonObject = {}
    for value in objects:
        for name, inner in value.items():
            if inner not in _EMPTY:  # would hide what another object says
                merged.setdefault(name, inner)
    return merged


def _id_and_tracking(tree: LexborHTMLParser) -> tuple[str | None, JsonObject]:
    """The listing's id, and the tracking data that have it: a page may track others, too."""
    shown = PUBLIC_ID.search(text_at(tree, ".listing-id") or "")
    tracked = _tracked(tree, f".listing__header[{_TRACKING}]")
    public_id = shown[0] if shown else _agreed(tracked) or _numbered(tree)
    if public_id not in map(itemgetter(0), tracked):
        tracked = _tracked(tree, f"[{_TRACKING}]")
        public_id = public_id or _agreed(tracked)
    return public_id, next((data for each, data in tracked if each == public_id), {})


def _tracked(tree: LexborHTMLParser, selector: str) -> list[tuple[str, JsonObject]]:
    """What elements track, by the listing that it is of."""
    found = [object_of(node.attributes.get(_TRACKING)) for node in tree.css(selector)]
    named = [(_public_id(data.get("Property ID")), data) for data in found]
    return [(each, data) for each, data in named if each is not None]


def _agreed(tracked: list[tuple[str, JsonObject]]) -> str | None:
    ids = {each for each, _ in tracked}
    return ids.pop() if len(ids) == 1 else None


def _numbered(tree: LexborHTMLParser) -> str | None:
    numbers = (
        attribute_at(tree, ".listing__header .favorite-button[data-id]", "data-id"),
        attribute_at(tree, 'input[name="property_complaint[property_id]"]', "value"),
    )
    return next(filter(None, map(_public_id, numbers)), None)


def _public_id(value: object) -> str | None:
    """An id, of either form, as EasyBroker writes it."""
    text = str(value) if isinstance(value, int) else clean(value) or ""
    match = PUBLIC_ID.search(text)
    if match:
        return match[0]
    return public_id_of(int(text)) if _NUMERIC_ID.fullmatch(text) else None
