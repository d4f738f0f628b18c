"""What programs give to filter listings, as the texts that people write for it: so that one set of
rules holds for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from numbers import Real
from typing import Any

from pincali_sync.exceptions import UsageError

_LONGEST = 30  # digits; no amount that is taken has as many


def as_text(name: str, value: object) -> str:
    """A text as it is, or a value as one.

    Args:
        name: of those that `parse_filter` knows.

    Raises:
        UsageError: for a value of a kind that this name does not take, and for an empty list: who
            has no state left to ask for does not ask for all.
    """
    if isinstance(value, str):
        return value
    write, kinds = _WRITERS[name]
    try:
        text = write(value)
    except (TypeError, ValueError, ArithmeticError):
        raise UsageError(f"{name} takes {kinds}, not {type(value).__name__}") from None
    if not text.strip():  # which would leave the choice open
        raise UsageError(f"{name} takes {kinds}: none is given")
    return text


def _nothing_but_texts(_value: Any) -> str:
    raise TypeError


def _amount(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise TypeError
    amount = Decimal(value if isinstance(value, int) else str(value))
    # With four decimals: people write 1.500 for one and a half thousand.
    return f"{amount:.4f}" if amount.adjusted() < _LONGEST else str(amount)


def _moment(value: Any) -> str:
    if not isinstance(value, date):  # as each datetime is
        raise TypeError
    return value.isoformat()


def _degrees(value: Any) -> str:
    return ",".join(map(str, value))


_TEXT = (_nothing_but_texts, "a text")
_AMOUNT = (_amount, "a number or a text")
_MOMENT = (_moment, "a datetime, a date or a text")
_WRITERS: Mapping[str, tuple[Callable[[Any], str], str]] = {
    "status": (",".join, "a text, or one state or more"),
    "city": _TEXT,
    "place": _TEXT,
    "property_type": _TEXT,
    "operation": _TEXT,
    "price_min": _AMOUNT,
    "price_max": _AMOUNT,
    "currency": _TEXT,
    "first_seen_since": _MOMENT,
    "first_seen_before": _MOMENT,
    "changed_since": _MOMENT,
    "words": _TEXT,
    "area": (_degrees, "four numbers or a text"),
}
