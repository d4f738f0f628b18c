"""Where a listing lies, when the numbers can be true."""

from __future__ import annotations

import math
import re
from typing import NamedTuple
from urllib.parse import unquote


class Coordinates(NamedTuple):
    latitude: float
    longitude: float


# Mexico with its islands and some sea; what lies outside was typed wrongly or swapped.
LATITUDES = (13.5, 33.5)
LONGITUDES = (-119.5, -86.0)

# `q=19.04,-98.21` of a map's frame, `q=19.04+-98.21` of its link.
_QUERY = re.compile(r"[?&]q=\s*(-?[0-9]{1,3}(?:\.[0-9]+)?)[,+\s]+(-?[0-9]{1,3}(?:\.[0-9]+)?)")


def coordinates_of(latitude: object, longitude: object) -> Coordinates | None:
    """Two numbers, or texts of numbers, as a point in Mexico; None for 0,0 and what is none."""
    try:
        point = Coordinates(float(str(latitude)), float(str(longitude)))
    except ValueError:
        return None
    if not all(map(math.isfinite, point)):
        return None
    in_range = (
        LATITUDES[0] <= point.latitude <= LATITUDES[1]
        and LONGITUDES[0] <= point.longitude <= LONGITUDES[1]
    )
    return point if in_range else None


def coordinates_in_url(url: str | None) -> Coordinates | None:
    """The point that a map's URL asks for."""
    match = _QUERY.search(unquote(url or ""))
    return coordinates_of(match[1], match[2]) if match else None
