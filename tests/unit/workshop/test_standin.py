"""The stand-in is a function of seed and time, and its pages say what its truth says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pincali_workshop.demo.compare import COMPARED_FIELDS
from pincali_workshop.standin.app import create_app
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.world.churn import Churn

from pincali_sync.domain.tiers import ListingSource
from pincali_sync.pages.as_json import as_dict
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page

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
        found = as_dict(parse_detail_page((await standin.get(path)).content, ROOT + path))
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


async def shown(client: httpx.AsyncClient, path: str) -> list[Any]:
    """The entries of a whole search."""
    entries: list[Any] = []
    following: str | None = path
    while following is not None:
        response = await client.get(following)
        assert response.status_code == 200, following
        page = parse_listing_page(response.content, f"{ROOT}{following}")
        entries += page.entries
        following = page.next_page
    return entries


async def test_price_windows_are_in_pesos_and_sorted(standin: httpx.AsyncClient) -> None:
    query = "currency_id=10&sort_by=sale_price-asc&min_price=1000000&max_price=3000000"
    entries = await shown(standin, f"{FIRST_PAGE}?{query}")
    ids = {each["property_id"] for each in await truth(standin) if in_window(each)}
    assert {each.property_id for each in entries} == ids
    pesos = [
        offer.amount
        for each in entries
        for offer in each.offers
        if offer.operation == "sale" and offer.currency == "MXN"
    ]
    assert pesos == sorted(pesos)


def in_window(listing: dict[str, Any]) -> bool:
    rates = {"MXN": 1, "USD": 18}
    return any(
        1_000_000 <= offer["amount"] * rates[offer["currency"]] <= 3_000_000
        for offer in listing["offers"]
        if offer["operation"] == "sale" and offer["amount"] is not None
    )


async def test_without_a_currency_amounts_are_dollars(standin: httpx.AsyncClient) -> None:
    in_pesos = await shown(standin, f"{FIRST_PAGE}?currency_id=10&min_price=1800000")
    in_dollars = await shown(standin, f"{FIRST_PAGE}?min_price=100000")
    assert [each.property_id for each in in_pesos] == [each.property_id for each in in_dollars]


async def test_type_and_place_narrow_a_search(standin: httpx.AsyncClient) -> None:
    entries = await shown(standin, f"{FIRST_PAGE}-in-zapopan-jalisco?property_type_ids=29058")
    expected = {
        each["property_id"]
        for each in await truth(standin)
        if each["city"] == "Zapopan"
        and each["property_type"] == "house"
        and "sale" in each["sources"]
    }
    assert {each.property_id for each in entries} == expected


async def test_a_long_parameter_makes_the_site_forget_the_path() -> None:
    async with site(listings=60) as client:
        everything = await shown(
            client, f"{FIRST_PAGE}?search_criteria[sort_by]=date_activated-desc"
        )
        assert len(everything) == len(await truth(client))


async def test_listings_on_request_are_behind_all_prices() -> None:
    async with site(listings=600, page_cap=1_000) as client:
        for direction in ("asc", "desc"):
            entries = await shown(client, f"{FIRST_PAGE}?sort_by=sale_price-{direction}")
            priced = [each.listing_page_price is not None for each in entries]
            assert priced == sorted(priced, reverse=True)
            assert not all(priced)


async def test_a_filter_that_finds_nothing_is_not_there(standin: httpx.AsyncClient) -> None:
    assert (await standin.get(f"{FIRST_PAGE}-in-atlantis")).status_code == 404
    assert (await standin.get(f"{FIRST_PAGE}?min_price=cheap")).status_code == 404


async def test_the_stock_moved_on_is_the_stock_made_anew() -> None:
    async with site() as moving, site() as fresh:
        for hours in (1, 5, 30, 200):
            await advance(moving, hours)
        await advance(fresh, 236)
        for source in ListingSource:
            pages = [(await each.get(source.path)).content for each in (moving, fresh)]
            assert pages[0] == pages[1]
