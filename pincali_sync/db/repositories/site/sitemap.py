"""`sitemap_passes`, `sitemap_shards`, `sitemap_urls`: what the sitemap lists, pass by pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.site import sitemap_sql as sql
from pincali_sync.domain.coverage import Overlap
from pincali_sync.items import FetchedShard


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownShard:
    """What was read of a shard last, with its validators for a conditional request."""

    url: str
    session_id: UUID
    etag: str | None
    last_modified: str | None
    urls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTotals:
    """What a pass read so far."""

    urls: int
    dated_at: datetime | None  # of its oldest shard
    shards_read: int
    shards: int | None  # that the index names; None: the pass did not begin
    expected: int | None  # URLs of the last complete pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapPass:
    """A pass that ended."""

    session_id: UUID
    shards: int
    urls: int
    new_urls: int
    dated_at: datetime | None
    is_complete: bool
    reasons: tuple[str, ...]  # why it proves no absence


class SitemapRepository(Repository):
    """SQL of the sitemap. Each step may be repeated."""

    async def begin(self, session_id: UUID, *, shards: int, now: datetime) -> None:
        """Opens a pass over so many shards."""
        await self._run(sql.BEGIN, session_id=session_id, shards=shards, now=now)

    async def shards(self) -> dict[str, KnownShard]:
        """All shards ever read, by URL."""
        rows = await self._run(sql.SHARDS)
        return {row["url"]: KnownShard(**row) for row in rows.mappings()}

    async def record_urls(
        self,
        session_id: UUID,
        shard_url: str,
        urls: Iterable[tuple[str, str]],
        *,
        dated_at: datetime,
    ) -> int:
        """Records (computed id, canonical URL) of a shard in one step; returns their number."""
        await self._set_work_mem()
        await self._run(sql.CREATE_LISTED)
        await self._load("listed", ("computed_id", "source_url"), urls)
        result = await self._run(
            sql.UPSERT_URLS, session_id=session_id, shard_url=shard_url, dated_at=dated_at
        )
        return int(result.rowcount)

    async def touch_shard(self, session_id: UUID, shard_url: str, *, dated_at: datetime) -> int:
        """Records that a shard did not change; returns the number of its URLs."""
        result = await self._run(
            sql.TOUCH_SHARD, session_id=session_id, shard_url=shard_url, dated_at=dated_at
        )
        return int(result.rowcount)

    async def record_shard(
        self,
        session_id: UUID,
        shard: FetchedShard,
        *,
        urls: int,
        now: datetime,
    ) -> None:
        """Keeps a shard's validators."""
        await self._run(
            sql.UPSERT_SHARD,
            session_id=session_id,
            shard_url=shard.url,
            etag=shard.etag,
            last_modified=shard.last_modified,
            urls=urls,
            now=now,
        )

    async def totals(self, session_id: UUID) -> PassTotals:
        """What the pass read so far, and what may be expected of it."""
        row = (await self._run(sql.TOTALS, session_id=session_id)).mappings().one()
        return PassTotals(**row)

    async def apply(self, session_id: UUID, *, now: datetime) -> int:
        """Presence of all URLs of a pass: live rows, then the manifest; returns the new ones."""
        await self._set_work_mem()
        await self._run(sql.RESTORE_LIVE, session_id=session_id, now=now)
        await self._run(sql.TOUCH_MANIFEST, session_id=session_id)
        result = await self._run(sql.INSERT_MANIFEST, session_id=session_id)
        return int(result.rowcount)

    async def finish(
        self,
        session_id: UUID,
        totals: PassTotals,
        *,
        new_urls: int,
        reasons: Sequence[str],
        now: datetime,
    ) -> None:
        """Closes a pass; with reasons against it, it proves no absence."""
        await self._run(
            sql.FINISH,
            session_id=session_id,
            dated_at=totals.dated_at,
            urls=totals.urls,
            new_urls=new_urls,
            is_complete=not reasons,
            reasons=json.dumps(list(reasons)),
            now=now,
        )

    async def of_session(self, session_id: UUID) -> SitemapPass | None:
        """The session's pass."""
        row = (await self._run(sql.OF_SESSION, session_id=session_id)).mappings().first()
        return None if row is None else SitemapPass(**{**row, "reasons": tuple(row["reasons"])})

    async def overlap(self, session_id: UUID) -> Overlap:
        """Who the session saw on pages, who in the sitemap, who in both."""
        await self._set_work_mem()
        row = (await self._run(sql.OVERLAP, session_id=session_id)).mappings().one()
        return Overlap(**row)
