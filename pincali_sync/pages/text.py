"""Text and JSON out of markup.

Text is what people see and the database can keep: no control characters, none that turn a line
round or have no width, no broken ones, no overlong values; a letter and its accent are one sign.
JSON that is broken counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pincali_sync.domain.signs import UNSEEN, composed, without_accents
from pincali_sync.pages.json_text import json_of

JsonObject = dict[str, Any]

_LINE_BREAKING_TAGS = {"br", "p", "div", "li", "ul", "ol"}
_HIDDEN_TAGS = {"script", "style", "template"}
# Between the texts of two nodes, until it is known whether both are numbers; "2 1/2" is one.
_SEAM = "\x1f"
_TWO_NUMBERS = re.compile("[0-9] [0-9]")
_BETWEEN_NUMBERS = re.compile(rf"(?<=[0-9])(?=\s*{_SEAM})[\s{_SEAM}]+(?=[0-9])(?!1[/⁄]2)")
# Control characters but for tabs and line ends, half characters, what has no width.
_UNSEEN = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{UNSEEN}]")
_MAX_TEXT = 20_000  # of one node, white space of the markup included
MAX_DESCRIPTION = 50_000
_MAX_WORDS = 200
MAX_TITLE = 500  # varchar(500)
_VOCABULARY = re.compile("[/:#]")  # "https://schema.org/", "schema:"
_LONGEST_TERM = 100
_MOST_TYPES = 20  # of one object
_MOST_VALUES = 20_000  # looked at on a page, of whatever kind; one of 42 cards has some thousands
MAX_OBJECTS = 1_000  # of a page's JSON-LD; the site has four for each card


def as_bytes(markup: str | bytes) -> bytes:
    """Markup for the parser, without NUL bytes; it replaces what is no UTF-8 when asked for text.

    Bytes go in as they came: decoding a page and encoding it again costs as much as its cards.
    """
    raw = markup.encode("utf-8", "replace") if isinstance(markup, str) else markup
    return raw.replace(b"\0", b"")


def clean(text: object, max_length: int | None = None) -> str | None:
    """A value's text without outer white space, cut to a length; None where nothing is left.

    What nobody sees is left out, such as NUL and half characters, which PostgreSQL refuses.
    """
    if not isinstance(text, str):
        return None
    kept = text if text.isprintable() else _UNSEEN.sub(_unseen, text.replace("\r\n", "\n"))
    return composed(kept.strip())[:max_length].rstrip() or None


def _unseen(sign: re.Match[str]) -> str:
    return " " if sign[0].isspace() else ""


def one_line(text: object, max_length: int | None = None) -> str | None:
    """Like `clean`, with each run of white space as one space."""
    if not isinstance(text, str):
        return None
    line = " ".join(text[:_MAX_TEXT].split())
    if not line.isprintable():  # what is left out may have stood between two spaces
        line = " ".join(_UNSEEN.sub(_unseen, line).split())
    return composed(line)[:max_length].rstrip() or None


def fold(text: str) -> str:
    """Lower case without accents, for comparing words: "75 m² / 2 baños" is "75 m2 / 2 banos"."""
    return _folded_words(text) if len(text) <= _MAX_WORDS else _folded(text)


def _folded(text: str) -> str:
    return without_accents(text).lower()


# The same few words stand on every card; whole pages' texts would fill the memory.
_folded_words = lru_cache(maxsize=4096)(_folded)


def text_of(node: LexborNode | None) -> str | None:
    """A node's whole text on one line."""
    return None if node is None else one_line(node.text(separator=" "))


def facts_text_of(*nodes: LexborNode) -> str | None:
    """Nodes' whole text on one line, where numbers of two elements stay two: "60 | 120 m²".

    As one they would be 60,120; "12 500 m²" in one text is written so.
    """
    text = one_line(" ".join(node.text(separator=" ") for node in nodes))
    if text is None or not _TWO_NUMBERS.search(text):
        return text
    whole = _SEAM.join(node.text(separator=_SEAM) for node in nodes)[:_MAX_TEXT]
    return one_line(_BETWEEN_NUMBERS.sub(" | ", whole).replace(_SEAM, " "))


def text_at(tree: LexborHTMLParser | LexborNode, *selectors: str) -> str | None:
    """The text of the first selector that finds any."""
    return next(filter(None, (text_of(tree.css_first(each)) for each in selectors)), None)


def attribute_at(tree: LexborHTMLParser | LexborNode, selector: str, name: str) -> str | None:
    """An attribute of the first element found."""
    node = tree.css_first(selector)
    return node.attributes.get(name) if node is not None else None


def paragraphs_of(node: LexborNode) -> str | None:
    """A node's text with its line breaks kept and the white space of the markup left out."""
    pieces: list[str] = []
    for part in node.traverse(include_text=True):
        if part.tag == "-text" and not _is_hidden(part):
            pieces.append(re.sub(r"\s+", " ", part.text_content or ""))
        elif part.tag in _LINE_BREAKING_TAGS:
            pieces.append("\n")
    lines = "".join(pieces).split("\n")
    return clean("\n".join(line.strip(" ") for line in lines), MAX_DESCRIPTION)


def _is_hidden(text_node: LexborNode) -> bool:
    parent = text_node.parent
    return parent is not None and parent.tag in _HIDDEN_TAGS


def object_of(text: str | None) -> JsonObject:
    """Parses a JSON object; an empty one for anything else."""
    value = json_of(text)
    return value if isinstance(value, dict) else {}


def json_ld(tree: LexborHTMLParser) -> Iterator[JsonObject]:
    """The typed objects of the page's JSON-LD blocks, outer ones first, in document order."""
    return islice(_typed_objects(tree), MAX_OBJECTS)


def json_ld_blocks(tree: LexborHTMLParser) -> Iterator[Any]:
    """The values of the page's JSON-LD blocks, whatever they are."""
    return (json_of(block.text()) for block in tree.css('script[type^="application/ld+json" i]'))


def _typed_objects(tree: LexborHTMLParser) -> Iterator[JsonObject]:
    left = _MOST_VALUES
    for block in json_ld_blocks(tree):
        pending = [block]
        while pending and left:
            left -= 1
            value = pending.pop()
            if isinstance(value, dict):
                if "@type" in value:
                    yield value
                pending.extend(reversed(list(islice(value.values(), left))))
            elif isinstance(value, list):
                pending.extend(reversed(value[:left]))
        if not left:
            return


def is_of_type(value: JsonObject, *types: str) -> bool:
    """Whether a JSON-LD object's `@type`, a text or a list, is one of these."""
    declared = value["@type"]
    names = declared[:_MOST_TYPES] if isinstance(declared, list) else [declared]
    return any(term_of(name) in types for name in names if isinstance(name, str))


def term_of(name: str) -> str:
    """A term of schema.org without its vocabulary: "House" of "https://schema.org/House"."""
    return _VOCABULARY.split(name[-_LONGEST_TERM:])[-1]


def scalar_at(value: JsonObject, name: str) -> str | float | None:
    """An object's text or number; None for anything else: to print a deep list would fail."""
    inner = value.get(name)
    return inner if isinstance(inner, (str, int, float)) else None


def part(value: JsonObject, name: str) -> JsonObject:
    """An object's inner object; an empty one where it has none."""
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}
