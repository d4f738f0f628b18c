"""What the columns of `properties_live` hold.

Names of columns that come from a table or a person are looked up here before they get into SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Computed

from pincali_sync.db.models.listings import PropertiesLive


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveColumn:
    """A column, and the Python type of its values; `object` is JSON."""

    name: str
    holds: type
    precision: int | None  # digits of a decimal, and those after the point
    scale: int | None

    @property
    def is_number(self) -> bool:
        """Whether its values are compared as numbers."""
        return self.holds in {int, float, Decimal}

    @property
    def is_there(self) -> str:
        """The condition that it holds a value; an empty text or list is none."""
        if self.holds is str:
            return f"octet_length({self.name}) > 0"  # reads no long text: its length is beside it
        if self.holds is object:
            return f"{self.name} NOT IN ('[]', '{{}}', 'null')"
        return f"{self.name} IS NOT NULL"


LIVE_COLUMNS = {
    column.name: LiveColumn(
        name=column.name,
        holds=column.type.python_type,
        precision=getattr(column.type, "precision", None),
        scale=getattr(column.type, "scale", None),
    )
    for column in PropertiesLive.__table__.columns
    if not isinstance(column.server_default, Computed)
}
