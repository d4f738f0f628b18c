"""How pages write a day, a month or a year, in English, Spanish and Portuguese, folded.

What merely holds a number is no date: "8 of 10", "12 times", "in 3 days".
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre|"
    r"janeiro|fevereiro|marco|maio|junho|julho|setembro|outubro|novembro|dezembro)"
)
_SHORT = r"(?:jan|ene|feb|fev|mar|a[bp]r|ma[iy]|jun|jul|aug|ago|sept?|set|o[cu]t|nov|de[cz]|dic)"
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:[0-2]?\d|3[01])(?:st|nd|rd|th|o)?"
_THEN = r"(?:,? (?:(?:de|del|of) )?|[-/.])"
# Figures and short names are sure with a year only: 8/10 may be eight of ten, "mar" is the sea.
DATE = "(?:{})".format(
    "|".join(
        (
            rf"{_DAY}{_THEN}{_MONTH}(?:{_THEN}{_YEAR})?",
            rf"{_MONTH} {_DAY}(?:{_THEN}{_YEAR})?",
            rf"(?:{_DAY}{_THEN})?(?:{_MONTH}|{_SHORT}\.?){_THEN}{_YEAR}",
            rf"{_SHORT}\.? {_DAY},? {_YEAR}",
            rf"{_DAY}[-/.]{_DAY}[-/.](?:{_YEAR}|\d\d)",
            rf"{_YEAR}[-/.]{_DAY}(?:[-/.]{_DAY})?",
            rf"{_DAY}[-/]{_YEAR}",
        )
    )
)
_TIME = (
    r"(?:,? (?:(?:at|a las?|as) )?\d{1,2}:\d\d(?::\d\d)?"
    r"(?: ?(?:[ap]\.? ?m\.?|h(?:rs?|oras)?\.?))?)?"
)
# "on 3 March", "since 2020"; "2020" alone may be a number of things.
WHEN = (
    rf"(?:(?:(?:on|in|since|el(?: dia)?|en|desde|em|no dia) )?{DATE}{_TIME}|"
    rf"(?:in|since|en|desde|em) (?:{_MONTH}|{_YEAR}))"
)
_ONE_OR_MORE = (
    r"(?:\d{1,3}|an?|one|two|three|un[oa]?|dos|tres|um|uma|dois|duas|a few|several|algun[oa]s|"
    r"uns|umas)"
)
_DAYS = (
    r"(?:seconds?|minutes?|hours?|days?|weeks?|segundos?|minutos?|horas?|dias?|semanas?|secs?|mins?|"
    r"hrs?)"
)
_MONTHS = r"(?:months?|years?|mes(?:es)?|anos?)"


def _ago(unit: str) -> str:
    return rf"(?:{_ONE_OR_MORE} {unit} (?:ago|atras)|(?:desde )?(?:hace|ha) {_ONE_OR_MORE} {unit})"


# "3 days ago", "yesterday": since what is on offer now was published, but for what comes back soon.
LATELY = (
    rf"(?:{_ago(_DAYS)}|today|yesterday|just now|this week|last week|hoy|ayer|esta semana|"
    r"(?:la )?semana (?:pasada|passada)|hoje|ontem)"
)
# What may be a day, or another number: "3 Oct", "8/10", "2026"; and what may be of another time.
PERHAPS_WHEN = (
    rf"(?:{LATELY}|{_ago(_MONTHS)}|(?:(?:on|in|el(?: dia)?|en|em|no dia) )?"
    rf"(?:{_SHORT}\.? {_DAY}|{_DAY}(?: (?:de )?|-){_SHORT}\.?|{_DAY}/{_DAY}){_TIME}|{_YEAR}|"
    rf"(?:this|last) (?:month|year)|(?:el )?(?:mes|ano) pasado|este (?:mes|ano))"
)

_A_YEAR = re.compile(rf"\b{_YEAR}\b")
_SHORT_YEAR = re.compile(r"\b\d{1,2}[-/.]\d{1,2}[-/.](\d\d)\b")
_A_MONTH = re.compile(rf"\b(?:{_MONTH}|{_SHORT})\b")
_FIGURES = re.compile(r"\b(?:0?[1-9]|1[0-2])\b")
_DECEMBER = 12
# Their first letters in the three languages.
_BEGINNINGS = (
    *("jan ene", "feb fev", "mar", "apr abr", "may mai", "jun", "jul", "aug ago", "sep set"),
    *("oct out", "nov", "dec dez dic"),
)
_NUMBERS = {name: n for n, names in enumerate(_BEGINNINGS, 1) for name in names.split()}


def last_day_in(text: str) -> date | None:
    """The last day of the last month that a text's date may mean; None where it has no year."""
    written, short = _A_YEAR.search(text), _SHORT_YEAR.search(text)
    if written is None and short is None:
        return None
    year = int(written[0]) if written else 2000 + int(short[1]) if short else 0
    named = _A_MONTH.search(text)
    if named:
        month = _NUMBERS[named[0][:3]]
    else:  # 3/4/2026 is of March or of April
        rest = text.replace(written[0], " ") if written else text[: short.start(1) if short else 0]
        month = max(map(int, _FIGURES.findall(rest)), default=_DECEMBER)
    return date(year, month, monthrange(year, month)[1])
