"""Ways to tell people: Apprise (chat, mail, SMS and a hundred other ways), and a ping for cron."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import httpx

from pincali_sync.exceptions import ConfigError
from pincali_sync.patience import within

logger = logging.getLogger(__name__)

_PING_SECONDS = 5.0  # all of it: who lets an answer drip keeps no tick
_TELL_SECONDS = 20.0  # a target: mail servers take their time
_LONGEST_BODY = 10_000
# The last three come with a client that cannot be made: a proxy or a file of certificates that the
# environment names, and that httpx cannot use.
_FAULTS = (httpx.HTTPError, httpx.InvalidURL, OSError, ImportError, ValueError)


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
        return not self._targets or any(await self.tell_each(title, body))

    async def tell_each(self, title: str, body: str) -> list[bool]:
        """Which targets took the message, in their order.

        Raises:
            ConfigError: as `check` does.
        """
        outcomes = await asyncio.gather(*(_send(each, title, body) for each in self._targets))
        for place, delivered in enumerate(outcomes, 1):
            if not delivered:
                # By its place: the URL holds secrets.
                logger.error("ALERT_URLS: entry %s did not take the message %r", place, title)
        return outcomes


def _target(place: int, url: str) -> Any:
    import apprise  # noqa: PLC0415  # half a second, which only those with targets pay

    # Else it sends from threads of its own, for whose end the whole program waits.
    target = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False, service_timeout=0))
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
    # Apprise catches what goes wrong on the way and answers False. Its limits of time are for the
    # next byte, not for the whole answer.
    try:
        return bool(await within(_TELL_SECONDS, partial(target.notify, title=title, body=body)))
    except TimeoutError:
        return False


class HealthcheckPing:
    """Pings a URL. Whoever watches may be away or slow: a ping that fails stops nothing."""

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
        whole = self._path.rstrip("/") + suffix + self._rest
        try:
            async with (
                asyncio.timeout(_PING_SECONDS),
                httpx.AsyncClient(timeout=_PING_SECONDS) as client,
                client.stream("POST", whole, content=content) as answer,
            ):
                answer.raise_for_status()
        except _FAULTS as error:
            # Without the URL: who knows it can pretend that all is well.
            logger.warning("HEALTHCHECK_URL: the ping failed: %s", _kind(error))


def _kind(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
