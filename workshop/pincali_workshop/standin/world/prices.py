"""What listings cost, and how their prices move."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from pincali_sync.domain.prices import Currency, Offer, Operation
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.kinds import Kind

PESOS_PER_DOLLAR = 18

_DUAL = 0.014
_DOLLARS = 0.03
_DUAL_RENT_IN_DOLLARS = 0.4
_ON_REQUEST = 0.01
_LAND_PER_M2 = 0.3  # of land, which is about 5 % of everything
_STEPS = (0.85, 0.9, 0.92, 0.95, 0.95, 0.97, 0.98, 1.03, 1.05, 1.08)
_CENT = Decimal("0.01")


def first_offers(seed: int, index: int, kind: Kind) -> tuple[Offer, ...]:
    """What the listing asks at first: one offer, or one of each operation."""
    draws = Draws(seed, index, "price")
    dual, rented = draws.chance(_DUAL), draws.chance(kind.rented)
    currency = Currency.USD if draws.chance(_DOLLARS) else Currency.MXN
    per_m2 = kind.land and draws.chance(_LAND_PER_M2)
    if dual:
        rent_currency = Currency.USD if draws.chance(_DUAL_RENT_IN_DOLLARS) else Currency.MXN
        return (
            _offer(draws, kind, Operation.SALE, Currency.MXN, per_m2=per_m2),
            _offer(draws, kind, Operation.RENT, rent_currency, per_m2=per_m2),
        )
    offer = _offer(
        draws, kind, Operation.RENT if rented else Operation.SALE, currency, per_m2=per_m2
    )
    return (replace(offer, amount=None) if draws.chance(_ON_REQUEST) else offer,)


def in_pesos(offer: Offer) -> float | None:
    """The amount by which the site sorts and filters; None: on request. The unit is ignored."""
    if offer.amount is None:
        return None
    rate = PESOS_PER_DOLLAR if offer.currency is Currency.USD else 1
    return float(offer.amount) * rate


def after_step(seed: int, index: int, event: int, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """The offers after the price change that happened at this time."""
    factor = Draws(seed, index, "step", event).pick(_STEPS)
    return tuple(_stepped(offer, factor) for offer in offers)


def _offer(
    draws: Draws, kind: Kind, operation: Operation, currency: Currency, *, per_m2: bool
) -> Offer:
    low, high = kind.sale_price if operation is Operation.SALE else kind.rent_price
    if per_m2:
        low, high = (400, 14_000) if operation is Operation.SALE else (8, 160)
    amount = low * (high / low) ** draws.unit()  # cheap ones are more common
    if currency is Currency.USD:
        amount /= PESOS_PER_DOLLAR
    return Offer(
        operation=operation,
        amount=_rounded(amount, per_m2=per_m2),
        currency=currency,
        per_m2=per_m2,
    )


def _stepped(offer: Offer, factor: float) -> Offer:
    if offer.amount is None:
        return offer
    amount = _rounded(float(offer.amount) * factor, per_m2=offer.per_m2)
    return replace(offer, amount=amount)


def _rounded(amount: float, *, per_m2: bool) -> Decimal:
    """As sellers round; prices per m² keep their decimals."""
    if per_m2:
        return Decimal(amount).quantize(_CENT if amount < 1_000 else Decimal(1), ROUND_HALF_UP)
    unit = 5_000 if amount >= 1_000_000 else 1_000 if amount >= 100_000 else 50
    return Decimal(max(unit, round(amount / unit) * unit))
