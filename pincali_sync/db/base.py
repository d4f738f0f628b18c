"""What all models share: names of constraints, and types that stand for one kind of value."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

# The names that PostgreSQL gives by itself, which are those of adopted databases.
_NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

GeneratedId = Annotated[
    UUID, mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
]
SessionKey = Annotated[
    UUID,
    mapped_column(ForeignKey("scraping_sessions.id", ondelete="CASCADE"), primary_key=True),
]
OfSession = Annotated[UUID, mapped_column(ForeignKey("scraping_sessions.id", ondelete="SET NULL"))]
OfRun = Annotated[UUID, mapped_column(ForeignKey("sync_runs.id", ondelete="SET NULL"))]
Created = Annotated[datetime, mapped_column(server_default=text("now()"))]
RecordId = Annotated[str, mapped_column(String(255))]
Json = Annotated[Any, mapped_column(JSONB)]
JsonList = Annotated[Any, mapped_column(JSONB, server_default=text("'[]'::jsonb"))]
JsonObject = Annotated[Any, mapped_column(JSONB, server_default=text("'{}'::jsonb"))]
Counter = Annotated[int, mapped_column(server_default=text("0"))]
Yes = Annotated[bool, mapped_column(server_default=text("true"))]
No = Annotated[bool, mapped_column(server_default=text("false"))]
Latitude = Annotated[Decimal, mapped_column(Numeric(10, 8))]
Longitude = Annotated[Decimal, mapped_column(Numeric(11, 8))]
Money = Annotated[Decimal, mapped_column(Numeric(15, 2))]
Area = Annotated[Decimal, mapped_column(Numeric(10, 2))]
Score = Annotated[Decimal, mapped_column(Numeric(3, 2))]
Str10 = Annotated[str, mapped_column(String(10))]
Str20 = Annotated[str, mapped_column(String(20))]
Str50 = Annotated[str, mapped_column(String(50))]
Str100 = Annotated[str, mapped_column(String(100))]
Str200 = Annotated[str, mapped_column(String(200))]
Str255 = Annotated[str, mapped_column(String(255))]
Str500 = Annotated[str, mapped_column(String(500))]


class Base(DeclarativeBase):
    """The root of all models; `Base.metadata` is what the migrations must produce."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012


def one_of(column: str, *values: str) -> CheckConstraint:
    """A check that a column holds one of these words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=column)


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that a condition holds for; unique where its name begins with uq."""
    return Index(name, *columns, unique=name.startswith("uq_"), postgresql_where=text(where))
