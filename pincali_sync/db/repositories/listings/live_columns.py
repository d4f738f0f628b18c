"""What kinds of values the columns of `properties_live` hold.

Names of columns that come from a table or a person are looked up here before they get into SQL.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from sqlalchemy import Boolean, Computed
from sqlalchemy.dialects.postgresql import JSONB

from pincali_sync.db.models.listings import PropertyLive


class Kind(Enum):
    TEXT = "text"
    NUMBER = "number"
    JSON = "json"
    OTHER = "other"  # dates, truth values, ids


def _kinds() -> dict[str, Kind]:
    kinds = {}
    for column in PropertyLive.__table__.columns:
        if isinstance(column.server_default, Computed):
            continue
        if isinstance(column.type, JSONB):
            kinds[column.name] = Kind.JSON
        elif isinstance(column.type, Boolean):
            kinds[column.name] = Kind.OTHER
        elif column.type.python_type in {int, float, Decimal}:
            kinds[column.name] = Kind.NUMBER
        else:
            kinds[column.name] = Kind.TEXT if column.type.python_type is str else Kind.OTHER
    return kinds


KINDS = _kinds()


def is_there(column: str) -> str:
    """The condition that a known column holds a value; an empty text or list is none."""
    if KINDS[column] is Kind.TEXT:
        return f"octet_length({column}) > 0"  # reads no long text: its length is beside it
    if KINDS[column] is Kind.JSON:
        return f"{column} NOT IN ('[]', '{{}}', 'null')"
    return f"{column} IS NOT NULL"
