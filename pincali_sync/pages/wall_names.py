"""What a page in the site's own frame is called: a wall, a listing, or something between.

There only title and heading tell a wall, and a listing that is gone may lend the page its own
title, which can hold a wall's words: "Casa en coto privado, acceso restringido". What is between
is no refusal, and no evidence of anything.
"""

from __future__ import annotations

import re

from pincali_sync.pages.walls import WORDS, Challenge

_WORD = re.compile(r"\w+")
_MOST_WORDS = 4  # before a wall's words, and after them: "Sorry, you have been blocked"
# In lower case without accents. Nothing that walls may speak of, such as "this property".
_PROPERTY = (
    r"(?:cas(?:as?|onas?|itas?)|cabanas?|dep(?:artamento|to|a)s?|terrenos?|(?:macro)?lotes?|"
    r"predios?|residenci(?:as?|al(?:es)?)|edificios?|bodegas?|oficinas?|"
    r"local(?:es)? (?:comercial(?:es)?|en)|naves? industrial(?:es)?|ranchos?|quintas?|villas?|"
    r"haciendas?|fincas?|huertas?|penthouses?|lofts?|duplex|condominios?|fraccionamientos?|"
    r"privada|consultorios?|torre|apartamentos?|sobrados?|coberturas?|chacaras?|galp(?:ao|oes)|"
    r"houses?|townhouses?|apartments?|condos?|flats?|land|lots?|warehouses?|ranch(?:es)?|"
    r"buildings?)"
)
_LISTING = re.compile(rf"\W*{_PROPERTY}\b")
_OF_PROPERTY = re.compile(
    rf"\b(?:{_PROPERTY}|renta|venta|alquiler|for rent|for sale|rec(?:amara)?s|bedrooms?|playa|"
    r"beach|alberca|piscina|pool|golf|coto|gated|downtown|centro|naturaleza|nature)\b"
)


def wall_named(name: str) -> Challenge | None:
    """The wall that a title or heading names, where that is all it says, or one of its parts.

    Args:
        name: in lower case without accents, with its parts between "|".
    """
    if _LISTING.match(name):
        return None
    return next(filter(None, map(_wall_of, name.split("|"))), None)


def may_name_a_wall(name: str) -> bool:
    """Whether a title or heading has a wall's words, and does not begin as a listing's does."""
    return _LISTING.match(name) is None and any(words.search(name) for words in WORDS.values())


def _wall_of(name: str) -> Challenge | None:
    said = name.strip()
    if _OF_PROPERTY.search(said):
        return None
    for kind, words in WORDS.items():
        if found := words.search(said):
            beside = said[: found.start()], said[found.end() :]
            if all(len(_WORD.findall(each)) <= _MOST_WORDS for each in beside):
                return kind
    return None
