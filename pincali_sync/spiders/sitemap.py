"""Reads the sitemap: its index, then the shards of listings that changed since last time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from pincali_sync.answers.sitemap import condition_of, read_index, read_shard
from pincali_sync.crawl_job import (
    DONE,
    PLANNED,
    SHARDS_LOST,
    JobRole,
    JobSpider,
    close_soon,
    failed,
    fetched,
)
from pincali_sync.db.repositories.site.pace import SITEMAP
from pincali_sync.domain.limits import MAX_REDIRECTS, MAX_SHARD_BYTES
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedPage, FetchedShard
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.middlewares.redirects import REDIRECTS_LEFT
from pincali_sync.pages.sitemap import ShardLink
from pincali_sync.services.runs.run_jobs import NO_INDEX


class SitemapSpider(JobSpider):
    """`scrapy crawl sitemap`"""

    name = "sitemap"
    custom_settings = {  # noqa: RUF012  # Scrapy's way
        # Shards are some megabytes each and lie on another host, named by the index.
        "DOWNLOAD_MAXSIZE": MAX_SHARD_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "CONCURRENT_REQUESTS": 1,  # bounds what is held in memory
    }

    @property
    def role(self) -> JobRole:
        """It goes on while pages are refused."""
        return JobRole(spider=self.name, asks=SITEMAP)

    async def start(self) -> AsyncIterator[Request]:
        """Asks for the index."""
        yield Request(
            self.settings["SITEMAP_URL"],
            callback=self.parse,
            errback=self.lost_index,
            meta={REDIRECTS_LEFT: MAX_REDIRECTS},
        )

    async def parse(self, response: Response) -> AsyncIterator[Request]:
        """The index: asks for its shards of listings."""
        try:
            links = read_index(response.url, fetched(response))
        except PageError as error:
            self._give_up(str(error))
            return
        known = await self.job.services.sitemap.begin(self.job.ticket, shards=len(links))
        self.count(PLANNED, len(links))
        for link in links:
            yield Request(
                link.url,
                headers=condition_of(known.get(link.url)),
                callback=self.parse_shard,
                errback=self.lost_shard,
                cb_kwargs={"link": link},
                meta={REDIRECTS_LEFT: MAX_REDIRECTS},
                dont_filter=True,
            )

    def parse_shard(self, response: Response, link: ShardLink) -> Iterator[FetchedShard]:
        """A shard, or that it did not change."""
        yield from self._take(link, fetched(response))

    def lost_index(self, failure: Failure) -> None:
        """Without an index there is nothing to read."""
        if not (isinstance(failure.value, BlockedResponse) or self.lacks_database(failure.value)):
            self._give_up(f"the sitemap index cannot be read: {failed(failure.value).failure}")

    def lost_shard(self, failure: Failure) -> Iterator[FetchedShard]:
        """A shard that failed for the last time."""
        if not (isinstance(failure.value, BlockedResponse) or self.lacks_database(failure.value)):
            request: Request = failure.request  # type: ignore[attr-defined]
            yield from self._take(request.cb_kwargs["link"], failed(failure.value))

    def _take(self, link: ShardLink, answer: FetchedPage) -> Iterator[FetchedShard]:
        self.count(DONE)
        shard = read_shard(link, answer)
        if shard is not None:
            yield shard
        else:
            self.count(SHARDS_LOST)
            self.logger.error("shard %s is lost: %s", link.url, answer.failure)

    def _give_up(self, why: str) -> None:
        self.logger.error("%s", why)
        close_soon(self.crawler, NO_INDEX)
