"""What the site on paper answers: pages as items, and the few that are none as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from pincali_sync.answers.detail import detail_url, read_detail
from pincali_sync.answers.listing import ABSENT, ListingAnswer, answer_of
from pincali_sync.domain.identity import CANONICAL_ROOT, property_id_of, slug_of
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.domain.liveness import Answer, Judgement
from pincali_sync.items import (
    FetchedPage,
    ListingPage,
    ManifestEntry,
    Property,
    QueuedProperty,
    ScrapeResult,
)
from pincali_sync.pages.answer import ReadAnswer, read_answer
from pincali_workshop.paper.items import card_of, page_of
from pincali_workshop.standin.detail_answer import Led, Shown, Told, detail_answer
from pincali_workshop.standin.pages.language import ENGLISH
from pincali_workshop.standin.search import Search
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.sitemap import lists, slugs_listed
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.state import ListingState

BASE_URL = "http://127.0.0.1"  # nobody is ever asked
_HTML = {"content-type": "text/html; charset=utf-8"}
_SHARD_SIZE, _LEAST_SHARDS = 10_000, 6  # URLs; so that some can be wanting


class PaperAnswers:
    """Answers of a site in this process, whose clock must be set before."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._sold: Judgement | None = None
        self._listed: dict[int, bool] = {}
        self._cards: dict[int, tuple[ListingState, ManifestEntry]] = {}

    def listing(self, wanted: WantedPage) -> ListingAnswer:
        """A listing page."""
        return listing_answer(self._site, wanted, self._card)

    def detail(self, queued: QueuedProperty, source_url: str, hops: int) -> ScrapeResult | str:
        """What a listing's page comes to; or the URL that it leads to."""
        url = detail_url(BASE_URL, source_url)
        match self._ask(url):
            case Shown(state=state, is_sold=False):
                page = FetchedPage(status=200)
                scraped = self._as_asked(state, url)
                is_other = queued.public_id not in {None, scraped.public_id}
                return ScrapeResult(
                    queued=queued,
                    scraped=scraped,
                    shows_another=is_other,
                    error=f"the page shows {scraped.public_id}" if is_other else None,
                )
            case answer:
                page = self._fetched(answer)
        read = read_detail(queued, url, page, hops=hops)
        return read if isinstance(read, ScrapeResult) else read.url

    def read(self, url: str) -> ReadAnswer:
        """What a page says of its listing being there."""
        answer = self._ask(url)
        match answer:
            case Shown(state=state, is_sold=is_sold):
                scraped = self._as_asked(state, url)
                says = self._sold_page(state) if is_sold else None
                shown = Answer(
                    url=url,
                    status=200,
                    shown_public_id=scraped.public_id,
                    shown_property_id=scraped.property_id,
                    says=says,
                )
                return ReadAnswer(answer=shown, scraped=None if is_sold else scraped)
            case Led():
                page = self._fetched(answer)
                return read_answer(url, page.status or 0, page.headers, page.body)
            case Told(status=status, page=text):
                read = _read_told(status, text)
                return replace(read, answer=replace(read.answer, url=url))

    def shards(self) -> list[list[str]]:
        """The sitemap: the canonical URLs that each shard lists, by age of the listings."""
        now = self._site.clock.now()
        at = int(now.timestamp())
        urls = [
            CANONICAL_ROOT + slug
            for state in self._site.population.board(now).known()
            if state.active and self._lists(state.listing)
            for slug in slugs_listed(state, at)
        ]
        size = min(_SHARD_SIZE, len(urls) // _LEAST_SHARDS + 1)
        return [urls[n : n + size] for n in range(0, len(urls), size)]

    def _card(self, state: ListingState) -> ManifestEntry:
        """Made once a state: most listings look for weeks as they did."""
        known = self._cards.get(state.listing.index)
        if known is None or known[0] is not state:
            known = self._cards[state.listing.index] = (state, card_of(state, BASE_URL))
        return known[1]

    def _lists(self, listing: Listing) -> bool:
        """Drawn once a listing."""
        known = self._listed.get(listing.index)
        if known is None:
            known = self._listed[listing.index] = lists(self._site.options.seed, listing)
        return known

    def _ask(self, url: str) -> Shown | Led | Told:
        return detail_answer(self._site, slug_of(url), ENGLISH, BASE_URL)

    def _as_asked(self, state: ListingState, url: str) -> Property:
        """A page stands under the URL that it was asked for by."""
        page, asked = page_of(state, BASE_URL), CANONICAL_ROOT + slug_of(url)
        if page.source_url == asked:
            return page
        return replace(page, source_url=asked, property_id=property_id_of(asked))

    def _fetched(self, answer: Shown | Led | Told) -> FetchedPage:
        match answer:
            case Led(status=status, path=path):
                return FetchedPage(status=status, headers={"location": BASE_URL + path})
            case Told(status=status, page=text):
                return FetchedPage(status=status, headers=_HTML, body=text)
            case Shown(state=state, is_sold=is_sold):
                page = self._site.renderer(BASE_URL).detail_page(
                    state, [], ENGLISH, self._site.clock.now(), is_sold=is_sold
                )
                return FetchedPage(status=200, headers=_HTML, body=page)

    def _sold_page(self, state: ListingState) -> Judgement | None:
        """All banners say the same: one is read."""
        if self._sold is None:
            url = f"{BASE_URL}/en/home/{state.slug}"
            body = self._fetched(Shown(state=state, is_sold=True)).body
            self._sold = read_answer(url, 200, _HTML, body).answer.says
        return self._sold


@lru_cache(maxsize=64)
def _read_told(status: int, text: bytes) -> ReadAnswer:
    return read_answer(f"{BASE_URL}/en/home/a-listing", status, _HTML, text)


def listing_answer(
    site: Site, wanted: WantedPage, card: Callable[[ListingState], ManifestEntry]
) -> ListingAnswer:
    """What a listing page comes to, without its markup.

    Args:
        card: what reading a listing's card gives.
    """
    target = urlsplit(wanted.query.target(wanted.number))
    parameters = dict(parse_qsl(target.query))
    number = int(parameters.pop("page", "1"))
    source = wanted.query.source
    place = target.path.removeprefix(source.path).removeprefix("-in-") or None
    search = Search.parse(source, place, parameters, site.options.habits)
    assert search is not None
    found = site.search(search, number, target.path, urlencode(parameters))
    if found is None:
        return ListingAnswer(facts=ABSENT, item=None)
    slot = found.slot
    page = ListingPage(
        total_listings=slot.total_listings,
        total_pages=slot.total_pages,
        next_page=slot.href(slot.number + 1) if slot.number < slot.total_pages else None,
        entries=tuple(map(card, found.states)),
    )
    return answer_of(page, wanted, f"{BASE_URL}{target.path}")
