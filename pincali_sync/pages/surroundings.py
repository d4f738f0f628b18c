"""What the elements around a short text, and the icons beside it, say that it is about.

"No disponible" in a badge says something of the listing; beside an icon of a telephone, or in an
element called "virtual-tour", it says something of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from pincali_sync.pages.blocks import Block
from pincali_sync.pages.text import fold

_ROOTS = frozenset({"-document", "html", "body", "main"})
# Elements of the site that hold all kinds of things.
_FRAMES = frozenset(
    {"listing", "listing__header", "listing__intro", "listing__price", "listing__detail"}
)
_PICTURES = frozenset({"i", "img", "svg", "span", "em"})
_SAYING = ("title", "alt", "aria-label", "data-label", "data-title", "data-original-title")
_NAMING = ("class", "id")
_BLANK = "wordlesspicture"
_LONGEST = 300  # of an attribute; a longer one names many things
_MOST_NODES = 30  # of a text with icons in it, and between it and the page
_WORDS = re.compile(r"[a-z]{3,}")  # "d-flex mb-3": short ones and figures lay things out
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
# All that names nothing but a status, a listing, or how a thing looks.
_OF_A_NOTICE = "alert flash message msg notice notification"
_OF_A_STATUS = "badge banner chip estado estatus label pill ribbon state status tag"
_OF_NOTHING_ELSE = (
    "alerts badges labels messages notices tags available availability unavailable sold rented "
    "vendida vendido rentada rentado gone removed expired inactive paused suspended off not longer "
    "market listing property propiedad inmueble page main header heading top title text content "
    "row col column cols container wrapper wrap inner outer box block body section center left "
    "right align flex grid items item justify between start end float pull margin padding "
    "background border rounded shadow small large big size bold font full auto width height "
    "position absolute relative sticky fixed inline uppercase upper black white red green gray "
    "grey yellow orange blue danger warning warn info error success primary secondary light dark "
    "muted default dismissible fade show role icon icons fas far fal fab fad fak svg material ban "
    "times circle xmark cross close exclamation triangle check lock eye slash clock flag house "
    "home key"
)
_NOTICE_WORDS = frozenset(_OF_A_NOTICE.split())
_BADGE_WORDS = frozenset(_OF_A_STATUS.split())
_STATUS_WORDS = _NOTICE_WORDS | _BADGE_WORDS
_PLAIN_WORDS = _STATUS_WORDS.union(_OF_NOTHING_ELSE.split())


def is_of_something_else(block: Block) -> bool:
    """Whether an element around a text, or an icon in it or beside it, names another thing.

    A picture without words adorns a status, and elsewhere may be what the text is about.
    """
    names = _all_names(block)
    return not _PLAIN_WORDS.issuperset(names - {_BLANK} if names & _STATUS_WORDS else names)


def is_called_a_status(block: Block) -> bool:
    """Whether an element around a text is a badge, a notice or the like."""
    return not _all_names(block).isdisjoint(_STATUS_WORDS)


def is_called_a_notice(block: Block) -> bool:
    """Whether an element around a text is a notice, and none is a badge."""
    names = _all_names(block)
    return names.isdisjoint(_BADGE_WORDS) and not names.isdisjoint(_NOTICE_WORDS)


def _all_names(block: Block) -> set[str]:
    return {name for node in _around(block) for name in _names_of(node, block)}


def _around(block: Block) -> Iterator[LexborNode]:
    if block.ends is None:
        return
    first, last = block.ends
    yield from _within(first, last)
    for _ in range(_MOST_NODES):
        for near in (_beside(first, "prev"), _beside(last, "next")):
            if near is not None and _is_picture(near):
                yield from _within(near, near)
        outer = first.parent
        if outer is None or outer.tag in _ROOTS or _is_frame(outer):
            return
        yield outer
        first = last = outer


def _within(first: LexborNode, last: LexborNode) -> Iterator[LexborNode]:
    node: LexborNode | None = first
    for _ in range(_MOST_NODES):
        if node is None:
            return
        if node.tag != "-text":
            yield node
            yield from node.css("*")[:_MOST_NODES]
        if node == last:
            return
        node = node.next


def _beside(node: LexborNode, direction: str) -> LexborNode | None:
    near: LexborNode | None = getattr(node, direction)
    while near is not None and near.tag == "-text" and not (near.text_content or "").strip():
        near = getattr(near, direction)
    return near


def _is_picture(node: LexborNode) -> bool:
    return node.tag in _PICTURES and not node.text().strip()


def _is_frame(node: LexborNode) -> bool:
    return not _FRAMES.isdisjoint(classes_of(node).split())


def classes_of(node: LexborNode) -> str:
    """An element's classes, as far as they name it."""
    return (node.attributes.get("class") or "")[:_LONGEST]


def _names_of(node: LexborNode, block: Block) -> list[str]:
    given = node.attributes
    if node.tag == "img" and "alt" not in given:
        return ["something else"]
    texts = [given.get(name) or "" for name in _SAYING]
    names = [given.get(name) or "" for name in _NAMING]
    if node.tag == "img" and not texts[_SAYING.index("alt")].strip():
        names.append(_BLANK)
    if any(len(text) > _LONGEST for text in (*texts, *names)):
        return ["something else"]
    if given.get("role") in {"alert", "status"}:
        names.append("notice")
    said = [text for text in map(fold, texts) if text != block.text]
    return [word for text in (*said, *map(_apart, names)) for word in _WORDS.findall(text)]


def _apart(names: str) -> str:
    return _HUMP.sub("-", names).lower()
