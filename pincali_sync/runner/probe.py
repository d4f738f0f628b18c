"""One request to see whether the site answers again."""

from __future__ import annotations

import httpx

from pincali_sync.config import Config
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import PageError
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.services.site.pace import PaceService

_OK = 200


class SiteProbe:
    """Asks for a first listing page, in turn with everybody else."""

    def __init__(self, config: Config, pace: PaceService) -> None:
        self._url = f"{config.pincali_base_url}{ListingSource.SALE.path}"
        self._user_agent = config.user_agents[0]
        self._timeout = config.request_timeout_seconds
        self._pace = pace

    async def __call__(self) -> str | None:
        """What is still wrong; None when the site shows listings."""
        await self._pace.wait_for_turn(although_paused=True)
        headers = {"User-Agent": self._user_agent}
        try:
            async with httpx.AsyncClient(headers=headers, timeout=self._timeout) as client:
                response = await client.get(self._url)
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"
        refusal = challenge_kind(response.status_code, dict(response.headers), response.content)
        if refusal is not None:
            return f"the site refuses us: {refusal.value}"
        if response.status_code != _OK:
            return f"HTTP {response.status_code}"
        try:
            page = parse_listing_page(response.content, self._url)
        except PageError as error:
            return str(error)
        return None if page.entries else "a page without listings"
