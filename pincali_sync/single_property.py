"""One detail page: for whoever wants to look at a listing without saving it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from playwright.async_api import Page

from pincali_sync.answers.detail import detail_url, led_to
from pincali_sync.answers.robots import Robots
from pincali_sync.bootstrap import Services, open_services
from pincali_sync.browser.chromium import launch_options
from pincali_sync.browser.sealed import SealedBrowsers, context_options, seal
from pincali_sync.config import Config, load_config
from pincali_sync.cookies import cookie_header
from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.domain.headers import redirect_target
from pincali_sync.domain.identity import is_same_slug
from pincali_sync.domain.limits import MAX_MOVES
from pincali_sync.domain.liveness import BUSY, tells_nothing
from pincali_sync.exceptions import BlockedError, PageError
from pincali_sync.items import FetchedPage, Property
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.own_page import what_is_cut_off, what_is_missing
from pincali_sync.runner.fetch import fetch, fetch_robots, heed
from pincali_sync.services.site.pauses import BURST

_OK = 200


async def scrape_single_property(source_url: str) -> dict[str, Any]:
    """The same as `scrape`, as a dictionary: the fields of `items.Property`, those of
    `properties_live` that the page shows, and `public_id`, `title_original` and `offers`."""
    return asdict(await scrape(source_url))


async def scrape(source_url: str) -> Property:
    """Fetches one listing in the configured way; saves nothing.

    It takes its turn on the site's one timeline and keeps to robots.txt. Of redirects it follows
    those that keep the listing's slug: what another slug shows may be another listing. That the
    site refuses, or is busy, holds for everybody from then on, as if a job had met it; where pacing
    is turned off there is nobody to tell.

    Args:
        source_url: any form of the listing's URL.

    Raises:
        PageError: for a URL that is no listing's, or a page that shows no listing.
        BlockedError: when the site refuses us, by robots.txt or a challenge.
        PausedError: when pages rest.
        BrowserMissingError: when a browser is wanted and none is there, or none starts.
        ConfigError: when a variable is refused, or `COOKIES_FILE` cannot be read.
        DatabaseError: when the database, which keeps the timeline, cannot be reached, or is at
            another schema.
    """
    config = load_config()
    if not isinstance(source_url, str):
        raise PageError(f"the URL of a listing is a text, not {type(source_url).__name__}")
    url = detail_url(config.pincali_base_url, source_url)
    async with _company(config) as company:
        robots = await company.ask_robots()
        answer, target = await company.ask(url, robots)
        for _ in range(MAX_MOVES):
            following = led_to(url, target)
            if following is None or not is_same_slug(following, url):
                break
            url, (answer, target) = following, await company.ask(following, robots)
    if target is not None:
        raise PageError(f"{url} answered HTTP {answer.status} to {target}")
    return parse_detail_page(answer.body, url)


@dataclass(frozen=True, slots=True)
class _Company:
    """Others who ask the site: they are waited for, and told what it said."""

    config: Config
    services: Services | None  # None: pacing is off, for a site on loopback

    async def take_turn(self, crawl_delay: float = 0.0) -> None:
        if self.services is not None:
            await self._respect(crawl_delay)
            await self.services.pace.wait_for_turn(self.config.detail_delay_seconds)

    async def ask_robots(self) -> Robots:
        try:
            return await fetch_robots(self.config, self._ask_for_robots)
        except BlockedError as refusal:
            await self._tell_of_refusal(str(refusal))
            raise

    async def _ask_for_robots(self, url: str) -> FetchedPage:
        await self.take_turn()
        answer = await fetch(self.config, url)
        if self.services is not None:
            await heed(self.config, self.services.pace, url, answer)
        return answer

    async def ask(self, url: str, robots: Robots) -> tuple[FetchedPage, str | None]:
        """A page, or where it leads; raises what `scrape` does of anything else."""
        objection = robots.objection(url, self.config.user_agents[0])
        if objection is not None:
            await self._tell_of_robots(robots)
            raise BlockedError(objection)
        await self.take_turn(robots.crawl_delay(self.config.user_agents))
        if self.config.detail_transport == "playwright":
            answer = await _in_browser(self.config, url)
        else:
            answer = await fetch(self.config, url, **cookie_header(self.config, url))
        return answer, await self._check(url, answer)

    async def _check(self, url: str, answer: FetchedPage) -> str | None:
        """Where an answer leads, None for a page. Others are told first, as the middlewares of a
        crawl tell them."""
        if answer.status is None:
            raise PageError(f"{url} could not be fetched: {answer.failure}")
        refusal = challenge_kind(answer.status, answer.headers, answer.body)
        if refusal is not None:
            said = f"the site refuses us: {refusal.value} (HTTP {answer.status}) at {url}"
            await self._tell_of_refusal(said)
            raise BlockedError(said)
        missing = what_is_missing(answer)
        if self.services is not None:
            await self._count(self.services, url, answer, missing)
        target = redirect_target(url, answer.status, answer.headers.get("location"))
        if target is not None:
            return target
        if answer.status != _OK:
            raise PageError(f"{url} answered HTTP {answer.status}")
        missing = missing or what_is_cut_off(answer.body)
        if missing is not None:
            raise PageError(f"{url}: {missing}")
        return None

    async def _respect(self, crawl_delay: float) -> None:
        assert self.services is not None
        try:
            self.services.pace.respect_crawl_delay(crawl_delay)
        except BlockedError as error:
            await self.services.pauses.pause(None, reason=str(error), kind="refused")
            raise

    async def _tell_of_robots(self, robots: Robots) -> None:
        if robots.unreadable is None:
            refusal = robots.refusal_of_pages(self.config.pincali_base_url, self.config.user_agents)
            if refusal is not None:
                await self._tell_of_refusal(refusal)
        elif self.services is not None and not robots.is_silent:
            await self.services.pauses.back_off(reason=robots.unreadable)

    async def _tell_of_refusal(self, said: str) -> None:
        if self.services is not None:
            await self.services.pauses.refused(PAGES, reason=said)

    async def _count(
        self, services: Services, url: str, answer: FetchedPage, missing: str | None
    ) -> None:
        if answer.status in BUSY:
            times = await heed(self.config, services.pace, url, answer)
            seen = f"HTTP {answer.status}"
        elif missing is not None:
            seen, times = missing, await services.pace.showed_no_page()
        else:
            if not tells_nothing(answer.status):
                # Who met the row that this ends was another call, or another process.
                host = self.config.site_host
                await services.db.run(lambda tx: tx.pace.forget_refusals(host))
            return
        if times >= BURST:
            said = f"{seen}; {times} times in a row, last at {url}"
            await services.pauses.back_off(reason=said)


@asynccontextmanager
async def _company(config: Config) -> AsyncIterator[_Company]:
    if config.site_min_gap_seconds == 0:
        yield _Company(config, None)
        return
    async with open_services(config) as services:
        yield _Company(config, services)


async def _in_browser(config: Config, url: str) -> FetchedPage:
    # Looking for the browser takes seconds, in which the caller's event loop has work to do.
    options = await asyncio.to_thread(launch_options, config)
    async with SealedBrowsers(config, options=options) as browsers:
        browser = await browsers.launch_browser()

        async def open_page() -> Page:
            context = await browser.new_context(**context_options(config))
            await seal(context)
            return await context.new_page()

        return await browsers.read(open_page, url)
