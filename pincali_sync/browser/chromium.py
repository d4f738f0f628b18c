"""Finds a Chromium that Playwright can start."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pincali_sync.browser.driver import playwright_driver, without_driver
from pincali_sync.config import Config
from pincali_sync.exceptions import BrowserMissingError, line_of

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

logger = logging.getLogger(__name__)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NO_SANDBOX = "Chromium sandboxing failed"  # as Playwright says it
# No traffic of the browser's own, and no shared memory larger than containers give.
_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
)


def find_chromium(config: Config) -> Path | None:
    """The configured browser, else Playwright's own (None), else one on the PATH.

    Raises:
        BrowserMissingError: when there is none; says what to do.
    """
    if config.chromium_executable is not None:
        if not config.chromium_executable.exists():
            raise BrowserMissingError(
                f"CHROMIUM_EXECUTABLE={config.chromium_executable} does not exist: correct it"
            )
        return config.chromium_executable
    if _playwright_has_its_own():
        return None
    if found := next(filter(None, map(shutil.which, _NAMES)), None):
        return Path(found)
    raise BrowserMissingError(
        "no Chromium was found: run `make setup`, or set CHROMIUM_EXECUTABLE, "
        "or fetch detail pages without a browser with DETAIL_TRANSPORT=http"
    )


def launch_options(config: Config) -> dict[str, Any]:
    """What Playwright's `launch` is told. It takes seconds: an event loop asks it in a thread.

    Raises:
        BrowserMissingError: when no Chromium is found.
    """
    return {
        "executable_path": find_chromium(config),
        "args": [*_ARGUMENTS],
        # Playwright's default is none; as root, Chromium starts only without.
        "chromium_sandbox": os.geteuid() != 0,
    }


async def launch(playwright: Playwright, **options: Any) -> tuple[Browser, bool]:
    """A browser, and whether it is in its sandbox: not where the machine lets users have none.

    Args:
        options: what `launch_options` says, and more of Playwright's `launch`.

    Raises:
        playwright.async_api.Error: when it does not start.
    """
    from playwright.async_api import Error  # noqa: PLC0415

    try:
        return await playwright.chromium.launch(**options), options["chromium_sandbox"]
    except Error as error:
        if not options["chromium_sandbox"] or _NO_SANDBOX not in str(error):
            raise
    logger.warning("Chromium runs without its sandbox: this machine lets users have no namespaces")
    return await playwright.chromium.launch(**{**options, "chromium_sandbox": False}), False


async def launched_version(config: Config) -> tuple[str, bool]:
    """Starts the browser, as detail jobs do, and ends it; its version, and whether it was in its
    sandbox.

    Raises:
        BrowserMissingError: when there is none, or it does not start.
    """
    from playwright.async_api import Error  # noqa: PLC0415

    options = await asyncio.to_thread(launch_options, config)
    async with playwright_driver() as playwright:
        try:
            started, is_sandboxed = await launch(playwright, **options)
        except Error as error:
            raise BrowserMissingError(
                f"Chromium does not start ({line_of(error)}): `make setup` as root brings the "
                "libraries it lacks, or DETAIL_TRANSPORT=http"
            ) from error
        version: str = started.version
        await started.close()
    return version, is_sandboxed


def _playwright_has_its_own() -> bool:
    # In a thread of its own: Playwright's plain interface refuses to work in an event loop's.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(_ask_playwright).result()


def _ask_playwright() -> bool:
    # A third of a second, which commands that start no browser do not pay.
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415

    # Units and other users do not see what lies in the home of whoever ran `make setup`.
    if _beside_the_driver().is_dir():
        os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", "0")
    # Playwright decides on the path by platform and version; asking it starts no browser.
    try:
        with sync_playwright() as playwright:
            return Path(playwright.chromium.executable_path).exists()
    except Error:
        return False
    except Exception as error:  # a driver that does not start raises nothing narrower
        raise without_driver(error) from error


def _beside_the_driver() -> Path:
    """Where `make setup` has Playwright put its browsers: what Playwright calls 0."""
    return Path(str(files("playwright"))) / "driver" / "package" / ".local-browsers"
