"""One detail page: for whoever wants to look at a listing without saving it."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from pincali_sync.answers.detail import detail_url
from pincali_sync.bootstrap import open_services
from pincali_sync.browser.sealed import SealedBrowsers, context_options, seal
from pincali_sync.config import Config, load_config
from pincali_sync.cookies import cookie_header
from pincali_sync.exceptions import BlockedError, PageError
from pincali_sync.items import FetchedPage, Property
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.own_page import what_is_cut_off, what_is_missing
from pincali_sync.runner.fetch import fetch, fetch_robots

_OK = 200


async def scrape_single_property(source_url: str) -> dict[str, Any]:
    """The same as `scrape`, as a dictionary: the fields of `items.Property`, those of
    `properties_live` that the page shows, and `public_id`, `title_original` and `offers`."""
    return asdict(await scrape(source_url))


async def scrape(source_url: str) -> Property:
    """Fetches one listing in the configured way; saves nothing.

    It takes its turn on the site's one timeline, keeps to robots.txt and follows no redirect of a
    page.

    Args:
        source_url: any form of the listing's URL.

    Raises:
        PageError: for a URL that is no listing's, or a page that shows no listing.
        BlockedError: when the site refuses us, by robots.txt or a challenge.
        BrowserMissingError: when a browser is wanted and none is there.
        ConfigError: when `COOKIES_FILE` cannot be read.
    """
    config = load_config()
    url = detail_url(config.pincali_base_url, source_url)
    delay = await _ask_robots(config, url)
    await _take_turn(config, delay)
    if config.detail_transport == "playwright":
        answer = await _in_browser(config, url)
    else:
        answer = await fetch(config, url, **cookie_header(config, url))
    if answer.status is None:
        raise PageError(f"{url} could not be fetched: {answer.failure}")
    refusal = challenge_kind(answer.status, answer.headers, answer.body)
    if refusal is not None:
        raise BlockedError(f"the site refuses us at {url}: {refusal.value}")
    if answer.status != _OK:
        raise PageError(f"{url} answered HTTP {answer.status}")
    missing = what_is_missing(answer) or what_is_cut_off(answer.body)
    if missing is not None:
        raise PageError(f"{url}: {missing}")
    return parse_detail_page(answer.body, url)


async def _take_turn(config: Config, crawl_delay: float = 0.0) -> None:
    if config.site_min_gap_seconds == 0:
        return  # pacing is off: a site on loopback
    async with open_services(config) as services:
        services.pace.respect_crawl_delay(crawl_delay)
        await services.pace.wait_for_turn(config.detail_delay_seconds)


async def _ask_robots(config: Config, url: str) -> float:
    robots = await fetch_robots(config, partial(_take_turn, config))
    objection = robots.objection(url, config.user_agents[0])
    if objection is not None:
        raise BlockedError(objection)
    return robots.crawl_delay(config.user_agents)


async def _in_browser(config: Config, url: str) -> FetchedPage:
    async with SealedBrowsers(config) as browsers:
        browser = await browsers.launch_browser()
        context = await browser.new_context(**context_options(config))
        await seal(context)
        return await browsers.read(context.new_page, url)
