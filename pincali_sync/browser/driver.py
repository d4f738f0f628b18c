"""Playwright's driver: a process beside ours, which ends when nobody wants it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from pincali_sync.exceptions import BrowserMissingError

if TYPE_CHECKING:
    from playwright.async_api import Playwright

# For which one that is wanted no more may still begin to answer; it takes a second.
_SECONDS_TO_ANSWER = 5.0
_SECONDS_TO_DIE = 5.0


@asynccontextmanager
async def playwright_driver() -> AsyncIterator[Playwright]:
    """Playwright in an event loop.

    Raises:
        BrowserMissingError: when its driver does not start.
    """
    from playwright.async_api import async_playwright  # noqa: PLC0415

    starting = asyncio.ensure_future(async_playwright().__aenter__())
    try:
        # Cancelled, Playwright's start forgets the process that it began.
        playwright = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _without_interruption(_give_up(starting))
        raise
    except Exception as error:  # there is nothing narrower
        raise without_driver(error) from error
    try:
        yield playwright
    finally:
        await playwright.stop()


def without_driver(error: Exception) -> BrowserMissingError:
    """What is raised where the driver does not start."""
    return BrowserMissingError(
        f"Playwright's driver does not start ({error}): what it writes above says what is "
        "missing, such as the library libatomic1; without it, DETAIL_TRANSPORT=http"
    )


async def _without_interruption(work: Any) -> None:
    """Whoever cancels may do so again, and again: what is begun here comes to its end."""
    working = asyncio.ensure_future(work)
    while not working.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(working)
    working.result()


async def _give_up(starting: asyncio.Task[Playwright]) -> None:
    """Ends a driver whose start nobody waits for; one that does not answer is killed."""
    await asyncio.wait({starting}, timeout=_SECONDS_TO_ANSWER)
    if not starting.done():
        await _kill(_client_of(starting), starting)
    elif not starting.cancelled() and starting.exception() is None:
        await starting.result().stop()


async def _kill(client: Any, starting: asyncio.Task[Playwright]) -> None:
    process = getattr(getattr(client, "_transport", None), "_proc", None)
    if process is not None:
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.wait({starting, client._close_promise}, timeout=_SECONDS_TO_DIE)
    starting.cancel()


def _client_of(starting: asyncio.Task[Playwright]) -> Any:
    """What holds the process: Playwright shows it to nobody before the driver answers."""
    step: Any = starting.get_coro()
    while (frame := getattr(step, "cr_frame", None)) is not None:
        if "client" in frame.f_locals:
            return frame.f_locals["client"]
        step = step.cr_await
    return None
