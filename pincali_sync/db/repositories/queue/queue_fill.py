"""Filling `scrape_queue`: one open row a record, the best reason wins, never past the ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.config import Config
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.identity.takeovers import SHOWED_ANOTHER, TOLD_BY_CARD
from pincali_sync.db.repositories.queue.freshness import RATE_OF_LIVE, crawl_value
from pincali_sync.db.repositories.queue.rest import FETCHES_A_WEEK, IN_VAIN, RESTED, fetches, rest
from pincali_sync.db.repositories.removal.transition import LIKELY, LISTED
from pincali_sync.items import ANOTHER_TRY

# Records without an open row.
_WAITING = "queued_priority IS NULL"

# One writer at a time fills the queue, so that the ceiling is never passed by two at once. The
# lock is the transaction's: it works through a transaction pooler and cannot be left behind.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('pincali_sync.queue_fill'))"

# Rows in progress count: they may come back.
_OPEN = "(SELECT count(*) FROM scrape_queue WHERE status IN ('pending', 'in_progress'))"
_ROOM = f"greatest(0, CAST(:max_pending AS integer) - {_OPEN})"
# Priorities 4 and 5 (stale, sample) leave a fifth of the ceiling free for what is news.
_ROOM_FOR_REFRESH = f"""greatest(0, least(
        CAST(:wanted AS integer),
        floor(CAST(:max_pending AS integer) * 0.8)::integer - {_OPEN}))"""

_INSERT = """
INSERT INTO scrape_queue
       (property_id, source_url, priority, queue_reason, queued_at, available_at, run_id)
SELECT property_id, source_url, priority, reason, :now, :now, CAST(:run_id AS uuid)
  FROM fitting ORDER BY property_id
ON CONFLICT (property_id) WHERE status IN ('pending', 'in_progress') DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reasons:
    """Why records should be fetched, and the statements that see to it."""

    rows: str  # a query of property_id, source_url, priority, reason and queued_priority
    order: str = "property_id"

    @property
    def raising(self) -> str:
        """A better reason raises the row that is there."""
        return f"""
WITH reasons AS ({self.rows}), locked AS (
    SELECT q.id, r.priority, r.reason, r.source_url
      FROM reasons r JOIN scrape_queue q ON q.property_id = r.property_id
     WHERE r.queued_priority > r.priority
       AND q.status = 'pending' AND q.priority > r.priority
     ORDER BY q.property_id FOR UPDATE OF q
)
UPDATE scrape_queue q
   SET priority = l.priority, queue_reason = l.reason, source_url = l.source_url,
       run_id = coalesce(CAST(:run_id AS uuid), q.run_id)
  FROM locked l WHERE q.id = l.id
"""

    @property
    def making_room(self) -> str:
        """At a full queue the least valuable rows go back outside, where their tables know of
        them: only rows worth less than what comes, the worst and the latest first. The month's
        target no longer counts them."""
        return f"""
WITH reasons AS ({self.rows}), wanted AS (
    SELECT priority, count(*) AS rows FROM reasons WHERE {_WAITING} GROUP BY priority
), short AS (
    SELECT greatest(0, coalesce((SELECT sum(rows) FROM wanted), 0) - {_ROOM}) AS rows,
           (SELECT min(priority) FROM wanted) AS best
), least_valuable AS (
    SELECT id FROM scrape_queue
     WHERE status = 'pending' AND priority > (SELECT best FROM short) AND priority > 2
     ORDER BY priority DESC, queued_at DESC
     LIMIT (SELECT rows FROM short) FOR UPDATE SKIP LOCKED
), moved AS (
    DELETE FROM scrape_queue q USING least_valuable v WHERE q.id = v.id
    RETURNING q.queue_reason
), uncounted AS (
    SELECT count(*) FILTER (WHERE queue_reason = 'stale_data') AS stale,
           count(*) FILTER (WHERE queue_reason = 'random_sample') AS sample
      FROM moved
)
UPDATE refresh_targets
   SET stale_queued = greatest(0, stale_queued - stale),
       sample_queued = greatest(0, sample_queued - sample)
  FROM uncounted
 WHERE stale + sample > 0 AND month = (SELECT max(month) FROM refresh_targets)
"""

    @property
    def adding(self) -> str:
        """New rows, as many as fit under the ceiling."""
        return f"""
WITH reasons AS ({self.rows}), fitting AS (
    SELECT * FROM reasons WHERE {_WAITING} ORDER BY {self.order} LIMIT {_ROOM}
){_INSERT}"""


# A new listing whose page was set aside, or not there, is not queued again by being seen again: see
# `_OF_MANIFEST`.
_OF_BATCH = _Reasons(
    order="priority, property_id",
    rows="""
    SELECT b.property_id, b.source_url, b.queued_priority,
           CASE WHEN b.is_live THEN 2 ELSE 1 END AS priority,
           CASE WHEN NOT b.is_live THEN 'new_property'
                WHEN b.is_relisted THEN 'relisted'
                ELSE 'price_change' END AS reason
      FROM batch b
     WHERE b.is_relisted OR b.price_change IS NOT NULL
        OR (NOT b.is_live AND b.is_set_aside IS NULL)
""",
)

# Those without a URL are unknown.
_OF_NAMED = _Reasons(
    rows="""
    SELECT n.property_id, coalesce(m.source_url, l.source_url) AS source_url,
           (SELECT q.priority FROM scrape_queue q
             WHERE q.property_id = n.property_id AND q.status IN ('pending', 'in_progress')
           ) AS queued_priority,
           CAST(:priority AS integer) AS priority, CAST(:reason AS text) AS reason
      FROM (SELECT DISTINCT unnest(CAST(:property_ids AS text[])) AS property_id) n
      LEFT JOIN property_manifest m ON m.property_id = n.property_id
      LEFT JOIN properties_live l ON l.property_id = n.property_id
     WHERE coalesce(m.source_url, l.source_url) IS NOT NULL
"""
)

# What the manifest still wants fetched: it found no place before, or was moved outside. What only
# the sitemap knows comes after what pages showed, and gives way to it at a full queue. What was
# asked for in vain is tried again: of newcomers after a day.
_OF_MANIFEST = _Reasons(
    order="priority, first_seen_at DESC, property_id",
    rows=f"""
    SELECT m.property_id, m.source_url, m.first_seen_at, NULL AS queued_priority,
           CASE WHEN m.is_new AND m.sources = '{{}}' THEN 3
                WHEN m.is_new THEN 1 ELSE 2 END AS priority,
           CASE WHEN vain.times > 0 THEN '{ANOTHER_TRY}'
                WHEN m.is_new AND m.sources = '{{}}' THEN 'sitemap'
                WHEN m.is_new THEN 'new_property'
                WHEN m.price_changed THEN 'price_change'
                ELSE 'relisted' END AS reason
      FROM property_manifest m
      LEFT JOIN ({IN_VAIN}) vain ON vain.property_id = m.property_id
     WHERE m.needs_full_scrape
       AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = m.property_id
                          AND q.status IN ('pending', 'in_progress'))
       AND (vain.times IS NULL OR vain.last_at <= :now - CASE
            WHEN m.is_new THEN {rest("vain.times", days=1)} ELSE {rest("vain.times")} END)
""",
)

# Missing listings without a verdict from this scan's batch. One whose removal is held for a person
# is not asked again; one whose page told nothing or is there rests ever longer between two looks,
# also where scans miss it day after day.
_OF_MISSING = _Reasons(
    rows=f"""
    SELECT l.property_id, coalesce(m.source_url, l.source_url) AS source_url,
           (SELECT q.priority FROM scrape_queue q
             WHERE q.property_id = l.property_id AND q.status IN ('pending', 'in_progress')
           ) AS queued_priority,
           3 AS priority, 'verification' AS reason
      FROM properties_live l
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     CROSS JOIN LATERAL (
           SELECT count(*) AS times, max(c.checked_at) AS last_at,
                  bool_or(b.session_id = CAST(:session_id AS uuid)
                          OR b.status = 'held' AND c.verdict IN ('gone', 'sold')) AS is_decided
             FROM removal_checks c LEFT JOIN removal_batches b ON b.id = c.batch_id
            WHERE c.property_id = l.property_id AND NOT {TOLD_BY_CARD}
              AND c.checked_at > coalesce(m.last_seen_at, '-infinity')) looked
     WHERE l.missing_session_id = CAST(:session_id AS uuid)
       AND l.listing_status = {LIKELY}
       AND looked.is_decided IS NOT TRUE
       AND (looked.times = 0 OR looked.last_at <= :now - {rest("looked.times", days=6)})
       AND {fetches("l.property_id")} < {FETCHES_A_WEEK}
       AND NOT EXISTS (SELECT 1 FROM scrape_queue q
                        WHERE q.property_id = l.property_id AND q.status = 'failed'
                          AND q.queue_reason = 'verification' AND q.queued_at >= :began)
"""
)

# --- refreshing what is old: only into the room that is left to it ---
# Beyond the age ceiling the oldest come first, whatever their value: nothing may grow older than
# the ceiling. A page that was asked for in vain would be the first in line every time. What is
# likely removed is left to the verification. Exponents are bounded: old rows are no underflow.
_TOUCHED = "(q.status IN ('pending', 'in_progress') OR q.completed_at > :now - interval '7 days')"
FILL_STALE = f"""
WITH fitting AS (
    SELECT property_id, source_url, 4 AS priority,
           CASE WHEN times > 0 THEN '{ANOTHER_TRY}' ELSE 'stale_data' END AS reason
      FROM (SELECT l.property_id, l.source_url, vain.times, {RATE_OF_LIVE} AS rate,
                   extract(epoch FROM :now - coalesce(l.last_full_scrape_at, '2000-01-01'))
                   / 86400.0::float8 AS age_days
              FROM properties_live l
              LEFT JOIN ({IN_VAIN}) vain ON vain.property_id = l.property_id
             WHERE l.listing_status IN {LISTED}
               AND coalesce(l.last_full_scrape_at, '-infinity') < :stale_before
               AND {RESTED} AND NOT {SHOWED_ANOTHER}
               AND NOT EXISTS (SELECT 1 FROM scrape_queue q
                                WHERE q.property_id = l.property_id AND {_TOUCHED})) stale
     ORDER BY age_days >= :max_age_days DESC,
              CASE WHEN age_days >= :max_age_days THEN age_days
                   ELSE {crawl_value("rate", "least(age_days, 600 / rate)")} END DESC, property_id
     LIMIT {_ROOM_FOR_REFRESH}
){_INSERT}"""

# A seeded hash of the id: a fair draw that repeats itself, so that a crash draws no second one.
_FILL_SAMPLE = f"""
WITH fitting AS (
    SELECT l.property_id, l.source_url, 5 AS priority, 'random_sample' AS reason
      FROM properties_live l
      LEFT JOIN ({IN_VAIN}) vain ON vain.property_id = l.property_id
     WHERE l.listing_status IN {LISTED} AND {RESTED} AND NOT {SHOWED_ANOTHER}
       AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = l.property_id
                          AND ({_TOUCHED} OR q.queued_at >= :drawn_since))
     ORDER BY md5(l.property_id || CAST(:seed AS text))
     LIMIT {_ROOM_FOR_REFRESH}
){_INSERT}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """For which run rows are queued, when, and how many the queue may hold."""

    run_id: UUID | None
    max_pending: int
    now: datetime

    @classmethod
    def of(cls, config: Config, run_id: UUID | None, *, now: datetime) -> Filling:
        """Up to the configured ceiling."""
        return cls(run_id=run_id, max_pending=config.queue_max_pending, now=now)


class QueueFillRepository(Repository):
    """SQL that adds rows. What finds no place stays where it waits, and is taken up later."""

    async def fill_from_batch(self, filling: Filling) -> int:
        """Queues what the transaction's `batch` found; returns the number of new rows."""
        return await self._queue(_OF_BATCH, filling)

    async def fill_named(
        self, property_ids: Sequence[str], filling: Filling, *, priority: int, reason: str
    ) -> int:
        """Queues these records for one reason; unknown ones are passed over."""
        return await self._queue(
            _OF_NAMED, filling, property_ids=list(property_ids), priority=priority, reason=reason
        )

    async def fill_from_manifest(self, filling: Filling) -> int:
        """Queues flagged manifest rows that waited outside, newest first; returns their number."""
        return await self._add(_OF_MANIFEST.adding, filling)

    async def fill_missing(self, session_id: UUID, filling: Filling, *, began: datetime) -> int:
        """Queues the verification of what a scan missed; returns how many found no place."""
        missing = {"session_id": session_id, "began": began}
        await self._queue(_OF_MISSING, filling, **missing)
        return await self._number(
            f"SELECT count(*) FROM ({_OF_MISSING.rows}) r WHERE {_WAITING}",
            **missing,
            now=filling.now,
        )

    async def fill_stale(
        self, wanted: int, filling: Filling, *, stale_before: datetime, max_age_days: float
    ) -> int:
        """Queues the stale records whose visits are worth most; returns their number."""
        return await self._add(
            FILL_STALE, filling, wanted=wanted, stale_before=stale_before, max_age_days=max_age_days
        )

    async def fill_sample(
        self, wanted: int, filling: Filling, *, seed: str, drawn_since: datetime
    ) -> int:
        """Queues a fair draw of records not queued since a time; returns their number."""
        return await self._add(
            _FILL_SAMPLE, filling, wanted=wanted, seed=seed, drawn_since=drawn_since
        )

    async def _add(self, statement: str, filling: Filling, **named: Any) -> int:
        await self._run(_LOCK)
        return await self._count(statement, **asdict(filling), **named)

    async def _queue(self, reasons: _Reasons, filling: Filling, **named: Any) -> int:
        """Raises rows that are there and adds new ones, where need be in the place of lesser."""
        parameters = {**asdict(filling), **named}
        await self._run(_LOCK)
        await self._run(reasons.raising, **parameters)
        await self._run(reasons.making_room, **parameters)
        return await self._count(reasons.adding, **parameters)
