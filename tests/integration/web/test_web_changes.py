"""What changed: on its page, on the overview and in the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from parsel import Selector

from pincali_sync.db.engine import Database
from pincali_sync.rendering.news_words import DAYS
from tests.integration.site.test_sitemap import read
from tests.support.builders import USD, add_live, detail, id_of, rows, sale
from tests.support.cli import as_json, say
from tests.support.clock import FixedClock
from tests.support.web import Dashboard, dashboard_on, words_of

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
async def dashboard(db: Database, clock: FixedClock) -> AsyncIterator[Dashboard]:
    """Yesterday at ten two houses came; today one of them is cheaper, one is dearer in dollars, one
    went, one came back and one is new."""
    async with dashboard_on(db, clock) as dashboard:
        shop, diff = dashboard.shop, dashboard.services.diff
        clock.advance(days=-1, hours=-2)
        await shop.visit(detail("blue-house", sale(2_000_000), city="Zapopan"))
        await shop.visit(detail("red-house", sale(2_000_000), city="Mérida"))
        clock.advance(days=1, hours=1)
        await shop.visit(detail("blue-house", sale(1_900_000)))
        await shop.visit(detail("red-house", sale(120_000, USD)))
        await shop.visit(detail("new-house", sale(900_000), title=HOSTILE))
        await diff.update_removal_status(id_of("red-house"), confirmed=True)
        clock.advance(hours=1)
        await shop.visit(detail("red-house", sale(150_000, USD)))
        yield dashboard


def tiles(page: Selector) -> dict[str, tuple[str, str]]:
    """Each figure's value and note."""
    return {
        words(each, "dt"): (words(each, ".value"), words(each, ".note"))
        for each in page.css(".figure")
    }


def words(page: Selector, css: str) -> str:
    return " ".join(
        " ".join(page.css(f"{css} ::text").getall() or page.css(f"{css}::text").getall()).split()
    )


def listed(page: Selector) -> list[str]:
    """The rows of the list, each in words."""
    [table] = page.xpath("//table[caption = 'The latest first']")
    return [" ".join("".join(row.css("::text").getall()).split()) for row in table.css("tbody tr")]


async def test_today_stands_beside_yesterday_up_to_the_same_hour(dashboard: Dashboard) -> None:
    for path in ("/", "/changes"):
        shown = tiles(await dashboard.page(path))
        assert shown["New"] == ("1", "2 by this time yesterday, 2 all day"), path
        assert [shown[each][0] for each in ("Price down", "Price up", "Gone", "Back")] == list(
            "1111"
        )
    assert tiles(await dashboard.page("/changes?period=yesterday"))["New"][0] == "2"
    assert tiles(await dashboard.page("/changes?period=week"))["New"][0] == "3"


async def test_each_change_has_its_title_its_price_and_its_links(dashboard: Dashboard) -> None:
    page = await dashboard.page("/changes")
    found = listed(page)
    assert len(found) == 5
    [cheaper] = [each for each in found if "price down" in each]
    assert "House blue-house" in cheaper
    assert "2,000,000 MXN 1,900,000 MXN" in cheaper
    assert cheaper.endswith("-5.0 %")
    assert "price up" in found[0] + found[1]  # in dollars twice; the change of currency is none
    assert page.css(f'a[href="/properties/{id_of("blue-house")}"]')
    assert page.css('a[href="https://www.pincali.com/en/home/blue-house"]')
    assert HOSTILE not in page.get()
    assert HOSTILE in words_of(page)


async def test_the_list_is_narrowed_by_kind_and_city_and_goes_on_where_it_ended(
    dashboard: Dashboard, db: Database
) -> None:
    assert len(listed(await dashboard.page("/changes?kind=gone"))) == 1
    assert len(listed(await dashboard.page("/changes?city=zapopan"))) == 1
    assert words_of(await dashboard.page("/changes?city=Nowhere")).count("Nothing of the kind")
    at = dashboard.clock.now() - timedelta(hours=1)
    for name in ("a", "b"):
        await add_live(db, name)
    await rows(
        db,
        """INSERT INTO property_changes (property_id, change_type, created_at)
           SELECT id, 'created', :at
             FROM unnest(CAST(:ids AS text[])) id, generate_series(1, 60)""",
        ids=[id_of("a"), id_of("b")],
        at=at,
    )
    page, seen = await dashboard.page("/changes?kind=new"), 0
    while True:
        seen += len(listed(page))
        following = page.xpath("//a[. = 'Earlier changes']/@href").get()
        if following is None:
            break
        page = await dashboard.page(following)
    assert seen == 121
    for wrong in ("period=ever", "kind=old", "after=x", "after=2026-11-23T12:00:00_1"):
        assert (await dashboard.get(f"/changes?{wrong}")).status_code == 404, wrong


async def test_newcomers_known_by_their_url_alone_are_counted_and_shown_where_news_are(
    dashboard: Dashboard,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for path in ("/changes", "/listings"):
        assert "known by" not in words_of(await dashboard.page(path))
    await read(dashboard.services, "blue-house", "one", dated_at=dashboard.clock.now())
    names = [f"n{place:03}" for place in range(59)]
    dashboard.clock.advance(minutes=1)
    await read(dashboard.services, "blue-house", "one", *names, dated_at=dashboard.clock.now())
    said = "60 listings are known by their URL alone and wait for their page."
    for path in ("/changes?city=zapopan", "/listings?city=zapopan"):
        page = await dashboard.page(path)
        assert said in words_of(page), path
        [target] = page.xpath("//a[. = 'Show them']/@href").getall()
        assert not page.css(f'a[href$="{id_of("one")}"]')  # no card of what has no facts
    first = await dashboard.page(target)
    [following] = first.css('a[rel="next"]::attr(href)').getall()
    last = await dashboard.page(following)
    found = [
        page.css("tbody a[href^='/properties/']::attr(href)").getall() for page in (first, last)
    ]
    assert [len(each) for each in found] == [50, 10]
    assert found[1][-1] == f"/properties/{id_of('one')}"  # seen first
    assert len({*found[0], *found[1]}) == 60
    state = "It is known by its URL alone: the sitemap lists it, and no page has shown it yet."
    page = await dashboard.page(found[1][-1])
    assert state in words_of(page)
    assert page.css("h1 bdi::text").get() == "one"
    for wrong in ("x", "2026-11-23T12:00:00_x"):
        assert (await dashboard.get(f"/changes/by-url?after={wrong}")).status_code == 404

    monkeypatch.setenv("DATABASE_URL", database_url)
    assert (await asyncio.to_thread(as_json, capsys, "today"))["known_by_url"] == 60
    listed = await asyncio.to_thread(as_json, capsys, "today", "--by-url", "--limit", "1")
    assert [each["property_id"] for each in listed["listings"]] == [found[0][0].split("/")[2]]
    assert (await asyncio.to_thread(say, capsys, "today", "--by-url", "--kind", "new"))[0] == 2
    _, explained, _ = await asyncio.to_thread(say, capsys, "explain", id_of("one"))
    assert f"{id_of('one')}: known by its URL alone" in explained
    await dashboard.shop.visit(detail("one"))
    assert said.replace("60", "59") in words_of(await dashboard.page("/changes"))
    monkeypatch.setattr("pincali_sync.rendering.news_words.MOST_BY_URL", 50)
    assert "More than 50 listings are known by" in words_of(await dashboard.page("/changes"))


async def test_the_terminal_and_reports_tell_the_same(
    dashboard: Dashboard,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    await rows(
        dashboard.services.db,
        "UPDATE property_changes SET created_at = created_at + (now() - CAST(:now AS timestamptz))",
        now=dashboard.clock.now(),
    )
    found = await asyncio.to_thread(as_json, capsys, "today", "--period", "week")
    assert found["counts"]["week"] == {"new": 3, "down": 1, "up": 1, "gone": 1, "back": 1}
    assert found["time_zone"] == "UTC"
    [cheaper] = [each for each in found["changes"] if each["kind"] == "down"]
    assert (cheaper["title"], cheaper["old_price"], cheaper["price"]) == (
        "House blue-house",
        2_000_000,
        1_900_000,
    )
    assert cheaper["source_url"].endswith("/blue-house")
    status, said, _ = await asyncio.to_thread(say, capsys, "today", "--period", "week")
    assert status == 0
    for word in ("Price down", "2,000,000 to 1,900,000 MXN", id_of("blue-house")):
        assert word in said

    made = await asyncio.to_thread(as_json, capsys, "report", "--output", str(tmp_path))
    news = made["report"]["figures"]["news"]
    assert news == {"time_zone": "UTC", **found["counts"], "known_by_url": 0}
    lines = (tmp_path / Path(made["files"][1]).name).read_text().splitlines()
    assert " | ".join(["| Gone", *(str(news[days]["gone"]) for days in DAYS)]) + " |" in lines
