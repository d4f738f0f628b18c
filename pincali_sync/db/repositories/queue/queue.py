"""The priority queue of detail pages, as workers see it: leased, given back, finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.clock import TOLERATED
from pincali_sync.config import Config
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.queue.rest import FETCHED_SINCE, fetches
from pincali_sync.db.repositories.removal.transition import LIKELY, LISTED
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.items import CANARY, QueuedProperty, ScrapeResult

# What the verification spider looks at, and the detail spider leaves to it.
_VERIFIED = "queue_reason IN ('verification', 'removal_audit')"
# While others read the site, only priority 1 (newcomers, what came back) is fetched beside, or
# nothing, as claims have it (migration 0036).
_WHICH = {
    True: _VERIFIED,
    False: f"({_VERIFIED}) IS NOT TRUE AND priority <= (SELECT least_urgent(:now))",
}

_GIVEN_BACK = """status = 'pending', attempt_count = attempt_count - 1, claimed_at = NULL,
                      worker_id = NULL, lease_token = NULL, lease_expires_at = NULL"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQueueCounts:
    """The rows that one run queued, by how they stand."""

    queued: int
    open: int
    completed: int
    failed: int
    open_verifications: int


class QueueRepository(Repository):
    """SQL of the queue. Every time is an argument."""

    async def lock_leased(self, ids: Sequence[str], lease_token: UUID) -> set[str]:
        """Locks the rows still held under this token; the rest belong to somebody else."""
        rows = await self._run(
            """SELECT CAST(id AS text) FROM scrape_queue
                WHERE id = ANY(CAST(:ids AS uuid[]))
                  AND lease_token = :lease_token AND status = 'in_progress'
                ORDER BY property_id FOR UPDATE""",
            ids=list(ids),
            lease_token=lease_token,
        )
        return set(rows.scalars())

    async def lock_held(
        self, property_id: str, lease_token: UUID, *, now: datetime
    ) -> QueuedProperty | None:
        """Locks the row that a worker holds for a record; None when its lease lapsed."""
        return await self._first(
            QueuedProperty,
            f"""SELECT CAST(id AS text) AS id, property_id, source_url, NULL AS public_id,
                       queue_reason, attempt_count,
                       {fetches("q.property_id", besides="q.id")} - q.lost_attempts
                           AS fetched_lately
                  FROM scrape_queue q WHERE property_id = :property_id
                   AND lease_token = :lease_token AND status = 'in_progress' FOR UPDATE""",
            property_id=property_id,
            lease_token=lease_token,
            now=now,
        )

    async def finish(
        self, results: Sequence[ScrapeResult], config: Config, *, now: datetime
    ) -> None:
        """Ends rows as their results say; one that may be tried again is, up to its attempts.

        The rows must be locked in this transaction. The wait doubles with each attempt.
        """
        await self._run(
            """UPDATE scrape_queue q
                  SET status = ended.status, attempt_count = q.attempt_count - ended.free,
                      completed_at = CASE WHEN ended.status <> 'pending' THEN :now END,
                      available_at = :now + :retry_after * power(2, q.attempt_count - 1),
                      last_error = ended.error, lease_token = NULL, lease_expires_at = NULL
                 FROM unnest(CAST(:ids AS uuid[]), CAST(:endings AS text[]),
                             CAST(:errors AS text[]), CAST(:free AS integer[]))
                      AS ended (id, status, error, free)
                WHERE q.id = ended.id""",
            ids=[result.queued.id for result in results],
            endings=[result.ending_after(config.queue_max_attempts).value for result in results],
            errors=[result.error for result in results],
            free=[int(result.is_free) for result in results],
            retry_after=timedelta(seconds=config.queue_retry_seconds),
            now=now,
        )

    async def note_canaries(self, asked: Mapping[str, int], *, now: datetime) -> None:
        """Pages that were asked for beside the queue, and how often: they count as its own do."""
        await self._run(
            f"""INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason, status,
                      attempt_count, queued_at, available_at, claimed_at, completed_at)
               SELECT m.property_id, m.source_url, 3, '{CANARY}', 'completed', asked.times,
                      :now, :now, :now, :now
                 FROM unnest(CAST(:ids AS text[]), CAST(:times AS integer[]))
                      AS asked (property_id, times)
                 JOIN property_manifest m ON m.property_id = asked.property_id""",
            ids=list(asked),
            times=list(asked.values()),
            now=now,
        )

    async def forgive(self, property_ids: Sequence[str], *, now: datetime) -> None:
        """What was set aside before is settled: the page came in the end."""
        await self._run(
            f"""UPDATE scrape_queue q
                  SET status = 'cancelled', completed_at = :now, last_error = '{FETCHED_SINCE}'
                 FROM (SELECT id FROM scrape_queue
                        WHERE property_id = ANY(:property_ids) AND status = 'failed'
                        ORDER BY property_id, id FOR UPDATE) settled
                WHERE q.id = settled.id""",
            property_ids=list(property_ids),
            now=now,
        )

    async def forget_gone(self, property_ids: Sequence[str]) -> None:
        """The manifest no longer wants these fetched, until they are seen again.

        But a listed one that came back, or shows another price, is seen as it is only once: it
        stays wanted, and rests as one that was asked for in vain.
        """
        await self._run(
            f"""UPDATE property_manifest m SET needs_full_scrape = false
                 FROM (SELECT unnest(CAST(:property_ids AS text[])) AS property_id ORDER BY 1) gone
                 LEFT JOIN properties_live l USING (property_id)
                WHERE m.property_id = gone.property_id
                  AND (l.listing_status = '{ListingStatus.RELISTED}'
                       OR m.price_changed AND l.listing_status IN {LISTED}) IS NOT TRUE""",
            property_ids=list(property_ids),
        )

    async def extend_leases(self, lease_token: UUID, *, until: datetime) -> int:
        """A worker's heartbeat for all rows it holds; returns how many those are.

        Rows that a transaction is finishing are left to it: nothing waits for it.
        """
        return await self._count(
            """UPDATE scrape_queue q SET lease_expires_at = :until
                 FROM (SELECT id FROM scrape_queue
                        WHERE lease_token = :lease_token AND status = 'in_progress'
                        ORDER BY property_id FOR UPDATE SKIP LOCKED) held
                WHERE q.id = held.id""",
            lease_token=lease_token,
            until=until,
        )

    async def release(self, lease_token: UUID) -> int:
        """Gives back rows that a worker leased and did not start; no attempt is counted."""
        return await self._count(
            f"""UPDATE scrape_queue SET {_GIVEN_BACK}
                WHERE lease_token = :lease_token AND status = 'in_progress'""",
            lease_token=lease_token,
        )

    async def release_all(self, session_ids: Sequence[UUID]) -> None:
        """Gives back what workers of these sessions hold: they were stopped, no attempt counts."""
        await self._run(
            f"""UPDATE scrape_queue q SET {_GIVEN_BACK}
                  FROM (SELECT id FROM scrape_queue
                         WHERE session_id = ANY(:session_ids) AND status = 'in_progress'
                         ORDER BY property_id FOR UPDATE) held
                 WHERE q.id = held.id""",
            session_ids=list(session_ids),
        )

    async def expire_all(self, session_ids: Sequence[UUID], *, now: datetime) -> None:
        """Ends the leases of these sessions' workers, which are lost: an attempt counts."""
        await self._run(
            """UPDATE scrape_queue q SET lease_expires_at = least(q.lease_expires_at, :now)
                  FROM (SELECT id FROM scrape_queue
                         WHERE session_id = ANY(:session_ids) AND status = 'in_progress'
                         ORDER BY property_id FOR UPDATE) held
                 WHERE q.id = held.id""",
            session_ids=list(session_ids),
            now=now,
        )

    async def shorten_leases(self, *, now: datetime, lease: timedelta) -> None:
        """Lets none last longer than a lease from now: the clock was set back since it was given.

        Whoever is alive extends it within that time.
        """
        await self._run(
            """UPDATE scrape_queue SET lease_expires_at = :now + :lease
                WHERE id = ANY(ARRAY(
                      SELECT id FROM scrape_queue
                       WHERE status = 'in_progress'
                         AND lease_expires_at > :now + :lease + :tolerated
                       ORDER BY property_id FOR UPDATE SKIP LOCKED))""",
            now=now,
            lease=lease,
            tolerated=TOLERATED,
        )

    async def end_rests_of_the_future(self, *, now: datetime, config: Config) -> None:
        """What waits longer than its next attempt may, or was queued in the future, may be leased
        now: the clock was set back since. It looks at what waits, as `claimable` does."""
        await self._run(
            """UPDATE scrape_queue SET available_at = :now, queued_at = least(queued_at, :now)
                WHERE id = ANY(ARRAY(
                      SELECT id FROM scrape_queue
                       WHERE status = 'pending'
                         AND (queued_at > :now + :tolerated
                              OR extract(epoch FROM available_at - :now)
                                 > :retry_seconds * power(2, least(attempt_count, 99)) + 10)
                       ORDER BY property_id FOR UPDATE SKIP LOCKED))""",
            now=now,
            retry_seconds=float(config.queue_retry_seconds),
            tolerated=TOLERATED,
        )

    async def reclaim_expired(self, *, max_attempts: int, now: datetime) -> int:
        """Takes rows back from workers that were not heard of; returns their number.

        A lost attempt is one of the row's, but no visit of the week: most rows of a lost worker
        were never asked for. Only where the last one is lost, too, all count: it may be the page
        that workers die of.
        """
        return await self._count(
            """
WITH expired AS MATERIALIZED (
    SELECT id FROM scrape_queue
     WHERE status = 'in_progress' AND lease_expires_at < :now
     ORDER BY property_id FOR UPDATE SKIP LOCKED
)
UPDATE scrape_queue q
   SET status = CASE WHEN q.attempt_count < :max_attempts THEN 'pending' ELSE 'failed' END,
       completed_at = CASE WHEN q.attempt_count >= :max_attempts THEN :now END,
       lost_attempts = CASE WHEN q.attempt_count < :max_attempts
                            THEN q.lost_attempts + 1 ELSE 0 END,
       last_error = 'the worker ' || coalesce(q.worker_id, '?')
                    || ' was not heard of any more',
       lease_token = NULL, lease_expires_at = NULL
  FROM expired e WHERE q.id = e.id
""",
            max_attempts=max_attempts,
            now=now,
        )

    async def claimable(self, *, now: datetime, verification: bool = False) -> int:
        """How many rows a worker could lease right now."""
        return await self._number(
            f"""SELECT count(*) FROM scrape_queue
                 WHERE status = 'pending' AND available_at <= :now AND {_WHICH[verification]}""",
            now=now,
        )

    async def open_verifications(self) -> int:
        """How many missing listings wait to be looked at, or are being looked at."""
        return await self._number(
            f"""SELECT count(*) FROM scrape_queue
                 WHERE status IN ('pending', 'in_progress') AND {_VERIFIED}"""
        )

    async def unqueue_missing(self) -> int:
        """Takes missing listings out of the queue that were not asked for yet: the live table knows
        of them. Returns their number."""
        return await self._count(
            f"""DELETE FROM scrape_queue WHERE id IN (
                    SELECT q.id FROM scrape_queue q JOIN properties_live l USING (property_id)
                     WHERE q.status = 'pending' AND q.queue_reason = 'verification'
                       AND q.attempt_count = 0 AND l.listing_status = {LIKELY}
                     ORDER BY property_id FOR UPDATE OF q)"""
        )

    async def spent(self, since: datetime) -> int:
        """Pages fetched since a time, whatever came of them, and open rows of what is old."""
        return await self._number(
            f"""SELECT (SELECT count(*) FROM scrape_queue
                         WHERE completed_at >= :since AND status IN ('completed', 'failed'))
                     + (SELECT count(*) FROM scrape_queue
                         WHERE status IN ('pending', 'in_progress') AND priority >= 4
                           AND ({_VERIFIED}) IS NOT TRUE)""",
            since=since,
        )

    async def of_run(self, run_id: UUID) -> RunQueueCounts:
        """The rows that one run queued."""
        return await self._one(
            RunQueueCounts,
            f"""SELECT count(*) AS queued,
                       count(*) FILTER (WHERE status IN ('pending', 'in_progress')) AS open,
                       count(*) FILTER (WHERE status = 'completed') AS completed,
                       count(*) FILTER (WHERE status = 'failed') AS failed,
                       count(*) FILTER (WHERE status IN ('pending', 'in_progress')
                                          AND {_VERIFIED}) AS open_verifications
                  FROM scrape_queue WHERE run_id = :run_id""",
            run_id=run_id,
        )
