"""Single pages outside of a crawl, of the library or a look at the site, keep to the limits."""

from __future__ import annotations

import asyncio
import re
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.config import Config, load_config
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import BlockedError, PageError, PausedError
from pincali_sync.runner.fetch import fetch, fetch_robots
from pincali_sync.runner.probe import SiteProbe
from pincali_sync.services.site.pace import PaceService
from pincali_sync.single_property import scrape, scrape_single_property
from tests.support.builders import rows, value
from tests.support.clock import FixedClock
from tests.support.hostile_site import MEGABYTE, HostileSite, Says, hostile_site

SALE = "/en/properties/properties-for-sale"
FREE = Says(404)
DETAIL = Path(__file__).parents[2] / "pages" / "detail-2026-es.html"


@pytest.fixture
def config(hostile: HostileSite) -> Config:
    return load_config(pincali_base_url=hostile.url, site_min_gap_seconds=0)


def configure_library(environment: pytest.MonkeyPatch, site: HostileSite, *, gap: str) -> None:
    environment.setenv("PINCALI_BASE_URL", site.url)
    environment.setenv("SITE_MIN_GAP_SECONDS", gap)
    environment.setenv("DETAIL_TRANSPORT", "http")


def break_off() -> Says:
    raise ConnectionResetError


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (Says.packed(200 * MEGABYTE), "longer than"),
        (Says(body=200 * MEGABYTE), "longer than"),
        (Says(endless=MEGABYTE), "longer than"),
        (Says(endless_head=b"X-Header: " + b"x" * 10_000 + b"\r\n"), "RemoteProtocolError"),
        (Says(headers={"Content-Encoding": "br"}, body=b"x"), "not asked for"),
        (Says(headers={"Content-Encoding": "gzip"}, body=b"no gzip"), "incorrect header"),
    ],
)
async def test_a_page_beyond_all_limits_is_no_answer(
    hostile: HostileSite, config: Config, says: Says, why: str
) -> None:
    hostile.answers["/"] = says
    tracemalloc.start()
    answer = await fetch(config, f"{hostile.url}/")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status is None
    assert why in answer.failure
    assert peak < 60_000_000


async def test_a_page_is_unpacked(hostile: HostileSite, config: Config) -> None:
    hostile.answers["/"] = Says.packed(b"a page")
    assert (await fetch(config, f"{hostile.url}/")).body == b"a page"


async def test_a_page_that_never_ends_is_given_up(hostile: HostileSite) -> None:
    config = load_config(pincali_base_url=hostile.url, request_timeout_seconds=0.2)
    hostile.answers["/"] = Says(headers={"Content-Length": "9"})
    answer = await fetch(config, f"{hostile.url}/")
    assert answer.status is None


async def test_nobody_else_is_asked(neighbour: HostileSite, config: Config) -> None:
    port = neighbour.port
    for url in (neighbour.url, f"http://localhost:{port}/", f"http://127.1:{port}/", "http://["):
        assert (await fetch(config, url)).status is None


async def test_a_site_whose_name_leads_to_this_machine_is_not_asked(hostile: HostileSite) -> None:
    config = load_config(pincali_base_url=f"http://127.1:{hostile.port}")
    answer = await fetch(config, f"{config.pincali_base_url}/")
    assert answer.failure.endswith("its name leads to 127.0.0.1, which is not public")
    assert hostile.asked == []


async def test_robots_txt_is_followed_up_to_five_redirects(
    hostile: HostileSite, config: Config
) -> None:
    for number in range(9):
        hostile.answers[f"/{number}"] = Says.moved(f"/{number + 1}")
    hostile.answers["/robots.txt"] = Says.moved("/5")
    hostile.answers["/9"] = Says(body=b"User-agent: *\nDisallow: /en/\n")
    robots = await fetch_robots(config, partial(fetch, config))
    assert (
        robots.objection(f"{hostile.url}{SALE}", "x") == f"robots.txt forbids {hostile.url}{SALE}"
    )
    hostile.answers["/robots.txt"] = Says.moved("/1")
    robots = await fetch_robots(config, partial(fetch, config))
    assert robots.objection(f"{hostile.url}{SALE}", "x") is None
    assert hostile.paths.count("/5") == 2
    assert hostile.paths[-1] == "/5"


async def test_a_robots_txt_that_leads_elsewhere_forbids_everything(
    hostile: HostileSite, neighbour: HostileSite, config: Config
) -> None:
    hostile.answers["/robots.txt"] = Says.moved(f"{neighbour.url}/robots.txt")
    robots = await fetch_robots(config, partial(fetch, config))
    assert "neither the site nor in SITEMAP_HOSTS" in str(robots.objection(hostile.url, "x"))


@pytest.mark.parametrize(
    ("robots", "why", "is_refusal"),
    [
        (Says(500), "robots.txt cannot be read: HTTP 500", False),
        (Says(403, b"<script>window._cf_chl_opt={}</script>"), "the site refuses us at http", True),
        (Says(202), "the site refuses us at http", True),
        (Says(body=b"User-agent: *\nDisallow: /\n"), "robots.txt forbids", False),
        (Says(body=b"User-agent: *\nCrawl-delay: 1000000000\n"), "asks for 1e+09 s between", True),
        (Says(body=b"User-agent: *\nCrawl-delay: 1e308\n"), "asks for 1e+308 s between", True),
        (Says(endless=MEGABYTE), "longer than", False),
    ],
)
async def test_what_robots_txt_forbids_is_looked_at_by_nobody(
    hostile: HostileSite,
    db: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    robots: Says,
    why: str,
    is_refusal: bool,
) -> None:
    hostile.answers["/robots.txt"] = robots
    config = load_config(pincali_base_url=hostile.url, site_min_gap_seconds=0.01)
    probe = SiteProbe(config, build_services(config, db=db).pace)
    if is_refusal:
        with pytest.raises(BlockedError, match=re.escape(why)):
            await probe()
    else:
        assert why in str(await probe())
    monkeypatch.setenv("DATABASE_URL", database_url)
    configure_library(monkeypatch, hostile, gap="0.01")
    with pytest.raises(BlockedError, match="robots"):
        await scrape_single_property("/en/home/casa-1")
    assert set(hostile.paths) == {"/robots.txt"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_site_without_robots_txt_is_looked_at_by_the_look_and_the_library(
    hostile: HostileSite,
    db: Database,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    hostile.answers["/robots.txt"] = Says(status, b"<Error>AccessDenied</Error>")
    assert await SiteProbe(config, build_services(config, db=db).pace)() == "HTTP 404"
    configure_library(monkeypatch, hostile, gap="0")
    with pytest.raises(PageError, match="HTTP 404"):
        await scrape_single_property("/en/home/casa-1")
    assert hostile.paths == ["/robots.txt", SALE, "/robots.txt", "/en/home/casa-1"]


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (Says(), "no page of the site: HTTP 200 brings nothing at all"),
        (Says(body=b"<title>Hold on</title>"), "the title is 'Hold on'"),
        (Says(headers={"Content-Type": "application/json"}, body=b"{}"), "application/json"),
    ],
)
async def test_what_is_no_page_of_the_site_ends_no_rest_and_is_no_listing(
    hostile: HostileSite,
    db: Database,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    says: Says,
    why: str,
) -> None:
    hostile.answers = {SALE: says, "/en/home/casa-1": says}
    assert why in str(await SiteProbe(config, build_services(config, db=db).pace)())
    configure_library(monkeypatch, hostile, gap="0")
    with pytest.raises(PageError, match=why):
        await scrape_single_property("/en/home/casa-1")


@pytest.mark.parametrize(
    ("says", "kind"),
    [(Says(403), "forbidden"), (Says(202, b"<script>window._cf_chl_opt={}</script>"), "challenge")],
)
async def test_a_refusal_met_by_the_look_waits_for_a_person(
    hostile: HostileSite, db: Database, config: Config, says: Says, kind: str
) -> None:
    hostile.answers[SALE] = says
    clock = FixedClock()
    services = build_services(config, db=db, clock=clock)
    await services.pauses.back_off(reason="HTTP 503 six times")
    clock.advance(minutes=16)
    for _ in range(2):
        assert not await services.pauses.try_again(SiteProbe(config, services.pace))
        clock.advance(days=1)
    [pause] = await services.pauses.in_force()
    assert (pause.kind, pause.resume_after) == ("refused", None)
    assert f"the site refuses us: {kind} (HTTP" in pause.reason
    assert hostile.paths.count(SALE) == 1


async def test_the_look_and_the_library_name_a_page_that_is_too_long(
    hostile: HostileSite, db: Database, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile.answers = {SALE: Says.packed(20 * MEGABYTE), "/en/home/casa-1": Says(endless=MEGABYTE)}
    assert "longer than" in str(await SiteProbe(config, build_services(config, db=db).pace)())
    configure_library(monkeypatch, hostile, gap="0")
    with pytest.raises(PageError, match="longer than"):
        await scrape_single_property("/en/home/casa-1")


async def test_a_busy_answer_to_the_library_makes_everybody_wait(
    hostile: HostileSite, db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    configure_library(monkeypatch, hostile, gap="0.01")
    monkeypatch.setenv("DETAIL_DELAY_SECONDS", "0")
    hostile.answers["/en/home/casa-1"] = Says(429, headers={"Retry-After": "600"})
    with pytest.raises(PageError, match="HTTP 429"):
        await scrape_single_property("/en/home/casa-1")
    asked = len(hostile.paths)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await scrape_single_property("/en/home/casa-2")
    assert len(hostile.paths) == asked
    held = "SELECT held_until > now() + interval '9 minutes' FROM site_pace"
    assert await value(db, held)


HELD = "SELECT held_until > clock_timestamp() + interval '59 minutes' FROM site_pace"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("path", ["/robots.txt", SALE])
async def test_the_rest_that_the_look_is_asked_for_holds_for_everybody(
    hostile: HostileSite, db: Database, path: str, status: int
) -> None:
    hostile.answers[path] = Says(status, headers={"Retry-After": "3600"})
    config = load_config(pincali_base_url=hostile.url, site_min_gap_seconds=0.01)
    assert f"HTTP {status}" in str(await SiteProbe(config, build_services(config, db=db).pace)())
    assert await value(db, HELD)


async def test_the_rest_that_robots_txt_asks_the_library_for_holds_for_everybody(
    hostile: HostileSite, db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    configure_library(monkeypatch, hostile, gap="0.01")
    hostile.answers["/robots.txt"] = Says(503, headers={"Retry-After": "3600"})
    with pytest.raises(BlockedError, match=r"robots\.txt cannot be read: HTTP 503"):
        await scrape_single_property("/en/home/casa-1")
    assert await value(db, HELD)


async def test_how_busy_another_host_is_where_robots_txt_leads_says_nothing_of_the_site(
    hostile: HostileSite, db: Database
) -> None:
    with hostile_site() as other:
        hostile.answers["/robots.txt"] = Says.moved(f"{other.url}/robots.txt")
        other.answers["/robots.txt"] = Says(503, headers={"Retry-After": "3600"})
        config = load_config(
            pincali_base_url=hostile.url,
            sitemap_hosts=(f"127.0.0.1:{other.port}",),
            site_min_gap_seconds=0.01,
        )
        assert "HTTP 503" in str(await SiteProbe(config, build_services(config, db=db).pace)())
        assert other.paths == ["/robots.txt"]
    assert not await value(db, HELD)


async def test_a_refusal_of_the_library_lets_pages_rest_for_everybody(
    hostile: HostileSite, db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    configure_library(monkeypatch, hostile, gap="0.01")
    monkeypatch.setenv("DETAIL_DELAY_SECONDS", "0")
    hostile.answers = {f"/en/home/casa-{each}": Says(403) for each in (1, 2)}
    with pytest.raises(BlockedError, match="forbidden"):
        await scrape_single_property("/en/home/casa-1")
    with pytest.raises(PausedError, match="the site refuses us"):
        await scrape_single_property("/en/home/casa-2")
    assert hostile.paths == ["/robots.txt", "/en/home/casa-1"]
    assert await value(db, "SELECT scope FROM sync_pauses") == "pages"


async def test_a_page_that_the_library_is_shown_ends_a_row_of_refusals(
    hostile: HostileSite, db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    configure_library(monkeypatch, hostile, gap="0.01")
    monkeypatch.setenv("DETAIL_DELAY_SECONDS", "0")
    strikes = []
    for status in (429, 502, 404):
        hostile.answers["/en/home/casa-1"] = Says(status)
        with pytest.raises(PageError, match=f"HTTP {status}"):
            await scrape_single_property("/en/home/casa-1")
        strikes.append(await value(db, "SELECT strikes FROM site_pace"))
        await rows(db, "UPDATE site_pace SET next_free_at = now(), held_until = NULL RETURNING 1")
    assert strikes == [1, 1, 0]


async def test_the_library_follows_what_keeps_the_slug_at_the_sites_pace_and_within_robots_txt(
    hostile: HostileSite, neighbour: HostileSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_library(monkeypatch, hostile, gap="0")
    page = DETAIL.read_bytes()
    agents = "/inmobiliarios/una-agencia/inmueble/casa-1"
    hostile.answers = {
        "/robots.txt": Says(body=b"User-agent: *\nDisallow: /pt/\n"),
        "/en/home/casa-1": Says.moved("/en/home/casa-1?utm_source=share"),
        "/en/home/casa-1?utm_source=share": Says.moved(f"https://www.pincali.com{agents}"),
        agents: Says(body=page),
        "/en/home/casa-2": Says.moved("/pt/imovel/casa-2"),
        "/en/home/casa-3": Says.moved("/en/home/casa-3"),
        "/en/home/casa-4": Says.moved("/en/home/casa-1"),
        "/en/home/casa-5": Says.moved(f"{neighbour.url}/inmueble/casa-5"),
        "/en/home/casa-6": Says.moved("/en/home/casa-6?1"),
        "/en/home/casa-6?1": Says.moved("/en/home/casa-6?2"),
        "/en/home/casa-6?2": Says.moved("/en/home/casa-6?3"),
    }
    assert (await scrape("/en/home/casa-1")).source_url.endswith("/en/home/casa-1")
    shared = "/en/home/casa-1?utm_source=share"
    assert hostile.paths == ["/robots.txt", "/en/home/casa-1", shared, agents]
    with pytest.raises(BlockedError, match=r"robots\.txt forbids .*/pt/imovel/casa-2"):
        await scrape("/en/home/casa-2")
    for asked, requests, where in (("3", 1, "3"), ("4", 1, "1"), ("5", 1, "5"), ("6", 3, r"6\?3")):
        hostile.asked.clear()
        with pytest.raises(PageError, match=f"HTTP 302 to .*/casa-{where}$"):
            await scrape(f"/en/home/casa-{asked}")
        assert len(hostile.paths) == 1 + requests
    assert neighbour.asked == []


async def test_each_page_that_the_library_is_led_to_takes_its_turn(
    hostile: HostileSite, db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    configure_library(monkeypatch, hostile, gap="0.01")
    monkeypatch.setenv("DETAIL_DELAY_SECONDS", "0")
    hostile.answers = {
        "/en/home/casa-1": Says.moved("/inmueble/casa-1"),
        "/inmueble/casa-1": Says(429, headers={"Retry-After": "600"}),
    }
    turns = 0
    wait_for_turn = PaceService.wait_for_turn

    async def counted(self: PaceService, *given: Any, **named: Any) -> Any:
        nonlocal turns
        turns += 1
        return await wait_for_turn(self, *given, **named)

    monkeypatch.setattr(PaceService, "wait_for_turn", counted)
    with pytest.raises(PageError, match="HTTP 429"):
        await scrape("/en/home/casa-1")
    assert turns == len(hostile.paths) == 3
    held = "SELECT held_until > now() + interval '9 minutes' FROM site_pace"
    assert await value(db, held)


@pytest.mark.parametrize(
    ("robots", "paused"),
    [
        (Says(body=b"User-agent: *\nDisallow: /en/home/\n"), {"scope": "pages", "kind": "refused"}),
        (Says(body=b"User-agent: *\nDisallow: /en/home/casa-1\n"), None),
        (Says(body=b"User-agent: *\nCrawl-delay: 1000\n"), {"scope": "all", "kind": "refused"}),
        (Says(502), {"scope": "all", "kind": "busy"}),
        (break_off, None),  # this machine's network may be to blame
    ],
)
async def test_what_robots_txt_asks_of_the_library_holds_for_everybody(
    hostile: HostileSite,
    db: Database,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    robots: Says | Callable[[], Says],
    paused: dict[str, str] | None,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    configure_library(monkeypatch, hostile, gap="0.01")
    hostile.answers["/robots.txt"] = robots
    with pytest.raises(BlockedError, match=r"robots\.txt"):
        await scrape_single_property("/en/home/casa-1")
    assert set(hostile.paths) == {"/robots.txt"}
    assert await rows(db, "SELECT scope, kind FROM sync_pauses") == ([paused] if paused else [])
