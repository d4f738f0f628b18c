"""What a page says in places of its own: short texts outside of forms, menus, cards and dialogs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pincali_sync.pages.shown import LONGEST_CLASSES, is_hidden, is_seen_at_times
from pincali_sync.pages.text import fold, one_line

_MAIN = ("main", "[role=main]", "body")
_INLINE_TAGS = (
    "abbr b bdi big cite data em font i mark nobr small span strong sub sup time tt u wbr"
)
_INLINE = frozenset(_INLINE_TAGS.split())
_HEADINGS = frozenset({"h1", "h2", "h3"})
# What people fill in or click on, and what stands around every page.
_APART_TAGS = (
    "a aside button del dialog fieldset footer form iframe img input label nav noscript option s "
    "script select strike style svg template textarea video"
)
_APART = frozenset(_APART_TAGS.split())
_CLASSES_APART = re.compile(
    r"\b(?:modal|dropdown|footer|cookie\w*|"
    r"(?:eb-)?breadcrumbs?|marketplace__header|property__component|listing__similar-properties|"
    r"action-button|report[\w-]*|buorg|grecaptcha\w*)(?![\w-])"
)
# A link or a label that is one, and leads nowhere.
_BADGE = re.compile(r"(?<![\w-])(?:[\w-]*-)?(?:badge|status|ribbon)(?:-[\w-]+)?(?![\w-])", re.I)
_NOWHERE = re.compile(r"#?|javascript:.*", re.I)
_PROMINENT = re.compile(
    r"alert|notice|flash|banner|message|status|unavailable|empty|not-?found|error", re.I
)
_SENTENCE_END = re.compile(r"(?<=[.!?;…])(?!(?<=\b\w{3}\.)\s\d)\s+")  # none in "Oct. 3"
_OUTER_SIGNS = re.compile(r"^[^a-z0-9]+|[^a-z0-9]+$")
MAX_BLOCK = 300  # longer texts are no statements
_LONGEST_QUOTE = 200
_MOST = 400  # of a page: what matters comes first


@dataclass(frozen=True, slots=True)
class Block:
    """One element's own text or a sentence of it, as it stands there and folded for comparing."""

    shown: str
    text: str
    prominent: bool = False  # a heading or a notice
    is_choice: bool = False  # one of a list: reasons to report a listing, questions
    is_unsure: bool = False  # hidden on some screens, or until it fades in
    # Where it stands: its first and last node, which are children of one element.
    ends: tuple[LexborNode, LexborNode] | None = field(default=None, compare=False, repr=False)

    @property
    def quoted(self) -> str:
        """As evidence quotes it."""
        return f'"{self.shown[:_LONGEST_QUOTE]}"'


@dataclass(frozen=True, slots=True)
class Bounds:
    """What else of a page is left out, and where reading ends, by elements' classes."""

    apart: re.Pattern[str] = re.compile(r"(?!)")
    apart_tags: frozenset[str] = frozenset()
    end: re.Pattern[str] = re.compile(r"(?!)")


@dataclass(slots=True)
class _Reader:
    """Walks over a tree."""

    bounds: Bounds
    blocks: list[Block] = field(default_factory=list)
    has_ended: bool = False

    def read(self, node: LexborNode, like: Block) -> None:
        """Adds a node's texts, which are what it is itself, or stands in, as `like` is."""
        like = _of_its_own(node, like)
        words: list[LexborNode] = []
        children = list(node.iter(include_text=True, skip_empty=True))
        speaks = any(each.tag == "-text" for each in children)
        for child in children:
            if self.has_ended:
                break
            if child.tag != "-text" and self._is_apart(child):
                continue
            if child.tag == "-text" or (speaks and child.tag in _INLINE):
                words.append(child)
            else:
                self._flush(words, like)
                self.read(child, like)
        self._flush(words, like)

    def _flush(self, words: list[LexborNode], like: Block) -> None:
        if not words:
            return
        text, ends = one_line(" ".join(map(_words_of, words))), (words[0], words[-1])
        words.clear()
        if text and len(self.blocks) < _MOST:
            self.blocks.append(replace(like, shown=text, text=fold(text), ends=ends))

    def _is_apart(self, node: LexborNode) -> bool:
        classes = (node.attributes.get("class") or "")[:LONGEST_CLASSES]
        if node.tag in self.bounds.apart_tags or _is_apart_by_tag(node):
            return True
        self.has_ended = self.bounds.end.search(classes) is not None
        return self.has_ended or is_left_out(node) or bool(self.bounds.apart.search(classes))


def blocks_of(tree: LexborHTMLParser, bounds: Bounds | None = None) -> list[Block]:
    """The texts of a page's main part, in their order."""
    reader = _Reader(bounds or Bounds())
    root = next((node for node in map(tree.css_first, _MAIN) if node is not None), None)
    if root is not None:
        reader.read(root, Block("", ""))
    return reader.blocks


def is_left_out(node: LexborNode) -> bool:
    """Whether an element is none that people read, but hidden, or there to be clicked on."""
    if _is_apart_by_tag(node):
        return True
    given = node.attributes
    return bool(given) and (
        is_hidden(node)
        or given.get("role") in {"dialog", "navigation", "contentinfo"}
        or _CLASSES_APART.search(given.get("class") or "") is not None
    )


def sentences_of(block: Block) -> Iterator[Block]:
    """A short text's sentences, compared without the signs around them; no questions."""
    if len(block.text) > MAX_BLOCK:
        return
    for shown in _SENTENCE_END.split(block.shown):
        if "?" not in shown and "¿" not in shown:
            words = _OUTER_SIGNS.sub("", fold(shown).replace("’", "'"))
            yield replace(block, shown=shown, text=words)


def _words_of(node: LexborNode) -> str:
    return (node.text_content or "") if node.tag == "-text" else node.text(separator=" ")


def _of_its_own(node: LexborNode, outer: Block) -> Block:
    """How an element's texts stand there."""
    given = node.attributes
    prominent = node.tag in _HEADINGS or given.get("role") in {"alert", "status"}
    prominent = prominent or bool(_PROMINENT.search(given.get("class") or ""))
    is_choice = outer.is_choice or node.tag == "li"
    is_unsure = outer.is_unsure or is_seen_at_times(node)
    return Block("", "", outer.prominent or prominent, is_choice, is_unsure)


def _is_apart_by_tag(node: LexborNode) -> bool:
    if node.tag == "header" and _is_of_the_frame(node):
        return True
    return node.tag in _APART and not _is_badge(node)


def _is_badge(node: LexborNode) -> bool:
    given = node.attributes
    if node.tag not in {"a", "label"} or not _BADGE.search(given.get("class") or ""):
        return False
    leads_nowhere = _NOWHERE.fullmatch(given.get("href") or "") is not None
    return leads_nowhere and "for" not in given and node.css_first("input") is None


def _is_of_the_frame(node: LexborNode) -> bool:
    return node.parent is not None and node.parent.tag == "body"
