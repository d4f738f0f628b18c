"""What a listing costs: offers, as the site words them, and how much of a difference counts."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter

from pincali_sync.domain.numbers import CENTS, decimal_of
from pincali_sync.domain.price_words import (
    CURRENCIES,
    RENT,
    SALE,
    Said,
    masked,
    plain,
    qualifies,
    said_of,
)


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


# Each card of a scan is written so: `asdict` and an encoder a call took three times as long.
_FIELDS = tuple(Offer.__dataclass_fields__)
_FIELDS_OF = attrgetter(*_FIELDS)
_as_json = json.JSONEncoder(default=str).encode

# The spec's thresholds, which the SQL of price changes and reviews takes from here. The amounts
# must be of the same operation, currency and unit.
CHANGE_SHARE = Decimal("0.01")  # a change is more than this share of the old amount,
CHANGE_AMOUNT = 1000  # or more than this, whichever is smaller
UNUSUAL_SHARE = Decimal("0.5")  # a change by more than this share is one for a person to look at

MOST = 10**12  # well within numeric(15,2); a price beyond is a slip of the hand, or a joke
_LONGEST = 200  # characters; what is longer is prose
_M2_PER_HECTARE = 10_000
_ROUNDED_OFF = Decimal("0.01")  # the most that cents may take from a price, as a share of it
_STAND_INS = (Decimal(0), Decimal(1))  # typed where a price is wanted and none is given

_SALE = re.compile(rf"\b(?:{SALE})\b")
_RENT = re.compile(rf"\b(?:{RENT})\b")
_LONGEST_UNIT = 40
_IN = re.compile(r"\b(?:in|en|em)\b(?! adelante)")
_STARTING_AT = frozenset({"from", "onwards"})
_ON_REQUEST = frozenset({"request", "open", "label", "badge", "sale", "rent", "gap"})


def operation_of(text: str) -> Operation | None:
    """The operation that "For Sale", "En Renta", "Para alugar" or "Foreclosure" names."""
    words = plain(text)
    if _SALE.search(words):
        return Operation.SALE  # a foreclosure is a sale
    return Operation.RENT if _RENT.search(words) else None


@lru_cache(maxsize=256)
def unit_in(text: str, *, behind: bool) -> str:
    """What a short text, "por noche", says of a price that it stands beside; empty for nothing.

    Args:
        behind: it stands behind the price.
    """
    if len(text) > _LONGEST_UNIT or text[:1].isdigit():  # as facts do, on each card: "3 rec."
        return ""
    words = _IN.sub(" ", plain(text))
    return words if qualifies(words, behind=behind) else ""


def parse_offer(
    text: str,
    *,
    default: Operation | None = None,
    declared: Collection[str] = (),
) -> Offer | None:
    """Reads the price of one operation, such as "US$ 12,000 For Rent".

    A price per hectare becomes one per m²; words that ask to ask, or those of an operation alone,
    are a price on request, as are the stand-ins 0 and 1, with or without such words.

    Args:
        text: the price with the words around it.
        default: the operation where no words name it.
        declared: the currencies that the page's data name for the listing; a bare "$" is not
            taken for pesos where they are all others.

    Returns:
        None when the operation is not told, or anything in the text is not known, or it is not
        certain which of its amounts is the price, or that is beyond reason: better no offer than
        a false one.
    """
    if len(text) > _LONGEST:
        return None
    wording, number = masked(plain(text))
    terms = _terms_of(wording)
    operation = terms.operation or default if terms else None
    if terms is None or operation is None:
        return None
    if terms.is_bare and declared and terms.currency not in declared:
        return None
    amount = _amount_of(number, terms) if terms.has_amount else Decimal(0)
    if amount is None or (amount and terms.on_request):
        return None
    return Offer(
        operation=operation,
        amount=amount or None,
        currency=terms.currency,
        per_m2=terms.per_m2 or terms.per_hectare,
        starting_at=terms.starting_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What a price's words say about its number."""

    operation: Operation | None
    currency: Currency = Currency.MXN
    is_bare: bool = False  # "$" alone
    has_amount: bool = True
    on_request: bool = False
    per_m2: bool = False
    per_hectare: bool = False
    starting_at: bool = False


@lru_cache(maxsize=1024)  # there are many amounts and few wordings
def _terms_of(wording: str) -> _Terms | None:
    said = said_of(wording)
    if said is None or said >= {"sale", "rent"} or said >= {"sale", "month"}:
        return None
    operation = Operation.SALE if "sale" in said else None
    operation = Operation.RENT if said & {"rent", "month"} else operation
    if "number" not in said:
        is_on_request = said <= _ON_REQUEST and said & {"request", "open", "sale", "rent"}
        return _Terms(operation=operation, has_amount=False) if is_on_request else None
    currency = _currency_of(said)
    if currency is None or said >= {"m2", "hectare"}:
        return None
    return _Terms(
        operation=operation,
        currency=currency,
        is_bare=not said & CURRENCIES,
        on_request="request" in said,
        per_m2="m2" in said,
        per_hectare="hectare" in said,
        starting_at=not said.isdisjoint(_STARTING_AT),
    )


def _currency_of(said: Said) -> Currency | None:
    """The one currency that is named; the site's own sign for pesos is a bare "$"."""
    named = said & CURRENCIES or (frozenset({"mxn"}) if "sign" in said else frozenset())
    if len(named) != 1 or ("sign" in said and "eur" in named):
        return None
    return Currency(next(iter(named)).upper())


def _amount_of(number: str, terms: _Terms) -> Decimal | None:
    """The amount, 0 for a stand-in; None for what is no amount."""
    amount = decimal_of(number, dot_may_group=True)
    if amount is None or amount > MOST or _is_doubtful(number, amount, terms):
        return None
    # One peso per m² is a price of rural land; one peso for a property is none.
    if amount in _STAND_INS and not terms.per_m2:
        return Decimal(0)
    exact = amount / _M2_PER_HECTARE if terms.per_hectare else amount
    held = exact.quantize(CENTS, rounding=ROUND_HALF_UP)
    # What cents cannot hold is no price: "$40 por ha".
    return held if held == exact or abs(held - exact) <= exact * _ROUNDED_OFF else None


def _is_doubtful(number: str, amount: Decimal, terms: _Terms) -> bool:
    """Whether it may be another number: "000,052", "2,500.000", "$850 120 m²"."""
    decimals = str(amount).partition(".")[2]
    is_two = terms.per_m2 and " " in number
    return is_two or len(decimals) > 2 or (number[0] == "0" and number[1:2].isdigit())


def main_offer(offers: Iterable[Offer]) -> Offer | None:
    """The offer that stands for a listing whose operation nothing else tells."""
    return min(offers, key=lambda offer: offer.operation is not MAIN_OPERATION, default=None)


def offers_as_json(offers: Iterable[Offer]) -> str:
    """As columns hold them. Amounts are strings: JSON numbers would lose their scale."""
    return _as_json([dict(zip(_FIELDS, _FIELDS_OF(offer), strict=True)) for offer in offers])
