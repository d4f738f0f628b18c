"""A ping for whoever watches cron: a dead man's switch, as healthchecks.io and its kin take it."""

from __future__ import annotations

import logging

import httpx

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 5.0
_LONGEST_BODY = 10_000


class HealthcheckPing:
    """Pings a URL. Whoever watches may be away: a ping that fails stops nothing."""

    def __init__(self, url: str | None) -> None:
        self._url = url.rstrip("/") if url else None

    async def started(self) -> None:
        """A tick begins."""
        await self._ping("/start")

    async def succeeded(self) -> None:
        """It did its work."""
        await self._ping("")

    async def failed(self, reason: str) -> None:
        """It did not; `reason` is shown to whoever looks."""
        await self._ping("/fail", reason)

    async def _ping(self, suffix: str, body: str = "") -> None:
        if self._url is None:
            return
        content = body[:_LONGEST_BODY].encode(errors="replace")
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
                answer = await client.post(self._url + suffix, content=content)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            # Without the URL: who knows it can pretend that all is well.
            logger.warning("HEALTHCHECK_URL: the ping failed: %s", _kind(error))


def _kind(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
