"""Where a listing lies: points on the map, and place lines such as "House in Lomas, Zapopan"."""

from __future__ import annotations

import re
from typing import NamedTuple, TypedDict
from urllib.parse import unquote

from pincali_sync.domain.headers import LONGEST_URL
from pincali_sync.domain.listing_query import ENGLISH_TYPES
from pincali_sync.pages.text import clean, fold, one_line

MAX_TYPE = 100  # varchar(100)
MAX_PLACE = 255  # varchar(255)
# Mexico with its islands and some sea; what lies outside was typed wrongly or swapped.
LATITUDES = (13.5, 33.5)
LONGITUDES = (-119.5, -86.0)

# `q=19.04,-98.21` of a map's frame, `q=19.04+-98.21` of its link.
_QUERY = re.compile(r"[?&]q=\s*(-?[0-9]{1,3}(?:\.[0-9]+)?)[,+\s]+(-?[0-9]{1,3}(?:\.[0-9]+)?)")

_MAX_LINE = 500
_SEPARATOR = re.compile(r"\s+(?:in|en|em)\s+", re.I)
_NUMERIC = (str, int, float)


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
    if not isinstance(latitude, _NUMERIC) or not isinstance(longitude, _NUMERIC):
        return None
    try:
        point = Coordinates(float(latitude), float(longitude))
    except (ValueError, OverflowError):
        return None
    is_in_mexico = (
        LATITUDES[0] <= point.latitude <= LATITUDES[1]
        and LONGITUDES[0] <= point.longitude <= LONGITUDES[1]
    )
    return point if is_in_mexico else None


def coordinates_in_url(url: str | None) -> Coordinates | None:
    """The point that a map's URL asks for."""
    match = _QUERY.search(unquote((url or "")[:LONGEST_URL]))
    return coordinates_of(match[1], match[2]) if match else None


def property_type_of(text: object) -> str | None:
    """A type in the English words of the site, in lower case; an unknown one as it stands."""
    words = one_line(text, MAX_TYPE)
    return ENGLISH_TYPES.get(fold(words), words.lower()) if words else None


def place_of(line: str | None) -> Place:
    """Splits "type in neighbourhood, city"; a line without comma names the city alone."""
    type_words, where = _split_type(one_line(line, _MAX_LINE) or "")
    neighborhood, _, city = where.rpartition(",")
    return Place(
        property_type=property_type_of(type_words),
        neighborhood=clean(neighborhood, MAX_PLACE),
        city=clean(city, MAX_PLACE),
    )


def _split_type(line: str) -> tuple[str, str]:
    """Parts a line after the longest type it starts with, else before its first "in"."""
    separators = list(_SEPARATOR.finditer(line))
    for separator in reversed(separators):
        if fold(line[: separator.start()]) in ENGLISH_TYPES:
            return line[: separator.start()], line[separator.end() :]
    if separators:
        return line[: separators[0].start()], line[separators[0].end() :]
    return (line, "") if fold(line) in ENGLISH_TYPES else ("", line)


def without_ending(text: str, ending: str | None) -> str:
    """An address without its last part, if that is the given one ("A, Mérida" -> "A")."""
    head, _, last = text.rpartition(",")
    is_last = ending and "," not in ending and fold(last.strip()) == fold(ending.strip())
    return head.strip() if is_last else text
