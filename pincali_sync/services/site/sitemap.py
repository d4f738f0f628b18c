"""What the sitemap proves: presence at once; absence only where an earlier one had it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.db.repositories.site.sitemap import KnownShard, SitemapPass
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.coverage import doubt_about_shard, reasons_against_sitemap
from pincali_sync.domain.identity import property_id_of
from pincali_sync.items import FetchedShard
from pincali_sync.pages.sitemap import ShardUrls
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.services.removal.counting import MissingService
from pincali_sync.services.runs.job_service import JobTicket

_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedShard:
    """How many listings a shard names, and how many of its entries name none."""

    urls: int
    others: int = 0


class SitemapService(Service):
    """Records passes over the sitemap. Repeating a shard or the end changes nothing.

    Raises:
        SupersededError: whatever is done for a job that was given up meanwhile.
    """

    @in_transaction
    async def begin(
        self, tx: UnitOfWork, ticket: JobTicket, *, shards: int
    ) -> dict[str, KnownShard]:
        """Opens the pass of the ticket's session; returns what is known of shards."""
        await ticket.assert_current(tx)
        await tx.sitemap.begin(ticket.session_id, shards=shards, now=self.clock.now())
        return await tx.sitemap.shards()

    @in_transaction
    async def record_shard(
        self, tx: UnitOfWork, shard: FetchedShard, ticket: JobTicket
    ) -> RecordedShard:
        """Records all URLs of a shard in one step.

        Raises:
            PageError: when the shard is broken; nothing of it is kept.
        """
        await ticket.assert_current(tx)
        now, session_id = self.clock.now(), ticket.session_id
        dated_at = min(shard.dated_at or now, now)
        if shard.body is None:
            urls = await tx.sitemap.size_of_shard(shard.url) or 0
            await tx.sitemap.record_shard(session_id, shard, urls=urls, dated_at=dated_at, now=now)
            return RecordedShard(urls=urls)
        found = ShardUrls(shard.body, shard.url, self.config.pincali_base_url)
        listed = ((property_id_of(url), url) for url in found)
        is_all_there_is = await _pages_are_refused(tx)
        urls = await tx.sitemap.record_urls(
            session_id,
            shard.url,
            listed,
            dated_at=dated_at,
            revive_at=now if is_all_there_is else None,
        )
        before = await tx.sitemap.size_of_shard(shard.url)
        doubt = doubt_about_shard(listings=urls, others=found.others, before=before)
        if doubt is not None:  # what it lists is there all the same; it is asked for anew
            await tx.sitemap.doubt(session_id, f"shard {shard.url[:_SHOWN]} {doubt}")
            shard = replace(shard, etag=None, last_modified=None)
        await tx.sitemap.record_shard(session_id, shard, urls=urls, dated_at=dated_at, now=now)
        return RecordedShard(urls=urls, others=found.others)

    async def finish(self, ticket: JobTicket) -> SitemapPass | None:
        """Ends the absence of what is listed, a chunk a transaction, and judges the pass.

        What it dropped is counted by its run; without one, while pages are refused, here.

        Returns:
            None when it did not even begin.
        """
        session_id = ticket.session_id

        async def restore(tx: UnitOfWork, records: Sequence[str]) -> None:
            await ticket.assert_current(tx)
            await tx.listed.restore(session_id, records, now=self.clock.now())

        missing = await self.db.run(lambda tx: tx.listed.missing_but_listed())
        await self.in_chunks(missing, restore)
        ended = await self._judge(ticket)
        if ticket.run_id is None and await self.db.run(_pages_are_refused):
            await MissingService(self.db, self.clock, self.config).count_dropped(session_id)
        return ended

    @in_transaction
    async def _judge(self, tx: UnitOfWork, ticket: JobTicket) -> SitemapPass | None:
        await ticket.assert_current(tx)
        totals = await tx.sitemap.totals(ticket.session_id)
        if totals.shards is None:
            return None
        reasons = reasons_against_sitemap(totals)
        return await tx.sitemap.finish(
            ticket.session_id, totals, reasons=reasons, now=self.clock.now()
        )


async def _pages_are_refused(tx: UnitOfWork) -> bool:
    return await tx.pauses.of(PAGES) is not None
