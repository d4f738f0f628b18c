"""Chromium as a sealed room: it reaches the site, is told no secret, and has a limit of time."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Page, Route
from playwright.async_api import Error as PlaywrightError

from pincali_sync.agreed_headers import agreed_headers
from pincali_sync.browser.chromium import launch
from pincali_sync.browser.driver import playwright_driver
from pincali_sync.browser.gate import Gate
from pincali_sync.browser.visit import Visit
from pincali_sync.config import Config
from pincali_sync.cookies import browser_cookies
from pincali_sync.exceptions import BrowserEndedError, BrowserMissingError, PageError, line_of
from pincali_sync.items import FetchedPage

logger = logging.getLogger(__name__)

_SECONDS_TO_CLOSE = 10
_SECONDS_TO_START = 30.0  # of a browser; it takes one or two
_SECONDS_TO_KNOW = 0.2  # that a browser is gone, and another is wanted
# What a program needs to start; all else of our environment is none of a page's business.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_WAYS_PAST_A_PROXY = (
    "--proxy-bypass-list=<-loopback>",  # by default, loopback needs no proxy
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-shared-workers",  # no page's routes see what they ask for
)


class SealedBrowsers:
    """Starts browsers behind one gate, reads pages in them, and ends those that hang.

    A browser provider of scrapy-playwright, but for what is peculiar to Scrapy.

    Args:
        options: what `launch_options` says.
    """

    def __init__(self, config: Config, *, options: dict[str, Any]) -> None:
        self._config = config
        self._options = options
        self._inventory = AsyncExitStack()
        self._pids: set[int] = set()  # of the browsers that live, or may
        self._endings = 0
        self._fault: str | None = None  # why none starts

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Opens the gate.

        Raises:
            BrowserMissingError: when Playwright's driver does not start.
        """
        try:
            async with AsyncExitStack() as stack:
                self._gate = await stack.enter_async_context(Gate(self._config))
                self._playwright = await stack.enter_async_context(playwright_driver())
                self._inventory = stack.pop_all()
        except Exception as error:
            # A crawl goes on, and asks for a browser all the same.
            self._fault = f"no browser can be started: {line_of(error)}"
            raise

    async def launch_browser(self) -> Browser:
        """A browser that knows no way but the gate, and none of our environment.

        Raises:
            BrowserMissingError: when it does not start, or once did not: who waits for it after
                that would only wait as long again.
        """
        if self._fault is not None:
            raise BrowserMissingError(self._fault)
        try:
            options = {**self._options, "args": [*self._options["args"], *_only_by(self._gate)]}
            browser, _ = await launch(
                self._playwright,
                **options,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                timeout=1_000 * _SECONDS_TO_START,
            )
            pid = await asyncio.wait_for(_pid(browser), _SECONDS_TO_START)
        except (PlaywrightError, TimeoutError) as error:
            self._fault = f"Chromium does not start: {line_of(error)}"
            raise BrowserMissingError(self._fault) from error
        self._pids.add(pid)
        browser.on("disconnected", lambda _: self._pids.discard(pid))
        return browser

    async def read(
        self, open_page: Callable[[], Awaitable[Page]], url: str, *, user_agent: str | None = None
    ) -> FetchedPage:
        """The answer to a GET of a page, redirects not followed.

        Its time begins when there is a page to read it in: what the browser needs is not its own.

        Args:
            open_page: opens the page that it is read in, in a context of such a browser.

        Raises:
            PageError: when there is none, or not within `REQUEST_TIMEOUT_SECONDS`: a page that
                holds its browser longer ends it.
            BrowserEndedError: when another page did. Nothing is known of this one.
            BrowserMissingError: when none can be started, or none opens a page.
        """
        page, endings = await self._open(open_page)
        visit = asyncio.ensure_future(self._visit(page, url, user_agent))
        try:
            await asyncio.wait({visit}, timeout=self._config.request_timeout_seconds)
            if visit.done():
                return visit.result()
        except PlaywrightError as error:
            if self._endings > endings:
                raise BrowserEndedError(f"{url}: another page ended the browser") from error
            raise PageError(f"{url} could not be opened: {error.message}") from error
        finally:
            visit.cancel()
        self._end()
        logger.warning("a page held its browser for too long: the browser is started again")
        seconds = f"{self._config.request_timeout_seconds:g} s"
        raise PageError(f"{url} was not there after {seconds}: its browser was ended")

    async def close(self) -> None:
        """Ends what is left of them, and shuts the gate."""
        with suppress(PlaywrightError, TimeoutError):
            await asyncio.wait_for(self._inventory.aclose(), _SECONDS_TO_CLOSE)

    async def _open(self, open_page: Callable[[], Awaitable[Page]]) -> tuple[Page, int]:
        """A page, and how many browsers had been ended before.

        One that was just ended opens none, and is not yet known to be gone.
        """
        said = "it does not answer"
        try:
            # Longer than a page may hold the browser that this one is opened in.
            async with asyncio.timeout(self._config.request_timeout_seconds + _SECONDS_TO_START):
                while True:
                    endings = self._endings
                    try:
                        return await open_page(), endings
                    except PlaywrightError as error:
                        said = line_of(error)
                    await asyncio.sleep(_SECONDS_TO_KNOW)
        except TimeoutError as error:
            self._end()
            raise BrowserMissingError(f"Chromium opens no page: {said}") from error

    async def _visit(self, page: Page, url: str, user_agent: str | None) -> FetchedPage:
        try:
            return await Visit(
                page,
                url,
                headers={
                    **agreed_headers(self._config, url),
                    "user-agent": user_agent or self._config.user_agents[0],
                },
                runs_scripts=self._config.detail_javascript,
            ).answer()
        finally:
            with suppress(PlaywrightError):
                await page.close()

    def _end(self) -> None:
        """At once, whatever the browser is busy with."""
        self._endings += 1
        while self._pids:
            with suppress(ProcessLookupError):
                os.kill(self._pids.pop(), signal.SIGKILL)


def context_options(config: Config) -> dict[str, Any]:
    """What a context in such a browser is made with."""
    return {
        "accept_downloads": False,
        "locale": "en-US",
        "permissions": [],
        "service_workers": "block",
        "storage_state": {"cookies": browser_cookies(config), "origins": []},
        "user_agent": config.user_agents[0],
    }


async def seal(context: BrowserContext) -> None:
    """A page that somebody else than we opened has no routes of its own: it loads nothing."""
    await context.route("**/*", _abort)


def _only_by(gate: Gate) -> list[str]:
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


async def _abort(route: Route) -> None:
    with suppress(PlaywrightError):
        await route.abort()
