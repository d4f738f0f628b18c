"""Maps as SVG, drawn from coordinates alone: no tiles, no script needed, text of its own size.

Everything is placed by percentages, as in the charts, so that pins and words keep their size.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from pincali_sync.domain.listing_filter import Area
from pincali_sync.rendering.formats import environment

_RATIO = 1.6  # width by height, as the stylesheet has it
_ROOM = 0.06  # around the pins, of their extent
_LEAST_SPAN = 0.004  # degrees: a few streets
_KM_PER_DEGREE = 111.32
_MOST_NAMES = 8
_APART = (22.0, 7.0)  # percent between two names, across and down
_LINES = 5
_TEMPLATES = environment("pincali_sync.rendering")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A point with a page of its own."""

    latitude: float
    longitude: float
    target: str  # the path of its page
    label: str
    place: str | None  # those of one place share its name on the map
    is_main: bool  # drawn over the others


def draw_map(pins: Sequence[Pin], *, title: str, area: Area | None = None) -> Markup:
    """The pins, with the names of their places, a net of degrees and a scale.

    Args:
        title: the caption; no two maps of a page may share one.
        area: what is shown; None: all pins, and nothing more.
    """
    view = view_of(pins, area)
    return Markup(  # noqa: S704 - escaped there
        _TEMPLATES.get_template("map.html").render(
            title=title,
            view=view,
            pins=[
                (pin, *_percent(view, pin.latitude, pin.longitude))
                for pin in sorted(pins, key=lambda each: each.is_main)
            ],
            names=_names(view, pins),
            parallels=_net(view.south, view.north, lambda at: _percent(view, at, view.west)[1]),
            meridians=_net(view.west, view.east, lambda at: _percent(view, view.south, at)[0]),
            scale=_scale(view),
        )
    )


def view_of(pins: Sequence[Pin], area: Area | None) -> Area:
    """What a map shows: the area, or all pins, made as wide as the drawing is."""
    if area is None:
        latitudes = [pin.latitude for pin in pins] or [23.6]
        longitudes = [pin.longitude for pin in pins] or [-102.5]
        area = Area(min(latitudes), min(longitudes), max(latitudes), max(longitudes))
    height = max(area.north - area.south, _LEAST_SPAN) * (1 + 2 * _ROOM)
    middle = (area.south + area.north) / 2
    narrowing = math.cos(math.radians(middle))
    width = max(area.east - area.west, _LEAST_SPAN) * (1 + 2 * _ROOM)
    height = max(height, width * narrowing / _RATIO)
    return _around(middle, (area.west + area.east) / 2, height)


def _around(latitude: float, longitude: float, height: float) -> Area:
    """What of the part around a point lies on the globe: no more of it can be asked for."""
    latitude, longitude = _within(90, latitude), _within(180, longitude)
    width = height * _RATIO / math.cos(math.radians(latitude))
    return Area(
        _within(90, latitude - height / 2),
        _within(180, longitude - width / 2),
        _within(90, latitude + height / 2),
        _within(180, longitude + width / 2),
    )


def _within(most: float, degrees: float) -> float:
    return min(max(degrees, -most), most)


def moves(view: Area) -> dict[str, Area]:
    """Other parts of the map that one may want to see from here."""
    height, width = view.north - view.south, view.east - view.west
    latitude, longitude = (view.south + view.north) / 2, (view.west + view.east) / 2
    inner = 1 / (1 + 2 * _ROOM)  # what is shown is larger than what is asked for
    return {
        "closer": _around(latitude, longitude, height * inner / 2),
        "wider": _around(latitude, longitude, height * inner * 2),
        "north": _around(latitude + height / 2, longitude, height * inner),
        "south": _around(latitude - height / 2, longitude, height * inner),
        "west": _around(latitude, longitude - width / 2, height * inner),
        "east": _around(latitude, longitude + width / 2, height * inner),
    }


def _percent(view: Area, latitude: float, longitude: float) -> tuple[float, float]:
    """Where a point lies from the left and from the top."""
    return (
        100 * (longitude - view.west) / (view.east - view.west),
        100 * (view.north - latitude) / (view.north - view.south),
    )


def _names(view: Area, pins: Sequence[Pin]) -> list[tuple[str, float, float]]:
    """The places with the most pins, each in the middle of its own, where none hides another."""
    by_place: defaultdict[str, list[Pin]] = defaultdict(list)
    for pin in pins:
        if pin.place:
            by_place[pin.place].append(pin)
    names: list[tuple[str, float, float]] = []
    for place, own in sorted(by_place.items(), key=lambda each: (-len(each[1]), each[0])):
        middle = (median(pin.latitude for pin in own), median(pin.longitude for pin in own))
        x, y = _percent(view, *middle)
        is_free = all(abs(x - a) > _APART[0] or abs(y - b) > _APART[1] for _, a, b in names)
        if is_free and 4 < x < 96 and 4 < y < 96 and len(names) < _MOST_NAMES:
            names.append((place, x, y))
    return names


def _net(start: float, end: float, place: Callable[[float], float]) -> list[tuple[float, str]]:
    """Round degrees between two ends: where each lies, and its number."""
    step = _round((end - start) / _LINES)
    decimals = max(0, -math.floor(math.log10(step)))
    first, last = math.ceil(start / step), math.floor(end / step)
    return [(place(n * step), f"{n * step:.{decimals}f}°") for n in range(first, last + 1)]


def _scale(view: Area) -> tuple[float, str]:
    """A bar of a round length: what part of the width it takes, and its words."""
    narrowing = math.cos(math.radians((view.south + view.north) / 2))
    width = (view.east - view.west) * narrowing * _KM_PER_DEGREE
    length = _round(width / 8)
    words = f"{length:g} km" if length >= 1 else f"{length * 1000:g} m"
    return 100 * length / width, words


def _round(raw: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below."""
    size = 10.0 ** math.floor(math.log10(raw))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= raw * (1 - 1e-9))
