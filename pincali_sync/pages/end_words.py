"""How pages say that something was sold or rented, or that it is on offer, in folded words.

All that reads the end of an offer takes its words from here, so that each end that is understood
is also known to be that of a sale or of a rent: another offer of the listing lives on.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pincali_sync.domain.prices import Operation


class _Words(NamedTuple):
    done: str  # "(it was) sold"
    did: str  # "(se) vendió", "(the owner) vendeu"
    offer: str  # "(for) sale"


_WORDS = {
    Operation.SALE: _Words("sold|vendid[oa]", "vendio|vendeu", "sale|venta|venda"),
    Operation.RENT: _Words(
        "rented|leased|(?:rentad|alquilad|arrendad|alugad|locad)[oa]",
        "rento|alquilo|arrendo|alugou",
        "rent|lease|renta|alquiler|alugar|aluguel|locacao",
    ),
}
_ANY = _Words(*(rf"(?:{'|'.join(words)})" for words in zip(*_WORDS.values(), strict=True)))
_FOR = r"(?:for|en|a la|a|para)"
_OR = r"(?:or|and|o|y|ou|e)"

SOLD, SE_SOLD = (rf"(?:{words})" for words in _WORDS[Operation.SALE][:2])
DONE, DID, _ = _ANY
ON_OFFER = rf"{_FOR} {_ANY.offer}(?: {_OR} (?:{_FOR} )?{_ANY.offer})?"
_NO_LONGER = r"(?:not?|nao|isn't)(?: (?:longer|mas|mais|esta|se|encuentra|encontra|sigue))*"
_TAKEN = {
    operation: re.compile(rf"\b(?:{words.done}|{words.did})\b")
    for operation, words in _WORDS.items()
}
_OFFERED_NO_LONGER = {
    operation: re.compile(
        rf"\b{_NO_LONGER} {_FOR} (?:{_ANY.offer} {_OR} (?:{_FOR} )?)?(?:{words.offer})\b"
    )
    for operation, words in _WORDS.items()
}
# "Sold. Now for rent", "Rentada, pero sigue en venta".
_STILL = r"(?:now|still|only|ahora|todavia|aun|sigue|solo|agora|ainda|so)"
_ON_OFFER_NOW = re.compile(
    rf"[.!;,] (?:(?:but|and|it|is|it's|pero|y|se|esta|mas|e) )*{_STILL} "
    rf"(?:(?:is|only|available|esta|se|encuentra|solo|disponible|disponivel) )*{ON_OFFER}\b"
)


def taken_in(text: str) -> set[Operation]:
    """The offers that a text says somebody took: what was sold, or rented."""
    return {operation for operation, words in _TAKEN.items() if words.search(text)}


def ended_in(text: str) -> set[Operation]:
    """The offers that a text says have ended: taken, or made no longer."""
    withdrawn = {each for each, words in _OFFERED_NO_LONGER.items() if words.search(text)}
    return taken_in(text) | withdrawn


def is_on_offer_now(text: str) -> bool:
    """Whether a text says, after something else, that the listing is for sale or for rent."""
    return _ON_OFFER_NOW.search(text) is not None
