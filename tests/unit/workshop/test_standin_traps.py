"""The stand-in's traps: each does what it says, follows from the seed, and is in the truth."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest
from pincali_workshop.standin.app import create_app
from pincali_workshop.standin.mangling import without_some_cards
from pincali_workshop.standin.options import RemovalMode, StandinOptions
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.traps import Traps

from pincali_sync.domain.tiers import ListingSource

ROOT = "http://127.0.0.1:8765"
CONTROL = "/__standin__"
FIRST_PAGE = ListingSource.SALE.path
DAY = 86_400.0
CARD = 'class="property__component"'


def site(**options: Any) -> httpx.AsyncClient:
    defaults: dict[str, Any] = {"listings": 150, "churn": Churn(births=0.1), "form": "2026"}
    app = create_app(StandinOptions(**{**defaults, **options}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT)


async def changes(client: httpx.AsyncClient, days: float) -> dict[str, list[dict[str, Any]]]:
    """What happens in the days to come."""
    start = (await client.get(f"{CONTROL}/clock")).json()["now"]
    await client.post(f"{CONTROL}/clock", json={"advance_seconds": days * DAY})
    found: dict[str, Any] = (await client.get(f"{CONTROL}/truth", params={"since": start})).json()
    return found


async def order(client: httpx.AsyncClient, kind: str, path: str = "/", **more: Any) -> None:
    await client.post(f"{CONTROL}/faults", json={"path": path, "kind": kind, **more})


async def test_a_former_slug_redirects_is_absent_or_shows_the_page_all_the_same() -> None:
    async with site(traps=Traps(renamed=1.0), churn=Churn(births=0.001)) as client:
        renamed = (await changes(client, 20))["renamed"]
        assert len(renamed) > 80
        answers = [(each, await client.get(f"/en/home/{each['old_slug']}")) for each in renamed]
        assert {answer.status_code for _, answer in answers} == {200, 301, 404}
        for listing, answer in answers:
            if answer.status_code == 301:
                assert answer.headers["Location"] == f"/en/home/{listing['slug']}"
            elif answer.status_code == 200:
                assert f"ID: {listing['public_id']}<" in answer.text


async def test_cards_show_a_new_slug_before_the_sitemap_does_or_after() -> None:
    async with site(traps=Traps(renamed=1.0), churn=Churn(births=0.001)) as client:
        first = set()
        for _ in range(20):
            await changes(client, 1)
            shown, listed = await shown_slugs(client), await listed_slugs(client)
            for slug in shown ^ listed:
                first.add("pages" if slug in shown else "sitemap")
                status = (await client.get(f"/en/home/{slug}")).status_code
                assert status in {200, 301, 404}
        assert first == {"pages", "sitemap"}


async def shown_slugs(client: httpx.AsyncClient) -> set[str]:
    """Slugs of listings that the sitemap lists, too, under one slug or another."""
    listings = (await client.get(f"{CONTROL}/truth")).json()["listings"]
    listed = await listed_slugs(client)
    return {each["slug"] for each in listings if listed & {name["slug"] for name in each["slugs"]}}


async def listed_slugs(client: httpx.AsyncClient) -> set[str]:
    shard = (await client.get("/marketplace_sitemaps/properties.xml.gz")).content
    locations = gzip.decompress(shard).decode().split("<loc>")[1:]
    return {each.partition("<")[0].rpartition("/")[2] for each in locations}


async def test_a_newcomer_takes_over_the_slug_of_a_listing_that_left_it() -> None:
    async with site(traps=Traps(renamed=0.5, takeovers=0.5)) as client:
        before = (await client.get(f"{CONTROL}/truth")).json()["listings"]
        owners = {each["slug"]: each["public_id"] for each in before}
        await changes(client, 14)
        taken = [
            each
            for each in (await client.get(f"{CONTROL}/truth")).json()["listings"]
            if each["takes_over"] and owners.get(each["slugs"][0]["slug"], "") != ""
        ]
        assert len(taken) > 3
        for newcomer in taken:
            slug = newcomer["slugs"][0]["slug"]
            if newcomer["slug"] == slug:
                page = (await client.get(f"/en/home/{slug}")).text
                assert f"ID: {newcomer['public_id']}<" in page
            assert owners[slug] != newcomer["public_id"]


async def test_each_removed_listing_leaves_in_a_way_that_the_truth_names() -> None:
    expected = {
        "404": 404,
        "410": 410,
        "422": 422,
        "redirect": 301,
        "home": 302,
        "soft_gone": 200,
        "sold": 200,
        "sold_banner": 200,
        "repurposed": 200,
        "unlisted": 200,
    }
    async with site(listings=400, removal_mode=RemovalMode.MIXED) as client:
        seen = {}
        for removed in (await changes(client, 6))["removed"]:
            page = await client.get(f"/en/home/{removed['slug']}")
            seen[removed["answers"]] = page.status_code
            shows_itself = f"ID: {removed['public_id']}<" in page.text
            assert shows_itself == (removed["answers"] in {"sold_banner", "unlisted"})
            assert ('role="status"' in page.text) == (removed["answers"] == "sold_banner")
            assert removed["answers"] == "sold_banner" or "schema.org/SoldOut" not in page.text
        assert seen == expected


@pytest.mark.parametrize(
    ("mode", "status"), [("404", 404), ("422", 422), ("home", 302), ("soft_gone", 200)]
)
async def test_invented_urls_answer_as_they_are_told_to(mode: str, status: int) -> None:
    async with site() as client:
        await client.post(f"{CONTROL}/unknown-mode", json={"mode": mode})
        assert (await client.get("/en/home/propiedad-inventada")).status_code == status


async def test_prices_are_struck_out_and_said_in_two_currencies() -> None:
    traps = Traps(struck_out=1.0, two_currencies=1.0)
    async with site(traps=traps, churn=Churn(births=0.01, price_changes=0.05)) as client:
        pages = {}
        for listing in (await changes(client, 3))["price_changed"]:
            amounts = [listing[name][0]["amount"] for name in ("old_offers", "offers")]
            page = (await client.get(f"/en/home/{listing['slug']}")).text
            price = page.partition('<div class="digits">')[2].partition("</div>")[0]
            pages[price] = [amount and f"${amount:,.12g} " for amount in amounts]
            is_lowered = amounts[0] is not None and amounts[1] < amounts[0]
            assert any(mark in price for mark in ("<del>", "<s>", "line-through")) == is_lowered
        lowered = [price for price in pages if "</" in price]
        assert len(lowered) > 5
        for price in lowered:
            old, new = pages[price]
            assert price.index(old) < price.index("</") < price.index(new)
            assert ("(≈ US$ " in price) == ("MXN" in price)


async def test_sponsored_cards_lead_to_other_hosts_and_are_not_counted() -> None:
    async with site(traps=Traps(sponsored=1.0)) as client:
        page = (await client.get(FIRST_PAGE)).text
        assert page.count(CARD) == 24
        assert page.count('class="property__component sponsored"') == 1


async def test_the_sitemap_has_every_kind_of_dirt_and_loses_no_listing_by_it() -> None:
    async with site(traps=Traps(sitemap_dirt=1.0)) as client:
        index = (await client.get("/sitemap.xml")).text
        assert index.startswith("\n<?xml")
        nested = (await client.get("/marketplace_sitemaps/properties_nested.xml")).text
        assert "<sitemapindex" in nested
        names = [
            each.partition("<")[0].rpartition("/")[2]
            for each in f"{index}{nested}".split("<loc>")
            if "/properties" in each
        ]
        shards = [await client.get(f"/marketplace_sitemaps/{name}") for name in names]
        texts = [gzip.decompress(each.content).decode() for each in shards if _is_packed(each)]
        assert len(texts) == 4
        assert any("https://agencia.example/" in text for text in texts)
        clean = await listed_in_a_clean_one()
        assert clean <= {
            each.partition("<")[0].rpartition("/")[2]
            for text in texts
            for each in text.split("<loc>")[1:]
        } or any("<Error>" in text for text in texts)


def _is_packed(answer: httpx.Response) -> bool:
    return answer.content.startswith(b"\x1f\x8b")


async def listed_in_a_clean_one() -> set[str]:
    async with site() as client:
        return await listed_slugs(client)


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("captcha_404", 404, "bridges"),
        ("login_step", 200, "authentication[email]"),
        ("wall", 200, ""),
        ("wall_403", 403, ""),
        ("maintenance", 200, "maintenance"),
        ("outage", 200, ""),
    ],
)
async def test_a_fault_page_is_no_page_of_a_listing(kind: str, status: int, words: str) -> None:
    async with site() as client:
        await order(client, kind)
        answer = await client.get(FIRST_PAGE)
        assert answer.status_code == status
        assert words in answer.text
        assert CARD not in answer.text


async def test_a_short_page_declares_all_its_cards_and_lacks_some() -> None:
    async with site() as client:
        whole = await client.get(FIRST_PAGE)
        await order(client, "fewer_cards", times=1)
        short = await client.get(FIRST_PAGE)
        assert whole.text.count(CARD) == 24
        assert short.text.count(CARD) == 16 + 1  # the last one carries the rest of the page
        assert short.text.endswith("</html>\n")
    assert without_some_cards(b"no cards") == b"no cards"


async def test_a_cut_page_ends_in_the_middle() -> None:
    async with site() as client:
        whole = await client.get(FIRST_PAGE)
        await order(client, "cut", times=1)
        cut = await client.get(FIRST_PAGE)
        assert cut.status_code == 200
        assert 0 < len(cut.content) < len(whole.content)
        assert whole.content.startswith(cut.content)


async def test_a_fault_can_strike_some_of_the_requests_and_is_logged() -> None:
    async with site() as client:
        await order(client, "500", every=3)
        statuses = [(await client.get(FIRST_PAGE)).status_code for _ in range(6)]
        assert statuses == [200, 200, 500] * 2
        entries = (await client.get(f"{CONTROL}/log")).json()["entries"]
        assert [entry["fault"] for entry in entries] == [None, None, "500"] * 2
        assert {entry["site_time"] for entry in entries} == {"2026-11-23T12:00:00+00:00"}


async def test_a_site_without_traps_has_none() -> None:
    async with site() as client:
        await changes(client, 20)
        listings = (await client.get(f"{CONTROL}/truth")).json()["listings"]
        assert {len(each["slugs"]) for each in listings} == {1}
        assert not any(each["takes_over"] for each in listings)
