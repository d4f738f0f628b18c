"""`make pictures`: what the docs show of dashboard and terminal, from the demo's data."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import httpx
import psycopg
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.text import Text
from tenacity import retry, stop_after_delay, wait_fixed

from pincali_sync.browser.chromium import launch_options
from pincali_sync.config import load_config
from pincali_workshop.demo.stage import Stage, busy_site
from pincali_workshop.demo.tier_one import initial_sync, tier_one_after
from pincali_workshop.stack.ports import free_port

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "pictures"
PAGES = {"overview": "/", "listings": "/listings?city=Zapopan", "changes": "/changes"}
_TALLER = {"listings": 960}  # in pixels, where the others have _HEIGHT
COMMANDS = {"status": ("status",)}
_COMMAND = (sys.executable, "-m", "pincali_sync.cli")
_WIDTH, _HEIGHT, _COLUMNS = 1200, 660, 96
_SCREEN = (
    '<meta charset="utf-8"><pre style="display:inline-block;margin:0;padding:18px 22px;'
    'background:#101418;color:#e6e6e6;font:14px/1.45 monospace">{code}</pre>'
)
# A listing whose price moved: its page has something to show.
_SHOWN = """
    SELECT property_id FROM property_changes WHERE field_name = 'price' ORDER BY property_id LIMIT 1
"""


def main() -> None:
    """Plays the demo, takes its pictures and takes everything down."""
    home = load_config().home
    home.mkdir(parents=True, exist_ok=True)
    stage = Stage(Path(tempfile.mkdtemp(prefix="pictures-", dir=home)), busy_site(300))
    FOLDER.mkdir(exist_ok=True)
    try:
        stage.set_up()
        os.environ.update(stage.environment())
        os.environ["DISPLAY_LANGUAGE"] = "en"
        asyncio.run(initial_sync(stage))
        asyncio.run(tier_one_after(stage, hours=6))
        options = launch_options(load_config())
        with sync_playwright() as playwright, _dashboard() as root:
            browser = playwright.chromium.launch(**options)
            _take(browser, root, stage.database_url)
            browser.close()
    finally:
        stage.strike()


def _take(browser: Browser, root: str, database_url: str) -> None:
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    with psycopg.connect(database_url) as connection:
        row = connection.execute(_SHOWN).fetchone()
    assert row is not None
    for name, path in {**PAGES, "property": f"/properties/{row[0]}"}.items():
        page.goto(root + path)
        page.set_viewport_size({"width": _WIDTH, "height": _TALLER.get(name, _HEIGHT)})
        page.screenshot(path=FOLDER / f"{name}.png")
    screen = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
    for name, words in COMMANDS.items():
        _take_screen(screen, name, words)


def _take_screen(page: Page, name: str, words: tuple[str, ...]) -> None:
    console = Console(record=True, width=_COLUMNS, file=StringIO())
    console.print(Text(f"$ pincali-sync {' '.join(words)}", style="bold"))
    console.print(Text.from_ansi(_typed(words)))
    page.set_content(console.export_html(code_format=_SCREEN, inline_styles=True))
    page.locator("pre").screenshot(path=FOLDER / f"{name}.png")


def _typed(words: tuple[str, ...]) -> str:
    """What a command prints in a terminal."""
    ours, its = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen([*_COMMAND, *words], stdout=its, env=environment) as process:
        os.close(its)
        said = b""
        while part := _read(ours):
            said += part
    os.close(ours)
    assert process.returncode == 0
    return said.decode().replace("\r", "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # its end, once nobody writes to it
        return b""


@contextmanager
def _dashboard() -> Iterator[str]:
    """Serves it; gives its root."""
    port = free_port()
    process = subprocess.Popen([*_COMMAND, "web", "--port", str(port)])
    try:
        root = f"http://127.0.0.1:{port}"
        _wait_for(root)
        yield root
    finally:
        process.terminate()
        process.wait()


@retry(stop=stop_after_delay(30), wait=wait_fixed(0.2))
def _wait_for(root: str) -> None:
    httpx.get(f"{root}/healthz").raise_for_status()


if __name__ == "__main__":
    main()
