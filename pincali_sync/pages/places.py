"""Where a listing lies: points on the map, and place lines such as "House in Lomas, Zapopan"."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, TypedDict
from urllib.parse import unquote

from pincali_sync.domain.headers import LONGEST_URL
from pincali_sync.domain.listing_query import ENGLISH_TYPES, STATES
from pincali_sync.pages.text import clean, fold, one_line

MAX_TYPE = 100  # varchar(100)
MAX_PLACE = 255  # varchar(255)
# Mexico with its islands and some sea; what lies outside was typed wrongly or swapped.
LATITUDES = (13.5, 33.5)
LONGITUDES = (-119.5, -86.0)

_DEGREES = re.compile(r"[-+]?[0-9]{1,3}(?:\.[0-9]+)?", re.ASCII)
_DEGREE = r"-?[0-9]{1,3}(?:\.[0-9]+)?"
_POINT = (
    rf"\s*({_DEGREE})[,+\s]+(-?[0-9]{{1,3}}(?:\.[0-9]+(?![0-9.])|(?![0-9.,])))"
    r"(?!\s*[°ºNSEWO])"
)
# Where a map's URL has its point; what it shows around that only where it names no other:
# `q=19.04,-98.21` of a frame, `q=19.04+-98.21` of a link; `!3d19.04!4d-98.21`; `@19.04,-98.21,15z`.
_IN_URL = (
    re.compile(rf"(?:[?&](?:q|query)=(?:loc:)?|/(?:place|search)/){_POINT}"),
    re.compile(rf"!3d({_DEGREE})!4d({_DEGREE})(?![0-9.])"),
    re.compile(rf"(?:[?&]ll=(?:loc:)?|/@){_POINT}"),
)
_UNREADABLE = re.compile(r"[?&](?:q|query)=(?:loc:)?\s*[-+]?[0-9]{1,3}[.°º]")

_MAX_LINE = 500
_SEPARATOR = re.compile(r"\s+(?:in|en|em)\s+", re.I)
# "Casa en venta en Lomas": the operation is no part of a place.
_OPERATION = re.compile(
    r"\s+(?:for\s+(?:sale|rent)|en\s+(?:venta|renta)|[àa]\s+venda|para\s+alugar)"
    r"(?:\s+(?:or|and|o|y|ou|e)\s+(?:for\s+|en\s+)?(?:rent|renta|sale|venta|alugar))?"
    r"(?=\s+(?:in|en|em)\s)",
    re.I,
)
_COUNTRY = {"mexico", "mx", "mex"}
# Further names of states, by the one that paths have.
_STATE_NAMES = {state.replace("-", " "): state for state in STATES} | {
    **dict.fromkeys(("cdmx", "distrito federal", "df", "d.f.", "mexico city"), "ciudad-de-mexico"),
    **dict.fromkeys(("mexico", "edo. de mexico", "edomex", "state of mexico"), "estado-de-mexico"),
    **dict.fromkeys(("edo. mex.", "edo mex", "edo. de mex.", "edo. mexico"), "estado-de-mexico"),
    **dict.fromkeys(("n.l.", "n. l.", "nvo. leon", "nvo leon"), "nuevo-leon"),
    **dict.fromkeys(("q. roo", "q.roo", "q. r.", "qroo", "q roo", "quintana r."), "quintana-roo"),
    **dict.fromkeys(("b.c.", "b. c.", "baja california norte"), "baja-california"),
    **dict.fromkeys(("b.c.s.", "b. c. s.", "bcs"), "baja-california-sur"),
    **dict.fromkeys(("s.l.p.", "s. l. p.", "slp"), "san-luis-potosi"),
    "coahuila de zaragoza": "coahuila",
    "michoacan de ocampo": "michoacan",
    "queretaro de arteaga": "queretaro",
    "veracruz de ignacio de la llave": "veracruz",
}
# Of the others there is a city, too.
_STATES_WITHOUT_CITY = {*STATES} - {
    *("aguascalientes", "campeche", "chihuahua", "ciudad-de-mexico", "colima", "durango"),
    *("guanajuato", "guerrero", "hidalgo", "morelos", "oaxaca", "puebla", "queretaro"),
    *("san-luis-potosi", "tabasco", "tlaxcala", "veracruz", "zacatecas"),
}


class Coordinates(NamedTuple):
    """A point in Mexico."""

    latitude: float
    longitude: float


class Place(TypedDict):
    """What a place line says; any part may be missing."""

    property_type: str | None
    neighborhood: str | None
    city: str | None


def coordinates_of(latitude: object, longitude: object) -> Coordinates | None:
    """Two numbers, or texts of numbers, as a point in Mexico; None for 0,0 and what is none."""
    try:
        point = Coordinates(_degrees(latitude), _degrees(longitude))
    except (ValueError, OverflowError):
        return None
    is_in_mexico = (
        LATITUDES[0] <= point.latitude <= LATITUDES[1]
        and LONGITUDES[0] <= point.longitude <= LONGITUDES[1]
    )
    return point if is_in_mexico else None


def _degrees(value: object) -> float:
    """A number, or a text that is nothing but one.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, str) and _DEGREES.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise ValueError(value)


def coordinates_in_url(url: str | None) -> Coordinates | None:
    """The point that a map's URL asks for; None where it asks for several."""
    asked = unquote((url or "")[:LONGEST_URL])
    for form in _IN_URL:
        if found := form.findall(asked):
            points = {coordinates_of(*each) for each in found}
            return points.pop() if len(points) == 1 else None
        if _UNREADABLE.search(asked):
            return None
    return None


def property_type_of(text: object) -> str | None:
    """A type in the English words of the site, in lower case; an unknown one as it stands."""
    words = one_line(text, MAX_TYPE)
    return ENGLISH_TYPES.get(fold(words), words.lower()) if words else None


@lru_cache(maxsize=4096)  # a neighbourhood has many listings
def place_of(line: str | None) -> Place:
    """Splits "type in neighbourhood, city"; a line without comma names the city alone."""
    shown = _OPERATION.sub("", one_line(line, _MAX_LINE) or "")
    type_words, where = _split_type(shown)
    neighborhood, _, city = _without_state(where).rpartition(",")
    return Place(
        property_type=property_type_of(type_words),
        neighborhood=clean(neighborhood.strip(" ,"), MAX_PLACE),
        city=clean(city, MAX_PLACE),
    )


def _split_type(line: str) -> tuple[str, str]:
    """Parts a line after the longest type it starts with, else before its first "in"."""
    separators = list(_SEPARATOR.finditer(line))
    for separator in reversed(separators):
        if fold(line[: separator.start()]) in ENGLISH_TYPES:
            return line[: separator.start()], line[separator.end() :]
    first, _, rest = line.partition(",")
    if fold(first.strip()) in ENGLISH_TYPES:
        return first.strip(), rest
    if separators:
        return line[: separators[0].start()], line[separators[0].end() :]
    return "", line


def _without_state(where: str) -> str:
    """Cards name no state; one that does ends with it, unless it is a city of that name."""
    where = ",".join(without_country(where.split(",")))
    head, _, last = where.rpartition(",")
    state = state_of(last)
    is_state = state in _STATES_WITHOUT_CITY or (
        state and state == state_of(head.rpartition(",")[2])
    )
    return head if head and is_state else where


def state_of(name: object) -> str | None:
    """The state of this name, as paths have it; None for what is no state."""
    words = one_line(name, MAX_PLACE)
    return _STATE_NAMES.get(fold(words)) if words else None


def is_same_place(one: str | None, other: str | None) -> bool:
    """Whether two names are one, or of one state: "CDMX" is Distrito Federal."""
    if not one or not other:
        return False
    state = state_of(one)
    return fold(one) == fold(other) or (state is not None and state == state_of(other))


def without_country(parts: list[str]) -> list[str]:
    """An address's parts without a country after a state."""
    is_country = (
        len(parts) > 1 and fold(parts[-1].strip()) in _COUNTRY and state_of(parts[-2]) is not None
    )
    return parts[:-1] if is_country else parts
