"""The library function that reads one listing and saves nothing."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import pytest
from pincali_workshop.standin.process import StandinProcess

import pincali_sync
from pincali_sync.exceptions import BlockedError, PageError
from pincali_sync.single_property import scrape_single_property


@pytest.fixture(autouse=True)
def _site_on_loopback(site: StandinProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCALI_BASE_URL", site.base_url)
    monkeypatch.setenv("SITE_MIN_GAP_SECONDS", "0")
    site.clear_faults()


@pytest.mark.parametrize("transport", ["http", "playwright"])
async def test_one_listing_is_read_by_any_of_its_urls(
    site: StandinProcess, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setenv("DETAIL_TRANSPORT", transport)
    true = site.truth()["listings"][0]
    found = await scrape_single_property(f"https://www.pincali.com/inmueble/{true['slug']}?utm=x")
    assert found["property_id"] == true["property_id"]
    assert found["public_id"] == true["public_id"]
    assert found["title"] == true["title"]
    assert len(found["image_urls"]) == true["image_count"]
    assert asdict(await asyncio.to_thread(pincali_sync.scrape, true["source_url"])) == found
    assert site.leads() == 0


async def test_a_page_that_is_no_listing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETAIL_TRANSPORT", "http")
    with pytest.raises(PageError, match="HTTP 404"):
        await scrape_single_property("/en/home/no-such-listing")
    with pytest.raises(PageError, match="not the URL of a listing"):
        await scrape_single_property("/en/properties/houses-for-sale")


async def test_a_challenge_is_never_taken_for_a_page(
    site: StandinProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DETAIL_TRANSPORT", "http")
    site.add_fault("/en/home/", "challenge")
    with pytest.raises(BlockedError):
        await scrape_single_property(site.truth()["listings"][0]["source_url"])
