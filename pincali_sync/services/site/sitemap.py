"""What the sitemap proves: presence at once; absence only where an earlier one had it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.site.sitemap import KnownShard, SitemapPass
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.coverage import reasons_against_sitemap
from pincali_sync.domain.identity import property_id_of
from pincali_sync.pages.sitemap import listing_urls
from pincali_sync.services.runs.job_service import JobTicket

__all__ = ["KnownShard", "SitemapPass", "SitemapService", "SitemapShard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapShard:
    """A shard as it was fetched."""

    url: str
    body: bytes | None  # None: it did not change since it was read last
    etag: str | None = None
    last_modified: str | None = None
    dated_at: datetime | None = None  # what it shows is as old as this; None: as told


class SitemapService:
    """Records passes over the sitemap. Repeating a shard or the end changes nothing."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def begin(self, ticket: JobTicket, *, shards: int) -> dict[str, KnownShard]:
        """Opens the pass of the ticket's session; returns what is known of shards.

        Raises:
            SupersededError: when the job was given up meanwhile.
        """

        async def work(tx: UnitOfWork) -> dict[str, KnownShard]:
            await ticket.assert_current(tx)
            await tx.sitemap.begin(ticket.session_id, shards=shards, now=self._clock.now())
            return await tx.sitemap.shards()

        return await self._db.run(work)

    async def record_shard(self, shard: SitemapShard, ticket: JobTicket) -> int:
        """Records all URLs of a shard in one step; returns their number.

        Raises:
            PageError: when the shard is broken; nothing of it is kept.
            SupersededError: when the job was given up meanwhile.
        """

        async def work(tx: UnitOfWork) -> int:
            now = self._clock.now()
            await ticket.assert_current(tx)
            dated_at = min(shard.dated_at or now, now)
            if shard.body is None:
                urls = await tx.sitemap.touch_shard(ticket.session_id, shard.url, dated_at=dated_at)
            else:
                urls = await tx.sitemap.record_urls(
                    ticket.session_id, shard.url, _rows(shard.body, shard.url), dated_at=dated_at
                )
            await tx.sitemap.record_shard(
                ticket.session_id,
                shard.url,
                etag=shard.etag,
                last_modified=shard.last_modified,
                urls=urls,
                now=now,
            )
            return urls

        return await self._db.run(work)

    async def finish(self, ticket: JobTicket) -> SitemapPass | None:
        """Puts the presence of all URLs into the manifest, and judges the pass.

        Returns:
            None when the pass did not even begin.

        Raises:
            SupersededError: when the job was given up meanwhile.
        """

        async def work(tx: UnitOfWork) -> SitemapPass | None:
            await ticket.assert_current(tx)
            now, session_id = self._clock.now(), ticket.session_id
            totals = await tx.sitemap.totals(session_id)
            if totals.shards is None:
                return None
            new_urls = await tx.sitemap.apply(session_id, now=now)
            reasons = reasons_against_sitemap(
                shards=totals.shards,
                shards_read=totals.shards_read,
                urls=totals.urls,
                expected=totals.expected,
            )
            await tx.sitemap.finish(session_id, totals, new_urls=new_urls, reasons=reasons, now=now)
            return await tx.sitemap.of_session(session_id)

        return await self._db.run(work)

    async def of_session(self, session_id: UUID) -> SitemapPass | None:
        """The pass that a session made."""
        async with self._db.transaction() as tx:
            return await tx.sitemap.of_session(session_id)


def _rows(body: bytes, url: str) -> Iterator[tuple[str, str]]:
    return ((property_id_of(each), each) for each in listing_urls(body, url))
