"""A site of a dozen listings in this process, whose jobs are done in this process, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pincali_sync.answers.detail import read_detail
from pincali_sync.answers.listing import ListingAnswer, answer_of
from pincali_sync.domain.identity import slug_of
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.domain.liveness import Answer
from pincali_sync.items import (
    FetchedPage,
    FetchedShard,
    ListingPage,
    ManifestEntry,
    Property,
    QueuedProperty,
    ScrapeResult,
)
from pincali_sync.pages.answer import ReadAnswer, read_answer
from pincali_sync.pages.sitemap import ShardLink
from tests.support.builders import SITE, detail, entry, sale

_PAGE_SIZE = 12
_TELLS_NOTHING = 405
_SHARD = "https://cdn.invalid/properties.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One listing, all of which are for sale."""

    public_id: str
    slug: str
    price: int = 2_000_000
    like: int | None = None  # the number of another at the same place

    @property
    def card(self) -> ManifestEntry:
        return entry(self.slug, sale(self.price), **self._named, exact_location=True)

    def page(self, slug: str) -> Property:
        """Its own page, under a slug that leads to it."""
        return detail(slug, sale(self.price), **self._named)

    @property
    def _named(self) -> dict[str, Any]:
        number = self.like or int(self.public_id[-4:])
        place = {"latitude": 20.5 + number / 10, "longitude": -103.25}
        return {"public_id": self.public_id, **place}


@dataclass
class TinySite:
    """What it shows: in its lists, in its sitemap, on pages. Whatever else is asked for is 404."""

    lists: Sequence[House] = ()
    sitemap: Sequence[str] = ()  # slugs
    pages: Mapping[str, House] = field(default_factory=dict)  # by slug
    # Slugs whose pages tell nothing, and no other try would better it: what is tried again uses
    # attempts up, as kills do, and may be set aside one sooner for them.
    broken: frozenset[str] = frozenset()
    pages_at_once = 1

    async def listing(self, page: WantedPage) -> ListingAnswer:
        """A listing page."""
        houses = self.lists if page.query.source.value == "sale" else ()
        last = max(1, -(-len(houses) // _PAGE_SIZE))
        shown = houses[(page.number - 1) * _PAGE_SIZE : page.number * _PAGE_SIZE]
        following = f"{SITE}/?page={page.number + 1}" if page.number < last else None
        read = ListingPage(
            total_listings=len(houses),
            total_pages=last,
            next_page=following,
            entries=tuple(house.card for house in shown),
        )
        return answer_of(read, page, f"{SITE}{page.query.target(page.number)}")

    async def detail(self, queued: QueuedProperty) -> ScrapeResult:
        """A listing's own page."""
        slug = slug_of(queued.source_url)
        house = self.pages.get(slug)
        if house is None or slug in self.broken:
            status = _TELLS_NOTHING if slug in self.broken else 404
            answer = read_detail(queued, f"{SITE}/en/home/{slug}", FetchedPage(status=status))
            assert isinstance(answer, ScrapeResult)
            return answer
        page = house.page(slug)
        is_other = queued.public_id not in {None, house.public_id}
        error = f"the page shows {house.public_id}" if is_other else None
        return ScrapeResult(queued=queued, scraped=page, shows_another=is_other, error=error)

    async def read(self, url: str) -> ReadAnswer:
        """What a page says of its listing being there."""
        slug = slug_of(url)
        house = self.pages.get(slug)
        if house is None or slug in self.broken:
            return read_answer(url, _TELLS_NOTHING if slug in self.broken else 404, {}, b"")
        page = house.page(slug)
        shown = Answer(
            url=url,
            status=200,
            shown_public_id=house.public_id,
            shown_property_id=page.property_id,
        )
        return ReadAnswer(answer=shown, scraped=page)

    async def index(self) -> Sequence[ShardLink]:
        """One shard."""
        return [ShardLink(url=_SHARD, last_modified=None)]

    async def shard(self, link: ShardLink) -> FetchedShard:
        """All that it lists."""
        urls = "".join(f"<url><loc>{SITE}/inmueble/{slug}</loc></url>" for slug in self.sitemap)
        return FetchedShard(url=link.url, body=f"<urlset>{urls}</urlset>".encode())
