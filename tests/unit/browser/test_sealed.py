"""What a browser needs, or lacks, is no page's fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from pincali_sync.browser import sealed
from pincali_sync.browser.gate import Gate
from pincali_sync.browser.sealed import SealedBrowsers
from pincali_sync.config import load_config
from pincali_sync.exceptions import BrowserMissingError


async def never() -> Page:
    await asyncio.Event().wait()
    raise AssertionError("it was set by nobody")


async def refuse() -> Page:
    raise PlaywrightError("Target page, context or browser has been closed")


@pytest.mark.parametrize(
    ("open_page", "said"), [(never, "it does not answer"), (refuse, "has been closed")]
)
async def test_a_browser_that_opens_no_page_is_as_good_as_none(
    monkeypatch: pytest.MonkeyPatch, open_page: Callable[[], Awaitable[Page]], said: str
) -> None:
    monkeypatch.setattr(sealed, "_SECONDS_TO_START", 0.1)
    browsers = SealedBrowsers(load_config(request_timeout_seconds=0.1), options={"args": []})
    with pytest.raises(BrowserMissingError, match=f"opens no page: .*{said}"):
        await browsers.read(open_page, "https://www.pincali.com/en/home/a-1")


async def test_without_its_gate_none_is_started_and_no_page_is_to_blame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_more_files(_gate: Gate) -> Gate:
        raise OSError("Too many open files")

    monkeypatch.setattr(Gate, "__aenter__", no_more_files)
    browsers = SealedBrowsers(load_config(), options={"args": []})
    with pytest.raises(OSError, match="Too many"):
        await browsers.start()
    with pytest.raises(BrowserMissingError, match="can be started: Too many open files"):
        await browsers.launch_browser()
