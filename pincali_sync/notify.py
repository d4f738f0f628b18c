"""Ways to tell people: Apprise (chat, mail, SMS and a hundred other ways), and a ping for cron."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import httpx

from pincali_sync.exceptions import ConfigError

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 5.0
_LONGEST_BODY = 10_000


class AppriseNotifier:
    """Tells every target; one that cannot be reached keeps nobody else from being told."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = tuple(urls)

    def check(self) -> None:
        """Raises: ConfigError: for a URL that Apprise does not know."""
        _ = self._targets

    @cached_property
    def _targets(self) -> list[Any]:
        # Not before somebody is to be told: spiders are wired with this too, and tell nobody.
        return [_target(place, url) for place, url in enumerate(self._urls, 1)]

    async def tell(self, title: str, body: str) -> bool:
        """Whether at least one target took the message; true where there is none to tell.

        Raises:
            ConfigError: as `check` does.
        """
        if not self._targets:
            return True
        outcomes = await asyncio.gather(*(_send(each, title, body) for each in self._targets))
        for place, delivered in enumerate(outcomes, 1):
            if not delivered:
                # By its place: the URL holds secrets.
                logger.error("ALERT_URLS: entry %s did not take the message %r", place, title)
        return any(outcomes)


def _target(place: int, url: str) -> Any:
    import apprise  # noqa: PLC0415  # half a second, which only those with targets pay

    target = apprise.Apprise()
    its_own = logging.getLogger("apprise")
    its_own.disabled = True  # it quotes the URLs that it refuses
    known = target.add(url)
    its_own.disabled = False
    if not known:
        raise ConfigError(
            f"ALERT_URLS: entry {place} is no URL that Apprise knows (accepts: such as "
            "mailto://user:password@example.org or ntfy://topic)"
        )
    return target


async def _send(target: Any, title: str, body: str) -> bool:
    # Apprise catches what goes wrong on the way and answers False.
    return bool(await asyncio.to_thread(target.notify, title=title, body=body))


logger = logging.getLogger(__name__)


class HealthcheckPing:
    """Pings a URL. Whoever watches may be away: a ping that fails stops nothing."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        # A query, such as the key of a watch that lies behind a gate, stays the URL's end.
        self._path, mark, query = (url or "").partition("?")
        self._rest = mark + query

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
                whole = self._path.rstrip("/") + suffix + self._rest
                answer = await client.post(whole, content=content)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Without the URL: who knows it can pretend that all is well.
            logger.warning("HEALTHCHECK_URL: the ping failed: %s", _kind(error))


def _kind(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
