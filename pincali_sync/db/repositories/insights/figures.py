"""Figures about runs, queue, scans, removals and the live table, as they are now.

Each statement reads everything that it needs at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.ages import KNOWN_BY_URL
from pincali_sync.db.repositories.removal.counting import WAITING

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
AUDITED_WEEKS = 8  # an audited removal counts for so long: eight weekly samples

# Under which names columns of `sync_runs` are added up, and stay so past their rows' term.
RUN_TOTALS = {
    "run_pages": "pages_scanned",
    "run_new": "new_properties_found",
    "run_price_changes": "price_changes_detected",
    "run_missing": "removals_detected",
    "run_scraped": "properties_scraped",
    "run_errors": "error_count",
}
RUNS_ENDED = "runs_ended"  # labelled "tier|status"
QUEUE_FINISHED = "queue_finished"  # labelled "reason|status"

_COUNTERS = f"""
SELECT series, label, coalesce(sum(value), 0)::bigint AS value FROM (
    SELECT series, label, value FROM retired_totals
    UNION ALL
    SELECT '{RUNS_ENDED}', tier_level || '|' || status, count(*)
      FROM sync_runs GROUP BY tier_level, status
    UNION ALL
    SELECT series, tier_level::text, value FROM sync_runs, LATERAL (VALUES
        {", ".join(f"('{series}', {column})" for series, column in RUN_TOTALS.items())}
    ) AS totals (series, value)
    UNION ALL
    SELECT '{QUEUE_FINISHED}', coalesce(queue_reason, 'unknown') || '|' || status, count(*)
      FROM scrape_queue WHERE status IN ('completed', 'cancelled') AND CAST(:whole AS boolean)
     GROUP BY queue_reason, status
) AS counted
 WHERE series <> '{QUEUE_FINISHED}' OR CAST(:whole AS boolean)
 GROUP BY series, label ORDER BY series, label
"""
# A person's word ends the matter, as a success does.
_RUN_TIMES = """
SELECT tier_level, min(started_at) AS first_started_at,
       max(completed_at) FILTER (WHERE status = 'completed') AS last_success_at,
       max(greatest(slot_at, started_at)) FILTER (WHERE status IN ('completed', 'cancelled'))
           AS last_served_at
  FROM sync_runs GROUP BY tier_level
"""
# Open rows and those set aside have indexes of their own, finished ones are far more.
_ROWS = "SELECT priority, queue_reason, status, queued_at FROM scrape_queue WHERE status"
_QUEUE = f"""
SELECT priority, coalesce(queue_reason, 'unknown') AS reason,
       count(*) FILTER (WHERE status = 'pending') AS pending,
       count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       min(queued_at) FILTER (WHERE status = 'pending') AS oldest_queued_at
  FROM ({_ROWS} IN ('pending', 'in_progress') UNION ALL {_ROWS} = 'failed') AS unfinished
 GROUP BY priority, reason ORDER BY priority, reason
"""
_FINISHED = """
SELECT coalesce(queue_reason, 'unknown') AS reason,
       count(*) FILTER (WHERE status = 'completed') AS completed,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE status = 'completed' AND in_last_hour) AS completed_in_last_hour,
       count(*) FILTER (WHERE status = 'failed' AND in_last_hour) AS failed_in_last_hour,
       count(*) FILTER (WHERE status = 'cancelled' AND in_last_hour) AS cancelled_in_last_hour,
       avg(seconds) FILTER (WHERE status = 'completed') AS average_seconds
  FROM (SELECT queue_reason, status, completed_at >= :hour_ago AS in_last_hour,
               extract(epoch FROM completed_at - queued_at)::float8 AS seconds
          FROM scrape_queue WHERE completed_at >= :day_ago) AS finished
 GROUP BY reason ORDER BY reason
"""
_CERTIFICATES = """
SELECT DISTINCT ON (source) source, certified, distinct_properties, issued_at
  FROM scan_certificates ORDER BY source, issued_at DESC
"""
_COUNTS = f"""
SELECT (SELECT count(*) FROM property_changes WHERE change_type = 'removed') AS removed,
       (SELECT count(*) FROM property_changes
         WHERE change_type = 'removed' AND created_at >= :week_ago) AS removed_last_week,
       (SELECT count(*) FROM removal_batches WHERE status = 'held') AS batches_held,
       waiting.*,
       (SELECT count(*) FROM price_reviews WHERE status = 'open') AS price_reviews,
       (SELECT count(*) FROM identity_candidates WHERE status = 'open') AS identity_candidates,
       (SELECT count(*) FROM queue_outside WHERE rests_until IS NULL) AS waiting_outside,
       ({KNOWN_BY_URL}) AS known_by_url
  FROM ({WAITING}) AS waiting
"""
_AUDITED = """
SELECT count(*) FILTER (WHERE verdict = 'alive') AS alive,
       count(*) FILTER (WHERE verdict IN ('gone', 'sold')) AS gone,
       count(*) FILTER (WHERE verdict = 'sold') AS sold,
       count(*) FILTER (WHERE verdict = 'unknown') AS unknown,
       count(*) FILTER (WHERE verdict IS NULL) AS waiting
  FROM removal_audits WHERE drawn_at >= :since
"""
# greatest() passes over NULL.
_PACE = """
SELECT greatest(0, extract(epoch FROM next_free_at - clock_timestamp()))::float8
           AS booked_ahead_seconds,
       greatest(0, extract(epoch FROM held_until - clock_timestamp()))::float8 AS held_seconds,
       strikes AS refusals
  FROM site_pace WHERE host = :host
"""
# One walk along an index, without a look at the wide rows.
_AGES = """
SELECT listing_status, width_bucket(last_full_scrape_at, CAST(:edges AS timestamptz[])) AS bucket,
       count(*) AS rows, min(last_full_scrape_at) AS oldest
  FROM properties_live GROUP BY listing_status, bucket ORDER BY listing_status
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTimes:
    """When the runs of one tier were."""

    tier_level: int
    first_started_at: datetime
    last_success_at: datetime | None
    last_served_at: datetime | None  # the latest slot or, where later, start


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueGroup:
    """Rows of the queue of one priority and reason that are not finished."""

    priority: int
    reason: str
    pending: int
    in_progress: int
    failed: int  # set aside after their attempts
    oldest_queued_at: datetime | None  # of those that wait


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedGroup:
    """Rows of one reason that ended within a day, by how."""

    reason: str
    completed: int
    failed: int
    cancelled: int
    completed_in_last_hour: int
    failed_in_last_hour: int
    cancelled_in_last_hour: int
    average_seconds: float | None  # from queued to fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFigures:
    """A source's latest certificate."""

    source: str
    certified: bool
    distinct_properties: int
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Removals, and what waits."""

    removed: int  # ever
    removed_last_week: int
    batches_held: int
    unsettled: int  # missing for long without a verdict
    off_market: int  # missing for long, and their pages are there
    price_reviews: int  # that wait for a person
    identity_candidates: int
    waiting_outside: int  # listings that want a visit and found no place in the queue
    known_by_url: int  # listings that the sitemap made known and no page has shown yet


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    """What confirmed removals showed when they were looked at again."""

    alive: int  # false positives
    gone: int
    sold: int  # of the gone
    unknown: int
    waiting: int  # drawn, and not looked at yet


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceFigures:
    """The site's timeline."""

    booked_ahead_seconds: float
    held_seconds: float  # that the site is still left alone
    refusals: int  # in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeGroup:
    """Live rows of one status between two ages."""

    listing_status: str
    bucket: int | None  # how many of the edges are not after it; None: never scraped
    rows: int
    oldest: datetime | None


class FiguresRepository(Repository):
    """SQL of figures. Every time is an argument, except that the pace has the database's clock."""

    async def counters(self, *, whole: bool) -> dict[tuple[str, str], int]:
        """All that was ever counted, by series and label; deleted rows included.

        Not `whole`, it lacks the queue's finished rows, which are many.
        """
        return {
            (row.series, row.label): row.value for row in await self._run(_COUNTERS, whole=whole)
        }

    async def run_times(self) -> dict[int, RunTimes]:
        """By tier, when its runs were; without tiers that never ran."""
        return {each.tier_level: each for each in await self._all(RunTimes, _RUN_TIMES)}

    async def queue(self) -> list[QueueGroup]:
        """What waits, is under way or was set aside."""
        return await self._all(QueueGroup, _QUEUE)

    async def finished(self, *, now: datetime) -> list[FinishedGroup]:
        """What ended within a day."""
        return await self._all(FinishedGroup, _FINISHED, hour_ago=now - _HOUR, day_ago=now - _DAY)

    async def certificates(self) -> list[CertificateFigures]:
        """Each source's latest."""
        return await self._all(CertificateFigures, _CERTIFICATES)

    async def counts(self, *, now: datetime) -> Counts:
        """Removals, and what waits."""
        return await self._one(Counts, _COUNTS, week_ago=now - _WEEK)

    async def audited(self, *, now: datetime) -> AuditFigures:
        """The removals that were drawn within the last eight weeks."""
        return await self._one(AuditFigures, _AUDITED, since=now - timedelta(weeks=AUDITED_WEEKS))

    async def pace(self, host: str) -> PaceFigures | None:
        """The timeline of a host; None before its first request."""
        return await self._first(PaceFigures, _PACE, host=host)

    async def ages(self, edges: Sequence[datetime]) -> list[AgeGroup]:
        """Live rows by status and by when they were last scraped; `edges` ascend."""
        return await self._all(AgeGroup, _AGES, edges=list(edges))
