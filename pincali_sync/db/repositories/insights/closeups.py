"""What a person looks at closely: an open run's pages, a batch's verdicts, prices, errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.insights.dossier import Change

# A price means something only beside these.
PRICE_FIELDS = ("price", "currency", "price_unit", "operation_type")

_PAGES = """
SELECT p.source, count(*) FILTER (WHERE p.status = 'read') AS pages_read,
       count(*) FILTER (WHERE p.status = 'lost') AS pages_lost,
       max(p.declared_pages) FILTER (WHERE p.part = '') AS pages_declared,
       max(w.pages_wanted) AS pages_wanted
  FROM manifest_pages p
  LEFT JOIN manifest_walks w ON w.session_id = p.session_id AND w.source = p.source
 WHERE p.session_id = CAST(:session_id AS uuid) GROUP BY p.source
"""
_VERDICTS = """
SELECT verdict, count(*) AS checks FROM removal_checks WHERE batch_id = :batch_id
 GROUP BY verdict ORDER BY verdict
"""
_PRICES = """
SELECT created_at, change_type, field_name, old_value, new_value, change_reason
  FROM property_changes
 WHERE property_id = :property_id AND field_name = ANY(:fields)
 ORDER BY created_at DESC, field_name LIMIT :limit
"""
_ERRORS = """
SELECT created_at, url, error_type, error_message, retry_count
  FROM scraping_errors ORDER BY created_at DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePages:
    """How far a session has read one source."""

    source: str
    pages_read: int
    pages_lost: int
    pages_declared: int | None  # as the site counts the pages of the whole listing
    pages_wanted: int | None  # by the walk, once it came to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedError:
    """One row of the error log."""

    created_at: datetime
    url: str
    error_type: str | None
    error_message: str | None
    retry_count: int | None


class CloseupRepository(Repository):
    """Reads a few rows about one thing; writes nothing."""

    async def pages_of(self, session_id: UUID | None) -> list[SourcePages]:
        """The sources that a session has begun to read."""
        return await self._all(SourcePages, _PAGES, session_id=session_id)

    async def verdicts_of_batch(self, batch_id: UUID) -> dict[str, int]:
        """How many pages of a batch gave each verdict."""
        rows = await self._run(_VERDICTS, batch_id=batch_id)
        return {row.verdict: row.checks for row in rows}

    async def prices_of(self, property_id: str, *, limit: int) -> list[Change]:
        """What the journal says of a record's price and its terms, the latest first."""
        return await self._all(
            Change, _PRICES, property_id=property_id, fields=list(PRICE_FIELDS), limit=limit
        )

    async def errors(self, *, limit: int) -> list[LoggedError]:
        """The end of the error log, the latest first."""
        return await self._all(LoggedError, _ERRORS, limit=limit)
