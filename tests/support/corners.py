"""Who may be in a corner, said once more in plain Python: what the SQL is held to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass

from pincali_sync.domain.corners import Corner
from pincali_sync.domain.listing_query import PROPERTY_TYPES, STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a card or a page said of a listing."""

    property_type: str | None = None
    state: str | None = None
    city: str | None = None
    neighborhood: str | None = None


def may_be_in(corner: Corner, known: Facts) -> bool:
    """Unless something that is known of the listing says otherwise."""
    return (
        _is_or_may_be(known.property_type, corner.property_type, among=PROPERTY_TYPES.values())
        and _is_or_may_be(_slug(known.state), corner.state, among=STATES)
        and _may_be_within(corner, _slug(known.city), _slug(known.neighborhood))
    )


def _is_or_may_be(known: str | None, wanted: str | None, *, among: Container[str | None]) -> bool:
    return wanted is None or known == wanted or known not in among


def _may_be_within(corner: Corner, city: str, colonia: str) -> bool:
    if corner.within is None or city in {"", corner.state}:
        return True
    if f"-{city}-" not in f"-{corner.within}-":
        return False
    rest = corner.within.removesuffix(f"-{city}")
    if rest == corner.within or not colonia:
        return True
    return rest in colonia or colonia in rest


def _slug(name: str | None) -> str:
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
