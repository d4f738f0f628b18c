"""`sitemap_passes`, `sitemap_shards`, `sitemap_urls`: what the sitemap lists, pass by pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import PRESENT, transition
from pincali_sync.domain.coverage import Overlap, PassTotals
from pincali_sync.domain.listing_status import Cause
from pincali_sync.items import FetchedShard


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownShard:
    """The validators of a shard that was read, for a conditional request."""

    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapPass:
    """A pass that ended."""

    session_id: UUID
    urls: int
    new_urls: int
    is_complete: bool
    reasons: list[str]  # why it proves no absence


_ENDED = ", ".join(SitemapPass.__dataclass_fields__)

_BEGIN = """
INSERT INTO sitemap_passes (session_id, started_at, shards)
VALUES (:session_id, :now, :shards)
ON CONFLICT (session_id) DO UPDATE SET shards = excluded.shards
"""

_UPSERT_URLS = """
INSERT INTO sitemap_urls AS u
       (computed_id, source_url, shard_url, first_listed_at, listed_at, session_id)
SELECT DISTINCT ON (computed_id) computed_id, source_url, CAST(:shard_url AS text),
       :dated_at, :dated_at, :session_id
  FROM listed ORDER BY computed_id
ON CONFLICT (computed_id) DO UPDATE
   SET shard_url = excluded.shard_url, listed_at = greatest(u.listed_at, excluded.listed_at),
       session_id = excluded.session_id
"""

# A shard that did not change lists what it listed.
_TOUCH_SHARD = """
UPDATE sitemap_urls
   SET listed_at = greatest(listed_at, :dated_at),
       session_id = :session_id
 WHERE shard_url = :shard_url
   AND session_id = (SELECT session_id FROM sitemap_shards WHERE url = :shard_url)
"""

_UPSERT_SHARD = """
INSERT INTO sitemap_shards (url, session_id, etag, last_modified, urls, read_at)
VALUES (:shard_url, :session_id, :etag, :last_modified, :urls, :now)
ON CONFLICT (url) DO UPDATE
   SET session_id = excluded.session_id, etag = excluded.etag,
       last_modified = excluded.last_modified, urls = excluded.urls, read_at = excluded.read_at
"""

_TOTALS = """
SELECT count(*) AS urls, min(listed_at) AS dated_at,
       (SELECT count(*) FROM sitemap_shards WHERE session_id = :session_id) AS shards_read,
       (SELECT shards FROM sitemap_passes WHERE session_id = :session_id) AS shards,
       (SELECT urls FROM sitemap_passes WHERE is_complete AND session_id <> :session_id
         ORDER BY started_at DESC LIMIT 1) AS expected,
       (SELECT shards FROM sitemap_passes
         WHERE finished_at IS NOT NULL AND session_id <> :session_id
         ORDER BY started_at DESC LIMIT 1) AS shards_before,
       ARRAY(SELECT DISTINCT reason FROM sitemap_passes,
                    jsonb_array_elements_text(reasons) AS reason
              WHERE session_id = :session_id AND reason LIKE 'shard %' ORDER BY reason) AS doubts
  FROM sitemap_urls WHERE session_id = :session_id
"""

# A slug that is an alias stands for its record.
_LISTED_RECORDS = """
    SELECT coalesce(a.property_id, u.computed_id) AS property_id,
           min(u.source_url) AS source_url, max(u.listed_at) AS listed_at
      FROM sitemap_urls u LEFT JOIN property_aliases a ON a.alias = u.computed_id
     WHERE u.session_id = :session_id
     GROUP BY 1
"""

# Missing until now, and listed since the scan that missed it.
_RESTORE_LIVE = transition(
    Cause.SITEMAP,
    f"""
      FROM ({_LISTED_RECORDS}) r
      JOIN properties_live l ON l.property_id = r.property_id
      JOIN scraping_sessions s ON s.id = l.missing_session_id
     WHERE l.consecutive_missing_count > 0 AND l.listing_status IN {PRESENT}
       AND r.listed_at > s.started_at""",
    missing="0",
    session=":session_id",
    reason="'the sitemap lists it'",
)

_TOUCH_MANIFEST = f"""
UPDATE property_manifest m SET last_seen_at = r.listed_at
  FROM ({_LISTED_RECORDS}) r
 WHERE m.property_id = r.property_id AND m.last_seen_at < r.listed_at
"""

# Known to the sitemap only: of unknown origin, so that it is missing only where all sources were
# looked through. It is fetched after what pages showed.
_INSERT_MANIFEST = f"""
INSERT INTO property_manifest
       (property_id, source_url, first_seen_at, last_seen_at, is_new, needs_full_scrape)
SELECT r.property_id, r.source_url, r.listed_at, r.listed_at, l.property_id IS NULL,
       l.property_id IS NULL
  FROM ({_LISTED_RECORDS}) r
  LEFT JOIN properties_live l ON l.property_id = r.property_id
 WHERE NOT EXISTS (SELECT 1 FROM property_manifest m WHERE m.property_id = r.property_id)
 ORDER BY r.property_id
ON CONFLICT (property_id) DO NOTHING
"""

# For capture and recapture: who was on pages, who in the sitemap, who in both.
_OVERLAP = f"""
WITH on_pages AS (
    SELECT DISTINCT property_id FROM property_sightings
     WHERE session_id = :session_id
), listed AS ({_LISTED_RECORDS})
SELECT (SELECT count(*) FROM on_pages) AS on_pages,
       (SELECT count(*) FROM listed) AS listed,
       (SELECT count(*) FROM on_pages JOIN listed USING (property_id)) AS both
"""


class SitemapRepository(Repository):
    """SQL of the sitemap. Each step may be repeated."""

    async def begin(self, session_id: UUID, *, shards: int, now: datetime) -> None:
        """Opens a pass over so many shards."""
        await self._run(_BEGIN, session_id=session_id, shards=shards, now=now)

    async def shards(self) -> dict[str, KnownShard]:
        """All shards ever read, by URL."""
        rows = await self._run("SELECT url, etag, last_modified FROM sitemap_shards")
        return {row.url: KnownShard(etag=row.etag, last_modified=row.last_modified) for row in rows}

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
        await self._run(
            "CREATE TEMPORARY TABLE listed (computed_id varchar(255) NOT NULL, source_url text) "
            "ON COMMIT DROP"
        )
        await self._load("listed", ("computed_id", "source_url"), urls)
        return await self._count(
            _UPSERT_URLS, session_id=session_id, shard_url=shard_url, dated_at=dated_at
        )

    async def touch_shard(self, session_id: UUID, shard_url: str, *, dated_at: datetime) -> int:
        """Records that a shard did not change; returns the number of its URLs."""
        return await self._count(
            _TOUCH_SHARD, session_id=session_id, shard_url=shard_url, dated_at=dated_at
        )

    async def record_shard(
        self, session_id: UUID, shard: FetchedShard, *, urls: int, now: datetime
    ) -> None:
        """Keeps a shard's validators."""
        validators = {"etag": shard.etag, "last_modified": shard.last_modified}
        read = {"session_id": session_id, "shard_url": shard.url, "urls": urls, "now": now}
        await self._run(_UPSERT_SHARD, **read, **validators)

    async def size_of_shard(self, shard_url: str) -> int | None:
        """How many listings a shard had when it was read last."""
        found: int | None = await self._scalar(
            "SELECT urls FROM sitemap_shards WHERE url = :shard_url", shard_url=shard_url
        )
        return found

    async def doubt(self, session_id: UUID, reason: str) -> None:
        """Writes down what speaks against a shard; it begins with that word."""
        await self._run(
            """UPDATE sitemap_passes SET reasons = reasons || to_jsonb(CAST(:reason AS text))
                WHERE session_id = :session_id""",
            session_id=session_id,
            reason=reason,
        )

    async def totals(self, session_id: UUID) -> PassTotals:
        """What the pass read so far, and what may be expected of it."""
        return await self._one(PassTotals, _TOTALS, session_id=session_id)

    async def apply(self, session_id: UUID, *, now: datetime) -> int:
        """Presence of all URLs of a pass: live rows, then the manifest; returns the new ones."""
        await self._set_work_mem()
        await self._run(_RESTORE_LIVE, session_id=session_id, now=now)
        await self._run(_TOUCH_MANIFEST, session_id=session_id)
        return await self._count(_INSERT_MANIFEST, session_id=session_id)

    async def finish(
        self,
        session_id: UUID,
        totals: PassTotals,
        *,
        new_urls: int,
        reasons: Sequence[str],
        now: datetime,
    ) -> SitemapPass:
        """Closes a pass; with reasons against it, it proves no absence."""
        statement = f"""
UPDATE sitemap_passes
   SET finished_at = :now, dated_at = :dated_at, urls = :urls, new_urls = :new_urls,
       is_complete = :is_complete, reasons = CAST(:reasons AS jsonb)
 WHERE session_id = :session_id
RETURNING {_ENDED}
"""
        read = {"urls": totals.urls, "dated_at": totals.dated_at, "new_urls": new_urls}
        judged = {"is_complete": not reasons, "reasons": json.dumps(reasons)}
        return await self._one(
            SitemapPass, statement, session_id=session_id, now=now, **read, **judged
        )

    async def of_session(self, session_id: UUID) -> SitemapPass | None:
        """The session's pass."""
        statement = f"SELECT {_ENDED} FROM sitemap_passes WHERE session_id = :session_id"
        return await self._first(SitemapPass, statement, session_id=session_id)

    async def overlap(self, session_id: UUID) -> Overlap:
        """Who the session saw on pages, who in the sitemap, who in both."""
        await self._set_work_mem()
        return await self._one(Overlap, _OVERLAP, session_id=session_id)
