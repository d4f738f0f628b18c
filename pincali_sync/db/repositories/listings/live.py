"""`properties_live`: set-based marks that no scrape brings."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from pincali_sync.db.repositories.base import Repository
from pincali_sync.exceptions import StatisticsNotOursError
from pincali_sync.items import QueuedProperty

# Keyset pages over the session's sightings: no transaction holds many live rows at once.
_MARK_SEEN = """
WITH chunk AS (
    SELECT DISTINCT property_id FROM property_sightings
     WHERE session_id = CAST(:session_id AS uuid) AND property_id > :after
     ORDER BY property_id LIMIT :size
), marked AS (
    UPDATE properties_live l
       SET last_manifest_seen_at = m.last_seen_at, last_seen_at = m.last_seen_at
      FROM chunk c JOIN property_manifest m USING (property_id)
     WHERE l.property_id = c.property_id
       AND l.last_manifest_seen_at IS DISTINCT FROM m.last_seen_at
)
SELECT max(property_id) FROM chunk
"""


class LiveRepository(Repository):
    """Marks on live rows."""

    async def mark_seen(self, session_id: UUID, *, after: str, size: int) -> str | None:
        """Copies the time of the last sighting to the next `size` live rows of a session.

        Returns:
            The last property_id of the chunk, to go on after; None when there is no more.
        """
        result = await self._run(_MARK_SEEN, session_id=session_id, after=after, size=size)
        return result.scalar_one_or_none()

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
