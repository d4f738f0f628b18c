"""Whether a page that shows its listing says that it can no longer be had.

In a status of its own ("Vendida", "Sold on 3 March") or in the availability of its data; never in
what people wrote of it, nor in what the page says of other listings.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from itertools import chain, islice, takewhile
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from pincali_sync.domain.liveness import Judgement, Verdict
from pincali_sync.domain.prices import Operation
from pincali_sync.pages.availability import IS_AVAILABLE, availabilities_of
from pincali_sync.pages.blocks import Block, Bounds, blocks_of
from pincali_sync.pages.date_words import last_day_in
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.end_words import ended_in, is_on_offer_now, taken_in
from pincali_sync.pages.pairs import Neighbours, neighbours_of
from pincali_sync.pages.statements import end_of_listing, ends_told_in, opening_of
from pincali_sync.pages.status_words import (
    COUNTED,
    DAY,
    DENIED,
    HAPPENED,
    LONGEST_STATUS,
    OF_LISTINGS,
    PERHAPS,
    STATUS,
    TIME,
    is_of_this_listing,
)
from pincali_sync.pages.surroundings import is_called_a_status, is_of_something_else
from pincali_sync.pages.text import fold, text_at
from pincali_sync.pages.units import unit_beside
from pincali_sync.pages.unread import is_part

# A status stands above the description, and in no title, fact, price, history or word about the
# publisher.
_ABOVE = Bounds(
    apart=re.compile(
        r"(?<![\w-])(?:property-title|location|price|feature-icon|listing__features|"
        r"(?:publisher|agent|agency|seller|photo-tour)[\w-]*|[\w-]*(?:history|historial)[\w-]*|"
        r"[\w-]*(?:data|feature|attribute|spec|amenity|info|detail)[-_](?:row|item|value|list)s?)"
        r"(?![\w-])"
    ),
    apart_tags=frozenset({"dl", "dt", "dd", "table", "td", "th"}),
    end=re.compile(
        r"(?<![\w-])(?:listing__(?:description|amenities|map|sidebar|similar-properties|publisher)|"
        r"(?:text-)?description|[\w-]*similar[\w-]*|recently-[\w-]+|faqs?|comments?|"
        r"reviews?)(?![\w-])"
    ),
)

_MOST = 40  # of a page's texts that may be its status


class _Status(NamedTuple):
    """What a page says of its listing, and why that may be said of something else."""

    said: Block
    doubt: str = ""
    beside: str = ""  # what stands next to it, and may have its day


def standing_of(
    document: DetailDocument, operations: Collection[Operation], published: date | None = None
) -> Judgement | None:
    """What a listing's page says against its being there; None: nothing.

    Args:
        operations: what the page offers. Where one of two has ended, the listing is there.
        published: when it was: what was sold before is on offer again.
    """
    words = availabilities_of(document)
    off = [word for word in words if word is not None and not IS_AVAILABLE[word]]
    is_off = bool(off) and len(off) == len(words)
    status = _status_of_prices(document) or _status_above(document)
    if status is not None and _is_of_before(status, published):
        status = None
    if status is None or (status.doubt and is_off):
        return _judge_data(off, operations) if is_off else None
    said = end_of_listing(status.said)
    if is_off and len(words) >= len(operations):
        return said
    if len(operations) > 1 and _lives_on(operations, status.said.text):
        return None
    against = status.doubt or _what_speaks_against(status, words, operations)
    return _doubted(said, against) if against else said


def _what_speaks_against(
    status: _Status, words: list[str | None], operations: Collection[Operation]
) -> str:
    offered = next((word for word in words if word and IS_AVAILABLE[word]), None)
    if offered:
        return f"but its data say {offered}"
    text, taken = status.said.text, taken_in(status.said.text)
    # What was sold is nobody's to let; what is rented may be for sale, with its tenant.
    if Operation.SALE in taken or (taken and HAPPENED.search(text)):
        return ""
    return "".join(f"but it is for {each}" for each in _lives_on(operations, text))


def _lives_on(operations: Collection[Operation], text: str) -> set[Operation]:
    """What a page offers beside that of which a text says that it has ended."""
    ended = ended_in(text)
    return set(operations) - ended if ended else set()


def _judge_data(words: list[str], operations: Collection[Operation]) -> Judgement:
    said = f"the page's data say {words[0]}"
    if len(words) < len(operations):
        return Judgement(verdict=Verdict.UNKNOWN, evidence=f"{said} of one offer of several")
    verdict = Verdict.GONE if words[0] == "Discontinued" else Verdict.SOLD
    return Judgement(verdict=verdict, evidence=said)


def _doubted(said: Judgement, why: str) -> Judgement:
    return Judgement(verdict=Verdict.UNKNOWN, evidence=f"{said.evidence}, {why}")


def _status_of_prices(document: DetailDocument) -> _Status | None:
    """In place of "For Sale", at all prices: as long as one is offered, the listing is there."""
    prices = [_status_of_price(price) for price in document.tree.css(".listing__price .price")]
    statuses = [*filter(None, prices)]
    if not statuses or len(statuses) < len(prices):
        return None
    return next((each for each in statuses if each.doubt), statuses[0])


def _status_of_price(price: LexborNode) -> _Status | None:
    for place in (".operation-type", ".digits"):
        text = text_at(price, place) or ""
        block = Block(text, fold(text))
        said = _said_in(block)
        status = None if said is None else _status_in(block, said, "")
        # A price that is not available is no listing that is not.
        if status is not None and (place != ".digits" or taken_in(status.said.text)):
            return status
    return None


def _status_above(document: DetailDocument) -> _Status | None:
    """A sure one, or else a sentence that says it, or else one that may be none."""
    blocks, url = [*takewhile(is_of_this_listing, blocks_of(document.tree, _ABOVE))], document.url
    said = [(block, words) for block in blocks if (words := _said_in(block)) is not None]
    doubtful: list[_Status] = []
    for status in chain(
        (_status_in(*each, url) for each in said[:_MOST]),
        (_told_in(*each, url) for each in islice(ends_told_in(blocks), _MOST)),
    ):
        if status is not None and not status.doubt:
            return status
        doubtful += filter(None, [status])
    return next(iter(doubtful), None)


def _told_in(sentence: Block, block: Block, url: str) -> _Status | None:
    """What a sentence says of the listing, and not of a unit beside whose name it stands."""
    if is_part(block.text) or is_on_offer_now(block.text):
        return None
    near = neighbours_of(block)
    if _is_of_a_part_or_another(near, url):
        return None
    other = unit_beside(sentence, block, near)
    return _Status(sentence, f'but "{other}" stands beside it' if other else "")


def _is_of_before(status: _Status, published: date | None) -> bool:
    day = last_day_in(f"{status.said.text} {status.beside}")
    return day is not None and published is not None and day < published


def _said_in(block: Block) -> Block | None:
    """The words of a status, of a listing or of something else; none of a list's."""
    if len(block.text) > LONGEST_STATUS or (block.is_choice and not block.prominent):
        return None
    said = None if block.is_unsure else opening_of(block)
    is_status = said and (STATUS.fullmatch(said.text) or PERHAPS.fullmatch(said.text))
    return said if is_status and not is_on_offer_now(block.text) else None


def _status_in(block: Block, said: Block, url: str) -> _Status | None:
    """Not that of a label and its value: these are told of something else."""
    status = STATUS.fullmatch(said.text)
    if status is None:
        return _Status(said, "which may be of another time or number")
    near = neighbours_of(block)
    names_it = status["label"] or status["subject"]
    if not names_it and _is_of_a_part_or_another(near, url):
        return None
    if status["label"] or OF_LISTINGS.search(said.text):
        return _beside(said, near)
    is_sure = not status["stopped"] or is_called_a_status(block)
    return _bare(said, near) if is_sure and not is_of_something_else(block) else None


def _is_of_a_part_or_another(near: Neighbours, url: str) -> bool:
    """Whether a status is told of a tower, a unit, or a listing on another page."""
    read = map(fold, filter(None, (near.before, near.after)))
    texts = [*read, *(each.text for each in near.unread)]
    return any(map(is_part, texts)) or any(each.is_of_another(url) for each in near.unread)


def _beside(said: Block, near: Neighbours) -> _Status | None:
    """What is said of a listing in any case, beside other short texts."""
    before, after = fold(near.before or ""), fold(near.after or "")
    is_denied = DENIED.fullmatch(after) and not DAY.fullmatch(after)
    if is_denied or any(map(_counts, (before, after))):
        return None
    whole = f"{said.text} {after}"
    before = "" if _is_part_of(said.text, before) else before
    beside = " ".join(text for text in (before, after) if DAY.fullmatch(text))
    if STATUS.fullmatch(whole) or _is_of_its_own(said.text, after):
        after = ""
    other = near.before if before else near.after if after else near.no_label or _unknown_in(near)
    return _Status(said, f'but "{other}" stands beside it' if other else "", beside)


def _counts(text: str) -> bool:
    """Whether a text counts what was sold; 8/10 may be a day."""
    return COUNTED.fullmatch(text) is not None and DAY.fullmatch(text) is None


def _unknown_in(near: Neighbours) -> str | None:
    """What is to be clicked on and may be what the status is told of."""
    return next((each.shown for each in near.unread if not each.is_control), None)


def _is_part_of(text: str, before: str) -> bool:
    """Whether what stands before a status leads to it, "Estatus" or "Propiedad", or is no label."""
    status = STATUS.fullmatch(f"{before} {text}")
    leads_to_it = status is not None and bool(status["label"] or ended_in(text))
    return leads_to_it or _is_of_its_own(text, before)


def _bare(said: Block, near: Neighbours) -> _Status | None:
    """What may be said of anything, and is said of what stands beside it."""
    beside = [text for text in (near.before, near.after) if text]
    others = [text for text in beside if not _is_of_its_own(said.text, fold(text))]
    if others:
        return _Status(said, f'but "{others[0]}" stands beside it') if near.is_badge else None
    if near.no_label:
        return _Status(said, f'but "{near.no_label}" stands beside it')
    return _Status(said, "but what stands before it is not read" if near.has_unread else "")


def _is_of_its_own(text: str, other: str) -> bool:
    """Whether what stands beside a status is a time, or the same in other words."""
    if TIME.fullmatch(other):
        return True
    return STATUS.fullmatch(other) is not None and ended_in(text) == ended_in(other)
