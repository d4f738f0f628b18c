"""The queue as people see it: looked at, tried again, taken out, cleaned up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.insights.figures import QUEUE_FINISHED
from pincali_sync.domain.dead_letters import KINDS

# Thousands of pages have few different errors: those are told apart, not the pages.
_ERROR = "coalesce(last_error, '')"
_KIND = "CASE {} ELSE '{}' END".format(
    " ".join(f"WHEN {_ERROR} ~ '{each.pattern}' THEN '{each.name}'" for each in KINDS[:-1]),
    KINDS[-1].name,
)
_OF_KIND = f"""(CAST(:of_kind AS text) IS NULL OR {_ERROR} IN (
           SELECT last_error FROM (SELECT DISTINCT {_ERROR} AS last_error FROM scrape_queue
                                    WHERE status = 'failed') AS errors
            WHERE {_KIND} = :of_kind))"""
_UNTIL = "(CAST(:until AS timestamptz) IS NULL OR completed_at <= :until)"


def _dropping(rows: str) -> str:
    """Takes rows out, and forgets that they are wanted: else the next tick would queue them again.
    The next card that has news, or the month, does."""
    return f"""
WITH dropped AS (
    UPDATE scrape_queue SET status = 'cancelled', completed_at = :now, last_error = :reason
     WHERE {rows} RETURNING property_id
), forgotten AS (
    UPDATE property_manifest m SET needs_full_scrape = false
      FROM dropped d WHERE m.property_id = d.property_id AND m.needs_full_scrape
)
SELECT count(*) FROM dropped"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """The queue at a glance; "today" is the day of the time asked for, in its zone."""

    pending_count: int
    in_progress_count: int
    completed_today: int
    failed_today: int
    failed_count: int  # set aside after their attempts: see them with `queue-stats`
    by_priority: dict[int, int]  # open rows
    by_reason: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A page that was set aside after its attempts."""

    property_id: str
    source_url: str
    queue_reason: str | None
    attempt_count: int
    last_error: str | None
    completed_at: datetime | None
    kind: str  # of the error, see `domain.dead_letters`


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterGroup:
    """Pages that were set aside for errors of one kind."""

    kind: str  # see `domain.dead_letters`
    pages: int
    latest_at: datetime
    example: str | None  # the latest error
    example_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One row of the queue, whatever its state."""

    property_id: str
    source_url: str
    queue_reason: str | None
    attempt_count: int
    last_error: str | None
    completed_at: datetime | None
    priority: int
    status: str
    queued_at: datetime
    worker_id: str | None


class QueueRowRepository(Repository):
    """SQL of what a person does with the queue."""

    async def stats(self, *, now: datetime) -> QueueStats:
        """Counts by status, priority and reason."""
        counts = await self._one(
            dict,
            """SELECT count(*) FILTER (WHERE status = 'pending') AS pending_count,
                      count(*) FILTER (WHERE status = 'in_progress') AS in_progress_count,
                      count(*) FILTER (WHERE status = 'failed') AS failed_count,
                      count(*) FILTER (WHERE status = 'completed' AND completed_at >= :midnight)
                          AS completed_today,
                      count(*) FILTER (WHERE status = 'failed' AND completed_at >= :midnight)
                          AS failed_today
                 FROM scrape_queue""",
            midnight=now.replace(hour=0, minute=0, second=0, microsecond=0),
        )
        return QueueStats(
            **counts,
            by_priority=await self._open_by("priority"),
            by_reason=await self._open_by("queue_reason"),
        )

    async def _open_by(self, column: str) -> dict[Any, int]:
        return await self._pairs(
            f"""SELECT {column}, count(*) FROM scrape_queue
                 WHERE status IN ('pending', 'in_progress') GROUP BY 1 ORDER BY 1"""
        )

    async def dead_letters(self, *, limit: int, kind: str | None = None) -> list[DeadLetter]:
        """Pages that were set aside, of one kind of error or all, the latest first."""
        return await self._all(
            DeadLetter,
            f"""SELECT property_id, source_url, queue_reason, attempt_count, last_error,
                       completed_at, {_KIND} AS kind
                  FROM scrape_queue WHERE status = 'failed' AND {_OF_KIND}
                 ORDER BY completed_at DESC, id LIMIT :limit""",
            limit=limit,
            of_kind=kind,
        )

    async def dead_letter_groups(self, *, until: datetime | None = None) -> list[DeadLetterGroup]:
        """Pages that were set aside (up to a time), by kinds of error."""
        return await self._all(
            DeadLetterGroup,
            f"""SELECT DISTINCT ON (kind) kind,
                       CAST(sum(pages) OVER (PARTITION BY kind) AS integer) AS pages,
                       latest_at, last_error AS example, source_url AS example_url
                  FROM (SELECT {_KIND} AS kind, errors.*
                          FROM (SELECT last_error, count(*) AS pages,
                                       max(completed_at) AS latest_at,
                                       (array_agg(source_url ORDER BY completed_at DESC))[1]
                                           AS source_url
                                  FROM scrape_queue WHERE status = 'failed' AND {_UNTIL}
                                 GROUP BY last_error) AS errors) AS kinds
                 ORDER BY kind, latest_at DESC""",
            until=until,
        )

    async def of_property(self, property_id: str, *, limit: int) -> list[QueueRow]:
        """A record's rows, the latest first."""
        return await self._all(
            QueueRow,
            """SELECT property_id, source_url, priority, queue_reason, status, queued_at,
                      completed_at, attempt_count, last_error, worker_id
                 FROM scrape_queue WHERE property_id = :property_id
                ORDER BY queued_at DESC LIMIT :limit""",
            property_id=property_id,
            limit=limit,
        )

    async def retry(
        self,
        property_id: str | None,
        *,
        kind: str | None = None,
        until: datetime | None = None,
        now: datetime,
    ) -> int:
        """Gives pages that were set aside (one record's, or all) a new start; those that are open
        again already stay as they are.

        Args:
            kind: of the error; None: whatever it is.
            until: those that were set aside up to then, None: all.
        """
        return await self._count(
            f"""
UPDATE scrape_queue q
   SET status = 'pending', attempt_count = 0, lost_attempts = 0, completed_at = NULL,
       available_at = :now, queued_at = :now, lease_token = NULL, lease_expires_at = NULL
 WHERE q.id IN (
       SELECT DISTINCT ON (f.property_id) f.id FROM scrape_queue f
        WHERE f.status = 'failed'
          AND (CAST(:property_id AS text) IS NULL OR f.property_id = CAST(:property_id AS text))
          AND {_OF_KIND} AND {_UNTIL}
          AND NOT EXISTS (SELECT 1 FROM scrape_queue o WHERE o.property_id = f.property_id
                             AND o.status IN ('pending', 'in_progress'))
        ORDER BY f.property_id, f.queued_at DESC)
""",
            property_id=property_id,
            of_kind=kind,
            until=until,
            now=now,
        )

    async def dismiss(
        self, kind: str, *, reason: str, until: datetime | None = None, now: datetime
    ) -> int:
        """Takes pages that were set aside for one kind of error (up to a time) out of the queue."""
        return await self._number(
            _dropping(f"status = 'failed' AND {_OF_KIND} AND {_UNTIL}"),
            of_kind=kind,
            reason=reason,
            until=until,
            now=now,
        )

    async def cancel(self, property_id: str, *, reason: str, now: datetime) -> int:
        """Takes a record's waiting and set-aside rows out; a page under way is finished."""
        return await self._number(
            _dropping("property_id = :property_id AND status IN ('pending', 'failed')"),
            property_id=property_id,
            reason=reason,
            now=now,
        )

    async def clean_up(self, *, before: datetime, size: int) -> int:
        """Deletes up to `size` completed and cancelled rows that ended before a time; what they
        had counted stays counted. Returns their number."""
        return await self._number(
            f"""WITH deleted AS (
                    DELETE FROM scrape_queue WHERE ctid = ANY(ARRAY(
                        SELECT ctid FROM scrape_queue
                         WHERE status IN ('completed', 'cancelled') AND completed_at < :before
                         LIMIT :size))
                    RETURNING queue_reason, status
                ), kept AS (
                    INSERT INTO retired_totals AS t (series, label, value)
                    SELECT '{QUEUE_FINISHED}', coalesce(queue_reason, 'unknown') || '|' || status,
                           count(*) FROM deleted GROUP BY 2
                    ON CONFLICT (series, label) DO UPDATE SET value = t.value + excluded.value
                )
                SELECT count(*) FROM deleted""",
            before=before,
            size=size,
        )
