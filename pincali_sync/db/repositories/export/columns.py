"""The columns of an export: what each holds, and the SQL that it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from pincali_sync.db.repositories.listings.ages import AGE_COLUMNS, AGES
from pincali_sync.db.repositories.listings.live import LIVE_COLUMNS, finite
from pincali_sync.domain.published import Listing, PublishedOffer
from pincali_sync.exceptions import UsageError

# Whatever was meant by it, a list is one of texts: adopted rows hold objects and numbers, too.
_TEXTS = """CASE WHEN jsonb_typeof(l.{0}) = 'array'
     THEN CASE WHEN jsonb_path_exists(l.{0}, '$[*] ? (@.type() <> "string")')
               THEN (SELECT jsonb_agg(text) FROM jsonb_array_elements_text(l.{0}) AS text)
               ELSE l.{0} END
     WHEN l.{0} NOT IN ('{{}}', 'null') THEN jsonb_build_array(CAST(l.{0} AS text)) END"""
_AMOUNT = r"""CASE WHEN o ->> 'amount' ~ '^[0-9]{1,13}(\.[0-9]+)?$'
                   THEN CAST(o ->> 'amount' AS numeric(15, 2)) END"""
_OFFERS = """(SELECT coalesce(jsonb_agg(jsonb_build_object(
          'operation', o ->> 'operation', 'currency', o ->> 'currency', 'amount', {amount},
          'per_m2', coalesce(o -> 'per_m2' = 'true', false),
          'starting_at', coalesce(o -> 'starting_at' = 'true', false))), '[]')
     FROM jsonb_array_elements(
          CASE jsonb_typeof(l.offers) WHEN 'array' THEN l.offers ELSE '[]' END) AS o
    WHERE o ->> 'operation' <> '')"""
# An adopted column may hold decimals. Half a bath is no whole one, and rounded up it would be one
# that is not there: what is said is how many there are at least.
_WHOLE = """CASE WHEN {0} BETWEEN -2147483648 AND 2147483647
                 THEN CAST(floor({0}) AS integer) END"""
_TIMELINE = "\n  LEFT JOIN property_timeline past ON past.property_id = l.property_id"
_ELSEWHERE = {
    **dict.fromkeys(("removed_at", "days_on_market"), ("past", _TIMELINE)),
    **dict.fromkeys(AGE_COLUMNS, ("ages", AGES)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumn:
    """A column of an export, named as a field of `Listing`."""

    name: str
    holds: type  # of its values: str, int, float, bool, date, datetime; of a list: its elements
    is_list: bool
    digits: tuple[int, int] | None  # of a decimal: all of them, and those after the point

    @property
    def stands_in(self) -> tuple[str, str]:
        """The name of the row that it stands in, and the join to `properties_live l` for it."""
        return _ELSEWHERE.get(self.name, ("l", ""))

    def sql(self, *, exact: bool = False) -> str:
        """Its value as `Listing` has it, or NULL for one that no format can hold: NaN, an infinite
        time, a number beyond 32 bits.

        Args:
            exact: amounts within lists become texts, which keep their decimals.
        """
        name = f"{self.stands_in[0]}.{self.name}"
        if self.holds is PublishedOffer:
            return _OFFERS.format(amount=f"CAST({_AMOUNT} AS text)" if exact else _AMOUNT)
        if self.is_list:
            return _TEXTS.format(self.name)
        if self.digits:
            return f"nullif({name}, 'NaN')"
        if self.holds is int:
            return _WHOLE.format(name)
        if self.holds is date:
            return f"CAST({finite(name)} AS date)"
        return finite(name) if self.holds is datetime else name


def joins_of(columns: Iterable[ExportColumn]) -> str:
    """What is joined to `properties_live l` for these columns, and no more."""
    return "".join(dict.fromkeys(each.stands_in[1] for each in columns))


def columns_named(names: Sequence[str]) -> tuple[ExportColumn, ...]:
    """The columns of these names, in this order.

    Raises:
        UsageError: for a name that is no column's, or comes twice.
    """
    unknown = [name for name in names if name not in _BY_NAME]
    if unknown:
        raise UsageError(
            f"no column of an export is named {', '.join(map(repr, unknown))}: "
            f"there are {', '.join(_BY_NAME)}"
        )
    if len({*names}) < len(names):
        raise UsageError("a column is named twice")
    return tuple(_BY_NAME[name] for name in names)


def _column(name: str, hint: Any) -> ExportColumn:
    kind = _if_known(hint)
    is_list = get_origin(kind) is list
    if is_list:
        kind = _if_known(*get_args(kind))
    live = LIVE_COLUMNS.get(name)
    return ExportColumn(
        name=name,
        holds=str if issubclass(kind, StrEnum) else kind,
        is_list=is_list,
        digits=(live.precision, live.scale) if live and live.precision and live.scale else None,
    )


def _if_known(hint: Any) -> Any:
    """A type without the None that stands for "not known"."""
    kinds = get_args(hint)
    return next(each for each in kinds if each is not NoneType) if NoneType in kinds else hint


_HINTS = get_type_hints(Listing)
# The order is part of what consumers rely on: new columns go to the end.
EXPORT_COLUMNS = tuple(_column(each.name, _HINTS[each.name]) for each in fields(Listing))
_BY_NAME = {column.name: column for column in EXPORT_COLUMNS}
