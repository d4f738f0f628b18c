"""`/listings`: what it shows of the live table, its map, its files; and places that are found."""

from __future__ import annotations

import asyncio
import csv
import json
import shlex
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from pincali_sync.cli.app import app, run
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.listings import browsing
from pincali_sync.moments import show_times_in
from tests.support.builders import add_all_live, id_of, rows
from tests.support.clock import FixedClock
from tests.support.web import Dashboard, dashboard_on, words_of

HOSTILE = "<script>alert(1)</script>\u202e\"'"
HOUSE: dict[str, Any] = {
    "listing_status": "active",
    "city": "Mérida",
    "neighborhood": "Centro",
    "state": "Yucatán",
    "property_type": "house",
    "price": 2_000_000,
    "currency": "MXN",
    "title": "A house",
    "latitude": 20.97,
    "longitude": -89.62,
    "bedrooms": 3,
}
LISTINGS: dict[str, dict[str, Any]] = {
    "blue-house": {},
    "green-house": {
        "city": "León",
        "neighborhood": "Obregón",
        "price": 900_000,
        "latitude": 21.12,
        "longitude": -101.68,
    },
    "gone-house": {"listing_status": "sold"},
    "hostile": {"title": HOSTILE, "city": HOSTILE, "neighborhood": HOSTILE, "price": 3_000_000},
    "nowhere": {"latitude": None, "longitude": None, "city": "Mérida", "price": None},
}


@pytest.fixture
async def dashboard(db: Database, clock: FixedClock) -> AsyncIterator[Dashboard]:
    seen = {"first_seen_at": clock.now() - timedelta(days=3)}
    await add_all_live(db, {slug: {**HOUSE, **seen, **each} for slug, each in LISTINGS.items()})
    async with dashboard_on(db, clock) as dashboard:
        yield dashboard


@pytest.fixture
def in_mexico(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DISPLAY_TIMEZONE", "America/Mexico_City")
    show_times_in(ZoneInfo("America/Mexico_City"))
    yield
    show_times_in(UTC)


def path_of(slug: str) -> str:
    return f"/properties/{id_of(slug)}"


async def shown(dashboard: Dashboard, query: str = "") -> list[str]:
    page = await dashboard.page(f"/listings{query}")
    return page.css("ol.listings .what > a::attr(href)").getall()


async def test_listings_that_are_present_are_shown_with_their_way_to_more(
    dashboard: Dashboard,
) -> None:
    page = await dashboard.page("/listings")
    paths = page.css("ol.listings .what > a::attr(href)").getall()
    assert sorted(paths) == sorted(
        map(path_of, ("blue-house", "green-house", "hostile", "nowhere"))
    )
    text = words_of(page)
    assert "4 listings." in text
    assert "2,000,000 MXN" in text
    assert "3 bedrooms" in text
    pins = page.css("svg.atlas a::attr(href)").getall()
    assert sorted(pins) == sorted(map(path_of, ("blue-house", "green-house", "hostile")))
    assert "León" in page.css("svg.atlas text.place::text").getall()


async def test_filters_and_order_come_from_the_address(dashboard: Dashboard) -> None:
    assert await shown(dashboard, "?city=leon") == [path_of("green-house")]
    assert await shown(dashboard, "?status=gone") == [path_of("gone-house")]
    assert await shown(dashboard, "?sort=cheapest&price_max=2,500,000") == [
        path_of("green-house"),
        path_of("blue-house"),
    ]
    page = await dashboard.page("/listings?city=leon&sort=cheapest&status=all")
    assert page.css("#f-city::attr(value)").get() == "leon"
    assert page.css("#f-sort option[selected]::attr(value)").get() == "cheapest"
    assert page.css("details[open]")
    assert "only those in MXN" in words_of(page)


async def test_what_a_form_leaves_empty_does_not_stay_in_the_address(dashboard: Dashboard) -> None:
    response = await dashboard.get("/listings?words=&city=Le%C3%B3n&sort=newest")
    assert (response.status_code, response.headers["location"]) == (
        303,
        "/listings?city=Le%C3%B3n",
    )


async def test_what_cannot_be_read_is_told_beside_what_was_typed(dashboard: Dashboard) -> None:
    for query, told in (
        ("price_min=cheap", "Price from 'cheap': give an amount"),
        ("sort=x", "give one of newest"),
        ("after=x", "no page in this order"),
        (f"after=2026-W01-1~{UUID(int=0)}", "no page in this order"),
    ):
        response = await dashboard.get(f"/listings?{query}")
        assert response.status_code == 400, query
        assert told in response.text.replace("&#39;", "'"), query


async def test_where_nothing_is_found_places_of_such_a_name_are_offered(
    dashboard: Dashboard,
) -> None:
    page = await dashboard.page("/listings?city=meri")
    assert page.css("ol.listings li") == []
    assert "/listings?place=M%C3%A9rida" in page.css("main a::attr(href)").getall()


async def test_text_of_the_site_stays_text(dashboard: Dashboard) -> None:
    html = (await dashboard.get("/listings")).text
    assert "<script>alert" not in html
    assert "\u202e" not in html


async def test_pages_lead_to_the_next_and_more_than_is_counted_is_said(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pincali_sync.web.listings._SIZE", 3)
    monkeypatch.setattr(browsing, "MOST_COUNTED", 2)
    page = await dashboard.page("/listings")
    assert "More than 5,000 listings." in words_of(page)
    assert "pincali-sync export" in words_of(page)
    [following] = page.css('a[rel="next"]::attr(href)').getall()
    rest = await dashboard.page(following)
    assert len(rest.css("ol.listings li")) == 1
    assert (await dashboard.get("/listings/download/csv")).status_code == 413


async def test_a_page_on_which_looking_ended_says_so_and_leads_on(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, bound in {"MOST_COUNTED": 0, "LOOKED_AT": 1, "_MOST_SORTED": 0}.items():
        monkeypatch.setattr(browsing, name, bound)
    page = await dashboard.page("/listings")
    assert "This page ends here" in words_of(page)
    assert "Nothing is like that" not in words_of(page)
    assert page.css('a[rel="next"]')


async def test_what_is_shown_is_taken_along_in_three_forms(dashboard: Dashboard) -> None:
    for form in ("csv", "parquet", "geojson"):
        response = await dashboard.get(f"/listings/download/{form}?city=leon")
        assert response.status_code == 200, form
        assert f".{form}" in response.headers["content-disposition"]
        if form == "geojson":
            [feature] = json.loads(response.content)["features"]
            assert feature["id"] == id_of("green-house")
        if form == "csv":
            assert response.text.count("\n") == 2
    assert (await dashboard.get("/listings/download/xml")).status_code == 404


@pytest.mark.usefixtures("in_mexico")
@pytest.mark.parametrize(
    "asked",
    [
        {"first_seen_since": "2026-10-20"},
        {"first_seen_before": " 2026-10-20T00:00 "},
        {"first_seen_since": "2026-10-20T00:00-06:00", "property_type": "casa"},
        {"first_seen_since": "9999d", "words": "house"},
    ],
)
async def test_the_command_that_is_shown_selects_what_the_page_does_in_whatever_zone(
    dashboard: Dashboard,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    asked: dict[str, str],
) -> None:
    midnight = datetime(2026, 10, 20, 6, tzinfo=UTC)  # there
    times = {f"house-{hours}": midnight + timedelta(hours=hours) for hours in (-5, -4, -3, 3, 4, 5)}
    named = {slug: {**HOUSE, "first_seen_at": each} for slug, each in times.items()}
    await add_all_live(dashboard.services.db, named)
    monkeypatch.setattr("pincali_sync.web.listings._SIZE", 2)
    monkeypatch.setattr(browsing, "MOST_COUNTED", 1)
    shown, command = await all_pages(dashboard, f"/listings?{urlencode(asked)}")
    file = tmp_path / "listings.csv"
    typed = shlex.split(command.replace("listings.csv", str(file)))[1:]
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert await asyncio.to_thread(run, app, typed) == 0
    with file.open(encoding="utf-8-sig", newline="") as stream:
        found = [f"/properties/{each['property_id']}" for each in csv.DictReader(stream)]
    assert len(found) >= 3
    assert sorted(found) == sorted(shown)


@pytest.mark.usefixtures("in_mexico")
async def test_dates_of_listings_are_those_of_the_zone_that_filters_are_read_in(
    dashboard: Dashboard, db: Database
) -> None:
    await rows(
        db,
        """UPDATE properties_live
              SET first_seen_at = '2026-11-25T02:00Z', last_full_scrape_at = '2026-11-24T03:00Z'
            WHERE property_id = :id""",
        id=id_of("blue-house"),
    )
    asked = "?first_seen_since=2026-11-24&first_seen_before=2026-11-25"
    assert await shown(dashboard, asked) == [path_of("blue-house")]
    text = await dashboard.text(f"/listings{asked}")
    assert "as of 2026-11-23" in text
    assert "first seen 2026-11-24" in text


async def all_pages(dashboard: Dashboard, first: str) -> tuple[list[str], str]:
    """The paths of all listings that are shown, and the command of the first page."""
    page = await dashboard.page(first)
    [command] = [each for each in page.css("code::text").getall() if "export" in each]
    paths = page.css("ol.listings .what > a::attr(href)").getall()
    while following := page.css('a[rel="next"]::attr(href)').get():
        page = await dashboard.page(following)
        paths += page.css("ol.listings .what > a::attr(href)").getall()
    return paths, command


async def test_the_map_moves_by_links_and_shows_its_part_alone(dashboard: Dashboard) -> None:
    page = await dashboard.page("/listings?city=merida")
    closer = page.css('[data-move="closer"]::attr(href)').get()
    assert closer is not None
    assert "area=" in closer
    assert await shown(dashboard, closer.removeprefix("/listings")) == [path_of("blue-house")]
    [script] = page.css("script::attr(src)").getall()
    response = await dashboard.get(script)
    assert response.headers["content-type"].startswith("text/javascript")
    assert "immutable" in response.headers["cache-control"]


@pytest.mark.parametrize("area", ["20,-103.5,180,-103.2", "-90.1,-90,21,-89", "20,-90,180,-89"])
async def test_a_part_of_the_map_that_no_globe_has_is_refused(
    dashboard: Dashboard, area: str
) -> None:
    response = await dashboard.get(f"/listings?area={area}")
    assert response.status_code == 400
    assert "give south,west,north,east in degrees" in response.text


@pytest.mark.parametrize("move", ["wider", "north", "south", "west", "east", None])
async def test_whatever_the_map_leads_to_can_be_shown(
    dashboard: Dashboard, db: Database, move: str | None
) -> None:
    corners = {"north": (90, 0), "south": (-90, 0), "west": (0, -180), "east": (0, 180)}
    latitude, longitude = corners.get(move or "", (20.97, -89.62))
    await rows(
        db,
        "UPDATE properties_live SET latitude = :latitude, longitude = :longitude",
        latitude=latitude,
        longitude=longitude,
    )
    link = f"[data-move={move}]" if move else "[data-only] a"
    path = "/listings?area=-90,-180,90,180"
    for _ in range(3):
        page = await dashboard.page(path)
        found = page.css(f"{link}::attr(href)").get()
        assert found is not None
        path = found
    await dashboard.page(path)


# --- a property -----------------------------------------------------------------------------------


async def test_a_propertys_page_is_the_property_first(dashboard: Dashboard) -> None:
    offers = [
        {"operation": "sale", "amount": "2000000.00", "currency": "MXN", "per_m2": False},
        {"operation": "rent", "amount": None, "currency": "MXN", "per_m2": False},
    ]
    photos = ["https://photos.test/1.jpg", "javascript:alert(1)", "https://photos.test/2.jpg"]
    await rows(
        dashboard.services.db,
        """UPDATE properties_live
              SET description = :text, offers = CAST(:offers AS jsonb), total_area_m2 = 180,
                  image_urls = CAST(:photos AS jsonb), features = '["Pool", "Garden"]'
            WHERE property_id = :id""",
        text=f"Two floors.\nA garden. {HOSTILE}",
        offers=json.dumps(offers),
        photos=json.dumps(photos),
        id=id_of("blue-house"),
    )
    page = await dashboard.page(path_of("blue-house"))
    text = words_of(page)
    for said in ("2,000,000 MXN", "For sale", "Centro, Mérida, Yucatán", "Bedrooms 3", "180 m²"):
        assert said in text, said
    assert "sale 2,000,000 MXN; rent on request" in text
    assert "Pool, Garden" in text
    assert page.css(".description p bdi::text").getall()[0] == "Two floors."
    links = page.css(".photos a::attr(href)").getall()
    assert links == ["https://photos.test/1.jpg", "https://photos.test/2.jpg"]
    assert page.css("main img") == []
    assert "{" not in text
    pins = page.css("svg.atlas a::attr(href)").getall()
    assert path_of("hostile") in pins
    assert path_of("gone-house") not in pins


async def test_the_journal_tells_offers_as_prices(dashboard: Dashboard) -> None:
    await rows(
        dashboard.services.db,
        """INSERT INTO property_changes (property_id, change_type, field_name, old_value, new_value)
           VALUES (:id, 'updated', 'offers', '[]', CAST(:offers AS jsonb))""",
        id=id_of("blue-house"),
        offers=json.dumps([{"operation": "rent", "amount": 8_800, "currency": "USD"}]),
    )
    assert "rent 8,800 USD" in words_of(await dashboard.page(path_of("blue-house")))


async def test_places_are_found_whatever_their_case_and_accents(dashboard: Dashboard) -> None:
    for name, target in (
        ("merida", "/listings?city=M%C3%A9rida"),
        ("LEO", "/listings?city=Le%C3%B3n"),
        ("yucatan", "/listings?place=Yucat%C3%A1n"),
        ("obregon", "/listings?place=Obreg%C3%B3n&city=Le%C3%B3n"),
    ):
        page = await dashboard.page(f"/property?name={name}")
        assert target in page.css("main li a::attr(href)").getall(), name


@pytest.mark.usefixtures("in_mexico")
@pytest.mark.parametrize(
    "odd",
    [
        "first_seen_at = 'infinity'",
        "first_seen_at = NULL",
        "first_seen_at = '0001-01-01Z'",
        "first_seen_at = '0001-01-02Z'",
        "last_updated_at = 'infinity'",
        "last_seen_at = 'infinity'",
        "last_full_scrape_at = '-infinity', last_manifest_seen_at = 'infinity'",
        "listing_date = 'infinity'",
        "latitude = 'NaN', total_area_m2 = 'NaN'",
        "latitude = 95",
        "longitude = 181",
        "latitude = 90, longitude = -180",
    ],
)
async def test_a_row_that_an_adopter_left_odd_breaks_no_page(
    dashboard: Dashboard, db: Database, odd: str
) -> None:
    await rows(db, f"UPDATE properties_live SET {odd} WHERE property_id = :id", id=id_of("hostile"))
    for order in ("newest", "changed", "cheapest"):
        assert path_of("hostile") in await shown(dashboard, f"?sort={order}")
    assert (await dashboard.get("/listings/download/csv")).status_code == 200
    for slug in ("hostile", "blue-house"):
        assert (await dashboard.get(path_of(slug))).status_code == 200
