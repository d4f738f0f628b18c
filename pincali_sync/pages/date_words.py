"""How pages write a day, a month or a year, in English, Spanish and Portuguese, folded.

What merely holds a number is no date: "8 of 10", "12 times", "in 3 days".
"""

from __future__ import annotations

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
# "on 3 March", "since 2020"; "2020" alone may be a number of things.
WHEN = (
    rf"(?:(?:(?:on|in|since|el(?: dia)?|en|desde|em|no dia) )?{DATE}|"
    rf"(?:in|since|en|desde|em) (?:{_MONTH}|{_YEAR}))"
)
