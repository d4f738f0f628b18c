"""Which Chromium is started."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pincali_sync.browser import chromium
from pincali_sync.browser.chromium import find_chromium, launch_options
from pincali_sync.config import load_config
from pincali_sync.exceptions import BrowserMissingError


def a_program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_configured_browser_wins(tmp_path: Path) -> None:
    mine = a_program(tmp_path, "mine")
    assert find_chromium(load_config(chromium_executable=mine)) == mine


def test_a_configured_browser_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrowserMissingError, match=r"CHROMIUM_EXECUTABLE=.*does not exist"):
        find_chromium(load_config(chromium_executable=tmp_path / "gone"))


def test_playwrights_own_comes_before_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "_playwright_has_its_own", lambda: True)
    assert find_chromium(load_config()) is None


def test_else_one_on_the_path_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chromium, "_playwright_has_its_own", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = a_program(tmp_path, "google-chrome")
    assert find_chromium(load_config()) == found


def test_without_any_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chromium, "_playwright_has_its_own", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrowserMissingError, match="make setup"):
        find_chromium(load_config())


def test_a_driver_that_does_not_start_is_told_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def playwright() -> None:
        raise Exception("Connection closed while reading from the driver")

    monkeypatch.setattr("playwright.sync_api.sync_playwright", playwright)
    with pytest.raises(BrowserMissingError, match=r"driver does not start .*libatomic1"):
        find_chromium(load_config())


@pytest.mark.parametrize(("user", "sandboxed"), [(0, False), (1000, True)])
def test_only_root_goes_without_the_sandbox(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int, sandboxed: bool
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    config = load_config(chromium_executable=a_program(tmp_path, "mine"))
    assert ("--no-sandbox" not in launch_options(config)["args"]) == sandboxed


async def test_playwright_is_asked_outside_of_a_running_event_loop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = a_program(tmp_path, "chrome")

    class Chromium:
        executable_path = str(own)

    class Playwright:
        chromium = Chromium()

    @contextmanager
    def playwright() -> Iterator[Playwright]:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()  # where one runs, Playwright's plain interface refuses
        yield Playwright()

    monkeypatch.setattr("playwright.sync_api.sync_playwright", playwright)
    assert find_chromium(load_config()) is None
