"""Feature chips and label/value rows, in English, Spanish or Portuguese, as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, TypedDict, cast

from pincali_sync.domain.numbers import NUMBER, decimal_of, numeric
from pincali_sync.pages.text import fold


class Chip(NamedTuple):
    """One feature as shown: "2 bedrooms", "Year Built: 2025", "75 m² total space"."""

    text: str
    icon: str = ""  # classes of its icon, such as "fal fa-bed"


class Facts(TypedDict, total=False):
    """What the chips say, by the fields of `Property`; absent where none says it."""

    bedrooms: int
    bathrooms: int  # full ones
    half_bathrooms: int
    parking_spaces: int
    floor_number: int
    total_floors: int
    age_years: int
    construction_year: int
    total_area_m2: Decimal
    covered_area_m2: Decimal
    lot_size_m2: Decimal


MAX_CHIPS = 60  # of a listing; the site's have a dozen
MAX_CHIP = 200  # characters
_AREA_PRECISION = 10  # numeric(10,2)
_COUNT = r"(?<![0-9.,])([0-9]{1,4})(?:\.[0-9]+)?"
_LABEL = r"^(?:(?:number|numero|no\.?)\s+(?:of|de)\s+)?"

# Words as `fold` leaves them. A chip may hold two: "3 bathrooms, 3 half baths".
_COUNTED = {
    "bedrooms": r"bed|recamara|habitacion|dormitorio|quarto",
    "bathrooms": r"(?:full\s+|complete\s+)?bath|bano|banheiro",
    "half_bathrooms": r"half[\s-]*bath|medios?[\s-]+bano|lavabo",
    "parking_spaces": r"(?:covered\s+)?parking|estacionamiento|cajon|cochera|garage|vaga",
    "total_floors": r"floors\b|stor(?:ies|eys)\b|levels\b|pisos\b|niveles\b|plantas\b|andares\b",
}
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    *((name, re.compile(rf"{_COUNT}\s*(?:{words})")) for name, words in _COUNTED.items()),
    *(
        (name, re.compile(rf"{_LABEL}(?:{words})[^0-9:]*:\s*{_COUNT}"))
        for name, words in _COUNTED.items()
    ),
    ("floor_number", re.compile(r"\b(?:floor|piso|andar)(?:\s+number)?\s*:?\s*([0-9]{1,3})\b")),
    ("floor_number", re.compile(r"\b([0-9]{1,3})(?:st|nd|rd|th|er|o)\s+(?:floor|piso|andar)\b")),
    (
        "construction_year",
        re.compile(
            r"(?:built|construccion|construido|construcao)[^0-9]{0,4}([0-9]{4})\b(?![0-9.,]*\s*m2)"
        ),
    ),
    ("age_years", re.compile(r"^(?:age|antiguedad|idade)[^0-9]{0,12}([0-9]{1,3})\b")),
    ("age_years", re.compile(r"\b([0-9]{1,3})\s*(?:years?\s+old|anos?\s+de\s+(?:antig|uso))")),
)
_NEW = re.compile(r"\ba estrenar\b|(?:built|construccion|age|antiguedad)\W+(?:new|nuev)")
_AREA = re.compile(r"\s*(m2|sq\.?\s?m|hectarea?s?|hectares?|ha\b)")
_AREA_WORDS = (
    ("total_area_m2", re.compile(r"\btotal")),
    ("lot_size_m2", re.compile(r"\blot\b|\bland\b|terreno|fa-expand")),
    ("covered_area_m2", re.compile(r"constru|built|building|covered|edificad|fa-cube")),
)
_ICONS = {"fa-bed": "bedrooms", "fa-bath": "bathrooms", "fa-car": "parking_spaces"}
# Beyond these a page is mistaken, or plays: rooms by the hundred are none.
_ROOMS, _FLOORS = range(100), range(200)
_BELIEVED = {
    "bedrooms": _ROOMS,
    "bathrooms": _ROOMS,
    "half_bathrooms": _ROOMS,
    "parking_spaces": range(1_000),
    "floor_number": _FLOORS,
    "total_floors": _FLOORS,
    "age_years": range(600),
    "construction_year": range(1500, 2101),
}


def read_facts(chips: Iterable[Chip]) -> Facts:
    """Reads chips in the order of their authority: the first to say something is believed.

    What says it at length is no chip, and passed over.
    """
    said: dict[str, int | Decimal] = {}
    for chip in chips:
        if len(chip.text) > MAX_CHIP or len(chip.icon) > MAX_CHIP:
            continue
        for name, value in _read_chip(chip):
            said.setdefault(name, value)
    return cast(Facts, said)


@lru_cache(maxsize=4096)  # "3 bedrooms" is on every other card
def _read_chip(chip: Chip) -> tuple[tuple[str, int | Decimal], ...]:
    text = fold(chip.text)
    counts = tuple(_counts(text)) or tuple(_count_by_icon(text, chip.icon))
    return (*_area(text, chip.icon), *counts)


def _counts(text: str) -> Iterator[tuple[str, int]]:
    for name, pattern in _PATTERNS:
        match = pattern.search(text)
        if match and int(match[1]) in _BELIEVED[name]:
            yield name, int(match[1])
    if _NEW.search(text):
        yield "age_years", 0


def _count_by_icon(text: str, icon: str) -> Iterator[tuple[str, int]]:
    """For words of a language that is not known: the number beside a known icon."""
    match = re.match(rf"\s*{_COUNT}\b", text)
    for name, field in _ICONS.items():
        if match and name in icon.split() and int(match[1]) in _BELIEVED[field]:
            yield field, int(match[1])


def _area(text: str, icon: str) -> Iterator[tuple[str, Decimal]]:
    for number in NUMBER.finditer(text):
        unit = _AREA.match(text, number.end())
        value = decimal_of(number[0]) if unit else None
        if unit is None or value is None:
            continue
        area = numeric(value * 10_000 if unit[1].startswith("h") else value, _AREA_PRECISION)
        if area:
            yield _kind_of_area(text, icon), area
        return


def _kind_of_area(text: str, icon: str) -> str:
    """By its words; by its icon only where no word tells."""
    for place in (text, icon):
        for name, words in _AREA_WORDS:
            if words.search(place):
                return name
    return "total_area_m2"
