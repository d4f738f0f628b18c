"""Whether a page's cards are what its query asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pincali_sync.domain.listing_query import (
    PROPERTY_TYPES,
    ListingQuery,
    Place,
    slug_of_name,
)
from pincali_sync.domain.page_facts import Sample
from pincali_sync.items import ManifestEntry

# A card may be odd; a filter that the site forgot shows on most of them.
_MAX_ODD_SHARE = 0.2


def keeps_filters(entries: Sequence[ManifestEntry], sample: Sample, query: ListingQuery) -> bool:
    """Whether few cards contradict the query; what no card says is not looked at."""
    return (
        all(
            _mostly(limits.holds(value) for value in sample.values.get(measure, ()))
            for measure, limits in query.ranges
        )
        and _keeps_type(entries, query.property_type)
        and _keeps_place(entries, query.place)
    )


def _keeps_type(entries: Sequence[ManifestEntry], number: int | None) -> bool:
    wanted = PROPERTY_TYPES.get(number or 0)
    named = (entry.property_type for entry in entries if entry.property_type)
    return wanted is None or _mostly(name.lower() == wanted for name in named)


def _keeps_place(entries: Sequence[ManifestEntry], place: Place | None) -> bool:
    """Cards name no state."""
    if place is None or place.city is None:
        return True
    cities = (entry.city for entry in entries if entry.city)
    colonias = (entry.neighborhood for entry in entries if entry.neighborhood)
    return _mostly(slug_of_name(city) == place.city for city in cities) and (
        place.colonia is None or _mostly(slug_of_name(name) == place.colonia for name in colonias)
    )


def _mostly(answers: Iterable[bool]) -> bool:
    found = list(answers)
    return found.count(False) <= _MAX_ODD_SHARE * len(found)
