"""Numbers as people write them, and what the database's columns can hold of them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from price_parser import Price

from pincali_sync.domain.signs import composed

MAX_INTEGER = 2**31 - 1  # PostgreSQL's integer

# 4,650,000.50 and 4 650 000.
NUMBER_FORM = r"(?:[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+(?![0-9])|[0-9]|\.[0-9])[0-9.,']*"
_GROUPED = re.compile(r"[0-9]{1,3}([ ,.])[0-9]{3}(?:\1[0-9]{3})*(?:(?!\1)[.,][0-9]+)?")
_PLAIN = re.compile(r"[0-9]*(?:\.[0-9]+|,[0-9]{1,3})?")
_LONGEST = 50  # characters; no column holds as many digits
CENTS = Decimal("0.01")
_SPACES = " \u00a0\u2007\u2009\u202f"
# Groups of three with one sign between them; decimals may be there, if they are none.
_WHOLE = re.compile(
    rf"(?<![\w.,'’-])([0-9]{{1,3}}([{_SPACES},.'’])[0-9]{{3}}(?:\2[0-9]{{3}})*+|[0-9]{{1,20}})"
    rf"(?:[.,]0{{1,9}})?+(?![\w%]|[{_SPACES},.'’]{{0,9}}[0-9]|[-–—/:][0-9])"
)
_DIGITS = re.compile(r"[0-9]+")
_DIGIT_BEFORE = re.compile(rf"[0-9][{_SPACES},.'’/:]{{1,9}}\Z")
# What stands before a number that is not exact, and what stands behind it.
_HEDGE = re.compile(
    r"(?:[+<>≤≥≈~±]|\b(?:m[aá]s de|mais de|more than|over|above|about|around|approx\w*|aprox\w*|"
    r"almost|nearly|at least|up to|less than|under|unos|unas|casi|quase|cerca de|hasta|at[eé]|"
    r"al menos|por lo menos|pelo menos|menos de))[\W_]{0,3}\Z",
    re.I,
)
_MORE = re.compile(
    rf"[{_SPACES}]{{0,3}}(?:[+]|(?:k|m|mil|mill[oó]n(?:es)?|millions?|milh(?:ão|ões)|thousands?|"
    r"(?:o|u|y|e|or|and|ou) (?:m[aá]s|more|mais))\b)",
    re.I,
)
_LONGEST_TEXT = 200

_MOST_DIGITS = 9  # of what people count: an `integer` holds them all


def whole_number(text: str) -> int | None:
    """A number in plain digits, as arguments and forms have it; None for anything else.

    Not everything that is a digit to Python is a number to it: "²" is none.
    """
    is_one = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_one else None


def decimal_of(text: str, *, dot_may_group: bool = False) -> Decimal | None:
    """The number of a text such as "1,225.25", "1.225,25", "1 225" or "0.50".

    Args:
        dot_may_group: whether "1.500" is 1500, as in prices, or 1.5, as in areas.

    Returns:
        None for text that is no number, or is one in no known way of writing ("1,500,00").
    """
    if len(text) > _LONGEST:
        return None
    number = text.strip().replace("\u00a0", " ").replace("\u202f", " ").rstrip(".,'")
    number = number.replace("'", ",")  # 1'500,000 is how millions are written by hand
    if not number or not (_GROUPED.fullmatch(number) or _PLAIN.fullmatch(number)):
        return None
    separator = _decimal_separator(number, dot_may_group=dot_may_group)
    if separator is None:
        number = number.replace(".", "").replace(",", "")
    if number.isdigit():
        return Decimal(number)
    # price-parser knows the ways of writing, once it is told what it would have to guess.
    amount: Decimal | None = Price.fromstring(number, decimal_separator=separator).amount
    return amount


def _decimal_separator(number: str, *, dot_may_group: bool) -> str | None:
    """Which sign starts the decimals; None: there are none.

    price-parser alone takes any three last digits for a group: 12345678 for "12,345.678".
    """
    last = max(number.rfind("."), number.rfind(","))
    if last < 0 or number.count(number[last]) > 1:
        return None
    sign, decimals = number[last], len(number) - last - 1
    grouped_otherwise = len({".", ",", " "} & set(number)) > 1
    if decimals != 3 or grouped_otherwise or number.startswith(("0.", "0,", ".", ",")):
        return sign
    is_group = sign == "," or dot_may_group
    return None if is_group and last <= 3 else sign


def numeric(value: Decimal | None, precision: int) -> Decimal | None:
    """The value as a `numeric(precision, 2)` column keeps it; None where it would overflow."""
    if value is None or not value.is_finite() or abs(value) >= 10 ** (precision - 2):
        return None
    rounded = value.quantize(CENTS, rounding=ROUND_HALF_UP)
    return rounded if abs(rounded) < 10 ** (precision - 2) else None


def integer_of(text: str | None) -> int | None:
    """The first number of a text, where it is a whole one ("413,954 results"); else None.

    So, too, beyond an `integer` column, for one that could be read in two ways ("12 3456"), and for
    one that is not exact ("10,000+", "más de 10,000", "10 mil").
    """
    shown = composed((text or "")[:_LONGEST_TEXT])
    number, first = _WHOLE.search(shown), _DIGITS.search(text or "")
    if number is None or first is None or number.start() != first.start():
        return None
    return _exact(shown, number)


def last_integer_of(text: str) -> int | None:
    """The number that a text ends with ("1–24 of 413,954"), under the same conditions."""
    shown = composed(text[-_LONGEST_TEXT:].rstrip())
    number = next((each for each in _WHOLE.finditer(shown) if each.end() == len(shown)), None)
    if number is None or _DIGIT_BEFORE.search(shown[: number.start()]):
        return None
    return _exact(shown, number)


def _exact(text: str, number: re.Match[str]) -> int | None:
    if _HEDGE.search(text[: number.start()]) or _MORE.match(text, number.end()):
        return None
    value = int("".join(_DIGITS.findall(number[1])))
    return value if value <= MAX_INTEGER else None
