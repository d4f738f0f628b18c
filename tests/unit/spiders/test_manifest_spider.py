"""Whatever a response turns out to be, the walk that waits for it is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse

from pincali_sync.domain.listing_query import ListingQuery, WantedPage
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import UsageError
from pincali_sync.pipelines.manifest import _cards_of
from pincali_sync.spiders import manifest
from pincali_sync.spiders.manifest import ManifestSpider
from tests.support.builders import page


async def test_a_page_that_breaks_the_parser_is_lost_to_the_walk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> None:
        raise ArithmeticError("nobody thought of this")

    monkeypatch.setattr(manifest, "read_listing", broken)
    page = WantedPage(query=ListingQuery(source=ListingSource.SALE), number=3, partition="")
    asked = manifest.Asked(page=page, facts=asyncio.get_running_loop().create_future())
    request = Request("http://127.0.0.1/")
    response = HtmlResponse(request.url, request=request, body=b"<html>")
    with pytest.raises(ArithmeticError):
        list(ManifestSpider(source="sale").parse(response, asked))
    assert asked.facts.result() is None


def test_cards_that_are_none_are_counted_by_kind_and_not_by_what_they_say() -> None:
    reasons = [
        *(f"card EB-AA{n:04} has no link" for n in range(50)),
        *(f"'/en/development/tower-{n}' is not the URL of a listing" for n in range(50)),
        "'//elsewhere.example/en/home/a' leaves the site",
        "something new",
    ]
    read = page()
    counts = _cards_of([replace(read, page=replace(read.page, unreadable_cards=tuple(reasons)))])
    assert {name: n for name, n in counts.items() if "dropped" in name} == {
        "manifest/dropped/has_no_link": 50,
        "manifest/dropped/is_not_the_URL_of_a_listing": 50,
        "manifest/dropped/leaves_the_site": 1,
        "manifest/dropped/other": 1,
    }


def test_the_depth_is_a_number_whichever_way_it_is_asked_for() -> None:
    assert ManifestSpider(max_pages="0").max_pages == 0
    assert ManifestSpider(max_pages="3", _job="given by Scrapyd").max_pages == 3
    with pytest.raises(UsageError, match="max_pages=-1"):
        ManifestSpider(max_pages="-1")
