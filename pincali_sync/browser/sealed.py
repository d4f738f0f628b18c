"""Chromium as a sealed room: it reaches the site, is told no secret, and has a limit of time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Route, async_playwright
from playwright.async_api import Error as PlaywrightError

from pincali_sync.browser.chromium import launch_options
from pincali_sync.browser.gate import Gate
from pincali_sync.browser.visit import Visit
from pincali_sync.config import Config
from pincali_sync.cookies import browser_cookies
from pincali_sync.exceptions import BrowserEndedError, BrowserMissingError, PageError
from pincali_sync.items import FetchedPage

logger = logging.getLogger(__name__)

_SECONDS_TO_CLOSE = 10
# What a program needs to start; all else of our environment is none of a page's business.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_WAYS_PAST_A_PROXY = (
    "--proxy-bypass-list=<-loopback>",  # by default, loopback needs no proxy
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-shared-workers",  # no page's routes see what they ask for
)


@dataclass(slots=True, kw_only=True, eq=False)
class _Room:
    """One browser, and what ends with it."""

    browser: Browser
    context: BrowserContext
    pid: int
    inventory: AsyncExitStack
    was_ended: bool = False


class SealedBrowser:
    """Reads pages, any number at once; started at the first, and again after one that hung.

    Args:
        options: what `launch_options` says, where it was asked before.
    """

    def __init__(
        self,
        config: Config,
        *,
        options: dict[str, Any] | None = None,
    ) -> None:
        self._config = config
        self._options = options or launch_options(config)
        self._room: _Room | None = None
        self._entering = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read(self, url: str, *, user_agent: str | None = None) -> FetchedPage:
        """The answer to a GET of a page, redirects not followed.

        Raises:
            PageError: when there is none, or not within `REQUEST_TIMEOUT_SECONDS`: a page that
                holds the browser longer ends it.
            BrowserEndedError: when another page did. Nothing is known of this one.
            BrowserMissingError: when none can be started.
        """
        room = await self._enter()
        visit = asyncio.ensure_future(self._visit(room, url, user_agent))
        try:
            await asyncio.wait({visit}, timeout=self._config.request_timeout_seconds)
            if visit.done():
                return visit.result()
        except PlaywrightError as error:
            if room.was_ended:
                raise BrowserEndedError(f"{url}: another page ended the browser") from error
            raise PageError(f"{url} could not be opened: {error.message}") from error
        finally:
            visit.cancel()
        await self._end(room)
        seconds = f"{self._config.request_timeout_seconds:g} s"
        raise PageError(f"{url} was not there after {seconds}: its browser was ended")

    async def close(self) -> None:
        """Ends the browser, if one was started."""
        async with self._entering:
            room, self._room = self._room, None
        if room is not None:
            await _leave(room)

    async def _visit(self, room: _Room, url: str, user_agent: str | None) -> FetchedPage:
        page = await room.context.new_page()
        try:
            return await Visit(
                page,
                url,
                user_agent=user_agent or self._config.user_agents[0],
                runs_scripts=self._config.detail_javascript,
            ).answer()
        finally:
            with suppress(PlaywrightError):
                await page.close()

    async def _enter(self) -> _Room:
        async with self._entering:
            if self._room is None or not self._room.browser.is_connected():
                try:
                    self._room = await self._open()
                except PlaywrightError as error:
                    said = error.message.strip().splitlines()[0]
                    raise BrowserMissingError(f"Chromium does not start: {said}") from error
            return self._room

    async def _open(self) -> _Room:
        async with AsyncExitStack() as stack:
            gate = await stack.enter_async_context(Gate(self._config))
            playwright = await stack.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(
                executable_path=self._options["executable_path"],
                args=[*self._options["args"], *_seal(gate)],
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
            stack.push_async_callback(browser.close)
            cookies: Any = {"cookies": browser_cookies(self._config), "origins": []}
            context = await browser.new_context(
                accept_downloads=False,
                locale="en-US",
                permissions=[],
                service_workers="block",
                storage_state=cookies,
                user_agent=self._config.user_agents[0],
                java_script_enabled=self._config.detail_javascript,
            )
            # A page that somebody else than we opened has no routes of its own: it loads nothing.
            await context.route("**/*", _abort)
            return _Room(
                browser=browser,
                context=context,
                pid=await _pid(browser),
                inventory=stack.pop_all(),
            )

    async def _end(self, room: _Room) -> None:
        """At once, whatever the browser is busy with."""
        room.was_ended = True
        logger.warning("a page held its browser for too long: the browser is started again")
        with suppress(ProcessLookupError):
            os.kill(room.pid, signal.SIGKILL)
        if self._room is room:
            self._room = None
        await _leave(room)


def _seal(gate: Gate) -> list[str]:
    host = gate.address.removeprefix("socks5://").rpartition(":")[0]
    return [
        f"--proxy-server={gate.address}",
        f"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE {host}",
        *_WAYS_PAST_A_PROXY,
    ]


async def _pid(browser: Browser) -> int:
    session = await browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    return next(int(each["id"]) for each in processes if each["type"] == "browser")


async def _leave(room: _Room) -> None:
    with suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(room.inventory.aclose(), _SECONDS_TO_CLOSE)


async def _abort(route: Route) -> None:
    with suppress(PlaywrightError):
        await route.abort()
