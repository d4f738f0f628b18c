"""The library function that reads one listing and saves nothing."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict

import pytest
from pincali_workshop.standin.process import StandinProcess
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

import pincali_sync
from pincali_sync import single_property
from pincali_sync.browser import chromium
from pincali_sync.browser.sealed import seal
from pincali_sync.config import Config
from pincali_sync.exceptions import BlockedError, BrowserMissingError, PageError
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
    with pytest.raises(PageError, match="a listing is a text, not NoneType"):
        await scrape_single_property(None)  # type: ignore[arg-type]


async def test_a_challenge_is_never_taken_for_a_page(
    site: StandinProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DETAIL_TRANSPORT", "http")
    site.add_fault("/en/home/", "challenge")
    with pytest.raises(BlockedError):
        await scrape_single_property(site.truth()["listings"][0]["source_url"])


async def test_the_callers_loop_goes_on_while_a_browser_is_looked_for(
    site: StandinProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking: list[bool] = []

    def find_slowly(_config: Config) -> None:
        looking.append(True)
        time.sleep(0.5)  # as long as Playwright's driver takes to start, or less
        looking.append(False)
        raise BrowserMissingError("there is none")

    monkeypatch.setattr(chromium, "find_chromium", find_slowly)
    scraping = asyncio.create_task(
        scrape_single_property(site.truth()["listings"][0]["source_url"])
    )
    seen = set()
    while not scraping.done():
        await asyncio.sleep(0.01)
        seen.update(looking[-1:])
    assert seen == {True, False}
    with pytest.raises(BrowserMissingError, match="there is none"):
        await scraping


async def test_a_context_that_fails_is_no_bare_error_of_playwright(
    site: StandinProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [PlaywrightError("Target page, context or browser has been closed")]

    async def seal_at_the_second_try(context: BrowserContext) -> None:
        if failures:
            raise failures.pop()
        await seal(context)

    monkeypatch.setattr(single_property, "seal", seal_at_the_second_try)
    true = site.truth()["listings"][0]
    assert (await scrape_single_property(true["source_url"]))["title"] == true["title"]
