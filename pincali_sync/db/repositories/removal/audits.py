"""`removal_audits`: confirmed removals that are looked at again, and what they showed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import REMOVED

# A seeded hash of the id: a fair draw that repeats itself. A week is drawn once.
_DRAW = f"""
INSERT INTO removal_audits (week, property_id, removed_at, drawn_at)
SELECT CAST(:week AS date), r.property_id, r.removed_at, CAST(:now AS timestamptz)
  FROM (SELECT property_id, max(created_at) AS removed_at FROM property_changes
         WHERE change_type = 'removed' AND created_at >= :removed_since AND created_at < :now
         GROUP BY property_id) r
  JOIN properties_live l ON l.property_id = r.property_id AND l.listing_status IN {REMOVED}
 WHERE NOT EXISTS (SELECT 1 FROM removal_audits WHERE week = CAST(:week AS date))
   AND NOT EXISTS (SELECT 1 FROM removal_audits a
                    WHERE a.property_id = r.property_id AND a.drawn_at >= r.removed_at)
 ORDER BY md5(r.property_id || CAST(:week AS text)) LIMIT :size
ON CONFLICT DO NOTHING
"""
# Those that came back by themselves are no mistake that anybody has to look for.
_WAITING = f"""
SELECT a.property_id FROM removal_audits a
  JOIN properties_live l ON l.property_id = a.property_id AND l.listing_status IN {REMOVED}
 WHERE a.verdict IS NULL AND a.drawn_at >= :drawn_since
   AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = a.property_id
                      AND (q.status IN ('pending', 'in_progress')
                           OR (q.status = 'failed' AND q.queued_at >= a.drawn_at)))
 ORDER BY a.property_id
"""
_SETTLE = """
UPDATE removal_audits SET verdict = :verdict, checked_at = :now
 WHERE property_id = :property_id AND verdict IS NULL
"""
_CLEAN_UP = "DELETE FROM removal_audits WHERE drawn_at < :before"


class AuditRepository(Repository):
    """SQL of audits. Every statement may be repeated."""

    async def draw(self, week: date, *, removed_since: datetime, size: int, now: datetime) -> int:
        """Draws removals for a week that has none drawn yet; returns their number."""
        return await self._count(_DRAW, week=week, removed_since=removed_since, size=size, now=now)

    async def waiting(self, *, drawn_since: datetime) -> list[str]:
        """Records that were drawn, are still removed, and are neither looked at nor queued."""
        rows = await self._run(_WAITING, drawn_since=drawn_since)
        return [row.property_id for row in rows]

    async def settle(self, verdicts: Mapping[str, str], *, now: datetime) -> None:
        """Notes what the pages of records showed; those that were not drawn are passed over."""
        rows = [
            {"property_id": property_id, "verdict": verdict, "now": now}
            for property_id, verdict in sorted(verdicts.items())
        ]
        await self._run_each(_SETTLE, rows)

    async def clean_up(self, *, before: datetime) -> int:
        """Deletes audits drawn before a time."""
        return await self._count(_CLEAN_UP, before=before)
