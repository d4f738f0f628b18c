"""Playwright's driver ends with whoever wanted it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from pincali_sync.browser import driver
from pincali_sync.browser.driver import playwright_driver

NODE, _ = compute_driver_executable()


@pytest.fixture(params=["exec sleep 1000", f'exec "{NODE}" "$@"'], ids=["mute", "slow"])
def began(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What a driver that does not answer yet, or ever, writes its process id into."""
    began, program = tmp_path / "began", tmp_path / "node"
    os.mkfifo(began)
    program.write_text(f'#!/bin/sh\necho $$ > "{began}"\n{request.param}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(program))
    if "sleep" in request.param:
        monkeypatch.setattr(driver, "_SECONDS_TO_ANSWER", 0.2)
    return began


async def use() -> None:
    async with playwright_driver():
        pytest.fail("it answered too soon")


@pytest.mark.parametrize("times", [1, 3])
async def test_a_driver_that_is_wanted_no_more_leaves_nothing_behind(
    began: Path, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = asyncio.all_tasks()
    using = asyncio.ensure_future(use())
    process = int(await asyncio.to_thread(began.read_text))
    try:
        for _ in range(times):
            using.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await using
        assert asyncio.all_tasks() == before
        gc.collect()  # what nobody looked at is told when it goes
        assert caplog.text == ""
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
