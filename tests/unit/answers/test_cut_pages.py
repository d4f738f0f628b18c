"""A page that was cut short says nothing, wherever it was cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from pincali_sync.answers.detail import read_detail
from pincali_sync.answers.listing import read_listing
from pincali_sync.domain.listing_query import ListingQuery, WantedPage
from pincali_sync.domain.liveness import Verdict, judge
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.items import (
    Ending,
    FetchedPage,
    LostPage,
    ManifestPage,
    QueuedProperty,
    ScrapeResult,
)
from pincali_sync.pages.answer import read_answer

PAGES = Path(__file__).parents[2] / "pages"
LISTINGS = ("listing-2025-last", "listing-2026")
DETAILS = ("detail-2025-raw", "detail-2025-browser", "detail-2026-es")
POINTS = 30
URL = "https://www.pincali.com/en/home/casa-a"
SEARCH = "https://www.pincali.com/en/properties/properties-for-sale"
FIRST = WantedPage(query=ListingQuery(source=ListingSource.SALE), number=1, partition="")


def cuts(name: str) -> list[bytes]:
    """Evenly spread, the last one just before the last tag."""
    whole = (PAGES / f"{name}.html").read_bytes()
    end = whole.rindex(b"</html>")
    return [whole[: end * number // POINTS] for number in range(1, POINTS + 1)]


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_page_is_asked_for_again_and_then_lost(name: str) -> None:
    for body in cuts(name):
        answer = read_listing(FIRST, SEARCH, FetchedPage(status=200, body=body))
        assert (answer.facts, answer.is_doubtful) == (None, True)
        assert isinstance(answer.item, LostPage)
    whole = FetchedPage(status=200, body=(PAGES / f"{name}.html").read_bytes())
    assert isinstance(read_listing(FIRST, SEARCH, whole).item, ManifestPage)


@pytest.mark.parametrize("name", DETAILS)
def test_a_listings_own_page_is_tried_again_and_nothing_of_it_is_kept(name: str) -> None:
    queued = QueuedProperty(property_id="x", source_url=URL, public_id=None)
    for body in cuts(name):
        result = read_detail(queued, URL, FetchedPage(status=200, body=body))
        assert isinstance(result, ScrapeResult)
        assert (result.scraped, result.ending) == (None, Ending.AGAIN)
    whole = FetchedPage(status=200, body=(PAGES / f"{name}.html").read_bytes())
    result = read_detail(queued, URL, whole)
    assert isinstance(result, ScrapeResult)
    assert result.scraped is not None


@pytest.mark.parametrize("name", DETAILS)
def test_a_listing_whose_page_is_cut_is_neither_gone_nor_proven_there(name: str) -> None:
    for body in cuts(name):
        read = read_answer(URL, 200, {}, body)
        verdict = judge(read.answer, property_id="x", public_id="EB-VR1002").verdict
        assert (verdict, read.scraped) == (Verdict.UNKNOWN, None)
