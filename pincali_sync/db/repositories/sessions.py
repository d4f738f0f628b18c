"""`scraping_sessions` and `scraping_errors`: what a scan was and what went wrong in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeError:
    """One row of `scraping_errors`."""

    url: str
    error_type: str  # http_error, detail_http_error, detail_error, database_error
    message: str
    retry_count: int = 0


class SessionRepository:
    """Sessions and their errors."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def create(self, session_id: UUID, *, name: str, base_url: str, now: datetime) -> None:
        """Opens a session; one that is there already is left alone."""
        await self._run(
            """INSERT INTO scraping_sessions
                      (id, created_at, session_name, base_url, status, started_at)
               VALUES (:id, :now, :name, :base_url, 'running', :now)
               ON CONFLICT (id) DO NOTHING""",
            id=session_id,
            name=name,
            base_url=base_url,
            now=now,
        )

    async def count_pages(self, session_id: UUID) -> None:
        """Sets the session's page and property counts from `manifest_pages`."""
        await self._run(
            """UPDATE scraping_sessions s
                  SET total_pages = p.pages, pages_scraped = p.read_pages,
                      properties_found = p.entries, properties_inserted = p.new_entries,
                      properties_updated = p.changed_entries
                 FROM (SELECT count(*) AS pages,
                              count(*) FILTER (WHERE status = 'read') AS read_pages,
                              coalesce(sum(entries), 0) AS entries,
                              coalesce(sum(new_entries), 0) AS new_entries,
                              coalesce(sum(changed_entries), 0) AS changed_entries
                         FROM manifest_pages WHERE session_id = :id) p
                WHERE s.id = :id""",
            id=session_id,
        )

    async def close(
        self, session_id: UUID, *, status: str, error: str | None, now: datetime
    ) -> None:
        """Ends a session as completed or failed."""
        await self._run(
            """UPDATE scraping_sessions
                  SET status = :status, error_message = :error, completed_at = :now
                WHERE id = :id AND status = 'running'""",
            id=session_id,
            status=status,
            error=error,
            now=now,
        )

    async def add_errors(
        self, session_id: UUID, errors: Sequence[ScrapeError], *, now: datetime
    ) -> None:
        """Appends to the error log."""
        if not errors:
            return
        await self._connection.execute(
            text(
                """INSERT INTO scraping_errors
                          (session_id, url, error_type, error_message, retry_count, created_at)
                   VALUES (:session_id, :url, :error_type, :message, :retry_count, :now)"""
            ),
            [
                {
                    "session_id": session_id,
                    "url": error.url,
                    "error_type": error.error_type,
                    "message": error.message,
                    "retry_count": error.retry_count,
                    "now": now,
                }
                for error in errors
            ],
        )

    async def _run(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.execute(text(statement), parameters)
