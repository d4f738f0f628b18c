"""Feature chips and label/value rows, in English, Spanish or Portuguese, as numbers.

A chip is understood as a whole or not at all: each of its numbers must have its word, or it says
nothing. So "3-4 recámaras" or "10 x 20 m" is no fact, and no wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypedDict, cast

from pincali_sync.domain.numbers import decimal_of, numeric
from pincali_sync.pages import fact_words as words_of
from pincali_sync.pages.text import JsonObject, fold, part, scalar_at


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
_MOST_M2 = 10**8
_MOST_STATEMENTS = 8  # of a chip; what says more than all of a listing's rooms is prose
_MOST_FIGURES = 24  # of all of these together: "1,250.50" has three
_SQUARE_METRES = {"mtk", "m2", "sqm"}  # as JSON-LD writes the unit
_M2_PER_HECTARE = 10_000
_HALF = Decimal("0.5")
_NAMED_AREAS = {"lot_size_m2", "covered_area_m2"}
_COUNTED = {*words_of.ROOMS, "floor_number", "total_floors"}
_Said = dict[str, int | Decimal]

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
    "construction_year": range(1800, datetime.now(UTC).year + 6),
}


def area_chip(value: str | float | None) -> Iterator[Chip]:
    """An area of a page's data, in m²: a number there has one way of writing."""
    if isinstance(value, str):
        yield Chip(f"{value} m²")
    # A whole number of JSON may be too great to be written out so.
    elif value is not None and not isinstance(value, bool) and 0 < value < _MOST_M2:
        yield Chip(f"{value:.2f} m²")


def floor_size_chip(data: JsonObject) -> Iterator[Chip]:
    """The floor size of a JSON-LD object, unless it is in another unit than m²."""
    size = part(data, "floorSize")
    unit = scalar_at(size, "unitCode") or scalar_at(size, "unitText") or "MTK"
    if fold(str(unit)) in _SQUARE_METRES:
        yield from area_chip(scalar_at(size, "value"))


def read_facts(chips: Iterable[Chip]) -> Facts:
    """Reads chips in the order of their authority: the first to say something is believed.

    What says it at length is no chip, and passed over.
    """
    said: _Said = {}
    for chip in chips:
        if len(chip.text) > MAX_CHIP or len(chip.icon) > MAX_CHIP:
            continue
        for name, value in _read_chip(chip):
            said.setdefault(name, value)
    return cast(Facts, said)


@lru_cache(maxsize=4096)  # "3 bedrooms" is on every other card
def _read_chip(chip: Chip) -> tuple[tuple[str, int | Decimal], ...]:
    if len(words_of.FIGURES.findall(chip.text)) > _MOST_FIGURES:
        return ()
    words = words_of.plain(chip.text)
    said = None if words_of.SHORT.fullmatch(words) else _statement(words, chip.icon)
    # Two words that are understood hold no third.
    if (said is None or words.count(" ") > 1) and words_of.HEDGE.search(words):
        return ()
    if said is None:
        said = _together(words, chip.icon)
    if said is None:
        said = _bare(words, chip.icon)
    return tuple((name, value) for name, value in said.items() if _is_believed(name, value))


def _is_believed(name: str, value: int | Decimal) -> bool:
    return value in _BELIEVED[name] if name in _BELIEVED else True


def _together(words: str, icon: str) -> _Said | None:
    """What several statements say; None where one is not understood, or contradicts another."""
    said: _Said = {}
    parts = words_of.statements(words)
    if len(parts) > _MOST_STATEMENTS:
        return None
    has_bare_words = not all(map(words_of.DIGIT.search, parts))
    if has_bare_words and len(parts) == 2 and (named := _statement(" ".join(parts), icon)):
        return named  # "300 m² (terreno)", "Bedrooms | 3"
    for before, words_of_one in pairwise(["0", *parts]):
        more = _statement(words_of_one, icon)
        if more is None or any(said.get(name, value) != value for name, value in more.items()):
            return None
        if _is_of_what_stands_before(more, words_of_one, before):
            return None
        said |= more
    if any(map(words_of.SHORT.fullmatch, parts)) and not words_of.BATHS.search(words):
        return said if {"bathrooms", "half_bathrooms"} <= said.keys() else None
    if (has_bare_words or _NAMED_AREAS & said.keys()) and "total" not in words:
        said.pop("total_area_m2", None)  # it may be what the words beside it name
    if has_bare_words and words_of.OF_OTHERS.search(words):
        said.pop("parking_spaces", None)
    return said


def _is_of_what_stands_before(said: _Said, words: str, before: str) -> bool:
    """Whether a count is of other things: "Clósets en recámaras: 3", "2 niveles y medio"."""
    if words_of.HALF.fullmatch(words):
        return True
    is_bare = not words_of.DIGIT.search(before)
    return is_bare and ":" in words and not _COUNTED.isdisjoint(said)


def _statement(words: str, icon: str) -> _Said | None:
    """What one statement says, nothing if it has no number; None if it is not understood."""
    if words_of.NEW.fullmatch(words):
        return {"age_years": 0}
    if not words_of.DIGIT.search(words) or words_of.EXTRA.fullmatch(words):
        return {}
    if any(unit in words for unit in words_of.UNITS):
        return _area(words, icon)
    return _count(words) or _floor(words) or _time(words)


def _floor(words: str) -> _Said | None:
    match = next(filter(None, (form.fullmatch(words) for form in words_of.FLOOR)), None)
    if match is None:
        return None
    floor, floors = int(match["n"]), int(match["of"] or 0)
    if not match["of"]:
        return {"floor_number": floor}
    return {"floor_number": floor, "total_floors": floors} if floor <= floors else None


def _time(words: str) -> _Said | None:
    if year := words_of.YEAR.fullmatch(words):
        return {"construction_year": int(year["n"])}
    age = next(filter(None, (form.fullmatch(words) for form in words_of.AGE)), None)
    return {"age_years": int(age["n"])} if age else None


def _count(words: str) -> _Said | None:
    for name, form in words_of.COUNTS:
        if match := form.fullmatch(words):
            number = Decimal(match["n"].replace(",", "."))
            whole, rest = int(number), number % 1
            if not rest:
                return {name: whole}
            if name != "bathrooms" or rest != _HALF:
                return None
            return {name: whole, "half_bathrooms": 1} if whole else {"half_bathrooms": 1}
    return None


def _bare(words: str, icon: str) -> _Said:
    """A chip that is "5 años" and no more; else the number beside an icon."""
    if words == words_of.POWDER_ROOM:
        return {"half_bathrooms": 1}
    if age := words_of.YEARS.fullmatch(words):
        return {"age_years": int(age["n"])}
    match = words_of.BESIDE_ICON.fullmatch(words)
    names = [field for name, field in _ICONS.items() if name in icon.split()]
    return {names[0]: int(match["n"])} if match and names else {}


def _area(words: str, icon: str) -> _Said | None:
    match = next(filter(None, (form.fullmatch(words) for form in words_of.AREA)), None)
    if match is None:
        return {} if words_of.OTHER_PLACE.fullmatch(words) else None
    if match["unit"] == words_of.OTHER_AREA:
        return {}
    if words_of.EITHER_WAY.fullmatch(match["n"]):
        return None
    kind, value = _kind_of_area(match["before"] + match["after"], icon), decimal_of(match["n"])
    if kind is None or value is None:
        return None
    value *= _M2_PER_HECTARE if match["unit"] == words_of.HECTARES else 1
    area = numeric(value, _AREA_PRECISION)
    return {kind: area} if area else None


def _kind_of_area(words: str, icon: str) -> str | None:
    """By its words; by its icon only where no word tells. None where words tell two kinds."""
    for place in (words, icon):
        is_lot, is_built = words_of.LOT.search(place), words_of.BUILT.search(place)
        if is_lot and is_built:
            return None
        if is_lot or is_built:
            return "lot_size_m2" if is_lot else "covered_area_m2"
        if "total" in place:
            break
    return "total_area_m2"
