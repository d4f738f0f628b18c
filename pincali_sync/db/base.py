"""What all models share: names of constraints, and types that stand for one kind of value."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Numeric, String, Text, text
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
Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=text("now()"))]
RecordId = Annotated[str, mapped_column(String(255))]
Json = Annotated[Any, mapped_column(JSONB)]
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
LongText = Annotated[str, mapped_column(Text)]


class Base(DeclarativeBase):
    """The root of all models; `Base.metadata` is what the migrations must produce."""

    metadata = MetaData(naming_convention=_NAMING)
