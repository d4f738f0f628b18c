"""What a season on paper is told instead of pages is what the parsers give of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pincali_workshop.paper.answers import BASE_URL, PaperAnswers
from pincali_workshop.standin.detail_answer import Led, Shown, Told, detail_answer
from pincali_workshop.standin.options import RemovalMode, StandinOptions
from pincali_workshop.standin.pages.language import ENGLISH
from pincali_workshop.standin.search import Search
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.state import ListingState
from pincali_workshop.standin.world.traps import Traps

from pincali_sync.answers.detail import Moved, read_detail
from pincali_sync.answers.listing import read_listing
from pincali_sync.domain.listing_query import ListingQuery, WantedPage
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.items import FetchedPage, QueuedProperty
from pincali_sync.pages.answer import read_answer

HTML = {"content-type": "text/html"}
DAY = 86_400


@pytest.fixture(scope="module")
def site() -> Site:
    """After a month in which many went, and many were renamed."""
    site = Site(
        StandinOptions(
            listings=300,
            form="2026",
            page_size=42,
            seed=5,
            removal_mode=RemovalMode.MIXED,
            churn=Churn(births=0.03),
            traps=Traps(renamed=0.3, takeovers=0.05, struck_out=0.3, two_currencies=0.2),
        )
    )
    site.clock.advance(30 * DAY)
    return site


@pytest.mark.parametrize("source", ListingSource)
def test_a_listing_page_is_what_reading_it_gives(site: Site, source: ListingSource) -> None:
    answers, number = PaperAnswers(site), 1
    while True:
        wanted = WantedPage(query=ListingQuery(source=source), number=number, partition="")
        told = answers.listing(wanted)
        results = site.search(Search(source=source), number, source.path, "")
        if results is None:
            assert told.facts is not None
            assert told.facts.is_absent
            return
        url = f"{BASE_URL}{source.path}"
        body = site.renderer(BASE_URL).listing_page(results.slot, results.states)
        read = read_listing(wanted, url, FetchedPage(status=200, headers=HTML, body=body))
        assert told == read
        number += 1


def queued_of(state: ListingState) -> QueuedProperty:
    return QueuedProperty(
        property_id="pincali_0",
        source_url=f"https://www.pincali.com/en/home/{state.slug}",
        public_id=state.listing.public_id,
    )


def fetched(site: Site, state: ListingState) -> FetchedPage:
    """What is really sent."""
    match detail_answer(site, state.slug, ENGLISH, BASE_URL):
        case Shown(state=shown, is_sold=is_sold):
            now, others = site.clock.now(), site.board().active
            page = site.renderer(BASE_URL).detail_page(shown, others, ENGLISH, now, is_sold=is_sold)
            return FetchedPage(status=200, headers=HTML, body=page)
        case Led(status=status, path=path):
            return FetchedPage(status=status, headers={"location": f"{BASE_URL}{path}"})
        case Told(status=status, page=page):
            return FetchedPage(status=status, headers=HTML, body=page)


def known(site: Site) -> Iterator[ListingState]:
    """Those there are, those that are gone in every way, and under what they were called first."""
    return (state for state in site.board().known() if state.begins > 0)


def test_a_listings_page_is_what_reading_it_gives_and_so_is_what_is_none(site: Site) -> None:
    answers, kinds = PaperAnswers(site), set()
    for state in list(known(site))[::2]:
        queued, page = queued_of(state), fetched(site, state)
        url = f"{BASE_URL}/en/home/{state.slug}"
        read = read_detail(queued, url, page)
        told = answers.detail(queued, queued.source_url, 0)
        kinds.add(type(read))
        if isinstance(read, Moved):
            assert told == read.url
        elif not isinstance(told, str) and read.shows_another:
            assert (told.scraped, told.shows_another) == (read.scraped, True)
        else:
            assert told == read
    assert len(kinds) >= 1


def test_what_a_verification_is_told_is_what_reading_the_answer_gives(site: Site) -> None:
    answers = PaperAnswers(site)
    for state in list(known(site))[1::2]:
        page, url = fetched(site, state), f"{BASE_URL}/en/home/{state.slug}"
        read = read_answer(url, page.status or 0, page.headers, page.body)
        told = answers.read(url)
        if read.answer.says is not None and read.answer.shown_public_id is not None:
            # Banners have several words for one thing.
            assert told.answer.says is not None
            assert told.answer.says.verdict.removes is read.answer.says.verdict.removes
            told = replace(told, answer=replace(told.answer, says=read.answer.says))
        assert told == read
