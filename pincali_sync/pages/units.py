"""What may name one unit of a development, beside a sentence that tells of an end.

"Este lote ya fue vendido" ends the listing of a lot, and beside "Lote 4" not that of all of them.
"""

from __future__ import annotations

import re

from pincali_sync.pages.blocks import Block
from pincali_sync.pages.pairs import Neighbours
from pincali_sync.pages.statements import OF_A_UNIT, is_apology, opening_of
from pincali_sync.pages.status_words import DAY, STATUS, TIME
from pincali_sync.pages.text import fold

_NUMBERED = re.compile(r"[a-z]\D{0,20}\d")
_NAME = re.compile(r"[a-z][a-z .#]{0,30}\d+ ?-?[a-z]?")  # "Lote 4"; no "Casa de 3 recámaras"
_ELSEWHERE = re.compile(r"\b(?:otr[ao]s?|others?|outr[ao]s?|more|mas|mais|similar(?:es)?)\b")


def unit_beside(sentence: Block, block: Block, near: Neighbours) -> str | None:
    """The name, as it is shown; None: there is none.

    Of "this listing" only a sure name makes a unit; of "this lot" whatever stands before it does,
    and what has a number behind it or earlier in its text.

    Args:
        block: the text that the sentence stands in.
        near: what stands next to that.
    """
    before = None if _is_by_the_way(near.before) else near.before
    if not OF_A_UNIT.search(sentence.text):
        return before if before and _NAME.fullmatch(fold(before)) else None
    opening = opening_of(block)
    if opening and opening.text != sentence.text and _NUMBERED.match(opening.text):
        return opening.shown
    after = None if _is_by_the_way(near.after) else near.after
    if after and not _NUMBERED.match(fold(after)):
        after = None
    return before or after or near.no_label or _clicked_on(near)


def _is_by_the_way(text: str | None) -> bool:
    """Whether what stands beside an end is a time, the same in other words, or an apology."""
    words = fold(text or "")
    return is_apology(words) or any(form.fullmatch(words) for form in (TIME, DAY, STATUS))


def _clicked_on(near: Neighbours) -> str | None:
    """But for what leads to other listings, and controls."""
    links = (each for each in near.unread if not _ELSEWHERE.search(each.text))
    return next((each.shown for each in links if not each.is_control), None)
