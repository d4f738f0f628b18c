"""Alerts through Apprise: chat, mail, SMS and a hundred other ways, each a URL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from pincali_sync.exceptions import ConfigError

logger = logging.getLogger(__name__)


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
    if not target.add(url):
        raise ConfigError(
            f"ALERT_URLS: entry {place} is no URL that Apprise knows (accepts: such as "
            "mailto://user:password@example.org or ntfy://topic)"
        )
    return target


async def _send(target: Any, title: str, body: str) -> bool:
    # Apprise catches what goes wrong on the way and answers False.
    return bool(await asyncio.to_thread(target.notify, title=title, body=body))
