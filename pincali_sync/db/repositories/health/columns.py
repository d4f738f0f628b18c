"""Whether columns hold what the models say: an adopted table may have them of other types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column
from sqlalchemy.dialects import postgresql

from pincali_sync.db.models import metadata

# As `format_type` writes them.
_SPELLED = {"varchar": "character varying", "float": "double precision"}
_TEXTS = {"character varying", "text"}
_INTEGERS = ("smallint", "integer", "bigint")

TYPES = """
SELECT attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid IN (SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS t (name))
   AND attnum > 0 AND NOT attisdropped
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A column of another type than the model's."""

    table: str
    column: str
    found: str
    wanted: str
    is_narrow: bool  # of the kind that is wanted, but holds less

    @property
    def statement(self) -> str:
        """Makes it as the model has it."""
        value = f"CAST({self.column} AS {self.wanted})"
        if self.wanted == "jsonb":
            value = f"to_jsonb({self.column})"
        if self.found == "timestamp without time zone":
            value = f"{self.column} AT TIME ZONE 'UTC'"
        return (
            f"ALTER TABLE {self.table} ALTER COLUMN {self.column} TYPE {self.wanted} USING {value}"
        )


def misfits(types: dict[str, str]) -> Iterator[Misfit]:
    """Those among columns that are there, given as `table.column` and their types."""
    for table in metadata.tables.values():
        for column in table.columns:
            found, wanted = types.get(f"{table.name}.{column.name}"), _wanted(column)
            if found is None or _fits(found, wanted):
                continue
            kinds = {_kind(found), _kind(wanted)}
            is_narrow = len(kinds) == 1 or kinds <= _TEXTS
            yield Misfit(
                table=table.name,
                column=column.name,
                found=found,
                wanted=wanted,
                is_narrow=is_narrow,
            )


def _wanted(column: Column[object]) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # it tells no types
    written = column.type.compile(dialect=dialect).lower().replace(", ", ",")
    name = _kind(written)
    return written.replace(name, _SPELLED.get(name, name), 1)


def _kind(written: str) -> str:
    return re.sub(r"\(.*?\)", "", written)


def _limits(written: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", written)]


def _fits(found: str, wanted: str) -> bool:
    kinds = {_kind(found), _kind(wanted)}
    if kinds <= _TEXTS:
        return not _limits(found) or (_limits(found) >= (_limits(wanted) or [10**9]))
    if kinds <= {*_INTEGERS}:
        return _INTEGERS.index(_kind(found)) >= _INTEGERS.index(_kind(wanted))
    if kinds == {"numeric"} and "(" in found:
        (digits, places), (least, decimals) = _limits(found), _limits(wanted)
        return places >= decimals and digits - places >= least - decimals
    return len(kinds) == 1
