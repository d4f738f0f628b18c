"""What an element shows now: without what is struck out, hidden, or said to screen readers only."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from selectolax.lexbor import LexborNode

_STRUCK_TAGS = {"del", "s", "strike"}
_UNSEEN_TAGS = {"script", "style", "template", "noscript", "svg", "title", *_STRUCK_TAGS}
_UNSEEN_CLASS = re.compile(
    r"(?:^|\s)(?:(?:is-|u-|js-|ng-|cdk-|element-|a11y-)?"
    r"(?:sr-only|visually-?hidden|hidden|hide|invisible)(?:-focusable|-text)?"
    r"|screen-?reader\S*|show-for-sr|\S*offscreen|d-none|display-none"
    r"|tooltip\S*|popover\S*)(?:\s|$)"
)
_FOLDED_CLASS = re.compile(r"(?:^|\s)collapse(?:\s|$)")
_UNFOLDED = re.compile(r"(?:^|\s)(?:show|in)(?:\s|$)")
# "hidden-xs", "lg:hidden"
_HIDDEN_AT_TIMES = re.compile(
    r"(?:^|\s)(?!\S*overflow)(?:\S*[:-])?(?:hidden|hide|invisible|d-none)(?:-\S*)?(?:\s|$)"
)
# "d-none d-lg-block" hides on small screens only.
_SHOWN_SOMEWHERE = re.compile(r"(?:^|\s)\S*[-:](?:block|inline|flex|grid|table)\S*")
_FORMER_CLASS = re.compile(
    r"(?<![a-z])(?:old|oldprice|was|before|former|antes|anterior|antiguo|antigo|viejo|previous|prev"
    r"|original|tachad[oa]|strike\w*|lined?-?through|crossed|pr(?:ice|ecio|eco)-+(?:regular|compare)"
    r"|(?:regular|compare(?:-at)?)-pr(?:ice|ecio|eco))(?![a-z:])"
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # oldPrice
_UNSEEN_STYLE = re.compile(
    r"line-through|display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    r"|(?<![a-z-])(?:clip(?:-path)?\s*:|(?:left|top|text-indent)\s*:\s*-\d{3}"
    r"|(?:font-size|(?:max-)?(?:width|height))\s*:\s*0(?!\.0*[1-9]|\d))"
)
_FADED_STYLE = re.compile(r"(?<![a-z-])opacity\s*:\s*0(?!\.0*[1-9]|\d)")
_INLINE = {"a", "abbr", "b", "bdi", "bdo", "big", "em", "font", "i", "ins", "mark", "small", "span"}
_INLINE |= {"strong", "sub", "u", "wbr"}
LONGEST_CLASSES = 1_000  # no element that people see has more
_LONG = 200  # characters of classes and style; longer ones are not kept
_MANY = 2_000  # pieces of text, each with the seams around it; a price has about ten

# Between the texts of two elements, until it is known whether they are one number.
_SEAM = "\x1f"
_TWO_NUMBERS = re.compile(rf"[0-9.,'][\s{_SEAM}]+[0-9.,']")
# In the place of what is struck out: with the words for it, as in "Antes <s>$9</s> ahora $8".
_STRUCK = "\x1e"
_STRUCK_LABEL = re.compile(
    r"\b(?:(?:precio |price |preco )?(?:antes|was|before|anterior|original)|de)"
    rf"[\s:]*{_STRUCK}\s*(?:(?:por|a|to)\b)?",
    re.I,
)
_WITHIN_NUMBER = re.compile(rf"(?<=[0-9.,']){_SEAM}+(?=[0-9.,'])")
_BETWEEN_NUMBERS = re.compile(rf"(?<=[0-9])(?=\s*{_SEAM})[\s{_SEAM}]+(?=[0-9])")


def is_shown(node: LexborNode) -> bool:
    """Whether an element's own tag, attributes, classes and style let its text be seen as valid."""
    return node.tag not in _UNSEEN_TAGS and _sight_of(node).is_valid


def is_hidden(node: LexborNode) -> bool:
    """Whether an element's own attributes, classes and style let nobody see its text."""
    return _sight_of(node).is_hidden


def is_seen_at_times(node: LexborNode) -> bool:
    """Whether they may hide it: on some screens, or until it fades in."""
    return _sight_of(node).at_times


class _Sight(NamedTuple):
    is_valid: bool
    is_hidden: bool
    at_times: bool


_PLAIN = _Sight(is_valid=True, is_hidden=False, at_times=False)
_NOTHING = _Sight(is_valid=False, is_hidden=True, at_times=True)


def _sight_of(node: LexborNode) -> _Sight:
    attributes = node.attributes
    if not attributes:
        return _PLAIN
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return _NOTHING
    classes, style = attributes.get("class") or "", attributes.get("style") or ""
    if len(classes) > LONGEST_CLASSES:
        return _NOTHING
    looks = _sight if len(classes) + len(style) < _LONG else _sight.__wrapped__
    return looks(classes, style)


@lru_cache(maxsize=1024)  # the same few stand on every card
def _sight(classes: str, style: str) -> _Sight:
    names, style = _HUMP.sub("-", classes).lower().replace("_", "-"), style.lower()
    is_folded = _FOLDED_CLASS.search(names) and not _UNFOLDED.search(names)
    unseen = is_folded or _UNSEEN_CLASS.search(names)
    is_hidden = (unseen and not _SHOWN_SOMEWHERE.search(names)) or _UNSEEN_STYLE.search(style)
    is_faded = _FADED_STYLE.search(style)
    return _Sight(
        is_valid=not (is_hidden or is_faded or _FORMER_CLASS.search(names)),
        is_hidden=bool(is_hidden),
        at_times=bool(is_faded or unseen or _HIDDEN_AT_TIMES.search(names)),
    )


def texts_of(node: LexborNode) -> tuple[str, str]:
    """An element's text that is shown, on one line, and that which is not.

    Numbers of two elements stay two: "$850 | 120 m²". In more markup than any price has, nothing
    is looked for: all its text counts as not shown.
    """
    pieces: list[str] = []
    unseen: list[str] = []
    _collect(node, pieces, unseen)
    if len(pieces) > _MANY:
        return "", node.text().strip()
    text = "".join(pieces)
    if _STRUCK in text:
        text = _STRUCK_LABEL.sub(" ", text).replace(_STRUCK, "")
    if _TWO_NUMBERS.search(text):
        text = _BETWEEN_NUMBERS.sub(" | ", _WITHIN_NUMBER.sub("", text))
    return " ".join(text.split()), " ".join(unseen).strip()  # a seam is space


def _collect(node: LexborNode, pieces: list[str], unseen: list[str]) -> None:
    child = node.first_child
    while child is not None and len(pieces) <= _MANY:
        if child.is_text_node:
            pieces.append(child.text_content or "")
        elif child.is_element_node:
            if not is_shown(child):
                unseen.append(child.text())
                if child.tag in _STRUCK_TAGS:
                    pieces.append(_STRUCK)
            elif child.tag == "sup":
                pieces.append(_raised(pieces[-1] if pieces else "", child.text().strip()))
            else:
                seam = _SEAM if child.tag in _INLINE else f"\n{_SEAM}"
                pieces.append(seam)
                _collect(child, pieces, unseen)
                pieces.append(seam)
        child = child.next


def _raised(before: str, text: str) -> str:
    """Cents as decimals, the 2 of m² as one; another number is a note, or a power."""
    cents = re.fullmatch("[.,]?([0-9]{2})", text)
    if cents and re.search("[0-9][.,]?$", before):
        return cents[1] if before[-1] in ".," else f".{cents[1]}"
    if text == "2" and re.search("[a-z]$", before, re.I):
        return "²"
    return f"^{text}" if re.search("[0-9]", text) else f" {text} "
