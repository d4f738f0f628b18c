"""Types of the models' columns, each for one kind of value."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

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
