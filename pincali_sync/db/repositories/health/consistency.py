"""What no constraint can hold: rows of one table that must agree with those of another.

Each question counts the rows that do not, by an index or in one pass; where it is safe to put them
right without a person, there is a statement for that. Either may be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.queue.outside import PRIORITY
from pincali_sync.db.repositories.removal.proofs import VOID_DAYS
from pincali_sync.db.repositories.removal.transition import LIKELY
from pincali_sync.db.repositories.runs.jobs import HEARD_BEFORE
from pincali_sync.domain.listing_status import INACTIVE_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which rows disagree; times: `:now`, and `:silent_since`, from when on a job must be heard."""

    rows: str  # FROM and WHERE of those rows
    mend: str | None = None


_OPEN = "q.status IN ('pending', 'in_progress')"
# As the triggers of migration 0015 have it.
_WAITS = f"""
  FROM property_manifest m
 WHERE m.needs_full_scrape
   AND NOT EXISTS (SELECT FROM queue_outside o WHERE o.property_id = m.property_id)
   AND NOT EXISTS (SELECT FROM scrape_queue q WHERE q.property_id = m.property_id AND {_OPEN})"""
_NO_RECORD = """
   AND NOT EXISTS (SELECT FROM property_manifest m WHERE m.property_id = {0}.property_id)
   AND NOT EXISTS (SELECT FROM properties_live l WHERE l.property_id = {0}.property_id)"""
# Named as jobs name them: those of other scrapers are not ours to end.
_NOBODYS_SESSION = """
  FROM scraping_sessions s
 WHERE s.status = 'running' AND s.started_at < :silent_since
   AND (s.session_name LIKE '% of a run' OR s.session_name LIKE '% by hand'
        OR EXISTS (SELECT FROM sync_runs r WHERE r.session_id = s.id))
   AND NOT EXISTS (SELECT FROM sync_runs r WHERE r.session_id = s.id AND r.status = 'running')
   AND NOT EXISTS (SELECT FROM sync_run_jobs j WHERE j.session_id = s.id
                      AND j.status IN ('scheduled', 'running'))"""
_SEEN_SINCE = f"""
  FROM properties_live l
  JOIN property_manifest m ON m.property_id = l.property_id
  JOIN scraping_sessions s ON s.id = l.missing_session_id
 WHERE l.listing_status = {LIKELY} AND m.last_seen_at > coalesce(s.completed_at, 'infinity')"""


class Disagreement(Enum):
    """The questions, by what is wrong where a row answers."""

    QUEUED_WITHOUT_RECORD = Question(
        rows=f"FROM scrape_queue q WHERE {_OPEN}{_NO_RECORD.format('q')}",
        mend=f"""UPDATE scrape_queue q
               SET status = 'cancelled', completed_at = :now, last_error = 'there is no such record'
             WHERE q.status = 'pending'{_NO_RECORD.format("q")}""",
    )
    FORGOTTEN_OUTSIDE = Question(
        rows=_WAITS,
        mend=f"""INSERT INTO queue_outside (property_id, priority, first_seen_at)
            SELECT m.property_id, {PRIORITY}, m.first_seen_at
            {_WAITS} ON CONFLICT (property_id) DO NOTHING""",
    )
    LAPSED_LEASE = Question(
        rows="FROM scrape_queue q WHERE q.status = 'in_progress' "
        "AND q.lease_expires_at < :silent_since",
        mend="""UPDATE scrape_queue q
               SET status = 'pending', lease_token = NULL, lease_expires_at = NULL,
                   last_error = 'its worker was not heard of any more'
             WHERE q.status = 'in_progress' AND q.lease_expires_at < :silent_since""",
    )
    ALIAS_OF_NOTHING = Question(rows=f"FROM property_aliases a WHERE true{_NO_RECORD.format('a')}")
    NEVER_LOOKED_AT = Question(
        rows=f"""FROM properties_live l
              LEFT JOIN property_manifest m ON m.property_id = l.property_id
             WHERE l.listing_status = {LIKELY} AND l.consecutive_missing_count > {INACTIVE_AFTER}
               AND NOT EXISTS (SELECT FROM removal_checks c WHERE c.property_id = l.property_id
                                  AND c.checked_at > coalesce(m.last_seen_at, '-infinity'))
               AND NOT EXISTS (SELECT FROM scrape_queue q
                                WHERE q.property_id = l.property_id AND {_OPEN})"""
    )
    # The digest forgotten, the next card that shows it is read anew, and brings it back.
    SEEN_SINCE_MISSED = Question(
        rows=_SEEN_SINCE,
        mend=f"""UPDATE property_manifest SET card_digest = NULL
             WHERE card_digest IS NOT NULL
               AND property_id IN (SELECT l.property_id {_SEEN_SINCE})""",
    )
    SESSION_OF_NOBODY = Question(
        rows=_NOBODYS_SESSION,
        mend=f"""UPDATE scraping_sessions
               SET status = 'failed', completed_at = :now, error_message = 'left open'
             WHERE id IN (SELECT s.id {_NOBODYS_SESSION})""",
    )
    SILENT_JOB = Question(rows=f"FROM sync_run_jobs WHERE {HEARD_BEFORE.format(':silent_since')}")
    STUCK_RUN = Question(
        rows="""FROM sync_runs r WHERE r.status = 'running'
               AND r.updated_at < CAST(:now AS timestamptz) - interval '1 day'
               AND NOT EXISTS (SELECT FROM sync_pauses p
                                WHERE p.scope IN ('all', 'tier:' || r.tier_level))"""
    )
    OLD_HELD_BATCH = Question(
        rows=f"""FROM removal_batches b WHERE b.status = 'held'
               AND b.created_at < CAST(:now AS timestamptz) - interval '{VOID_DAYS} days'"""
    )
    UNNUMBERED_CHANGE = Question(
        rows="FROM property_changes c WHERE c.feed_position IS NULL "
        "AND c.created_at < :silent_since"
    )
    LOCK_WITHOUT_END = Question(
        rows="FROM service_locks WHERE expires_at > CAST(:now AS timestamptz) + interval '1 hour'",
        mend="""DELETE FROM service_locks
             WHERE expires_at > CAST(:now AS timestamptz) + interval '1 hour'""",
    )


class ConsistencyRepository(Repository):
    """SQL of disagreements."""

    async def count(self, disagreement: Disagreement, *, now: datetime, silence: timedelta) -> int:
        """How many rows there are of one."""
        await self._set_work_mem()
        return await self._number(
            f"SELECT count(*) {disagreement.value.rows}", now=now, silent_since=now - silence
        )

    async def mend(self, disagreement: Disagreement, *, now: datetime, silence: timedelta) -> int:
        """Puts them right; returns how many rows it wrote."""
        assert disagreement.value.mend is not None, disagreement
        return await self._count(disagreement.value.mend, now=now, silent_since=now - silence)
