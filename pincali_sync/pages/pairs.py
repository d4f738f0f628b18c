"""Whether a short text has another beside it: a label and its value, which mean one thing together.

"No disponible" beside "Tour virtual" says nothing of the listing, nor does "Vendida" beside "No".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from operator import attrgetter

from selectolax.lexbor import LexborNode

from pincali_sync.pages.blocks import Block

_LONGEST_LABEL = 40
_MOST_NODES = 60  # of a neighbour; a label has few
_UNSEEN = frozenset({"-comment", "script", "style", "template"})
_ROOTS = frozenset({"-document", "html", "body", "main"})
# What has its own sense, whatever stands beside it: frames, and the parts of a listing's head.
_NO_LABEL_TAGS = frozenset({"h1", "nav", "footer", "aside", "form", "dialog"})
_NO_LABEL = re.compile(
    r"(?<![\w-])(?:property-title|location|price|listing-id|listing__[\w-]+|feature-icon|"
    r"marketplace__header|(?:eb-)?breadcrumbs?|modal|dropdown|cookie\w*)(?![\w-])"
)
_STANDS_OUT = re.compile(r"alert|notice|flash|banner", re.I)
_WORD = re.compile(r"[^\W_]")
_LETTER = re.compile(r"[^\W\d_]")
_Step = Callable[[LexborNode], LexborNode | None]
_BEFORE: _Step = attrgetter("prev")
_AFTER: _Step = attrgetter("next")


def is_paired(block: Block) -> bool:
    """Whether the text next to a block's is as short; not where the block is a notice.

    What holds nothing but the block stands for it.
    """
    if block.ends is None:
        return False
    first, last = block.ends
    while True:
        beside = [*filter(None, (_nearest(first, _BEFORE), _nearest(last, _AFTER)))]
        if beside:
            return any(map(_is_label, beside))
        outer = first.parent
        if outer is None or outer.tag in _ROOTS or _stands_out(outer):
            return False
        first = last = outer


def _nearest(node: LexborNode, step: _Step) -> LexborNode | None:
    """The next one in a direction that has a word."""
    near = step(node)
    while near is not None and not _WORD.search(_text_of(near)):
        near = step(near)
    return near


def _is_label(node: LexborNode) -> bool:
    if node.tag in _NO_LABEL_TAGS or _NO_LABEL.search(node.attributes.get("class") or ""):
        return False
    if node.tag == "header" and node.parent is not None and node.parent.tag in _ROOTS:
        return False  # the page's, not a section's
    text = _text_of(node)
    return len(text) <= _LONGEST_LABEL and _LETTER.search(text) is not None


def _text_of(node: LexborNode) -> str:
    """As much of a node's text as tells whether it is a label's."""
    pieces: list[str] = []
    for part in islice(node.traverse(include_text=True), _MOST_NODES):
        outer = part.parent
        if part.tag == "-text" and (outer is None or outer.tag not in _UNSEEN):
            pieces += (part.text_content or "").split()
    return " ".join(pieces)


def _stands_out(node: LexborNode) -> bool:
    given = node.attributes
    if given.get("role") in {"alert", "status"}:
        return True
    return _STANDS_OUT.search(given.get("class") or "") is not None
