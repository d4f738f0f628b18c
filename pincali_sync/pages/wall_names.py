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
_MOST_BESIDE_SURE = 12  # "Verify you are human to continue to pincali.com"
# Words of a wall that no listing's title lends: none is a house with access denied.
_SURE = re.compile(
    r"\b(?:denied|denegado|negado|forbidden|captcha|human[oa]?s?|(?:ro)?bots?|robos?)\b|"
    r"^(?:access|acceso|acesso|you|ip|usted|voce|has sido)\b.*\b(?:blocked|bloquead[oa]|banned)"
)
# What a title joins: the site's name, a search's or a listing's, and what the page is.
_PARTS = re.compile(r"\||\s[-–—·•]\s|[.:!?]\s")
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

    Beside the name of a listing, or of a search, only words that no listing has tell one.

    Args:
        name: in lower case without accents, with its parts between "|".
    """
    plain = [] if _LISTING.match(name) else name.split("|")
    walls = [*map(_wall_of, plain), *map(_sure_wall_of, _PARTS.split(name))]
    return next(filter(None, walls), None)


def may_name_a_wall(name: str) -> bool:
    """Whether a title or heading has a wall's words, and is no listing's as far as it tells."""
    if _LISTING.match(name):
        return wall_named(name) is not None
    return any(words.search(name) for words in WORDS.values())


def _sure_wall_of(name: str) -> Challenge | None:
    return _wall_of(name, only_sure=True)


def _wall_of(name: str, *, only_sure: bool = False) -> Challenge | None:
    said = name.strip()
    if _OF_PROPERTY.search(said):
        return None
    for kind, words in WORDS.items():
        if found := words.search(said):
            is_sure = _SURE.search(found[0]) is not None
            if only_sure and not is_sure:
                continue
            most = _MOST_BESIDE_SURE if is_sure else _MOST_WORDS
            beside = said[: found.start()], said[found.end() :]
            if all(len(_WORD.findall(each)) <= most for each in beside):
                return kind
    return None
