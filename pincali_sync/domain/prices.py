"""What a listing costs: offers, as the site words them, and how much of a difference counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from pincali_sync.domain.numbers import NUMBER, decimal_of, numeric


class Operation(StrEnum):
    """What one may do with the property for the price."""

    SALE = "sale"
    RENT = "rent"


MAIN_OPERATION = Operation.SALE  # of a listing that is offered both ways


class Currency(StrEnum):
    """The currencies of the site."""

    MXN = "MXN"
    USD = "USD"
    EUR = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One price of a listing; a listing may have one per operation."""

    operation: Operation
    amount: Decimal | None  # None: "price on request"
    currency: Currency
    per_m2: bool = False  # the page shows 8,800 per m², not a total
    starting_at: bool = False  # "From $1,200,000": the cheapest unit of a development

    @property
    def unit(self) -> str:
        """What the amount is for, as the `price_unit` columns say it."""
        return "m2" if self.per_m2 else "total"


# The spec's thresholds, which the SQL of price changes and reviews takes from here. The amounts
# must be of the same operation, currency and unit.
CHANGE_SHARE = Decimal("0.01")  # a change is more than this share of the old amount,
CHANGE_AMOUNT = 1000  # or more than this, whichever is smaller
UNUSUAL_SHARE = Decimal("0.5")  # a change by more than this share is one for a person to look at

_PRICE_PRECISION = 15  # numeric(15,2)
MOST = 10**12  # a price beyond is a slip of the hand, or a joke
_LONGEST = 200  # characters; what is longer is prose
_M2_PER_HECTARE = 10_000
_STAND_INS = (Decimal(0), Decimal(1))  # typed where a price is wanted and none is given

_RENT = re.compile(r"\b(?:rent\w*|alug\w*|alquil\w*|lease)\b", re.I)
_SALE = re.compile(r"\b(?:sale|sell|ventas?|vendas?|foreclosures?|remates?|leil\w+)\b", re.I)

_US_DOLLAR = re.compile(r"US\s?\$|U\$S|\bUSD\b|\bd[oó]lar|\bdollars?\b|\bdlls?\b", re.I)
_EURO = re.compile(r"€|\bEUR\b|\beuros?\b", re.I)
_FOREIGN = re.compile(r"£|\bR\$|\bCA?\$|\b(?:CAD|GBP|BRL|COP|CLP|PEN|ARS|UDIS?)\b", re.I)
_SCALED = re.compile(r"\b(?:mdp|mill\w*|mil|thousand)\b|[0-9#]\s?k\b|[0-9#]M\b", re.I)

_AREA = r"(?:m\s?(?:²|2|ts?2)|sq\.?\s?m\w*|sqm|(?:square\s+met\w+)|metro\s+(?:cuadrado|quadrado))"
_PER_M2 = re.compile(rf"(?:\b(?:por|per|a|el|each)\s+|/\s*|\bx\s+){_AREA}", re.I)
_PER_HECTARE = re.compile(r"(?:\b(?:por|per)\s+|/\s*)(?:ha|hect[aá]\w*|hectare)\b\.?", re.I)
_CODE = re.compile(r"USD|MXN|EUR|US|MN", re.I)  # may be glued to the number: "MXN3,000"
_FROM = re.compile(r"\b(?:from|desde|starting\s+at|a\s+partir\s+d[eo])\b", re.I)


def operation_of(text: str) -> Operation | None:
    """The operation that "For Sale", "En Renta", "Para alugar" or "Foreclosure" names."""
    if _SALE.search(text):
        return Operation.SALE  # a foreclosure is a sale
    return Operation.RENT if _RENT.search(text) else None


def parse_offer(
    text: str, operation_text: str = "", *, default: Operation | None = None
) -> Offer | None:
    """Reads the price of one operation, such as "US$ 12,000" with "For Rent".

    A price per hectare becomes one per m²; text without a number is a price on request, as are
    the stand-ins 0 and 1.

    Args:
        text: the price; the operation's words may follow in it.
        operation_text: the operation's words where they stand apart.
        default: the operation where no words name it.

    Returns:
        None when the operation is not told, or the text is a price in a currency or a way of
        writing that is not known, or beyond reason: better no offer than a false one.
    """
    if len(text) > _LONGEST or len(operation_text) > _LONGEST:
        return None
    terms = _terms_of(NUMBER.sub("#", text))
    operation = operation_of(operation_text) or terms.operation or default
    if operation is None or not terms.is_known:
        return None
    number = NUMBER.search(text) or NUMBER.search(_CODE.sub(" ", text))
    amount = decimal_of(number[0], dot_may_group=True) if number else None
    if number is not None and (amount is None or amount > MOST):
        return None
    return Offer(
        operation=operation,
        amount=_real_amount(amount, terms),
        currency=terms.currency,
        per_m2=terms.per_m2 or terms.per_hectare,
        starting_at=terms.starting_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What a price's words say about its number."""

    operation: Operation | None
    currency: Currency
    per_m2: bool
    per_hectare: bool
    starting_at: bool
    is_known: bool


@lru_cache(maxsize=1024)  # there are many amounts and few wordings
def _terms_of(wording: str) -> _Terms:
    return _Terms(
        operation=operation_of(wording),
        currency=_currency_of(wording),
        per_m2=bool(_PER_M2.search(wording)),
        per_hectare=bool(_PER_HECTARE.search(wording)),
        starting_at=bool(_FROM.search(wording)),
        is_known=not (_FOREIGN.search(wording) or _SCALED.search(wording)),
    )


def _currency_of(wording: str) -> Currency:
    """The site's own sign for pesos is a bare "$"."""
    if _US_DOLLAR.search(wording):
        return Currency.USD
    return Currency.EUR if _EURO.search(wording) else Currency.MXN


def _real_amount(amount: Decimal | None, terms: _Terms) -> Decimal | None:
    if amount is None or amount == 0:
        return None
    # One peso per m² is a price of rural land; one peso for a property is none.
    if amount in _STAND_INS and not terms.per_m2:
        return None
    amount = amount / _M2_PER_HECTARE if terms.per_hectare else amount
    return numeric(amount, _PRICE_PRECISION) or None  # less than a cent is none


def main_offer(offers: Iterable[Offer]) -> Offer | None:
    """The offer that stands for a listing whose operation nothing else tells."""
    return min(offers, key=lambda offer: offer.operation is not MAIN_OPERATION, default=None)


def offers_as_json(offers: Iterable[Offer]) -> str:
    """As columns hold them. Amounts are strings: JSON numbers would lose their scale."""
    return json.dumps([asdict(offer) for offer in offers], default=str)
