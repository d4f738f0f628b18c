"""The spec's rule for a price change, said once more: what the SQL is held to."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pincali_sync.domain.prices import Offer


class PriceChangeKind(StrEnum):
    """How a new offer differs from the old one of the same operation."""

    AMOUNT = "amount"
    NEEDS_REVIEW = "needs_review"  # by more than half: a person should look
    CURRENCY = "currency"
    UNIT = "unit"  # total or per m²: the amounts are not comparable
    APPEARED = "appeared"  # was on request
    WITHDRAWN = "withdrawn"  # is on request now


def is_price_change(old: Decimal, new: Decimal) -> bool:
    """Whether two amounts differ by more than 1 % of the old one or 1000, the smaller of both."""
    return abs(new - old) > min(abs(old) / 100, Decimal(1000))


def compare_offers(old: Offer, new: Offer) -> PriceChangeKind | None:
    """How an offer changed; None when it did not, or when the two are of different operations."""
    if old.operation != new.operation:
        return None
    if old.amount is None:
        return None if new.amount is None else PriceChangeKind.APPEARED
    if new.amount is None:
        return PriceChangeKind.WITHDRAWN
    if old.currency != new.currency:
        return PriceChangeKind.CURRENCY
    if old.per_m2 != new.per_m2:
        return PriceChangeKind.UNIT
    return _compare_amounts(old.amount, new.amount)


def _compare_amounts(old: Decimal, new: Decimal) -> PriceChangeKind | None:
    if abs(new - old) > abs(old) / 2:
        return PriceChangeKind.NEEDS_REVIEW
    return PriceChangeKind.AMOUNT if is_price_change(old, new) else None
