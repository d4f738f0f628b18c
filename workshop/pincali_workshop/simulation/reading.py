"""Who asks the site in a job's name, and gets what reading its answers gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pincali_sync.answers.detail import detail_url, read_detail
from pincali_sync.answers.listing import ListingAnswer, read_listing
from pincali_sync.answers.sitemap import read_index, read_shard
from pincali_sync.config import Config
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.items import FetchedShard, QueuedProperty, ScrapeResult
from pincali_sync.pages.answer import ReadAnswer
from pincali_sync.pages.sitemap import ShardLink
from pincali_sync.services.ports import Fetcher
from pincali_sync.services.removal.looking import read_page

_ATTEMPTS = 3  # at a page without cards that should have some


class SiteReader(Protocol):
    """What a job asks for. All of it raises BlockedError or PausedError when the site refuses."""

    pages_at_once: int

    async def listing(self, page: WantedPage) -> ListingAnswer:
        """A listing page."""

    async def detail(self, queued: QueuedProperty) -> ScrapeResult:
        """A listing's own page."""

    async def read(self, url: str) -> ReadAnswer:
        """What a listing's page says of its being there."""

    async def index(self) -> Sequence[ShardLink]:
        """The sitemap's shards. Raises: PageError: when there is no index."""

    async def shard(self, link: ShardLink) -> FetchedShard | None:
        """One of them; None when it is lost."""


class HttpReader:
    """Reads pages that come by HTTP."""

    pages_at_once = 8

    def __init__(self, config: Config, fetcher: Fetcher) -> None:
        self._config = config
        self._fetcher = fetcher

    async def listing(self, page: WantedPage) -> ListingAnswer:
        """A listing page; what is doubtful is asked for again."""
        url = f"{self._config.pincali_base_url}{page.query.target(page.number)}"
        for _ in range(_ATTEMPTS):
            answer = read_listing(page, url, await self._fetcher.get(url))
            if not answer.is_doubtful:
                break
        return answer

    async def detail(self, queued: QueuedProperty) -> ScrapeResult:
        """A listing's own page, wherever it moved."""
        url, hops = detail_url(self._config.pincali_base_url, queued.source_url), 0
        while True:
            answer = read_detail(queued, url, await self._fetcher.get(url), hops=hops)
            if isinstance(answer, ScrapeResult):
                return answer
            url, hops = answer.url, hops + 1

    async def read(self, url: str) -> ReadAnswer:
        """What a listing's page says of its being there."""
        return await read_page(self._fetcher, url)

    async def index(self) -> Sequence[ShardLink]:
        """The sitemap's shards."""
        url = self._config.sitemap_url
        return read_index(url, await self._fetcher.get(url))

    async def shard(self, link: ShardLink) -> FetchedShard | None:
        """One of them."""
        return read_shard(link, await self._fetcher.get(link.url))
