"""The dashboard in a real browser: by keyboard, on a phone, in the dark, and for a decision."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from pincali_sync.bootstrap import build_services
from pincali_sync.browser.chromium import launch_options
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.web.words import FEW
from tests.integration.site.test_sitemap import read
from tests.support.builders import SITE, Workshop, detail, entry, id_of, sale
from tests.support.clock import FixedClock
from tests.support.postgres import fresh_database
from tests.support.removals import hold

TOKEN = "a token for the browser's test"
HOSTILE = "<script>document.title = 'broken'</script> <img src=x onerror=alert(1)>"
_ROOMS = {"property_type": "house", "bedrooms": 3, "bathrooms": 2, "parking_spaces": 2}
_READY = "dashboard ready at "

# What a page looks like to those who do not see it, hear it or use a mouse.
_COMPLAINTS = """() => {
  const told = [];
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(h => +h.tagName[1]);
  if (levels.filter(level => level === 1).length !== 1) told.push("not one h1");
  levels.forEach((level, i) => {
    if (i && level > levels[i - 1] + 1) told.push(`h${level} after h${levels[i - 1]}`);
  });
  for (const name of ["header", "main", "nav"])
    if (!document.querySelector(name)) told.push(`no ${name}`);
  for (const input of document.querySelectorAll("input:not([type=hidden], [hidden]), select"))
    if (!input.labels.length || !input.labels[0].textContent.trim()) told.push("no label");
  for (const table of document.querySelectorAll("main table")) {
    const named = table.caption || table.closest("[aria-label]");
    if (!named) told.push("a table without a name");
    if (table.querySelector("thead th:not([scope])")) told.push("a head without scope");
  }
  for (const svg of document.querySelectorAll("svg[role=img]"))
    if (!document.getElementById(svg.getAttribute("aria-labelledby").split(" ")[0]))
      told.push("a chart without a title");
  const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
  if (new Set(ids).size !== ids.length) told.push("an id twice");
  return told;
}"""
# Texts whose colour is too close to what is behind them (WCAG AA).
_TOO_FAINT = """() => {
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const parts = colour => (colour.match(/[0-9.]+/g) || []).map(Number);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(e).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter(n => n.nodeType === 3 && n.data.trim());
    const box = element.getBoundingClientRect();
    if (!text.length || !box.width || element.closest("title, desc, option")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parts(element.tagName === "text" ? style.fill : style.color)),
                    light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${element.tagName} ${text[0].data.trim()} ${ratio.toFixed(2)}`);
  }
  return faint;
}"""

# Tables that hide a part of themselves, cells too narrow for words, words and choices cut in two.
_SQUEEZED = """() => [
  ...[...document.querySelectorAll("select")].filter(each => {
    if (!each.checkVisibility()) return false;
    const style = getComputedStyle(each), pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    const room = each.clientWidth - 2 * parseFloat(style.paddingLeft) - 16;  // for the arrow
    return pen.measureText(each.selectedOptions[0].text).width > room;
  }).map(each => each.selectedOptions[0].text),
  ...[...document.querySelectorAll("body :is(h1, h2, h3, a, p, dt, label, button, .value, .badge)")]
    .filter(each => each.checkVisibility() && !each.closest("svg, .site-page, .visually-hidden"))
    .flatMap(each => [...each.childNodes].filter(node => node.nodeType === 3))
    .flatMap(node => [...node.data.matchAll(/\\p{L}{2,18}/gu)].filter(word => {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1;
    }).map(word => word[0])),
  ...[...document.querySelectorAll("main > .table-scroll")]
    .filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText),
  ...[...document.querySelectorAll("main .cards :is(td, tbody th)")]
    .filter(each => each.innerText.trim() && each.checkVisibility())
    .filter(each => each.clientWidth < 7 * parseFloat(getComputedStyle(each).fontSize))
    .map(each => each.innerText)]"""

# How many things the keyboard stops at; they get their numbers, from 0 on.
_STOPS = """() => {
  const stops = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']")]
    .filter(each => each.tabIndex >= 0 && each.checkVisibility());
  stops.forEach((each, place) => { each.dataset.stop = place; });
  return stops.length;
}"""
# Where it is: the number, whether that is in view, and whether it is marked.
_AT_STOP = """() => {
  const now = document.activeElement, box = now.getBoundingClientRect();
  const style = getComputedStyle(now);
  return [
    Number(now.dataset.stop),
    box.width > 0 && box.left >= 0 && box.right <= innerWidth
      && box.bottom > 0 && box.top < innerHeight,
    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  ];
}"""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A dashboard as an operator starts it, and the batch that waits there."""

    url: str
    batch: UUID
    run_of_nobody: str = "/runs/00000000-0000-0000-0000-000000000000"

    @property
    def pages(self) -> tuple[str, ...]:
        return (
            "/", "/listings", "/changes?period=week", "/changes/by-url", "/queue", "/runs",
            "/removals", f"/removals/{self.batch}", f"/removals/{self.batch}/approve",
            "/decisions", "/errors", "/pauses", "/property", f"/properties/{id_of('blue-house')}",
            self.run_of_nobody,
        )  # fmt: skip


@dataclass
class Watched:
    """A page of the browser, with what it complained of and whom it asked."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(10_000)
        self.page.on("console", lambda each: self._hear(each.type, each.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.add(_origin(request.url)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "404" not in text:
            self.complaints.append(text)


Visit = Callable[..., Watched]


def _origin(url: str) -> str:
    return "data:" if url.startswith("data:") else "/".join(url.split("/")[:3])


@pytest.fixture(scope="module")
def served(
    postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with fresh_database(postgres_url, migrated_template) as url:
        batch = asyncio.run(_fill(url))
        process = _start(url, tmp_path_factory.mktemp("dashboard"))
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith(_READY), said
            yield Served(url=said.removeprefix(_READY).strip(), batch=batch)
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _start(url: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pincali_sync.cli", "web", "--port", "0"],
        env={**os.environ, "DATABASE_URL": url, "PINCALI_HOME": str(home), "WEB_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        text=True,
    )


async def _fill(url: str) -> UUID:
    """A held batch, an unusual price and a listing with a history and a hostile title."""
    db, clock = Database(url), FixedClock(datetime.now(UTC) - timedelta(days=20))
    try:
        services = build_services(load_config(pincali_base_url=SITE), clock=clock, db=db)
        batch = await services.removals.apply(await hold(services, clock))
        shop = Workshop(db=db, clock=clock)
        for price in (2_000_000, 1_900_000, 200_000):
            await shop.scan(entry("blue-house", sale(price), public_id="EB-AA0001"))
            await shop.visit(detail("blue-house", sale(price), title=HOSTILE, **_ROOMS))
            clock.advance(hours=8)
        listed = ("blue-house", "casa-con-jardin-" * 8)  # of the second nothing else is known
        await read(services, *listed, dated_at=clock.now())
        return batch.id
    finally:
        await db.dispose()


@pytest.fixture(scope="module")
def visit(served: Served) -> Iterator[Visit]:
    """Opens pages in one browser, begun last: its loop runs in this thread until it ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(load_config()))
        yield lambda **options: Watched(
            browser.new_context(base_url=served.url, **options).new_page()
        )
        browser.close()


def test_the_keyboard_leads_everywhere(visit: Visit) -> None:
    page = visit().page
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.goto("/")
    for _ in range(4):  # skip link, name, Overview, Listings
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/listings")
    search = page.get_by_role("searchbox", name="Find a property")
    search.focus()
    page.keyboard.type("eb-aa0001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/properties/*")
    assert page.get_by_role("heading", level=1).inner_text() == HOSTILE
    assert page.title() == f"{HOSTILE} · Pincali Sync"


@pytest.mark.parametrize("locale", ["en", "es-MX"])
def test_every_page_is_sound_on_a_phone_and_at_twice_its_size_in_light_and_dark(
    visit: Visit, served: Served, locale: str
) -> None:
    backgrounds = {}
    for scheme, (width, height) in {"light": (640, 450), "dark": (360, 740)}.items():
        size = ViewportSize(width=width, height=height)
        watched = visit(color_scheme=scheme, locale=locale, viewport=size)
        page = watched.page
        for path in served.pages:
            page.goto(path)
            where = f"{path} in {scheme}, {locale}"
            assert page.evaluate(_COMPLAINTS) == [], where
            assert page.evaluate(_TOO_FAINT) == [], where
            overflow = "document.documentElement.scrollWidth > window.innerWidth"
            assert not page.evaluate(overflow), where
            assert page.evaluate(_SQUEEZED) == [], where
        backgrounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert watched.complaints == []
        assert watched.asked <= {served.url, "data:"}
    assert backgrounds["light"] != backgrounds["dark"]


def test_every_stop_of_the_keyboard_is_seen_and_none_is_a_trap(
    visit: Visit, served: Served
) -> None:
    page = visit(viewport={"width": 390, "height": 740}).page
    for path in served.pages:
        page.goto(path)
        stops = page.evaluate(_STOPS)
        for stop in range(stops):
            page.keyboard.press("Tab")
            assert page.evaluate(_AT_STOP) == [stop, True, True], (path, stop)


def test_a_phone_shows_the_first_of_a_long_table_and_a_link_the_others(
    visit: Visit, served: Served
) -> None:
    page = visit(viewport={"width": 390, "height": 740}, java_script_enabled=False).page
    page.goto(f"/removals/{served.batch}")
    rows = page.locator("tbody tr").locator("visible=true")
    expect(rows).to_have_count(FEW)
    page.get_by_role("link", name="Show all 60").press("Enter")
    expect(rows).to_have_count(60)
    page.keyboard.press("Tab")
    expect(rows.nth(FEW).get_by_role("link").first).to_be_focused()
    page.set_viewport_size({"width": 1280, "height": 740})
    page.goto(f"/removals/{served.batch}")
    expect(rows).to_have_count(60)


def test_a_tier_is_paused_and_resumed_with_the_token(visit: Visit) -> None:
    watched = visit()
    page = watched.page
    page.goto("/pauses")
    page.get_by_label("What").select_option("tier:4")
    page.get_by_label("Reason").fill("looking around")
    page.get_by_label("Token").fill("a wrong one, long enough")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refused")
    page.goto("/pauses")
    page.get_by_label("What").select_option("tier:4")
    page.get_by_label("Reason").fill("looking around")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Paused.")
    expect(page.get_by_text("looking around")).to_be_visible()
    page.locator("section").get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Resume: Tier 4").click()
    expect(page.get_by_role("status")).to_contain_text("Resumed.")
    assert page.context.cookies() == []


def test_a_held_batch_is_approved_through_its_form_by_keyboard(
    visit: Visit, served: Served
) -> None:
    watched = visit()
    page = watched.page
    page.goto("/")
    page.get_by_role("link", name="Look at it").press("Enter")
    page.get_by_role("link", name="Approve").press("Enter")
    expect(page.get_by_text("60 listings will be marked as removed")).to_be_visible()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Approve 60 removals").press("Space")
    page.wait_for_url("**/removals/*said=approved")
    assert "The batch is approved" in page.get_by_role("status").inner_text()
    assert page.locator("h1 .badge").inner_text() == "applied"
    page.go_back()
    page.goto(f"/removals/{served.batch}/approve")
    assert "was decided already" in page.get_by_role("status").inner_text()
    assert watched.complaints == []
    assert watched.asked <= {served.url, "data:"}
