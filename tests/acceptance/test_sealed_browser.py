"""What hostile pages do in the browser: nothing, to nobody, and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.async_api import async_playwright
from scrapy import Request
from scrapy.utils.reactor import install_reactor, is_reactor_installed
from scrapy.utils.test import get_crawler

from pincali_sync.browser.chromium import launch_options
from pincali_sync.browser.gate import _GRANTED, Gate, _carry, _reply, _wanted
from pincali_sync.config import load_config
from pincali_sync.crawl_job import fetched
from pincali_sync.domain.limits import MAX_PAGE_BYTES
from pincali_sync.exceptions import BrowserEndedError, PageError
from pincali_sync.handlers.browser import BrowserDownloadHandler
from pincali_sync.items import FetchedPage
from pincali_sync.middlewares.browser import IN_BROWSER
from pincali_sync.pages.own_page import what_is_cut_off
from pincali_sync.spiders.detail import browser_settings
from tests.support.hostile_pages import LEAVING_WAYS, STANDING_WAYS, HostilePages, hostile_pages

pytestmark = pytest.mark.timeout(120)

LIMIT = 4.0
PAGES = [tuple(STANDING_WAYS), *((way,) for way in LEAVING_WAYS)]
LOOP = "<script>onload = () => setTimeout(() => { for (;;); }, 0)</script>"
# Nobody needs to tell us that it came: a datagram has no path, a preconnection asks for nothing.
UNNAMED = {"stun", "turn", "web_transport", "preconnect", "service_worker"}


@pytest.fixture(scope="module")
async def hostile() -> AsyncIterator[HostilePages]:
    async with hostile_pages() as site:
        yield site


@pytest.fixture(autouse=True)
def _nobody_was_here(hostile: HostilePages) -> None:
    for each in (hostile.neighbour, hostile):
        each.heads.clear()
    hostile.neighbour.heard.clear()
    hostile.asked.clear()


class Reader:
    """Has the spiders' download handler read pages, without a spider."""

    def __init__(self, handler: BrowserDownloadHandler) -> None:
        self._handler = handler

    async def start(self) -> None:
        await self._handler.start_browser()

    @property
    def started(self) -> object:
        return self._handler.stats.get_value("playwright/browser_count")

    async def read(self, url: str) -> FetchedPage:
        request = Request(url, meta={IN_BROWSER: True})
        return fetched(await self._handler.download_request(request))


@asynccontextmanager
async def reader(
    site: HostilePages, *, scripts: bool, limit: float = LIMIT
) -> AsyncIterator[Reader]:
    if not is_reactor_installed():  # scrapy-playwright looks for it; nothing here runs it
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PINCALI_BASE_URL", site.base_url)
        environment.setenv("DETAIL_JAVASCRIPT", str(int(scripts)))
        environment.setenv("REQUEST_TIMEOUT_SECONDS", str(limit))
        handler = BrowserDownloadHandler(get_crawler(settings_dict=browser_settings()))
        await handler._launch()
    yield Reader(handler)
    await handler._close()


@pytest.fixture(scope="module")
async def plain(hostile: HostilePages) -> AsyncIterator[Reader]:
    """As it comes: no scripts."""
    async with reader(hostile, scripts=False) as browser:
        yield browser


@pytest.fixture(scope="module")
async def scripted(hostile: HostilePages) -> AsyncIterator[Reader]:
    async with reader(hostile, scripts=True) as browser:
        yield browser


async def test_the_ways_are_real_an_open_browser_takes_them(hostile: HostilePages) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options(load_config()))
        page = await browser.new_page()
        await page.goto(hostile.shows_ways(*STANDING_WAYS), wait_until="domcontentloaded")
        await page.wait_for_timeout(300)
        await browser.close()
    assert set(STANDING_WAYS) - UNNAMED - set(hostile.neighbour.heard) == set()
    assert "datagram" in hostile.neighbour.heard


async def test_nobody_is_reached_and_nothing_is_sent_even_where_scripts_run(
    hostile: HostilePages, scripted: Reader
) -> None:
    for ways in PAGES:
        try:
            answer = await scripted.read(hostile.shows_ways(*ways))
        except PageError as error:
            assert "went elsewhere" in str(error)  # noqa: PT017  # either is right
        else:
            assert b"<p>the end</p>" in answer.body
    assert hostile.neighbour.heard == []
    assert {method for method, _ in hostile.asked} == {"GET"}


@pytest.mark.parametrize(
    "way",
    [
        "const s = new WebSocket(`ws://${location.host}/socket`); s.onopen = () => s.send('x')",
        "fetchLater('/later', {method: 'POST', body: 'x', activateAfter: 0})",
    ],
)
async def test_the_site_too_is_sent_nothing_that_routes_do_not_see(
    hostile: HostilePages, scripted: Reader, way: str
) -> None:
    page = f"<script>try {{ {way} }} catch (e) {{}}</script><script src='/slow.js'></script>"
    await scripted.read(hostile.shows("past-the-routes", page))
    assert hostile.asked == [("GET", "/en/home/past-the-routes"), ("GET", "/slow.js")]


async def test_without_scripts_the_browser_asks_for_the_page_alone(
    hostile: HostilePages, plain: Reader
) -> None:
    for ways in PAGES:
        answer = await plain.read(hostile.shows_ways(*ways))
        assert answer.body == hostile.pages[f"/en/home/{ways[0]}"][2]
    assert hostile.neighbour.heard == []
    assert hostile.asked == [("GET", f"/en/home/{ways[0]}") for ways in PAGES]


@pytest.mark.parametrize("scripts", [False, True])
async def test_a_redirect_is_an_answer(
    hostile: HostilePages, plain: Reader, scripted: Reader, scripts: bool
) -> None:
    moved = hostile.shows("moved", "", status=302, Location="/en/home/elsewhere")
    answer = await (scripted if scripts else plain).read(moved)
    assert (answer.status, answer.headers["location"]) == (302, "/en/home/elsewhere")
    assert hostile.asked == [("GET", "/en/home/moved")]


async def test_a_download_is_bytes_like_any_others(hostile: HostilePages, scripted: Reader) -> None:
    url = hostile.shows("file", "MZ", Content_Type="application/x-msdownload")
    hostile.pages["/en/home/file"][1]["Content-Disposition"] = "attachment; filename=x.exe"
    assert (await scripted.read(url)).body == b"MZ"


@pytest.mark.parametrize("scripts", [False, True])
async def test_a_bomb_is_left_when_it_is_longer_than_a_page_can_be(
    hostile: HostilePages, scripts: bool
) -> None:
    bomb = hostile.shows_bomb("bomb", 2 * MAX_PAGE_BYTES)
    async with reader(hostile, scripts=scripts, limit=60) as browser:
        with pytest.raises(PageError, match="longer than"):
            await browser.read(bomb)


async def test_a_page_that_was_cut_short_is_none(hostile: HostilePages, plain: Reader) -> None:
    with pytest.raises(PageError, match="cut short"):
        await plain.read(hostile.shows("short", "<p>", Content_Length="1000"))


async def test_a_browser_puts_no_end_to_a_page_that_was_cut_short(
    hostile: HostilePages, scripted: Reader
) -> None:
    cut = '<html><body><h1 class="property-title">Casa</h1><div class="listing__features">'
    assert (await scripted.read(hostile.shows("cut-within", cut))).body == cut.encode()
    whole = await scripted.read(hostile.shows("whole", f"{cut}</div></body></html>"))
    assert what_is_cut_off(whole.body) is None


async def test_a_page_that_goes_to_itself_again_is_read_but_not_for_ever(
    hostile: HostilePages, scripted: Reader
) -> None:
    once = "if (!document.cookie) { document.cookie = 'seen=1'; location.reload() }"
    url = hostile.shows("again", f"<script>{once}</script><p>the end</p>")
    answer = await scripted.read(url)
    assert b"<p>the end</p>" in answer.body
    assert len(hostile.asked) == 2
    with pytest.raises(PageError):
        await scripted.read(hostile.shows("ever", "<script>location.reload()</script>"))
    assert len(hostile.asked) <= 2 + 3


SET = "document.cookie = '{name}=1; path=/';"
STUBS = {
    "at-once": "<script>{set} location.replace(location.href);</script>",
    "reload": "<script>{set} location.reload()</script>",
    "in-a-moment": "<script>{set} setTimeout(function() { location.reload() }, 200)</script>",
    "once-it-is-there": '<body onload="{set} location.href = location.href">Loading</body>',
    "refresh": "<script>{set}</script><meta http-equiv=refresh content='0'>",
    "later-refresh": "<script>{set}</script><meta http-equiv=refresh content='1;url='>",
}


@pytest.mark.parametrize("way", STUBS)
async def test_without_scripts_a_page_that_only_sends_to_itself_is_read_behind_it(
    hostile: HostilePages, plain: Reader, way: str
) -> None:
    stub = STUBS[way].replace("{set}", SET.replace("{name}", way))
    page = "<title>Casa | Pincali</title><script>fetch('/never')</script><img src='/never.png'>"
    url = hostile.shows_first(way, f"<!doctype html><title>…</title>{stub}Loading", page)
    answer = await plain.read(url)
    assert answer.body == page.encode()
    assert hostile.asked == [("GET", f"/en/home/{way}")] * 2
    assert (await plain.read(url)).body == page.encode()  # it is met once


async def test_a_cookie_that_the_answer_brings_does_as_well(
    hostile: HostilePages, plain: Reader
) -> None:
    stub = "<meta http-equiv=refresh content=0>"
    url = hostile.shows_first("brought", stub, "<p>the end</p>", Set_Cookie="brought=1")
    assert (await plain.read(url)).body == b"<p>the end</p>"


@pytest.mark.parametrize("stub", ["<script>location.reload()</script>", STUBS["refresh"]])
async def test_a_page_that_sends_to_itself_for_ever_is_left(
    hostile: HostilePages, plain: Reader, stub: str
) -> None:
    markup = stub.replace("{set}", "")
    answer = await plain.read(hostile.shows("ever", markup))
    assert answer.body == markup.encode()
    assert hostile.asked == [("GET", "/en/home/ever")] * 3


@pytest.mark.parametrize(
    "more",
    [
        "<script>fetch('/asked')</script>",
        "<script src='/asked.js'></script>",
        "<script>document.cookie = 'a=' + 6 * 7</script>",
        "<form action='/asked'><button>Go on</button></form>",
        "<p>Verify you are human</p>",
    ],
)
async def test_a_page_that_does_more_than_that_is_not_run(
    hostile: HostilePages, plain: Reader, more: str
) -> None:
    stub = STUBS["reload"].replace("{set}", SET.replace("{name}", "more")) + more
    answer = await plain.read(hostile.shows_first("more", stub, "<p>the end</p>"))
    assert answer.body == stub.encode()
    assert hostile.asked == [("GET", "/en/home/more")]


async def test_a_challenge_is_never_run(
    hostile: HostilePages, scripted: Reader, pages_folder: Path
) -> None:
    challenge = (pages_folder / "challenge.html").read_text("utf-8")
    answer = await scripted.read(hostile.shows("wall", challenge))
    assert answer.body == challenge.encode()
    assert hostile.asked == [("GET", "/en/home/wall")]


async def test_a_page_that_holds_its_browser_ends_it_and_the_others_go_back(
    hostile: HostilePages,
) -> None:
    async with reader(hostile, scripts=True) as browser:
        stuck = asyncio.ensure_future(browser.read(hostile.shows("stuck", LOOP)))
        await asyncio.sleep(LIMIT / 2)
        other = asyncio.ensure_future(browser.read(hostile.shows("other", LOOP)))
        with pytest.raises(PageError, match="was not there after 4 s"):
            await stuck
        with pytest.raises(BrowserEndedError):
            await other
        assert b"fine" in (await browser.read(hostile.shows("next", "fine"))).body


async def test_a_page_that_comes_right_after_a_browser_was_ended_is_read_in_the_next(
    hostile: HostilePages,
) -> None:
    async with reader(hostile, scripts=True) as browser:
        with pytest.raises(PageError, match="was not there after"):
            await browser.read(hostile.shows("stuck", LOOP))
        assert b"fine" in (await browser.read(hostile.shows("next", "fine"))).body


async def test_pages_are_read_in_the_browser_that_was_started_before_their_turn(
    hostile: HostilePages,
) -> None:
    async with reader(hostile, scripts=False) as browser:
        for _ in range(2):
            await browser.start()
        assert b"fine" in (await browser.read(hostile.shows("first", "fine"))).body
        assert browser.started == 1


class OpenGate(Gate):
    """Leads wherever a page wants; whatever the name, on this machine."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, EOFError):
            _, port = await _wanted(reader, writer)
            from_there, there = await asyncio.open_connection("127.0.0.1", port)
            with closing(there):
                writer.write(_reply(_GRANTED))
                await _carry((reader, there), (from_there, writer))


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Was agreed with the site; the gate keeps nothing back that would carry it elsewhere."""
    monkeypatch.setattr("pincali_sync.browser.sealed.Gate", OpenGate)
    (tmp_path / "headers").write_text("X-Key: open sesame\n")
    monkeypatch.setenv("EXTRA_HEADERS_FILE", str(tmp_path / "headers"))
    return "open sesame"


async def test_what_was_agreed_with_the_site_goes_to_no_other_host_and_no_further_by_redirects(
    hostile: HostilePages, key: str
) -> None:
    to = f"http://127.0.0.1:{hostile.neighbour.port}/moved"
    async with reader(hostile, scripts=True) as browser:
        assert (await browser.read(hostile.shows("m", "", status=302, Location=to))).status == 302
        for ways in (tuple(STANDING_WAYS), ("location_by_redirect",)):
            with suppress(PageError):
                await browser.read(hostile.shows_ways(*ways))
        with suppress(PageError):
            await browser.read(to)
    assert {path for _, path in hostile.asked} >= {"/slow.js", "/to-neighbour/script_by_redirect"}
    assert [head for head in hostile.heads if key not in head] == []
    assert "moved" in hostile.neighbour.heard
    assert [head for head in hostile.neighbour.heads if key in head] == []


async def test_what_was_agreed_with_a_site_elsewhere_does_not_travel_in_the_open(
    hostile: HostilePages, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = hostile.base_url.rpartition(":")[2]
    monkeypatch.setattr(hostile, "base_url", f"http://site.example.org:{port}")
    async with reader(hostile, scripts=True) as browser:
        page = await browser.read(hostile.shows_ways("script_elsewhere"))
    assert page.status == 200
    assert [path for _, path in hostile.asked] == ["/en/home/script_elsewhere", "/slow.js"]
    assert [head for head in hostile.heads if key in head] == []


async def test_the_browser_is_told_no_secret(
    hostile: HostilePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_TOKEN", "a token of the dashboard")
    # We know it by a folder that it is told: a short one, for Chromium makes a socket there.
    with TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        async with reader(hostile, scripts=False) as browser:
            await browser.read(hostile.shows("page", ""))
            told = [each for each in environments("chromium") if f"TMPDIR={folder}" in each]
    assert told
    assert not [each for each in told if "WEB_TOKEN" in each]


def environments(program: str) -> Iterator[list[str]]:
    """What the processes of a program were started with."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if program in (process / "cmdline").read_text().split("\0")[0]:
                yield (process / "environ").read_text("utf-8", "replace").split("\0")
