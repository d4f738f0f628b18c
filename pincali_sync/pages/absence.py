"""What a page of the site's without a listing says of the one that is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from pincali_sync.pages.blocks import Block
from pincali_sync.pages.end_words import taken_in
from pincali_sync.pages.pairs import Neighbours, neighbours_of
from pincali_sync.pages.statements import opening_of
from pincali_sync.pages.status_words import NOT_FOUND, STATUS, is_of_this_listing
from pincali_sync.pages.surroundings import is_called_a_notice, is_of_something_else

# Of a page that shows a listing in a way nobody knows, or several.
_PRICE = re.compile(r"\$ ?\d|\b(?:mxn|usd) ?\d|\d ?(?:mxn|usd|pesos)\b")
_OFFER = re.compile(
    r"(?:for|en|a|para) (?:sale|rent|lease|venta|renta|venda|alugar|aluguel)|"
    r"(?:available|disponible|disponivel|disponiveis|reserved|reservad[oa]|apartad[oa])s?"
)


def absence_in(blocks: Sequence[Block]) -> Block | None:
    """The words that say it: in a heading or a notice, and with the listing's name.

    "Propiedad no disponible" does; that it was sold may stand alone in a notice.
    """
    for block in takewhile(is_of_this_listing, blocks):
        said = opening_of(block) if block.prominent else None
        if said is None or block.is_choice or block.is_unsure:
            continue
        status = STATUS.fullmatch(said.text)
        names_it = NOT_FOUND.fullmatch(said.text) or (status and status["subject"])
        if names_it or (status and taken_in(said.text) and _is_the_pages_notice(block, blocks)):
            return said
    return None


def _is_the_pages_notice(block: Block, blocks: Sequence[Block]) -> bool:
    """Whether a notice stands alone: no badge of a card, no status of one unit of several."""
    if not is_called_a_notice(block) or is_of_something_else(block):
        return False
    others = (each for each in blocks if each is not block)
    return neighbours_of(block) == Neighbours() and not any(map(_is_of_a_listing, others))


def _is_of_a_listing(block: Block) -> bool:
    if _PRICE.search(block.text):
        return True
    return bool(_OFFER.fullmatch(block.text) or STATUS.fullmatch(block.text))
