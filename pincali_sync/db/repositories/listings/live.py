"""`properties_live`: what its columns hold, and set-based marks that no scrape brings.

Names of columns that come from a table or a person are looked up here before they get into SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
from sqlalchemy import Computed
from sqlalchemy.exc import DBAPIError

from pincali_sync.db.models.listings import PropertiesLive
from pincali_sync.db.repositories.base import Repository
from pincali_sync.exceptions import StatisticsNotOursError
from pincali_sync.items import QueuedProperty


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

# That a row says where on the globe it lies.
PLACED = "l.latitude BETWEEN -90 AND 90 AND l.longitude BETWEEN -180 AND 180"


def finite(time: str) -> str:
    """SQL for a date or time, NULL for one that no format can hold in every zone, such as an
    infinite one or the very first."""
    return f"CASE WHEN {time} BETWEEN '0001-01-02' AND '9999-12-31' THEN {time} END"


def readable(name: str) -> str:
    """SQL for a column of `properties_live l`; NULL in the place of what an adopted row may hold
    and nobody can show: infinite times, NaN, places that are not on the globe."""
    column = LIVE_COLUMNS[name]
    if name in {"latitude", "longitude"}:
        return f"CASE WHEN {PLACED} THEN l.{name} END AS {name}"
    if column.holds in {date, datetime}:
        return f"{finite(f'l.{name}')} AS {name}"
    return f"nullif(l.{name}, 'NaN') AS {name}" if column.scale else f"l.{name}"


# By the sightings' key, which begins with the session. Chosen chunk by chunk in the order of
# `property_id`, the sightings of all sessions that are kept were read.
SEEN_IN = """
SELECT DISTINCT property_id FROM property_sightings
 WHERE session_id = CAST(:session_id AS uuid) ORDER BY property_id
"""
# Each is looked up by itself: planned as a join, all of a manifest of 60,000 was read a chunk.
_MARK_SEEN = """
UPDATE properties_live l
   SET last_manifest_seen_at = m.last_seen_at, last_seen_at = m.last_seen_at,
       updated_at = now()
  FROM (SELECT unnest(CAST(:records AS text[])) AS property_id ORDER BY 1) c
 CROSS JOIN LATERAL (SELECT last_seen_at FROM property_manifest
                      WHERE property_id = c.property_id LIMIT 1) m
 WHERE l.property_id = c.property_id
   AND l.last_manifest_seen_at IS DISTINCT FROM m.last_seen_at
"""


class LiveRepository(Repository):
    """Marks on live rows."""

    async def seen_in(self, session_id: UUID) -> list[str]:
        """The records that a session saw. In the order of their ids, which is none that live rows
        lie in: so of those that are marked together hardly two share a page."""
        await self._set_work_mem()
        return list((await self._run(SEEN_IN, session_id=session_id)).scalars())

    async def mark_seen(self, records: Sequence[str]) -> None:
        """Copies the time of the last sighting to the live rows of these records."""
        await self._run(_MARK_SEEN, records=list(records))

    async def targets(self, property_ids: Sequence[str]) -> list[QueuedProperty]:
        """These records, to be looked at although nobody queued them."""
        return await self._all(
            QueuedProperty,
            """SELECT l.property_id, coalesce(m.source_url, l.source_url) AS source_url,
                      coalesce(m.public_id, l.public_id) AS public_id
                 FROM properties_live l
                 LEFT JOIN property_manifest m ON m.property_id = l.property_id
                WHERE l.property_id = ANY(:ids) ORDER BY l.property_id""",
            ids=list(property_ids),
        )

    async def counts(self) -> dict[str, int]:
        """Live rows by listing status."""
        return await self._pairs(
            "SELECT listing_status, count(*) FROM properties_live GROUP BY 1 ORDER BY 1"
        )

    async def refresh_statistics(self) -> None:
        """Refreshes `property_stats`, if there is one.

        Raises:
            StatisticsNotOursError: when it belongs to another role.
        """
        if await self._scalar("SELECT to_regclass('property_stats')") is None:
            return
        try:
            await self._run("REFRESH MATERIALIZED VIEW CONCURRENTLY property_stats")
        except DBAPIError as error:
            if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                raise
            raise StatisticsNotOursError(
                "property_stats belongs to another role and was not refreshed: "
                "let its owner refresh it, or make this role the owner"
            ) from error
