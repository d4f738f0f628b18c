"""Which Chromium is started."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Error as PlaywrightError

from pincali_sync.browser import chromium
from pincali_sync.browser.chromium import find_chromium, launch, launch_options, launched_version
from pincali_sync.browser.sealed import SealedBrowsers
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


class BrokenDriver:
    """Playwright's, where a library that it needs is missing."""

    async def __aenter__(self) -> None:
        raise Exception("Connection closed while reading from the driver")

    async def __aexit__(self, *_: object) -> None: ...


async def test_so_it_is_where_the_browser_was_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("playwright.async_api.async_playwright", BrokenDriver)
    config = load_config(chromium_executable=a_program(tmp_path, "mine"))
    with pytest.raises(BrowserMissingError, match=r"driver does not start .*libatomic1"):
        await launched_version(config)
    browsers = SealedBrowsers(config, options=launch_options(config))
    for ask in (browsers.start, browsers.launch_browser):  # crawls ask for one all the same
        with pytest.raises(BrowserMissingError, match=r"driver does not start .*libatomic1"):
            await ask()


class Launches:
    """Playwright, on a machine that lets users have namespaces, or not."""

    def __init__(self, *, namespaces: bool) -> None:
        self.chromium = self
        self.told: list[bool] = []
        self._namespaces = namespaces

    async def launch(self, *, chromium_sandbox: bool, **_: object) -> str:
        self.told.append(chromium_sandbox)
        if chromium_sandbox and not self._namespaces:
            raise PlaywrightError("Target closed\nBrowser logs:\nChromium sandboxing failed!\n===")
        return "a browser"


@pytest.mark.parametrize(
    ("user", "namespaces", "told", "is_sandboxed"),
    [
        (0, True, [False], False),  # as root it does not start with one
        (1000, True, [True], True),
        (1000, False, [True, False], False),
    ],
)
async def test_a_browser_is_in_its_sandbox_wherever_it_can_be(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    user: int,
    namespaces: bool,
    told: list[bool],
    is_sandboxed: bool,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    options = launch_options(load_config(chromium_executable=a_program(tmp_path, "mine")))
    playwright = Launches(namespaces=namespaces)
    _, found = await launch(cast(Any, playwright), **options)
    assert (found, playwright.told) == (is_sandboxed, told)
    assert ("without its sandbox" in caplog.text) == (not namespaces)


async def test_what_keeps_a_browser_from_starting_otherwise_is_told(tmp_path: Path) -> None:
    config = load_config(chromium_executable=a_program(tmp_path, "mine"))
    with pytest.raises(BrowserMissingError, match="Chromium does not start"):
        await launched_version(config)


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


@pytest.fixture
def where_playwright_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str | None]:
    """Notes where it was told to look, each time that it is started."""
    told: list[str | None] = []

    class Playwright:
        class chromium:  # noqa: N801  # its name there
            executable_path = str(tmp_path / "chrome")

    @contextmanager
    def playwright() -> Iterator[Playwright]:
        told.append(os.environ.get("PLAYWRIGHT_BROWSERS_PATH"))
        yield Playwright()

    a_program(tmp_path, "chrome")
    monkeypatch.setattr("playwright.sync_api.sync_playwright", playwright)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "")  # so that what is set goes again
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH")
    return told


def test_a_browser_of_the_installation_is_every_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where_playwright_looks: list[str | None]
) -> None:
    monkeypatch.setattr(chromium, "_beside_the_driver", lambda: tmp_path)
    find_chromium(load_config())
    assert where_playwright_looks == ["0"]


def test_without_one_the_browser_of_the_users_home_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where_playwright_looks: list[str | None]
) -> None:
    monkeypatch.setattr(chromium, "_beside_the_driver", lambda: tmp_path / "gone")
    find_chromium(load_config())
    assert where_playwright_looks == [None]


def test_a_place_for_browsers_that_somebody_chose_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where_playwright_looks: list[str | None]
) -> None:
    monkeypatch.setattr(chromium, "_beside_the_driver", lambda: tmp_path)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", "/opt/browsers")
    find_chromium(load_config())
    assert where_playwright_looks == ["/opt/browsers"]


def test_the_set_up_puts_browsers_where_they_are_looked_for() -> None:
    """Asked of Playwright itself, which says where it would and downloads nothing."""
    asked = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "--dry-run", "chromium"],
        env={**os.environ, "PLAYWRIGHT_BROWSERS_PATH": "0"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert str(chromium._beside_the_driver()) in asked.stdout
    setup = (Path(__file__).parents[3] / "scripts" / "setup.sh").read_text()
    assert "export PLAYWRIGHT_BROWSERS_PATH=${PLAYWRIGHT_BROWSERS_PATH:-0}" in setup
