"""The stand-in's truth, as the program's own values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pincali_sync.domain.prices import Currency, Offer, Operation


def offers_of(listing: Mapping[str, Any]) -> tuple[Offer, ...]:
    """The offers of a listing in the truth."""
    return tuple(
        Offer(
            operation=Operation(offer["operation"]),
            amount=None if offer["amount"] is None else Decimal(str(offer["amount"])),
            currency=Currency(offer["currency"]),
            per_m2=offer["per_m2"],
        )
        for offer in listing["offers"]
    )
