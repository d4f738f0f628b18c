"""A look whether the site answers again."""

from __future__ import annotations

from functools import partial

from pincali_sync.config import Config
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import BlockedError, PageError
from pincali_sync.items import FetchedPage
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.pages.own_page import what_is_cut_off, what_is_missing
from pincali_sync.runner.fetch import fetch_in_turn, fetch_robots
from pincali_sync.services.site.pace import PaceService

_OK = 200


class SiteProbe:
    """Asks for a first listing page, in turn with everybody else."""

    def __init__(self, config: Config, pace: PaceService) -> None:
        self._base_url = config.pincali_base_url
        self._url = f"{self._base_url}{ListingSource.SALE.path}"
        self._config = config
        self._pace = pace

    async def __call__(self) -> str | None:
        """What is still wrong; None when robots.txt lets us and the site shows listings.

        Raises:
            BlockedError: when the site refuses us, or asks for what cannot be borne.
        """
        ask = partial(fetch_in_turn, self._config, self._pace, although_paused=True)
        robots = await fetch_robots(self._config, ask)
        user_agents = self._config.user_agents
        self._pace.respect_crawl_delay(robots.crawl_delay(user_agents))
        objection = robots.unreadable or robots.refusal_of_pages(self._base_url, user_agents)
        if objection is not None:
            return objection
        return _fault_of(self._url, await ask(self._url))


def _fault_of(url: str, answer: FetchedPage) -> str | None:
    if answer.status is None:
        return answer.failure
    refusal = challenge_kind(answer.status, answer.headers, answer.body)
    if refusal is not None:
        raise BlockedError(f"the site refuses us: {refusal.value} (HTTP {answer.status}) at {url}")
    if answer.status != _OK:
        return answer.failure
    missing = what_is_missing(answer) or what_is_cut_off(answer.body)
    if missing is not None:
        return missing
    try:
        return None if parse_listing_page(answer.body, url).entries else "a page without listings"
    except PageError as error:
        return str(error)
