"""Reads the sitemap: its index, then the shards of listings that changed since last time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pincali_sync.crawl_job import DONE, PLANNED, SHARDS_LOST, JobSpider, close_soon
from pincali_sync.db.repositories.site.sitemap import KnownShard
from pincali_sync.exceptions import PageError
from pincali_sync.items import FetchedShard
from pincali_sync.middlewares.blocking import BlockedResponse
from pincali_sync.pages.sitemap import ShardLink, parse_index
from pincali_sync.services.runs.run_jobs import NO_INDEX

_NOT_MODIFIED = 304


class SitemapSpider(JobSpider):
    """`scrapy crawl sitemap`"""

    name = "sitemap"
    custom_settings = {  # noqa: RUF012  # Scrapy's way
        # Shards are some megabytes each and lie on another host, named by the index.
        "DOWNLOAD_WARNSIZE": 0,
        "CONCURRENT_REQUESTS": 2,  # bounds what is held in memory
    }

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self.settings["SITEMAP_URL"], callback=self.parse, errback=self.lost_index)

    async def parse(self, response: Response, **_: Any) -> AsyncIterator[Request]:
        try:
            links = parse_index(response.body, response.url)
        except PageError as error:
            self._give_up(str(error))
            return
        known = await self.job.services.sitemap.begin(self.job.ticket, shards=len(links))
        self.count(PLANNED, len(links))
        for link in links:
            yield self._request(link, known.get(link.url))

    def parse_shard(self, response: Response, link: ShardLink) -> Iterator[FetchedShard]:
        self.count(DONE)
        last_modified = _header(response, "Last-Modified")
        yield FetchedShard(
            url=link.url,
            body=None if response.status == _NOT_MODIFIED else response.body,
            etag=_header(response, "ETag"),
            last_modified=last_modified,
            dated_at=_instant(last_modified) or link.last_modified,
        )

    def lost_index(self, failure: Failure) -> None:
        if not isinstance(failure.value, BlockedResponse):
            self._give_up(f"the sitemap index cannot be read: {_describe(failure)}")

    def lost_shard(self, failure: Failure) -> None:
        if isinstance(failure.value, BlockedResponse):
            return
        self.count(DONE)
        self.count(SHARDS_LOST)
        request: Request = failure.request  # type: ignore[attr-defined]
        self.logger.error("shard %s is lost: %s", request.url, _describe(failure))

    def _request(self, link: ShardLink, known: KnownShard | None) -> Request:
        headers: dict[str, str] = {}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        return Request(
            link.url,
            headers=headers,
            callback=self.parse_shard,
            errback=self.lost_shard,
            cb_kwargs={"link": link},
            meta={"handle_httpstatus_list": [_NOT_MODIFIED]},
            dont_filter=True,
        )

    def _give_up(self, why: str) -> None:
        self.logger.error("%s", why)
        close_soon(self.crawler, NO_INDEX)


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return None if value is None else value.decode("latin-1")


def _instant(header: str | None) -> datetime | None:
    try:
        instant = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _describe(failure: Failure) -> str:
    if isinstance(failure.value, HttpError):
        return f"HTTP {failure.value.response.status}"
    return failure.getErrorMessage()
