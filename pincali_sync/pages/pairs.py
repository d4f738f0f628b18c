"""What stands beside a short text: a label and its value mean one thing together.

"No disponible" beside "Tour virtual" says nothing of the listing, nor does "Vendida" beside "No".
What nobody reads there and what counts pictures says nothing of a text; what people click on may.
A figure or a long text before it is no label, and may belong to what it is said of nevertheless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from operator import attrgetter

from selectolax.lexbor import LexborNode

from pincali_sync.pages.blocks import Block, is_left_out
from pincali_sync.pages.shown import is_hidden
from pincali_sync.pages.surroundings import classes_of
from pincali_sync.pages.text import fold
from pincali_sync.pages.unread import Unread, unread_in

_LONGEST_LABEL = 40
_LONGEST_QUOTE = 100
_FEW_NODES = 8  # of a card, beyond its price
_MOST_NODES = 60  # of a neighbour, which has few, and in a direction
_UNSEEN = frozenset({"script", "style", "template"})
_ROOTS = frozenset({"-document", "html", "body", "main"})
# What has its own sense, whatever stands beside it: frames, and the parts of a listing's head.
_NO_LABEL_TAGS = frozenset({"h1", "nav", "footer", "aside", "form", "dialog"})
_NO_LABEL = re.compile(
    r"(?<![\w-])(?:property-title|location|price|listing-id|listing__[\w-]+|feature-icon|"
    r"marketplace__header|(?:eb-)?breadcrumbs?|modal|dropdown|cookie\w*)(?![\w-])"
)
_CONTROL_ROLES = frozenset({"button", "link", "menuitem", "tab", "checkbox", "switch"})
_CONTROL = re.compile(r"(?<![\w-])(?:[\w-]*-)?(?:btn|button)(?:-[\w-]+)?(?![\w-])", re.I)
# Of its pictures, of those who looked at it, and what it is called.
_COUNTS = re.compile(
    r"(?:\d[\d.,]*(?: ?(?:/|de|of) ?\d+)?\+? (?:fotos?|photos?|fotografias?|imagen(?:es)?|imagens?|"
    r"images?|pictures?|videos?|vistas?|views?|visitas?|visits?|likes?|favorit[oa]s?)|"
    r"(?:(?:fotos?|photos?|imagenes|images|videos?):? )\d[\d.,]*|"
    r"(?:(?:id|clave|codigo|code|ref(?:erencia|erence)?)\.?:? ?)?#?eb-[a-z]{2}\d+)"
)
_STANDS_OUT = re.compile(r"alert|notice|flash|banner", re.I)
_BADGE = re.compile(r"badge|chip|pill|ribbon|(?<![a-z])tag(?![a-z])", re.I)
_WORD = re.compile(r"[^\W_]")
# A share or a day is one as well; other figures count things.
_LETTER_OR_DAY = re.compile(r"[^\W\d_]|\d[-/.]\d\d?[-/.]\d|^\d+ ?(?:%|/ ?\d+)$")
_Step = Callable[[LexborNode], LexborNode | None]
_BEFORE: _Step = attrgetter("prev")
_AFTER: _Step = attrgetter("next")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The short texts next to one, as they are shown; None: there is none."""

    before: str | None = None
    after: str | None = None
    is_badge: bool = False  # all of them, as the text itself, are badges
    has_unread: bool = False  # something that is hidden, or to be clicked on, stands before it
    no_label: str | None = None  # a mere figure or a long text before it
    unread: tuple[Unread, ...] = ()  # what is clicked on, before and after it


@dataclass(frozen=True, slots=True)
class _Beside:
    """The nearest one in a direction that is read."""

    node: LexborNode | None = None
    text: str = ""
    has_unread: bool = False  # others were passed over
    unread: tuple[Unread, ...] = ()  # of these, and of those around figures, what is clicked on

    @property
    def label(self) -> str | None:
        """Its text, where it may be a label or a value."""
        node = self.node
        if node is None or not _may_be_label(node):
            return None
        is_short = len(self.text) <= _LONGEST_LABEL and _LETTER_OR_DAY.search(self.text)
        return self.text if is_short else None

    @property
    def no_label(self) -> str | None:
        """Its text, where that is longer or a mere figure, and may tell what is meant."""
        if self.node is None or self.label is not None or not _may_be_label(self.node):
            return None
        return self.text[:_LONGEST_QUOTE]


def neighbours_of(block: Block) -> Neighbours:
    """What stands next to a block; nothing where the block is a notice.

    What holds nothing but the block stands for it.
    """
    if block.ends is None:
        return Neighbours()
    first, last = block.ends
    has_unread = False
    unread: tuple[Unread, ...] = ()
    while True:
        before, after = _nearest(first, _BEFORE), _nearest(last, _AFTER)
        has_unread = has_unread or before.has_unread
        unread = (*unread, *before.unread, *after.unread)
        if before.node is not None or after.node is not None:
            nodes = [each.node for each in (before, after) if each.node is not None]
            is_badge = all(map(_is_badge, (first, *nodes)))
            labels = before.label, after.label
            return Neighbours(*labels, is_badge, has_unread, before.no_label, unread)
        outer = first.parent
        if outer is None or outer.tag in _ROOTS or _stands_out(outer):
            return Neighbours(has_unread=has_unread, unread=unread)
        first = last = outer


def _nearest(node: LexborNode, step: _Step) -> _Beside:
    has_unread, has_colon = False, False
    unread: list[Unread] = []
    siblings = _siblings(node, step)
    for near in siblings:
        text, whole = _read_in(near), _all_in(near)
        may_be_label = _may_be_label(near)
        unread += _unread_in(near) if may_be_label else ()
        if _WORD.search(text) or (_WORD.search(whole) and not may_be_label):
            if not _COUNTS.fullmatch(fold(text)):
                found = _Beside(near, text, has_unread)
                if may_be_label and found.label is None:
                    unread += _unread_around(siblings)
                return replace(found, unread=tuple(unread))
        elif step is _BEFORE and _names_what_follows(near, whole, has_colon=has_colon):
            return _Beside(near, whole)
        elif _WORD.search(whole):
            has_unread = True
        has_colon = has_colon or ":" in text
    return _Beside(has_unread=has_unread, unread=tuple(unread))


def _siblings(node: LexborNode, step: _Step) -> Iterator[LexborNode]:
    near = step(node)
    for _ in range(_MOST_NODES):
        if near is None:
            return
        yield near
        near = step(near)


def _unread_around(siblings: Iterator[LexborNode]) -> Iterator[Unread]:
    """What is clicked on beyond a figure or a long text, as on a card."""
    for near in takewhile(_may_be_label, islice(siblings, _FEW_NODES)):
        yield from _unread_in(near)


def _unread_in(node: LexborNode) -> Iterator[Unread]:
    return unread_in(node, _is_control, lambda part: is_hidden(part) or not _may_be_label(part))


def _names_what_follows(node: LexborNode, words: str, *, has_colon: bool) -> bool:
    """Whether a link or a field's label is a label nevertheless: "Tour virtual:"."""
    if node.tag not in {"a", "label"} or not _WORD.search(words):
        return False
    is_plain = node.tag == "label" and "for" not in node.attributes
    return has_colon or words.endswith(":") or (is_plain and node.css_first("input") is None)


def _read_in(node: LexborNode) -> str:
    """What people read in a node, and cannot click on."""
    return _text_of(node, lambda part: is_left_out(part) or _is_control(part))


def _all_in(node: LexborNode) -> str:
    return _text_of(node, lambda part: part.tag in _UNSEEN)


def _text_of(node: LexborNode, is_apart: Callable[[LexborNode], bool]) -> str:
    """As much of a node's text as tells whether it is a label's."""
    pieces: list[str] = []
    waiting = [node]
    for _ in range(_MOST_NODES):
        if not waiting:
            break
        part = waiting.pop()
        if part.tag == "-text":
            pieces += (part.text_content or "").split()
        elif not (part.tag == "-comment" or is_apart(part)):
            waiting += reversed([*islice(part.iter(include_text=True), _MOST_NODES)])
    return " ".join(pieces)


def _may_be_label(node: LexborNode) -> bool:
    if node.tag in _NO_LABEL_TAGS or _NO_LABEL.search(classes_of(node)):
        return False
    # The page's header, not a section's.
    return not (node.tag == "header" and node.parent is not None and node.parent.tag in _ROOTS)


def _is_control(node: LexborNode) -> bool:
    role = node.attributes.get("role")
    return role in _CONTROL_ROLES or _CONTROL.search(classes_of(node)) is not None


def _is_badge(node: LexborNode) -> bool:
    return _BADGE.search(classes_of(node)) is not None


def _stands_out(node: LexborNode) -> bool:
    if node.attributes.get("role") in {"alert", "status"}:
        return True
    return _STANDS_OUT.search(classes_of(node)) is not None
