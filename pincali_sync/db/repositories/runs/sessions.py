"""`scraping_sessions` and `scraping_errors`: what a scan was and what went wrong in it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError

from pincali_sync.db.repositories.base import Repository, milliseconds
from pincali_sync.db.repositories.removal.proofs import STILL_TELLS
from pincali_sync.exceptions import line_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeError:
    """One row of `scraping_errors`."""

    created_at: datetime
    url: str
    error_type: str | None  # http_error, detail_http_error, detail_error, database_error
    error_message: str | None
    retry_count: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePages:
    """How far a session has read one source."""

    source: str
    pages_read: int = 0
    pages_lost: int = 0
    pages_declared: int | None = None  # as the site counts the pages of the whole listing
    pages_wanted: int | None = None  # by the walk, once it came to its end


_OF_JOBS = "SELECT session_id FROM sync_run_jobs WHERE id = ANY(:job_ids)"


def _count_pages(sessions: str) -> str:
    return f"""
UPDATE scraping_sessions s
   SET total_pages = p.pages, pages_scraped = p.read_pages,
       properties_found = p.entries, properties_inserted = p.new_entries,
       properties_updated = p.changed_entries
  FROM scraping_sessions o
 CROSS JOIN LATERAL (
       SELECT count(*) AS pages, count(*) FILTER (WHERE status = 'read') AS read_pages,
              coalesce(sum(entries), 0) AS entries,
              coalesce(sum(new_entries), 0) AS new_entries,
              coalesce(sum(changed_entries), 0) AS changed_entries
         FROM manifest_pages WHERE session_id = o.id) p
 WHERE s.id = o.id AND o.id IN ({sessions})
"""


# A run's session ends with the run.
_CLOSE = """
UPDATE scraping_sessions s
   SET status = CASE j.status WHEN 'completed' THEN 'completed' ELSE 'failed' END,
       error_message = CASE WHEN j.status <> 'completed' THEN j.finish_reason END,
       completed_at = j.finished_at
  FROM sync_run_jobs j
 WHERE j.id = ANY(:job_ids) AND s.id = j.session_id AND s.status = 'running'
   AND NOT EXISTS (SELECT FROM sync_runs r WHERE r.session_id = s.id)
"""
_STAGED = ", ".join(
    f"""count(*) FILTER (WHERE p.processing_status = 'processed' AND p.change_type = '{kind}')
                       AS {kind}"""
    for kind in ("new", "updated", "unchanged")
)
_SUM_UP = f"""
INSERT INTO sync_metadata
       (session_id, total_scraped, new_properties, updated_properties, unchanged_properties,
        data_quality_score, completeness_rate, sync_duration_ms, sync_status, created_at,
        completed_at)
SELECT s.id, count(*), {_STAGED},
       avg((p.processing_status = 'processed')::integer), avg(l.data_completeness_score),
       {milliseconds("s.completed_at - s.started_at")}, s.status, s.completed_at,
       s.completed_at
  FROM property_scrapes_staging p
  JOIN scraping_sessions s ON s.id = p.session_id
  LEFT JOIN properties_live l ON l.property_id = p.property_id
 WHERE p.session_id IN ({_OF_JOBS}) AND s.completed_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM sync_metadata m WHERE m.session_id = s.id)
 GROUP BY s.id
"""
# Tables whose rows have a term, and what it is counted from; and the rows `old` that stay.
_TERM_FROM = {
    "property_scrapes_staging": "scraped_at",
    "manifest_pages": "fetched_at",
    "manifest_walks": "finished_at",
    "property_sightings": "seen_at",
    "sitemap_urls": "listed_at",
    "scraping_errors": "created_at",
    "insight_history": "taken_at",
    "alert_incidents": "resolved_at",
    "removal_audits": "drawn_at",
    "quality_reports": "created_at",
    "removal_checks": "checked_at",
    "sync_metadata": "created_at",
    "sync_run_jobs": "finished_at",
}
# What a scan that is not over goes on by, and is certified by.
_OF_OPEN_SCAN = """EXISTS (SELECT FROM scraping_sessions s
                            WHERE s.id = old.session_id AND s.status = 'running')"""
_STAY = {
    "manifest_pages": _OF_OPEN_SCAN,
    "manifest_walks": _OF_OPEN_SCAN,
    "removal_checks": STILL_TELLS,
    "sync_run_jobs": "old.run_id IS NOT NULL",  # those go with their run
    "sitemap_urls": """EXISTS (SELECT FROM sitemap_shards s
                                WHERE s.url = old.shard_url AND s.dated_at >= :before)""",
}


def _delete_old(table: str) -> str:
    """Nothing within the array may mean the row around it, or it is read once more for each."""
    return f"""DELETE FROM {table} WHERE ctid = ANY(ARRAY(
               SELECT old.ctid FROM {table} old WHERE old.{_TERM_FROM[table]} < :before
                  AND NOT {_STAY.get(table, "false")} LIMIT :size))"""


class SessionRepository(Repository):
    """Sessions and their errors."""

    async def create(self, session_id: UUID, *, name: str, base_url: str, now: datetime) -> None:
        """Opens a session; one that is there already is left alone."""
        statement = """INSERT INTO scraping_sessions
                   (id, created_at, session_name, base_url, status, started_at)
            VALUES (:id, :now, :name, :base_url, 'running', :now)
            ON CONFLICT (id) DO NOTHING"""
        await self._run(statement, id=session_id, name=name, base_url=base_url, now=now)

    async def began(self, session_id: UUID) -> datetime | None:
        """When a session began, or read its first page, should that say earlier: the clock was set
        back meanwhile; None when there is none."""
        statement = """SELECT least(s.started_at, (SELECT min(fetched_at) FROM manifest_pages
                                                    WHERE session_id = s.id))
              FROM scraping_sessions s WHERE s.id = :id"""
        began: datetime | None = await self._scalar(statement, id=session_id)
        return began

    async def count_pages(self, session_id: UUID) -> None:
        """Sets the session's page and property counts from `manifest_pages`."""
        await self._run(_count_pages("SELECT CAST(:id AS uuid)"), id=session_id)

    async def pages_of(self, session_id: UUID | None) -> list[SourcePages]:
        """The sources that a session has begun to read."""
        statement = """SELECT p.source, count(*) FILTER (WHERE p.status = 'read') AS pages_read,
                   count(*) FILTER (WHERE p.status = 'lost') AS pages_lost,
                   max(p.declared_pages) FILTER (WHERE p.part = '') AS pages_declared,
                   max(w.pages_wanted) AS pages_wanted
              FROM manifest_pages p
              LEFT JOIN manifest_walks w
                ON w.session_id = p.session_id AND w.source = p.source
             WHERE p.session_id = CAST(:session_id AS uuid) GROUP BY p.source"""
        return await self._all(SourcePages, statement, session_id=session_id)

    async def close(
        self, session_id: UUID, *, status: str, error: str | None, now: datetime
    ) -> None:
        """Ends a session as completed or failed."""
        statement = """UPDATE scraping_sessions
               SET status = :status, error_message = :error, completed_at = :now
             WHERE id = :id AND status = 'running'"""
        await self._run(statement, id=session_id, status=status, error=error, now=now)

    async def end_with(self, job_ids: Sequence[UUID]) -> None:
        """Ends the sessions of jobs that ended, whoever ended them: counts their pages, and sums
        up in `sync_metadata` what they promoted, if anything.

        Values that a column cannot hold are told of and left: they would be no others at the next
        try, and no job would ever end.
        """
        for statement in (_count_pages(_OF_JOBS), _CLOSE, _SUM_UP) if job_ids else ():
            try:
                async with self._connection.begin_nested():
                    await self._run(statement, job_ids=list(job_ids))
            except (DataError, IntegrityError) as error:
                jobs = ", ".join(map(str, job_ids))
                logger.error("what the jobs %s did is not summed up: %s", jobs, line_of(error))

    async def add_errors(self, session_id: UUID, errors: Sequence[ScrapeError]) -> None:
        """Appends to the error log."""
        await self._run_each(
            """INSERT INTO scraping_errors
                      (session_id, url, error_type, error_message, retry_count, created_at)
               VALUES (:session_id, :url, :error_type, :error_message, :retry_count,
                       :created_at)""",
            [{**asdict(error), "session_id": session_id} for error in errors],
        )

    async def errors(self, *, limit: int) -> list[ScrapeError]:
        """The end of the error log, the latest first."""
        statement = """SELECT created_at, url, error_type, error_message, retry_count
              FROM scraping_errors ORDER BY created_at DESC LIMIT :limit"""
        return await self._all(ScrapeError, statement, limit=limit)

    async def delete_old(self, table: str, *, before: datetime, size: int) -> int:
        """Deletes up to `size` rows of a table that are past their term; how many it did."""
        return await self._count(_delete_old(table), before=before, size=size)

    async def staged_changes(self, session_id: UUID) -> dict[str, int]:
        """The session's staged pages: new, updated, unchanged, rejected."""
        statement = f"""SELECT {_STAGED},
                   count(*) FILTER (WHERE p.processing_status <> 'processed') AS rejected
              FROM property_scrapes_staging p WHERE p.session_id = :id"""
        return await self._one(dict, statement, id=session_id)
