"""`removal_batches`: what a scan leads to, removed or held for a person."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.identity.takeovers import told_by_card
from pincali_sync.db.repositories.removal.other_slug import MAY_HAVE_MOVED
from pincali_sync.db.repositories.removal.proofs import PROVES
from pincali_sync.db.repositories.removal.transition import LIKELY, PRESENT, REMOVED, transition
from pincali_sync.db.repositories.site.listed import listed_at
from pincali_sync.domain.listing_status import Cause, ListingStatus
from pincali_sync.domain.removal_limit import OnDay, Turnover


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalBatch:
    """The removals of one scan; of all scans since, while it is held."""

    id: UUID
    session_id: UUID
    run_id: UUID | None
    status: str  # open, held, applied, rejected; joined: its proofs went to the one that is held
    candidates: int
    would_remove: int | None
    removal_limit: int | None
    told_of: int | None  # removals, when people were told last that it is held
    removed: int
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None


_COLUMNS = ", ".join(each.name for each in fields(RemovalBatch))
_BATCHES = f"SELECT {_COLUMNS} FROM removal_batches"
_OPEN = """
INSERT INTO removal_batches AS b (session_id, run_id, candidates, created_at)
VALUES (:session_id, CAST(:run_id AS uuid), :candidates, :now)
ON CONFLICT (session_id) DO UPDATE SET candidates = greatest(b.candidates, excluded.candidates)
RETURNING id
"""

# What a proof may remove: no page, card or sitemap showed the record since the scan that missed it,
# under its own slug or another, and it is under none that nobody knows yet; neither a later look
# nor a person found it there. Later scans may have missed it again.
_STANDS = f"""
      JOIN scraping_sessions s ON s.id = c.missed_session_id
      JOIN properties_live l ON l.property_id = c.property_id
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     WHERE {PROVES} AND l.listing_status = {LIKELY}
       AND NOT EXISTS (SELECT 1 FROM removal_checks later
                        WHERE later.property_id = c.property_id AND later.verdict = 'alive'
                          AND later.checked_at >= c.checked_at)
       AND greatest(m.last_seen_at, l.last_full_scrape_at, '-infinity',
                    {listed_at("l.property_id")}) < s.started_at
       AND NOT EXISTS (SELECT 1 FROM property_manifest other
                        WHERE other.public_id = coalesce(l.public_id, m.public_id)
                          AND other.property_id <> l.property_id
                          AND greatest(other.last_seen_at, {listed_at("other.property_id")})
                              >= s.started_at)
       AND NOT {MAY_HAVE_MOVED}
"""
# What of a batch may still be removed.
_REMOVABLE = f"""
      FROM removal_batches b
      JOIN LATERAL (SELECT DISTINCT ON (property_id) *
                      FROM removal_checks WHERE batch_id = b.id
                     ORDER BY property_id, checked_at DESC) c ON b.id = :batch_id
      {_STANDS}
"""
# Proofs that no batch acted on, whichever scan missed the record: it is still missing. A card that
# shows another under its slug takes nothing back. What is held or was rejected keeps its own.
_OWED = f"""
  FROM removal_checks c
  {_STANDS}
   AND NOT EXISTS (SELECT FROM removal_checks later
                    WHERE later.property_id = c.property_id AND later.checked_at > c.checked_at
                      AND NOT {told_by_card("later")})
   AND NOT EXISTS (SELECT FROM removal_batches o
                    WHERE o.id = c.batch_id AND o.status IN ('held', 'rejected'))
"""
# What other scans missed comes on top of what the batch's own did.
_GATHER = f"""
WITH owed AS (
    SELECT c.id, l.missing_session_id {_OWED} AND c.batch_id IS DISTINCT FROM :batch_id
), gathered AS (
    UPDATE removal_checks c SET batch_id = :batch_id FROM owed WHERE c.id = owed.id
)
UPDATE removal_batches b
   SET candidates = b.candidates + (SELECT count(*) FROM owed
                                     WHERE owed.missing_session_id IS DISTINCT FROM b.session_id)
 WHERE b.id = :batch_id
"""
_JOIN = """
WITH moved AS (
    UPDATE removal_checks SET batch_id = :held_id WHERE batch_id = :batch_id
), joined AS (
    UPDATE removal_batches SET status = 'joined' WHERE id = :batch_id RETURNING candidates
)
UPDATE removal_batches b SET candidates = greatest(b.candidates, j.candidates)
  FROM joined j WHERE b.id = :held_id
"""
RECENT_DAYS = 28  # whose comings and goings tell of the churn
_RECENT = f"interval '{RECENT_DAYS} days'"
_STOCK = f"""
SELECT (SELECT count(*) FROM properties_live WHERE listing_status IN {PRESENT}) AS stock,
       extract(epoch FROM CAST(:now AS timestamptz) - coalesce(
           (SELECT max(decided_at) FROM removal_batches WHERE removed > 0),
           (SELECT min(first_seen_at) FROM properties_live), :now))::float8 / 86400 AS days
"""
_REMOVALS = f"""
SELECT CAST(decided_at AT TIME ZONE 'UTC' AS date) AS day, sum(removed)::integer AS listings
  FROM removal_batches WHERE removed > 0 AND decided_at > :now - {_RECENT}
 GROUP BY 1 ORDER BY 1
"""
_BIRTHS = f"""
SELECT CAST(first_seen_at AT TIME ZONE 'UTC' AS date) AS day, count(*) AS listings
  FROM property_manifest WHERE first_seen_at > :now - {_RECENT}
 GROUP BY 1 ORDER BY 1
"""
# Before the removal, in the lock order queue, live: what is removed need not be fetched.
_CANCEL_QUEUED = f"""
UPDATE scrape_queue q
   SET status = 'cancelled', completed_at = :now, last_error = 'the listing is gone'
  FROM (SELECT l.property_id {_REMOVABLE} ORDER BY l.property_id) r
 WHERE q.property_id = r.property_id AND q.status = 'pending'
"""
_APPLY = transition(
    Cause.BATCH,
    _REMOVABLE,
    targets={
        ListingStatus.SOLD: "c.verdict = 'sold'",
        ListingStatus.CONFIRMED_REMOVED: "c.verdict = 'gone'",
    },
    carried=[
        "c.evidence",
        "c.id AS check_id",
        "b.session_id",
        "coalesce(l.public_id, m.public_id) AS public_id",
    ],
    also=["public_id = r.public_id"],
    session="r.session_id",
    reason="r.evidence",
    then=""", noted AS (
    UPDATE removal_checks c SET applied_at = :now FROM changed r WHERE c.id = r.check_id
), forgotten AS (
    UPDATE property_manifest m SET needs_full_scrape = false
      FROM changed r WHERE m.property_id = r.property_id AND m.needs_full_scrape
)
SELECT count(*) FROM changed""",
)
# A rejected batch says that the scan was wrong: its rows start again from nothing.
_REJECT = transition(
    Cause.REJECTION,
    f"""
      FROM properties_live l JOIN removal_batches b ON b.id = :batch_id
     WHERE l.listing_status = {LIKELY}
       AND (l.missing_session_id = b.session_id
            OR l.property_id IN (SELECT property_id FROM removal_checks
                                  WHERE batch_id = :batch_id))""",
    missing="0",
    reason="'removal rejected by ' || :decided_by",
)


class BatchRepository(Repository):
    """SQL of removals. Every statement may be repeated."""

    async def open(
        self, session_id: UUID, *, run_id: UUID | None, candidates: int, now: datetime
    ) -> UUID:
        """The session's batch, made when first asked for."""
        batch_id: UUID = await self._scalar(
            _OPEN, session_id=session_id, run_id=run_id, candidates=candidates, now=now
        )
        return batch_id

    async def get(self, batch_id: UUID, *, lock: bool = False) -> RemovalBatch | None:
        """One batch; locked, it is nobody else's to decide until the transaction ends."""
        statement = f"{_BATCHES} WHERE id = :id {'FOR UPDATE' if lock else ''}"
        return await self._first(RemovalBatch, statement, id=batch_id)

    async def to_judge(self, session_id: UUID) -> RemovalBatch | None:
        """The batch of a scan; where there is none, the one that is held."""
        return await self._first(
            RemovalBatch,
            f"""{_BATCHES} WHERE session_id = :id OR status = 'held'
                ORDER BY session_id = :id DESC LIMIT 1""",
            id=session_id,
        )

    async def held(self) -> RemovalBatch | None:
        """The batch that waits for a person; there is one at most.

        Whoever asks for it decides: the batches that are not decided are locked, in one order, so
        that no two can be held.
        """
        await self._run(
            """SELECT FROM removal_batches WHERE status IN ('open', 'held')
                ORDER BY id FOR UPDATE"""
        )
        return await self._first(RemovalBatch, f"{_BATCHES} WHERE status = 'held'")

    async def whole(self, batch: RemovalBatch) -> RemovalBatch:
        """The batch itself; of one that joined another, that one: the last before it that did not
        join, since one is held at most."""
        return await self._one(
            RemovalBatch,
            f"""{_BATCHES} WHERE id = :id AND status <> 'joined'
                    OR created_at < :created_at AND status <> 'joined'
                ORDER BY id = :id DESC, created_at DESC LIMIT 1""",
            id=batch.id,
            created_at=batch.created_at,
        )

    async def latest(self, *, status: str | None = None, limit: int = 20) -> list[RemovalBatch]:
        """The newest batches, of all states or one."""
        return await self._all(
            RemovalBatch,
            f"""{_BATCHES} WHERE CAST(:status AS text) IS NULL OR status = CAST(:status AS text)
                ORDER BY created_at DESC LIMIT :limit""",
            status=status,
            limit=limit,
        )

    async def removable(self, batch_id: UUID, *, now: datetime) -> int:
        """How many of a batch are proven gone and were not seen since."""
        return await self._number(f"SELECT count(*) {_REMOVABLE}", batch_id=batch_id, now=now)

    async def turnover(self, *, now: datetime) -> Turnover:
        """How large the stock is, and how much of it comes and goes."""
        removals = await self._all(OnDay, _REMOVALS, now=now)
        births = await self._all(OnDay, _BIRTHS, now=now)
        return await self._one(
            lambda **stock: Turnover(**stock, removals=removals, births=births), _STOCK, now=now
        )

    async def is_owed(self, *, now: datetime) -> bool:
        """Whether there are proofs that no batch acted on."""
        return bool(await self._scalar(f"SELECT EXISTS (SELECT {_OWED})", now=now))

    async def gather(self, batch_id: UUID, *, now: datetime) -> None:
        """Takes over the proofs that no batch acted on."""
        await self._run(_GATHER, batch_id=batch_id, now=now)

    async def join(self, batch_id: UUID, held_id: UUID) -> None:
        """Adds a batch to the one that is held."""
        await self._run(_JOIN, batch_id=batch_id, held_id=held_id)

    async def apply(self, batch_id: UUID, *, now: datetime) -> int:
        """Removes what of the batch may be removed; returns the number."""
        await self._run(_CANCEL_QUEUED, batch_id=batch_id, now=now)
        return await self._number(_APPLY, batch_id=batch_id, now=now)

    async def reject(self, batch_id: UUID, *, decided_by: str, now: datetime) -> None:
        """Makes the batch's rows active again."""
        await self._run(_REJECT, batch_id=batch_id, decided_by=decided_by, now=now)

    async def decide(self, batch_id: UUID, **columns: Any) -> RemovalBatch:
        """Writes down what became of a batch."""
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        return await self._one(
            RemovalBatch,
            f"UPDATE removal_batches SET {assignments} WHERE id = :id RETURNING {_COLUMNS}",
            id=batch_id,
            **columns,
        )

    async def clean_manifest(self, *, before: datetime, size: int) -> int:
        """Deletes up to `size` manifest rows of removed listings not seen since a time: the live
        rows tell enough. Returns their number."""
        return await self._count(
            f"""DELETE FROM property_manifest WHERE property_id IN (
                    SELECT property_id FROM property_manifest m JOIN properties_live l
                     USING (property_id)
                     WHERE l.listing_status IN {REMOVED} AND m.last_seen_at < :before
                     LIMIT :size) AND last_seen_at < :before""",
            before=before,
            size=size,
        )
