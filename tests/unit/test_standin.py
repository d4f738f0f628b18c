"""The stand-in is a function of seed and time, and its pages say what its truth says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from pincali_sync.demo.compare import COMPARED_FIELDS
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.pages.as_json import detail_as_dict
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page
from pincali_sync.standin.app import create_app
from pincali_sync.standin.options import StandinOptions
from pincali_sync.standin.world.churn import Churn

ROOT = "http://127.0.0.1:8765"
CONTROL = "/__standin__"
FIRST_PAGE = ListingSource.SALE.path
BUSY = Churn(births=0.4, price_changes=0.3)


def site(**options: Any) -> httpx.AsyncClient:
    defaults: dict[str, Any] = {"listings": 120, "churn": BUSY}
    app = create_app(StandinOptions(**{**defaults, **options}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT)


@pytest.fixture
async def standin() -> AsyncIterator[httpx.AsyncClient]:
    async with site() as client:
        yield client


async def truth(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    listings: list[dict[str, Any]] = (await client.get(f"{CONTROL}/truth")).json()["listings"]
    return listings


async def advance(client: httpx.AsyncClient, hours: float) -> None:
    await client.post(f"{CONTROL}/clock", json={"advance_seconds": hours * 3600})


@pytest.mark.parametrize("form", ["2025", "2026"])
async def test_the_same_seed_and_time_give_the_same_bytes(form: str) -> None:
    async with site(form=form) as one, site(form=form) as other, site(form=form, seed=2) as third:
        for hours in (0, 6, 30):
            for client in (one, other, third):
                await advance(client, hours)
            first, second, different = [
                (await client.get(FIRST_PAGE)).content for client in (one, other, third)
            ]
            assert first == second
            assert first != different


@pytest.mark.parametrize("form", ["2025", "2026"])
@pytest.mark.parametrize("page_size", [24, 42])
async def test_the_pages_of_each_source_show_every_active_listing_once(
    form: str, page_size: int
) -> None:
    async with site(form=form, page_size=page_size) as client:
        listings = await truth(client)
        for source in ListingSource:
            seen: list[str] = []
            path: str | None = source.path
            while path is not None:
                page = parse_listing_page((await client.get(path)).content, f"{ROOT}{path}")
                assert page.unreadable_cards == ()
                seen += [entry.property_id for entry in page.entries]
                path = page.next_page
            expected = {x["property_id"] for x in listings if source.value in x["sources"]}
            assert len(seen) == len(set(seen)) == page.total_listings
            assert set(seen) == expected


async def test_what_was_born_since_stands_on_the_first_page(standin: httpx.AsyncClient) -> None:
    start = (await standin.get(f"{CONTROL}/clock")).json()["now"]
    await advance(standin, 6)
    born = (await standin.get(f"{CONTROL}/truth", params={"since": start})).json()["born"]
    assert born
    shown: set[str] = set()
    for source in ListingSource:
        page = parse_listing_page((await standin.get(source.path)).content, source.path)
        shown |= {entry.property_id for entry in page.entries}
    assert {each["property_id"] for each in born} <= shown


async def test_a_detail_page_says_what_the_truth_says(standin: httpx.AsyncClient) -> None:
    for listing in (await truth(standin))[:60]:
        path = f"/en/home/{listing['slug']}"
        found = detail_as_dict(parse_detail_page((await standin.get(path)).content, path))
        for field in (*COMPARED_FIELDS, "image_count"):
            if field == "title_original" and not listing["translated"]:
                continue  # a page with one title does not say that it is the original
            value = len(found["image_urls"]) if field == "image_count" else found.get(field)
            assert (value or None) == (listing[field] or None), (path, field)


@pytest.mark.parametrize(
    ("mode", "status"), [("404", 404), ("410", 410), ("redirect", 301), ("soft_gone", 200)]
)
async def test_a_removed_listing_answers_as_it_is_told_to(
    standin: httpx.AsyncClient, mode: str, status: int
) -> None:
    before = {each["property_id"]: each["slug"] for each in await truth(standin)}
    await advance(standin, 24)
    gone = before.keys() - {each["property_id"] for each in await truth(standin)}
    assert gone
    await standin.post(f"{CONTROL}/removal-mode", json={"mode": mode, "public_id": None})
    answer = await standin.get(f"/en/home/{before[min(gone)]}")
    assert answer.status_code == status


async def test_pages_beyond_the_end_or_the_cap_are_not_found() -> None:
    async with site(page_cap=2) as client:
        assert (await client.get(f"{FIRST_PAGE}?page=2")).status_code == 200
        assert (await client.get(f"{FIRST_PAGE}?page=3")).status_code == 404
    async with site(listings=30) as client:
        assert (await client.get(f"{FIRST_PAGE}?page=9")).status_code == 404


async def test_a_fault_strikes_as_often_as_ordered(standin: httpx.AsyncClient) -> None:
    fault = {"path": "/en/properties/", "kind": "429", "times": 2, "retry_after": 7}
    await standin.post(f"{CONTROL}/faults", json=fault)
    answers = [await standin.get(FIRST_PAGE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


async def test_a_message_to_an_advertiser_is_recorded_as_a_lead(
    standin: httpx.AsyncClient,
) -> None:
    slug = (await truth(standin))[0]["slug"]
    await standin.post(f"/home/{slug}/messages")
    log = (await standin.get(f"{CONTROL}/log")).json()
    assert log["leads"] == 1
    assert [(entry["method"], entry["path"]) for entry in log["entries"]] == [
        ("POST", f"/home/{slug}/messages")
    ]


async def test_robots_txt_asks_for_a_pause_and_forbids_nothing(
    standin: httpx.AsyncClient,
) -> None:
    rules = (await standin.get("/robots.txt")).text
    assert "Crawl-delay: 1" in rules
    assert not [line for line in rules.splitlines() if line.startswith("Disallow: /")]
