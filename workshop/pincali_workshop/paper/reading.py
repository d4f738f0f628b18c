"""A job's requests on paper: each waits for its turn on the site's timeline, and may fail."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Sequence
from datetime import datetime, timedelta

from pincali_sync.answers.listing import ListingAnswer
from pincali_sync.bootstrap import Services
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.domain.liveness import Answer
from pincali_sync.exceptions import BlockedError, PageError, PausedError
from pincali_sync.items import (
    FetchedShard,
    LostPage,
    QueuedProperty,
    ScrapeResult,
)
from pincali_sync.pages.answer import ReadAnswer
from pincali_sync.pages.sitemap import ShardLink
from pincali_sync.services.ports import JobSpec
from pincali_workshop.paper.answers import BASE_URL, PaperAnswers
from pincali_workshop.paper.timeline import Timeline
from pincali_workshop.paper.weather import Weather
from pincali_workshop.standin.site import Site

SITE_STEP = timedelta(minutes=1)  # the site's pages are made anew so often
_FAILED = "HTTP 500"


class PaperSite:
    """The site on paper: its stock, its weather, and who may ask."""

    def __init__(
        self, site: Site, services: Services, timeline: Timeline, weather: Weather
    ) -> None:
        self.answers = PaperAnswers(site)
        self.is_paused = False
        self._site = site
        self._services = services
        self._timeline = timeline
        self._weather = weather
        self._blocks = list(weather.blocks)
        self._shards: list[list[str]] = []

    async def request(self, gap: timedelta) -> bool:
        """Waits for a turn and asks; whether there was an answer.

        Raises:
            PausedError: when everything rests, or does from now on: the site is down.
            BlockedError: when the site refuses.
        """
        self._check()
        await self._timeline.turn(gap * self._weather.slowness(self._now))
        self._check()
        if self._weather.is_down(self._now):
            self.is_paused = True
            await self._services.pauses.back_off(reason="on paper, the site is down")
            raise PausedError("the site is down")
        if self._blocks and self._blocks[0] <= self._now:
            self._blocks.pop(0)
            self.is_paused = True
            raise BlockedError("on paper, the site refuses us")
        self.move()
        return not self._weather.fails(self._now, self._timeline.requests)

    async def probe(self) -> str | None:
        """A `SiteProbe`."""
        return "it is down" if self._weather.is_down(self._now) else None

    def shards(self) -> list[list[str]]:
        """The sitemap now; on some days it is cut off."""
        self._shards = self.answers.shards()
        whole = len(self._shards)
        return self._shards[: whole // 2] if self._weather.cuts_sitemap(self._now) else self._shards

    def shard(self, number: int) -> FetchedShard:
        """One of the shards that were told last."""
        body = "".join(
            f"<url><loc>{html.escape(url)}</loc></url>\n" for url in self._shards[number]
        )
        return FetchedShard(
            url=shard_url(number), body=f"<urlset>\n{body}</urlset>".encode(), dated_at=self._now
        )

    @property
    def _now(self) -> datetime:
        return self._services.clock.now()

    def _check(self) -> None:
        if self.is_paused:
            raise PausedError("everything is paused")

    def move(self) -> None:
        """Has the site's clock follow."""
        now = self._now
        if now - self._site.clock.now() >= SITE_STEP:
            self._site.clock.move_to(now)
            self._site.board()


def shard_url(number: int) -> str:
    """The URL of a shard."""
    return f"{BASE_URL}/marketplace_sitemaps/properties{number or ''}.xml"


class PaperReader:
    """One job's `SiteReader`. It has one request under way at a time, as a node's worker does."""

    pages_at_once = 1

    def __init__(self, site: PaperSite, spec: JobSpec, services: Services) -> None:
        config = services.config
        asked_for = spec.settings.get("PAGE_DELAY_SECONDS") or spec.settings.get(
            "DETAIL_DELAY_SECONDS", "0"
        )
        self._gap = timedelta(seconds=max(config.site_min_gap_seconds, float(asked_for)))
        self._repeats = config.retry_times
        self._site = site
        self._one = asyncio.Lock()

    async def listing(self, page: WantedPage) -> ListingAnswer:
        """A listing page; lost after its repeats."""
        for _ in range(self._repeats + 1):
            if await self._site.request(self._gap):
                return self._site.answers.listing(page)
        lost = LostPage(
            url=page.query.target(page.number),
            source=page.query.source.value,
            partition=page.partition,
            page_number=page.number,
            error=_FAILED,
        )
        return ListingAnswer(facts=None, item=lost)

    async def detail(self, queued: QueuedProperty) -> ScrapeResult:
        """A listing's own page; one that fails goes back to the queue."""
        url, hops = queued.source_url, 0
        async with self._one:
            while await self._site.request(self._gap):
                answer = self._site.answers.detail(queued, url, hops)
                if isinstance(answer, ScrapeResult):
                    return answer
                url, hops = answer, hops + 1
        return ScrapeResult(queued=queued, error=_FAILED, error_type="detail_http_error")

    async def read(self, url: str) -> ReadAnswer:
        """What a listing's page says of its being there."""
        async with self._one:
            if await self._site.request(self._gap):
                return self._site.answers.read(url)
        return ReadAnswer(answer=Answer(url=url, status=500))

    async def index(self) -> Sequence[ShardLink]:
        """The sitemap's shards."""
        if not await self._repeated():
            raise PageError("the sitemap index cannot be read")
        numbers = range(len(self._site.shards()))
        return [ShardLink(url=shard_url(number), last_modified=None) for number in numbers]

    async def shard(self, link: ShardLink) -> FetchedShard | None:
        """One of them."""
        number = link.url.removeprefix(shard_url(0).removesuffix(".xml")).removesuffix(".xml")
        return self._site.shard(int(number or 0)) if await self._repeated() else None

    async def _repeated(self) -> bool:
        for _ in range(self._repeats + 1):
            if await self._site.request(self._gap):
                return True
        return False
