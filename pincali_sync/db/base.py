"""The root of all models, and what their checks and indexes have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Index, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase

# The names that PostgreSQL gives by itself, which are those of adopted databases.
_NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "ix": "idx_%(table_name)s_%(column_0_name)s",
    "uq": "%(table_name)s_%(column_0_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


class Base(DeclarativeBase):
    """The root of all models, each named as its table: `SyncRuns` is `sync_runs`.

    `Base.metadata` is what the migrations must produce.
    """

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012

    def __init_subclass__(cls, **arguments: Any) -> None:
        cls.__tablename__ = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        super().__init_subclass__(**arguments)


def words(values: Iterable[str]) -> str:
    """Words of the program's own as a list of SQL."""
    return "({})".format(", ".join(f"'{value}'" for value in values))


def one_of(column: str, *values: str) -> CheckConstraint:
    """A check that a column holds one of these words."""
    return CheckConstraint(f"{column} IN {words(values)}", name=column)


def none_below_zero(*columns: str, name: str = "counts") -> CheckConstraint:
    """A check that these columns hold no negative number."""
    return CheckConstraint(" AND ".join(f"{each} >= 0" for each in columns), name=name)


def lists(*columns: str, name: str = "lists") -> CheckConstraint:
    """A check that these columns of JSON hold arrays."""
    condition = " AND ".join(f"jsonb_typeof({each}) = 'array'" for each in columns)
    return CheckConstraint(condition, name=name)


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that a condition holds for; unique where its name begins with uq."""
    return Index(name, *columns, unique=name.startswith("uq_"), postgresql_where=text(where))
