"""`sitemap_passes`, `sitemap_shards`, `sitemap_urls`: what the sitemap lists, pass by pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.site.listed import LISTED_URLS, ListedRepository
from pincali_sync.domain.coverage import PassTotals
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

# A shard's URLs that it no longer lists keep when it did, and in which pass.
_WENT = """
UPDATE sitemap_urls u
   SET shard_url = NULL, listed_at = greatest(u.listed_at, s.dated_at), session_id = s.session_id
  FROM sitemap_shards s
 WHERE s.url = :shard_url AND u.shard_url = s.url
   AND NOT EXISTS (SELECT FROM listed WHERE listed.computed_id = u.computed_id)
"""

# What it did not list before, and of that into the manifest what is unknown there. Known to the
# sitemap only, it is of unknown origin, so that it is missing only where all sources were looked
# through. It is fetched after what pages showed. A newcomer is marked as this session's. What a
# complete pass lacked meanwhile is first listed anew: that pass did not have it.
_CAME = """
WITH came AS (
    INSERT INTO sitemap_urls AS u
           (computed_id, source_url, shard_url, first_listed_at, listed_at, session_id)
    SELECT DISTINCT ON (computed_id) computed_id, source_url, CAST(:shard_url AS text),
           CAST(:dated_at AS timestamptz), CAST(:dated_at AS timestamptz), CAST(:session_id AS uuid)
      FROM listed
     WHERE NOT EXISTS (SELECT FROM sitemap_urls o
                        WHERE o.computed_id = listed.computed_id AND o.shard_url = :shard_url)
     ORDER BY computed_id
    ON CONFLICT (computed_id) DO UPDATE
       SET shard_url = excluded.shard_url, session_id = excluded.session_id,
           first_listed_at = CASE
               WHEN greatest(u.listed_at,
                             (SELECT dated_at FROM sitemap_shards s WHERE s.url = u.shard_url))
                    < (SELECT max(dated_at) FROM sitemap_passes WHERE is_complete)
               THEN excluded.first_listed_at ELSE u.first_listed_at END,
           listed_at = greatest(u.listed_at, excluded.listed_at,
                                (SELECT dated_at FROM sitemap_shards s WHERE s.url = u.shard_url))
    RETURNING computed_id, source_url
), records AS (
    SELECT coalesce(a.property_id, c.computed_id) AS property_id, min(c.source_url) AS source_url
      FROM came c LEFT JOIN property_aliases a ON a.alias = c.computed_id
     GROUP BY 1
)
INSERT INTO property_manifest
       (property_id, source_url, first_seen_at, last_seen_at, is_new, needs_full_scrape,
        seen_in_session_id)
SELECT r.property_id, r.source_url, :dated_at, :dated_at, l.property_id IS NULL,
       l.property_id IS NULL,
       CASE WHEN l.property_id IS NULL THEN CAST(:session_id AS uuid) END
  FROM records r
  LEFT JOIN properties_live l ON l.property_id = r.property_id
 WHERE NOT EXISTS (SELECT 1 FROM property_manifest m WHERE m.property_id = r.property_id)
 ORDER BY r.property_id
ON CONFLICT (property_id) DO NOTHING
"""

_UPSERT_SHARD = """
INSERT INTO sitemap_shards AS s (url, session_id, etag, last_modified, dated_at, urls, read_at)
VALUES (:shard_url, :session_id, :etag, :last_modified, :dated_at, :urls, :now)
ON CONFLICT (url) DO UPDATE
   SET session_id = excluded.session_id, etag = excluded.etag, urls = excluded.urls,
       last_modified = excluded.last_modified, read_at = excluded.read_at,
       dated_at = greatest(s.dated_at, excluded.dated_at)
"""

# But shards some of whose URLs are kept as another's, for both list them: were the other one to
# drop them, HTTP 304 would not tell that they are here.
_KNOWN_SHARDS = """
SELECT url, etag, last_modified FROM sitemap_shards s
 WHERE urls <= (SELECT count(*) FROM sitemap_urls u WHERE u.shard_url = s.url)
"""

# What the session's sitemap made known and no card has shown yet. An index has what came then.
NEWCOMERS = """
SELECT count(*) FROM sitemap_urls u JOIN property_manifest m ON m.property_id = u.computed_id
 WHERE u.session_id = CAST(:session_id AS uuid)
   AND m.sources = '{}' AND m.seen_in_session_id = CAST(:session_id AS uuid)
"""

_TOTALS = f"""
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
  FROM {LISTED_URLS} u WHERE session_id = :session_id
"""


class SitemapRepository(Repository):
    """SQL of the sitemap. Each step may be repeated."""

    async def begin(self, session_id: UUID, *, shards: int, now: datetime) -> None:
        """Opens a pass over so many shards."""
        await self._run(_BEGIN, session_id=session_id, shards=shards, now=now)

    async def shards(self) -> dict[str, KnownShard]:
        """By URL, the shards of which HTTP 304 would tell all that they list."""
        rows = await self._run(_KNOWN_SHARDS)
        return {row.url: KnownShard(etag=row.etag, last_modified=row.last_modified) for row in rows}

    async def record_urls(
        self,
        session_id: UUID,
        shard_url: str,
        urls: Iterable[tuple[str, str]],
        *,
        dated_at: datetime,
        revive_at: datetime | None,
    ) -> int:
        """Records (computed id, canonical URL) of a shard in one step, at the cost of what came and
        went since it was read last, and puts into the manifest what is new; returns their number.

        Args:
            revive_at: the present, where what was removed and is listed again shall count as there.
        """
        await self._set_work_mem()
        await self._run(
            "CREATE TEMPORARY TABLE listed (computed_id varchar(255) NOT NULL, source_url text) "
            "ON COMMIT DROP"
        )
        await self._load("listed", ("computed_id", "source_url"), urls)
        await self._run(_WENT, shard_url=shard_url)
        listed, back = ListedRepository(self._connection), list[str]()
        if revive_at is not None:
            back = await listed.revive(session_id, dated_at=dated_at, now=revive_at)
        new = await self._count(
            _CAME, session_id=session_id, shard_url=shard_url, dated_at=dated_at
        )
        await listed.want(back)
        different = await self._number(
            "SELECT count(*) FROM (SELECT DISTINCT computed_id FROM listed) different"
        )
        await self._run(
            "UPDATE sitemap_passes SET new_urls = new_urls + :new WHERE session_id = :session_id",
            new=new,
            session_id=session_id,
        )
        return different

    async def record_shard(
        self,
        session_id: UUID,
        shard: FetchedShard,
        *,
        urls: int,
        dated_at: datetime,
        now: datetime,
    ) -> None:
        """Keeps that a pass read a shard, and its validators: so all that it lists is there."""
        validators = {"etag": shard.etag, "last_modified": shard.last_modified}
        read = {"session_id": session_id, "shard_url": shard.url, "urls": urls}
        times = {"dated_at": dated_at, "now": now}
        await self._run(_UPSERT_SHARD, **read, **validators, **times)

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

    async def finish(
        self,
        session_id: UUID,
        totals: PassTotals,
        *,
        reasons: Sequence[str],
        now: datetime,
    ) -> SitemapPass:
        """Closes a pass; with reasons against it, it proves no absence."""
        statement = f"""
UPDATE sitemap_passes
   SET finished_at = :now, dated_at = :dated_at, urls = :urls,
       is_complete = :is_complete, reasons = CAST(:reasons AS jsonb)
 WHERE session_id = :session_id
RETURNING {_ENDED}
"""
        read = {"urls": totals.urls, "dated_at": totals.dated_at}
        judged = {"is_complete": not reasons, "reasons": json.dumps(reasons)}
        return await self._one(
            SitemapPass, statement, session_id=session_id, now=now, **read, **judged
        )

    async def read_at(self) -> datetime | None:
        """When the latest complete pass began; None: there was none."""
        at: datetime | None = await self._scalar(
            "SELECT max(started_at) FROM sitemap_passes WHERE is_complete"
        )
        return at

    async def newcomers(self, session_id: UUID | None) -> int:
        """How many records the session's sitemap made known, and no card has shown yet."""
        return await self._number(NEWCOMERS, session_id=session_id)

    async def of_session(self, session_id: UUID) -> SitemapPass | None:
        """The session's pass."""
        statement = f"SELECT {_ENDED} FROM sitemap_passes WHERE session_id = :session_id"
        return await self._first(SitemapPass, statement, session_id=session_id)
