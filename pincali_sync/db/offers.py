"""Offers as they are stored: a JSON array, one object an offer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pincali_sync.domain.prices import Offer

PER_M2 = "m2"
TOTAL = "total"


def unit_of(offer: Offer) -> str:
    """The value of the `price_unit` columns."""
    return PER_M2 if offer.per_m2 else TOTAL


def offers_as_json(offers: Iterable[Offer]) -> str:
    """The text of a jsonb column. Amounts are strings: JSON numbers would lose their scale."""
    return json.dumps([_as_dict(offer) for offer in offers])


def _as_dict(offer: Offer) -> dict[str, Any]:
    return {
        "operation": offer.operation.value,
        "amount": None if offer.amount is None else str(offer.amount),
        "currency": offer.currency.value,
        "per_m2": offer.per_m2,
        "starting_at": offer.starting_at,
    }
