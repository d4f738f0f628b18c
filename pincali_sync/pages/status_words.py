"""What a listing's status says in English, Spanish and Portuguese, in folded words."""

from __future__ import annotations

import re

from pincali_sync.pages.blocks import Block
from pincali_sync.pages.date_words import LATELY, PERHAPS_WHEN, WHEN
from pincali_sync.pages.end_words import DID, DONE, SE_SOLD, SOLD
from pincali_sync.pages.statements import SAID

LONGEST_STATUS = 60
_TAKEN = rf"(?:{DONE}(?: out)?|(?:agotad|esgotad)[oa])"
_BOTH = rf"{_TAKEN}(?: ?(?:or|o|ou|/|-|&|y|and) ?{_TAKEN})?"
# A house that is "retirada" stands apart, and one that is "finalizada" was built.
_STOPPED = (
    r"(?:(?:pausad|suspendid|suspens|despublicad|inac?tiv|des(?:ac|a)tivad|expirad|caducad|"
    r"vencid|cancelad|ar(?:ch|qu)ivad)[oa]|dad[oa] de baja|"
    r"(?<!casa )(?<!terreno )(?<!departamento )retirad[oa]|"
    r"paused|suspended|unpublished|inactive|deactivated|expired|cancell?ed|withdrawn|archived|"
    r"not published|(?:no|nao) (?:esta )?publicad[oa])"
)
_SOLD = rf"(?:(?:(?:has|been|ha|sido) )*{SOLD}|se {SE_SOLD})"
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
STATUS = re.compile(
    rf"{_OPENING}(?:(?:{_BOTH}|{SAID})(?:[:,]? {WHEN})?|{_SOLD}[:,]? {LATELY}|"
    rf"{_NOT_THERE}|(?P<stopped>{_STOPPED}))"
)
# What rents for a short while was rented two days ago, and is there.
PERHAPS = re.compile(rf"{_OPENING}(?:{_BOTH}|{SAID})[:,]? {PERHAPS_WHEN}")
TIME = re.compile(
    rf"(?:published|listed|posted|updated|publicad[oa]|actualizad[oa]|atualizad[oa])[:,]? "
    rf"(?:{WHEN}|{PERHAPS_WHEN})|{LATELY}"
)
DAY = re.compile(rf"{WHEN}|{PERHAPS_WHEN}")
_FIGURE = (
    r"\d+(?: ?(?:of|de|/) ?\d+)?"
    r"(?: (?:units?|unidades?|unidad|casas?|times?|veces|vezes|left))?(?: ?%)?"
)
# Beside "Vendida": it was not, or not this one, or not all.
DENIED = re.compile(
    r"(?:(?:no|nao|not|not yet|aun no|todavia no|ainda nao|never|nunca|false|falso|none|n/?a|"
    r"ningun[oa]?)[.!]?|(?:by|por|pel[oa]|to|for|with|con|com|in|en|em|until|hasta|ate) .*|"
    rf"{_FIGURE})"
)
# As many were sold, or such a share of them.
COUNTED = re.compile(_FIGURE)
# What other things may be said to be as well.
OF_LISTINGS = re.compile(rf"\b(?:{_TAKEN}|{DID})\b|{_SUBJECT} ")
NOT_FOUND = re.compile(rf"{_SUBJECT} (?:not found|(?:no|nao) encontrad[oa])")
# A heading after which other listings are told of, or other times.
_OF_OTHERS = re.compile(
    r"\b(?:properties|propiedades|inmuebles|imoveis|listings|homes|similar(?:es)?|comparables|"
    r"nearby|recently sold|history|historial|(?<!centro )historico)\b"
)
# That it was rented, not that it is: a listing for sale may have a tenant.
HAPPENED = re.compile(r"\b(?:has|was|been|fue|ha|sido|foi)\b")


def is_of_this_listing(block: Block) -> bool:
    """Whether a text is no heading after which other listings are told of."""
    return len(block.text) > LONGEST_STATUS or _OF_OTHERS.search(block.text) is None
