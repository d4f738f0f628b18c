"""Plain HTTP for the simulation's jobs; the site is ours, on loopback."""

from __future__ import annotations

import httpx

from pincali_sync.config import is_loopback
from pincali_sync.exceptions import BlockedError, UsageError
from pincali_sync.items import FetchedPage
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.own_page import what_is_missing
from pincali_sync.services.site.pauses import BURST

_ATTEMPTS = 4
_RETRIED = {429, 500, 502, 503, 504}
_TIMEOUT_SECONDS = 5.0


class LoopbackFetcher:
    """Unpaced: it refuses any site that is not on this machine."""

    def __init__(self, base_url: str) -> None:
        if not is_loopback(base_url):
            raise UsageError(f"{base_url} is not on loopback: a simulation visits nobody else")
        self._client = httpx.AsyncClient(trust_env=False, timeout=_TIMEOUT_SECONDS)
        self._no_pages = 0  # in a row

    async def get(self, url: str) -> FetchedPage:
        """The answer after some attempts. Raises: BlockedError: when the site refuses us."""
        page = FetchedPage(status=None, error="never asked")
        for _ in range(_ATTEMPTS):
            page = await self._get_once(url)
            if page.status is not None and page.status not in _RETRIED:
                break
        return page

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def _get_once(self, url: str) -> FetchedPage:
        try:
            response = await self._client.get(url, follow_redirects=False)
        except httpx.HTTPError as error:
            return FetchedPage(status=None, error=f"{type(error).__name__}: {error}")
        headers = {name.lower(): value for name, value in response.headers.items()}
        refusal = challenge_kind(response.status_code, headers, response.content)
        if refusal is not None:
            raise BlockedError(f"the site refuses us: {refusal.value}")
        page = FetchedPage(status=response.status_code, headers=headers, body=response.content)
        self._count(page)
        return page

    def _count(self, page: FetchedPage) -> None:
        """Robots.txt and the sitemap are no pages, and say so by their type."""
        missing = what_is_missing(page)
        is_page = "html" in page.headers.get("content-type", "html")
        self._no_pages = self._no_pages + is_page if missing else 0
        if missing and self._no_pages >= BURST:
            self._no_pages = 0
            raise BlockedError(missing)
