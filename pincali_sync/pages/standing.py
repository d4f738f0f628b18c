"""Whether a page that shows its listing says that it can no longer be had.

In a status of its own ("Vendida", "Sold on 3 March") or in the availability of its data; never in
what people wrote of it, nor in what the page says of other listings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from itertools import takewhile
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pincali_sync.domain.liveness import Judgement, Verdict
from pincali_sync.domain.prices import Operation
from pincali_sync.pages.availability import IS_AVAILABLE, availabilities_of
from pincali_sync.pages.blocks import Block, Bounds, blocks_of
from pincali_sync.pages.date_words import LATELY, PERHAPS_WHEN, WHEN, last_day_in
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.pairs import Neighbours, neighbours_of
from pincali_sync.pages.statements import SAID, end_of_listing, gone_in, opening_of
from pincali_sync.pages.surroundings import is_called_a_status, is_of_something_else
from pincali_sync.pages.text import fold, text_at

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
_LONGEST = 60
_TAKEN = (
    r"(?:sold(?: out)?|rented(?: out)?|leased|"
    r"(?:vendid|rentad|alquilad|arrendad|alugad|locad|agotad|esgotad)[oa])"
)
_BOTH = rf"{_TAKEN}(?: ?(?:or|o|ou|/|-|&|y|and) ?{_TAKEN})?"
_STOPPED = (
    r"(?:(?:pausad|suspendid|suspens|despublicad)[oa]|paused|suspended|unpublished|"
    r"not published|(?:no|nao) (?:esta )?publicad[oa])"
)
_SOLD = r"(?:(?:(?:has|been|ha|sido) )*(?:sold|vendid[oa])|se vendio)"
_NOT_THERE = (
    r"(?:not|no longer) available|unavailable|off[ -](?:the )?market|"
    r"(?:fuera|retirad[oa]) del? mercado|"
    r"(?:ya )?no (?:esta )?disponible|(?:ja )?nao (?:esta )?(?:mais )?disponivel|indisponivel|"
    r"fora do mercado|"
    r"(?:listing|anuncio) (?:removed|expired|inactive|removido|retirado|eliminado|inactivo|inativo|"
    r"finalizado|vencido|expirado)"
)
_SUBJECT = (
    r"(?:property|listing|propiedad|inmueble|imovel|casa|departamento|terreno|anuncio|publicacion|"
    r"publication)"
)
_OPENING = (
    r"(?P<label>(?:status|estado|estatus|situacion|situacao):? )?"
    rf"(?P<subject>(?:this |the |est[ea] |[loe][al]? )?{_SUBJECT} )?"
    r"(?:(?:is|was|already|just|ya|fue|recien|ja|foi|esta) )*"
)
_STATUS = re.compile(
    rf"{_OPENING}(?:(?:{_BOTH}|{SAID})(?:[:,]? {WHEN})?|{_SOLD}[:,]? {LATELY}|"
    rf"{_NOT_THERE}|(?P<stopped>{_STOPPED}))"
)
# What rents for a short while was rented two days ago, and is there.
_PERHAPS = re.compile(rf"{_OPENING}(?:{_BOTH}|{SAID})[:,]? {PERHAPS_WHEN}")
_TIME = re.compile(
    rf"(?:published|listed|posted|updated|publicad[oa]|actualizad[oa]|atualizad[oa])[:,]? "
    rf"(?:{WHEN}|{PERHAPS_WHEN})|{LATELY}"
)
_DAY = re.compile(rf"{WHEN}|{PERHAPS_WHEN}")
# Beside "Vendida": it was not, or not this one, or not all.
_DENIED = re.compile(
    r"(?:(?:no|nao|not|not yet|aun no|todavia no|ainda nao|never|nunca|false|falso|none|n/?a|"
    r"ningun[oa]?)[.!]?|(?:by|por|pel[oa]|to|for|with|con|com|in|en|em|until|hasta|ate) .*|"
    r"\d+(?: ?(?:of|de|/) ?\d+)?(?: (?:units?|unidad(?:es)?|casas?|times?|veces|vezes|left))?%?)"
)
# What other things may be said to be as well.
_OF_LISTINGS = re.compile(rf"\b{_TAKEN}\b|\b(?:vendio|rento|alquilo|sold|rented)\b|{_SUBJECT} ")
_NOT_FOUND = re.compile(rf"{_SUBJECT} (?:not found|(?:no|nao) encontrad[oa])")
# A heading after which other listings are told of, or other times.
_OF_OTHERS = re.compile(
    r"\b(?:properties|propiedades|inmuebles|imoveis|listings|homes|similar(?:es)?|comparables|"
    r"nearby|recently sold|history|historial|(?<!centro )historico)\b"
)
_LABEL = re.compile(rf"[^a-z]*{_TAKEN}\b")
_ENDED = {
    Operation.SALE: re.compile(r"\b(?:sold|vendid[oa])\b"),
    Operation.RENT: re.compile(
        r"\b(?:rented|leased|(?:rentad|alquilad|arrendad|alugad|locad)[oa])\b"
    ),
}


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
    is_off = bool(words) and not any(IS_AVAILABLE[word] for word in words)
    status = _status_of_prices(document.tree) or _status_above(document.tree)
    if status is not None and _is_of_before(status, published):
        status = None
    if status is None or (status.doubt and is_off):
        return _judge_data(words, operations) if is_off else None
    said = end_of_listing(status.said)
    if is_off and len(words) >= len(operations):
        return said
    if len(operations) > len(_ended(status.said.text)) == 1:
        return None
    against = status.doubt or _what_speaks_against(status, [] if is_off else words, operations)
    return _doubted(said, against) if against else said


def _what_speaks_against(
    status: _Status, offers: list[str], operations: Collection[Operation]
) -> str:
    if offers:
        return f"but its data say {offers[0]}"
    is_of_rent = _ended(status.said.text) == {Operation.RENT} and _LABEL.match(status.said.text)
    may_have_a_tenant = is_of_rent and Operation.SALE in operations
    return "but it is for sale" if may_have_a_tenant else ""


def _judge_data(words: list[str], operations: Collection[Operation]) -> Judgement:
    said = f"the page's data say {words[0]}"
    if len(words) < len(operations):
        return Judgement(verdict=Verdict.UNKNOWN, evidence=f"{said} of one offer of several")
    verdict = Verdict.GONE if words[0] == "Discontinued" else Verdict.SOLD
    return Judgement(verdict=verdict, evidence=said)


def _doubted(said: Judgement, why: str) -> Judgement:
    return Judgement(verdict=Verdict.UNKNOWN, evidence=f"{said.evidence}, {why}")


def _ended(text: str) -> set[Operation]:
    return {operation for operation, words in _ENDED.items() if words.search(text)}


def _status_of_prices(tree: LexborHTMLParser) -> _Status | None:
    """In place of "For Sale", at all prices: as long as one is offered, the listing is there."""
    prices = [_status_of_price(price) for price in tree.css(".listing__price .price")]
    statuses = [*filter(None, prices)]
    if not statuses or len(statuses) < len(prices):
        return None
    return next((each for each in statuses if each.doubt), statuses[0])


def _status_of_price(price: LexborNode) -> _Status | None:
    for place in (".operation-type", ".digits"):
        text = text_at(price, place) or ""
        status = _status_in(Block(text, fold(text)))
        # A price that is not available is no listing that is not.
        if status is not None and (place != ".digits" or _ended(status.said.text)):
            return status
    return None


def _status_above(tree: LexborHTMLParser) -> _Status | None:
    """A sure one, or else a sentence that says it, or else one that may be none."""
    blocks = list(takewhile(_is_of_this_listing, blocks_of(tree, _ABOVE)))
    statuses = [*filter(None, map(_status_in, blocks))]
    sure = next((each for each in statuses if not each.doubt), None)
    if sure is None and (sentence := gone_in(blocks)) is not None:
        return _Status(sentence)
    return sure or next(iter(statuses), None)


def absence_in(blocks: Sequence[Block]) -> Block | None:
    """What a page of the site's without a listing says of the one that is asked for.

    In a heading or a notice, and with the listing's name: "Propiedad no disponible". That it was
    sold may stand alone in a notice.
    """
    for block in takewhile(_is_of_this_listing, blocks):
        said = opening_of(block) if block.prominent else None
        if said is None or block.is_choice or block.is_unsure:
            continue
        status = _STATUS.fullmatch(said.text)
        names_it = _NOT_FOUND.fullmatch(said.text) or (status and status["subject"])
        if names_it or (status and _ended(said.text) and is_called_a_status(block)):
            return said
    return None


def _is_of_before(status: _Status, published: date | None) -> bool:
    day = last_day_in(f"{status.said.text} {status.beside}")
    return day is not None and published is not None and day < published


def _is_of_this_listing(block: Block) -> bool:
    return len(block.text) > _LONGEST or _OF_OTHERS.search(block.text) is None


def _status_in(block: Block) -> _Status | None:
    """Not one of a list, nor of a label and its value: these are told of something else."""
    if len(block.text) > _LONGEST or (block.is_choice and not block.prominent):
        return None
    said = None if block.is_unsure else opening_of(block)
    if said is None:
        return None
    status = _STATUS.fullmatch(said.text)
    if status is None:
        is_dated = _PERHAPS.fullmatch(said.text)
        return _Status(said, "which may be of another time or number") if is_dated else None
    near = neighbours_of(block)
    if status["label"] or _OF_LISTINGS.search(said.text):
        return _beside(said, near)
    is_sure = not status["stopped"] or is_called_a_status(block)
    return _bare(said, near) if is_sure and not is_of_something_else(block) else None


def _beside(said: Block, near: Neighbours) -> _Status | None:
    """What is said of a listing in any case, beside other short texts."""
    before, after = fold(near.before or ""), fold(near.after or "")
    if _DENIED.fullmatch(after):
        return None
    whole = f"{said.text} {after}"
    before = "" if _is_part_of(said.text, before) else before
    beside = " ".join(text for text in (before, after) if _DAY.fullmatch(text))
    if _STATUS.fullmatch(whole) or _is_of_its_own(said.text, after):
        after = ""
    other = near.before if before else near.after if after else None
    return _Status(said, f'but "{other}" stands beside it' if other else "", beside)


def _is_part_of(text: str, before: str) -> bool:
    """Whether what stands before a status leads to it, "Estatus" or "Propiedad", or is no label."""
    status = _STATUS.fullmatch(f"{before} {text}")
    leads_to_it = status is not None and bool(status["label"] or _ended(text))
    return leads_to_it or _is_of_its_own(text, before)


def _bare(said: Block, near: Neighbours) -> _Status | None:
    """What may be said of anything, and is said of what stands beside it."""
    beside = [text for text in (near.before, near.after) if text]
    others = [text for text in beside if not _is_of_its_own(said.text, fold(text))]
    if others:
        return _Status(said, f'but "{others[0]}" stands beside it') if near.is_badge else None
    return _Status(said, "but what stands before it is not read" if near.has_unread else "")


def _is_of_its_own(text: str, other: str) -> bool:
    """Whether what stands beside a status is a time, or the same in other words."""
    if _TIME.fullmatch(other):
        return True
    return _STATUS.fullmatch(other) is not None and _ended(text) == _ended(other)
