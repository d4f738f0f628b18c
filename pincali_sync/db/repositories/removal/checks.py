"""`removal_checks`: what the pages of missing listings answered, and what that proves.

`removal_audits`: confirmed removals that are looked at again, and what they showed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.queue.rest import fetches, may_be_fetched
from pincali_sync.db.repositories.removal.transition import LISTED, REMOVED
from pincali_sync.domain.liveness import Answer, Judgement, Verdict
from pincali_sync.items import Property, QueuedProperty


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """What came of looking at one listing's page."""

    queued: QueuedProperty
    answer: Answer
    judgement: Judgement
    scraped: Property | None = None  # the page itself, where it proves the listing alive
    looked_at: datetime | None = None  # None: when it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalCheck:
    """A verdict with its evidence, as it was kept."""

    property_id: str
    verdict: str
    http_status: int | None
    redirect_url: str | None
    shown_public_id: str | None
    evidence: str
    url: str
    checked_at: datetime
    applied_at: datetime | None


# A verdict belongs to the scan that missed the record, and to its batch while that one is open.
_RECORD = """
WITH missed AS (
    SELECT missing_session_id AS by FROM properties_live
     WHERE property_id = CAST(:property_id AS text) AND CAST(:is_verdict AS boolean)
)
INSERT INTO removal_checks
       (property_id, missed_session_id, batch_id, session_id, verdict, http_status, redirect_url,
        shown_public_id, evidence, url, checked_at)
VALUES (CAST(:property_id AS text), (SELECT by FROM missed),
        (SELECT b.id FROM removal_batches b JOIN missed ON missed.by = b.session_id
          WHERE b.status = 'open'),
        CAST(:session_id AS uuid), :verdict, :status, :redirect_url, :shown_public_id,
        :evidence, :url, :looked_at)
"""
# One listing on the pages of several others within a week is a fault of the site, and proves
# nothing of them: whoever looked, jobs of other nodes or days, or somebody by hand. Its own page
# is none of those.
DOUBT = """
UPDATE removal_checks c SET verdict = 'unknown', evidence = c.evidence || CAST(:doubt AS text)
 WHERE c.id IN (
       SELECT c.id FROM removal_checks c
        WHERE c.shown_public_id = ANY(CAST(:shown AS text[]))
          AND c.verdict = 'gone' AND c.applied_at IS NULL
          AND EXISTS (SELECT FROM removal_checks other
                       WHERE other.shown_public_id = c.shown_public_id
                         AND other.property_id <> c.property_id
                         AND other.verdict IN ('gone', 'unknown')
                         AND other.shown_public_id IS DISTINCT FROM (
                             SELECT public_id FROM properties_live
                              WHERE property_id = other.property_id)
                         AND other.shown_public_id IS DISTINCT FROM (
                             SELECT public_id FROM property_manifest
                              WHERE property_id = other.property_id)
                         AND other.checked_at BETWEEN c.checked_at - interval '7 days'
                                                  AND c.checked_at + interval '7 days')
        ORDER BY c.id FOR UPDATE)
RETURNING c.property_id
"""
# Two jobs that look at the same moment do not see each other: the second waits for the first.
_ALONE_WITH = """
SELECT pg_advisory_xact_lock(hashtext('pincali_sync.shown'), listing.number)
  FROM (SELECT DISTINCT hashtext(id) AS number FROM unnest(CAST(:shown AS text[])) AS each (id)
         ORDER BY 1) listing
"""
_ABSENT = {Verdict.GONE, Verdict.UNKNOWN}
_SO_DO_OTHERS = "; so do pages of others: a fault of the site"
# A seeded hash of the id: a fair draw that repeats itself. A week is drawn once. What a person
# removed is no measure of what pages prove.
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
   AND NOT EXISTS (SELECT 1 FROM removal_checks c
                    WHERE c.property_id = r.property_id AND c.http_status IS NULL
                      AND c.applied_at = r.removed_at)
 ORDER BY md5(r.property_id || CAST(:week AS text)) LIMIT :size
ON CONFLICT DO NOTHING
"""
_SEEN_LAST = 1_000  # listings that canaries are drawn from
_CHECKS = f"SELECT {', '.join(each.name for each in fields(RemovalCheck))} FROM removal_checks"


class CheckRepository(Repository):
    """SQL of verdicts."""

    async def record(
        self, results: Sequence[VerificationResult], *, session_id: UUID | None, now: datetime
    ) -> list[VerificationResult]:
        """Keeps verdicts with their evidence; returns them as they are kept.

        Args:
            session_id: of the job that looked; None: somebody did, by hand.
        """
        await self._insert(results, is_verdict=True, session_id=session_id, now=now)
        absent = [each.answer for each in results if each.judgement.verdict in _ABSENT]
        doubted = await self.doubt([answer.shown_public_id for answer in absent])
        return [_doubted(each) if _is_gone(each, doubted) else each for each in results]

    async def doubt(self, shown: Sequence[str | None]) -> set[str]:
        """Takes back what pages that showed these EasyBroker ids seemed to prove, where several
        did; returns the records. To be called wherever such a page is kept."""
        public_ids = list(set(shown) - {None})
        if not public_ids:
            return set()
        await self._run(_ALONE_WITH, shown=public_ids)
        found = await self._run(DOUBT, shown=public_ids, doubt=_SO_DO_OTHERS)
        return set(found.scalars())

    async def note(
        self, results: Sequence[VerificationResult], *, session_id: UUID, now: datetime
    ) -> None:
        """Keeps what pages said that were not asked for a verdict; no batch acts on it."""
        await self._insert(results, is_verdict=False, session_id=session_id, now=now)

    async def _insert(
        self, results: Sequence[VerificationResult], *, now: datetime, **given: Any
    ) -> None:
        rows = [
            asdict(each.answer)
            | asdict(each.judgement)
            | {"property_id": each.queued.property_id, "looked_at": each.looked_at or now, **given}
            for each in results
        ]
        await self._run_each(_RECORD, rows)

    async def of_batch(self, batch_id: UUID, *, limit: int = 1_000) -> list[RemovalCheck]:
        """The verdicts of a batch, with their evidence."""
        return await self._all(
            RemovalCheck,
            f"{_CHECKS} WHERE batch_id = :batch_id ORDER BY verdict, property_id LIMIT :limit",
            batch_id=batch_id,
            limit=limit,
        )

    async def of_property(self, property_id: str, *, limit: int) -> list[RemovalCheck]:
        """The verdicts on a record, the latest first."""
        return await self._all(
            RemovalCheck,
            f"{_CHECKS} WHERE property_id = :property_id ORDER BY checked_at DESC LIMIT :limit",
            property_id=property_id,
            limit=limit,
        )

    async def verdicts_of_batch(self, batch_id: UUID) -> dict[str, int]:
        """How many pages of a batch gave each verdict."""
        return await self._pairs(
            """SELECT verdict, count(*) FROM removal_checks WHERE batch_id = :batch_id
                GROUP BY verdict ORDER BY verdict""",
            batch_id=batch_id,
        )

    async def canaries(self, *, since: datetime, limit: int, now: datetime) -> list[QueuedProperty]:
        """Some of the listings seen last, and since then: their pages must show them.

        Others each time, and what this week asked for least: or the same pages would be asked for
        day after day.
        """
        return await self._all(
            QueuedProperty,
            f"""SELECT * FROM (
                    SELECT m.property_id, m.source_url, m.public_id
                      FROM property_manifest m JOIN properties_live l USING (property_id)
                     WHERE m.public_id IS NOT NULL AND l.listing_status IN {LISTED}
                       AND m.last_seen_at >= :since
                     ORDER BY m.last_seen_at DESC LIMIT {_SEEN_LAST}) latest
                 ORDER BY {fetches("latest.property_id")},
                          md5(property_id || CAST(:since AS text)) LIMIT :limit""",
            since=since,
            limit=limit,
            now=now,
        )


def _is_gone(result: VerificationResult, among: set[str]) -> bool:
    is_among = result.queued.property_id in among and result.answer.shown_public_id is not None
    return is_among and result.judgement.verdict is Verdict.GONE


def _doubted(result: VerificationResult) -> VerificationResult:
    evidence = result.judgement.evidence + _SO_DO_OTHERS
    return replace(result, judgement=Judgement(verdict=Verdict.UNKNOWN, evidence=evidence))


class AuditRepository(Repository):
    """SQL of audits. Every statement may be repeated."""

    async def draw(self, week: date, *, removed_since: datetime, size: int, now: datetime) -> int:
        """Draws removals for a week that has none drawn yet; returns their number."""
        return await self._count(_DRAW, week=week, removed_since=removed_since, size=size, now=now)

    async def waiting(self, *, drawn_since: datetime, now: datetime) -> list[str]:
        """Records that were drawn, are still removed, and are neither looked at nor queued, nor
        asked for often enough this week.

        Those that came back by themselves are no mistake that anybody has to look for.
        """
        rows = await self._run(
            f"""SELECT property_id FROM removal_audits a JOIN properties_live l USING (property_id)
                 WHERE a.verdict IS NULL AND a.drawn_at >= :drawn_since
                   AND listing_status IN {REMOVED}
                   AND NOT EXISTS (SELECT 1 FROM scrape_queue q WHERE q.property_id = a.property_id
                                      AND (q.status IN ('pending', 'in_progress')
                                           OR (q.status = 'failed' AND q.queued_at >= a.drawn_at)))
                   AND {may_be_fetched("a.property_id")}
                 ORDER BY property_id""",
            drawn_since=drawn_since,
            now=now,
        )
        return list(rows.scalars())

    async def settle(self, looks: Sequence[VerificationResult], *, now: datetime) -> None:
        """Takes over what these looks found, since the draw, of records that were drawn.

        To be called before their pages are saved: what came back before anybody looked is no
        mistake, and what is missing again, or was removed again, tells of another removal.
        """
        await self._run(
            f"""UPDATE removal_audits a SET verdict = look.verdict, checked_at = look.at
                 FROM unnest(CAST(:property_ids AS text[]), CAST(:verdicts AS text[]),
                             CAST(:times AS timestamptz[])) AS look (property_id, verdict, at)
                 JOIN properties_live l USING (property_id)
                WHERE a.property_id = look.property_id AND a.verdict IS NULL
                  AND look.at >= a.drawn_at AND l.listing_status IN {REMOVED}
                  AND NOT EXISTS (SELECT FROM property_changes again
                                   WHERE again.property_id = a.property_id
                                     AND again.change_type = 'removed'
                                     AND again.created_at > a.removed_at)""",
            property_ids=[each.queued.property_id for each in looks],
            verdicts=[each.judgement.verdict.value for each in looks],
            times=[each.looked_at or now for each in looks],
        )
