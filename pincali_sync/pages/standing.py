"""Whether a page that shows its listing says that it can no longer be had.

In a status of its own ("Vendida", "Sold on 3 March") or in the availability of its data; never in
what people wrote of it, nor in what the page says of other listings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from itertools import takewhile

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pincali_sync.domain.liveness import Judgement, Verdict
from pincali_sync.domain.prices import Operation
from pincali_sync.pages.availability import IS_AVAILABLE, availabilities_of
from pincali_sync.pages.blocks import Block, Bounds, blocks_of
from pincali_sync.pages.date_words import WHEN, last_day_in
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.pairs import is_paired
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
_STATUS = re.compile(
    r"(?P<label>(?:status|estado|estatus|situacion|situacao):? )?"
    rf"(?P<subject>(?:this |the |est[ea] |[loe][al]? )?{_SUBJECT} )?"
    r"(?:(?:is|was|already|just|ya|fue|recien|ja|foi|esta) )*"
    rf"(?:(?:{_BOTH}|{SAID})(?:[:,]? {WHEN})?|{_NOT_THERE}|(?P<stopped>{_STOPPED}))"
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
    if status is None:
        return _judge_data(words, operations) if is_off else None
    said, ended = end_of_listing(status), _ended(status.text)
    if is_off and len(words) >= len(operations):
        return said
    if len(operations) > len(ended) == 1:
        return None
    if words and not is_off:
        return _contradicted(said, f"its data say {words[0]}")
    if ended == {Operation.RENT} and Operation.SALE in operations and _LABEL.match(status.text):
        return _contradicted(said, "it is for sale")  # with a tenant, perhaps
    return said


def _judge_data(words: list[str], operations: Collection[Operation]) -> Judgement:
    said = f"the page's data say {words[0]}"
    if len(words) < len(operations):
        return Judgement(verdict=Verdict.UNKNOWN, evidence=f"{said} of one offer of several")
    verdict = Verdict.GONE if words[0] == "Discontinued" else Verdict.SOLD
    return Judgement(verdict=verdict, evidence=said)


def _contradicted(said: Judgement, other: str) -> Judgement:
    return Judgement(verdict=Verdict.UNKNOWN, evidence=f"{said.evidence}, but {other}")


def _ended(text: str) -> set[Operation]:
    return {operation for operation, words in _ENDED.items() if words.search(text)}


def _status_of_prices(tree: LexborHTMLParser) -> Block | None:
    """In place of "For Sale", at all prices: as long as one is offered, the listing is there."""
    prices = [_status_of_price(price) for price in tree.css(".listing__price .price")]
    return prices[0] if prices and all(prices) else None


def _status_of_price(price: LexborNode) -> Block | None:
    for place in (".operation-type", ".digits"):
        text = text_at(price, place) or ""
        status = Block(text, fold(text))
        # A price that is not available is no listing that is not.
        if _is_status(status) and (place != ".digits" or _ended(status.text)):
            return status
    return None


def _status_above(tree: LexborHTMLParser) -> Block | None:
    blocks = list(takewhile(_is_of_this_listing, blocks_of(tree, _ABOVE)))
    return next(filter(_is_status, blocks), None) or gone_in(blocks)


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


def _is_of_before(status: Block, published: date | None) -> bool:
    day = last_day_in(status.text)
    return day is not None and published is not None and day < published


def _is_of_this_listing(block: Block) -> bool:
    return len(block.text) > _LONGEST or _OF_OTHERS.search(block.text) is None


def _is_status(block: Block) -> bool:
    """Not one of a list, nor of a label and its value: these are told of something else."""
    if len(block.text) > _LONGEST or (block.is_choice and not block.prominent):
        return False
    said = None if block.is_unsure else opening_of(block)
    status = _STATUS.fullmatch(said.text) if said is not None else None
    if said is None or status is None or is_paired(block):
        return False
    if status["label"] or _OF_LISTINGS.search(said.text):
        return True
    is_sure = not status["stopped"] or is_called_a_status(block)
    return is_sure and not is_of_something_else(block)
