"""Filling `scrape_queue`: one open row a record, the best reason wins, never past the ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.identity.takeovers import told_by_card
from pincali_sync.db.repositories.queue import rest
from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.repositories.queue.giving_way import LEFT_OF_A_FIFTH, giving_way
from pincali_sync.db.repositories.queue.refresh_fill import (
    CHOOSE_SAMPLE,
    CHOOSE_STALE,
    QUEUE_CHOSEN,
)
from pincali_sync.db.repositories.queue.room import ROOM, ROOM_BESIDE_NEWS, RoomRepository, insert
from pincali_sync.db.repositories.removal.proofs import IS_FRESH, PROVES
from pincali_sync.db.repositories.removal.transition import LIKELY
from pincali_sync.domain.freshness import Lessons

# Records without an open row.
_WAITING = "queued_priority IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """How many of the records have no open row, and of how many the row is worth less."""

    wanted: int
    better: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reasons:
    """Why records should be fetched, and the statements that see to it."""

    rows: str  # a query of property_id, source_url, priority, reason and queued_priority
    room: str = ROOM
    share: str = "0"  # of the queue, and of what is in it by now: see `giving_way`

    @property
    def counting(self) -> str:
        """What there is to do."""
        return f"""
SELECT count(*) FILTER (WHERE {_WAITING}) AS wanted,
       count(*) FILTER (WHERE queued_priority > priority) AS better FROM ({self.rows}) reasons
"""

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
    def adding(self) -> str:
        """New rows, as many as fit under the ceiling, some in the place of others at a full queue.
        The month's target is told of those."""
        return f"""
WITH reasons AS ({self.rows}), wanted AS MATERIALIZED (
    SELECT * FROM reasons WHERE {_WAITING} ORDER BY priority, property_id LIMIT :wanted
), {giving_way(self.room, self.share)}, returned AS (
    INSERT INTO refresh_returns (stale, sample)
    SELECT stale, sample
      FROM (SELECT count(*) FILTER (WHERE queue_reason = 'stale_data') AS stale,
                   count(*) FILTER (WHERE queue_reason = 'random_sample') AS sample
              FROM moved) counted
     WHERE stale + sample > 0
), fitting AS (
    SELECT * FROM wanted ORDER BY priority, property_id
     LIMIT (SELECT rows FROM room) + (SELECT count(*) FROM moved)
){insert()}"""


# A new listing whose page was set aside, or not there, is not queued again by being seen again: see
# `outside`. One that came back is as urgent as a new one: its details are those it went with.
_OF_BATCH = _Reasons(
    rows="""
    SELECT b.property_id, b.source_url, b.queued_priority,
           CASE WHEN b.is_live AND NOT b.is_relisted THEN 2 ELSE 1 END AS priority,
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

# Missing listings that nobody looked at for this scan. One that is proven gone is not asked again,
# unless its page was there after the scan that it was looked at for, which makes the proof void;
# one whose page told nothing or is there rests ever longer between two looks that told the same,
# also where scans miss it day after day. Another answer each time is a fault of the moment: it
# makes no rest longer. What was said to be gone by the way is looked at at once, and a page that is
# there rests twice as long. A daily run takes up whatever is due, whichever scan missed it: the
# removals of a weekly one need not wait for pages that are there, nor for more than it has time to
# look at. What no scan missed yet is an adopter's word, and its page would prove nothing.
_MISSING = f"""
SELECT l.property_id, coalesce(m.source_url, l.source_url) AS source_url,
       (SELECT q.priority FROM scrape_queue q
         WHERE q.property_id = l.property_id AND q.status IN ('pending', 'in_progress')
       ) AS queued_priority,
       3 AS priority, 'verification' AS reason
  FROM properties_live l
  LEFT JOIN property_manifest m ON m.property_id = l.property_id
 CROSS JOIN LATERAL (
       SELECT count(*) FILTER (WHERE tells_nothing AND c.evidence = c.latest) AS times,
              max(c.checked_at) FILTER (WHERE tells_nothing) AS last_at,
              bool_or(c.id = c.latest_id AND c.verdict = 'alive') AS is_there,
              bool_or(c.missed_session_id = CAST(:session_id AS uuid)) AS is_looked_at,
              bool_or(c.id = c.latest_id AND {PROVES} AND {IS_FRESH}
                      AND b.status IS DISTINCT FROM 'rejected'
                      AND (s.started_at <= l.last_full_scrape_at
                           AND c.missed_session_id <> l.missing_session_id) IS NOT TRUE
                     ) AS is_proven
         FROM (SELECT c.*, c.verdict IN ('alive', 'unknown') AS tells_nothing,
                      first_value(c.id) OVER latest AS latest_id,
                      first_value(c.evidence) OVER latest AS latest
                 FROM removal_checks c
                WHERE c.property_id = l.property_id AND NOT {told_by_card("c")}
                  AND c.checked_at > coalesce(m.last_seen_at, '-infinity')
               WINDOW latest AS (ORDER BY c.checked_at DESC, c.id)) c
         LEFT JOIN removal_batches b ON b.id = c.batch_id
         LEFT JOIN scraping_sessions s ON s.id = c.missed_session_id) looked
 WHERE l.listing_status = {LIKELY}
   AND (l.missing_session_id = CAST(:session_id AS uuid)
        OR CAST(:is_daily AS boolean) AND l.missing_session_id IS NOT NULL)
   AND looked.is_looked_at IS NOT TRUE AND looked.is_proven IS NOT TRUE
   AND (looked.times = 0
        OR looked.last_at <= :now - CASE WHEN looked.is_there
                                         THEN {rest.after("looked.times", days=12)}
                                         ELSE {rest.after("looked.times", days=6)} END)
   AND {rest.may_be_fetched("l.property_id")}
   AND NOT EXISTS (SELECT 1 FROM scrape_queue q
                    WHERE q.property_id = l.property_id AND q.status = 'failed'
                      AND q.queue_reason = 'verification' AND q.queued_at >= :began)
"""
# Staged, so that it is asked once.
_OF_MISSING = _Reasons(rows="SELECT * FROM missing", room=ROOM_BESIDE_NEWS, share=LEFT_OF_A_FIFTH)


class QueueFillRepository(RoomRepository):
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

    async def fill_missing(
        self, session_id: UUID, filling: Filling, *, began: datetime, is_daily: bool
    ) -> int:
        """Queues the verification of what a scan missed, a daily one also of what others missed and
        is due; returns how many found no place."""
        found = await self._look_for_missing(
            session_id, began=began, is_daily=is_daily, now=filling.now
        )
        return found.wanted - await self._queue(_OF_MISSING, filling)

    async def missing_outside(
        self, session_id: UUID, *, began: datetime, is_daily: bool, now: datetime
    ) -> int:
        """How many `fill_missing` would queue, if there were room for all."""
        found = await self._look_for_missing(session_id, began=began, is_daily=is_daily, now=now)
        return found.wanted

    async def _look_for_missing(self, session_id: UUID, **given: Any) -> _Found:
        await self._run(
            f"CREATE TEMPORARY TABLE missing ON COMMIT DROP AS {_MISSING}",
            session_id=session_id,
            **given,
        )
        return await self._one(_Found, _OF_MISSING.counting)

    async def fill_stale(
        self,
        wanted: int,
        filling: Filling,
        lessons: Lessons,
        *,
        stale_before: datetime,
        told_before: datetime,
        max_age_days: float,
        too_old: int = 0,
    ) -> int:
        """Queues the stale records whose visits are worth most, into the room left to them;
        returns how many.

        Args:
            too_old: so many may be queued that are older than `max_age_days`, also beyond `wanted`.
            told_before: as stale is what was not visited since, and showed something else.
        """
        return await self._draw(
            CHOOSE_STALE,
            max(wanted, too_old),
            filling,
            wanted=wanted,
            stale_before=stale_before,
            told_before=told_before,
            max_age_days=max_age_days,
            recall=lessons.recall,
            doubts=list(lessons.doubts),
        )

    async def fill_sample(
        self, wanted: int, filling: Filling, *, seed: str, drawn_since: datetime
    ) -> int:
        """Queues a fair draw of records not queued since a time, into the same room; returns how
        many."""
        draw = {"seed": seed, "drawn_since": drawn_since}
        return await self._draw(CHOOSE_SAMPLE, wanted, filling, **draw)

    async def _draw(self, choice: str, most: int, filling: Filling, **named: Any) -> int:
        """Chooses first, which takes long, and announces afterwards."""
        fitting = min(most, await self.room_for_refresh(filling.max_pending))
        if not fitting:
            return 0
        found = await self._run(choice, fitting=fitting, now=filling.now, **named)
        chosen = list(zip(*found.all(), strict=True))
        if not chosen:
            return 0
        announced = await self.announce(len(chosen[0]))
        names = ("property_ids", "source_urls", "priorities", "reasons")
        given = dict(zip(names, map(list, chosen), strict=True))
        return await self._count(QUEUE_CHOSEN, announced=announced, **given, **asdict(filling))

    async def _queue(self, reasons: _Reasons, filling: Filling, **named: Any) -> int:
        """Raises rows that are there and adds new ones, where need be in the place of lesser."""
        found = await self._one(_Found, reasons.counting, **named)
        if found.better:
            await self._run(reasons.raising, run_id=filling.run_id, **named)
        if not found.wanted:
            return 0
        announced = await self.announce(found.wanted)
        return await self._count(
            reasons.adding, wanted=found.wanted, announced=announced, **asdict(filling), **named
        )
