"""Cards: slugs that change, are taken over, swapped, or known to the sitemap only."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.domain.identity import canonical_url
from pincali_sync.items import FetchedShard
from tests.support.builders import (
    Workshop,
    add_live,
    detail,
    entry,
    id_of,
    newcomer_id_of,
    rows,
    sale,
    seen_at,
    value,
)
from tests.support.clock import FixedClock

ONE, OTHER, THIRD = "EB-QA0001", "EB-QB0002", "EB-QC0003"


async def list_in_sitemap(services: Services, *slugs: str) -> None:
    """A whole pass over a sitemap with these slugs."""
    ticket = await services.jobs.begin(uuid4(), spider="sitemap", source=None)
    urls = "".join(
        f"<url><loc>https://www.pincali.com/inmueble/{slug}</loc></url>" for slug in slugs
    )
    xml = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    await services.sitemap.begin(ticket, shards=1)
    shard = FetchedShard(url="https://assets.example.org/properties.xml", body=xml.encode())
    await services.sitemap.record_shard(shard, ticket)
    await services.sitemap.finish(ticket)


async def records(db: Database) -> dict[str, str | None]:
    found = await rows(db, "SELECT property_id, public_id FROM property_manifest")
    return {row["property_id"]: row["public_id"] for row in found}


async def leads_to(db: Database, slug: str) -> Any:
    found = await rows(
        db, "SELECT property_id FROM property_aliases WHERE alias = :alias", alias=id_of(slug)
    )
    return found[0]["property_id"] if found else id_of(slug)


async def test_the_sitemaps_record_is_named_by_the_first_card_under_its_slug(
    shop: Workshop, services: Services, db: Database
) -> None:
    await list_in_sitemap(services, "blue-house")
    await shop.scan(entry("blue-house", public_id=ONE))
    assert await records(db) == {id_of("blue-house"): ONE}


async def test_the_sitemaps_record_is_joined_to_the_listing_that_a_card_shows_there(
    shop: Workshop, services: Services, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    await list_in_sitemap(services, "sky-blue-house")
    batch = await shop.scan(entry("sky-blue-house", public_id=ONE))
    assert batch.new_properties == 0
    assert await records(db) == {id_of("blue-house"): ONE}
    assert await leads_to(db, "sky-blue-house") == id_of("blue-house")
    await list_in_sitemap(services, "sky-blue-house")
    assert await records(db) == {id_of("blue-house"): ONE}


async def test_two_sitemap_records_of_one_listing_are_joined_in_one_batch(
    shop: Workshop, services: Services, db: Database
) -> None:
    await list_in_sitemap(services, "azure-house", "blue-house")
    await shop.scan(entry("blue-house", public_id=ONE), entry("azure-house", public_id=ONE))
    assert list((await records(db)).values()) == [ONE]
    assert await leads_to(db, "blue-house") == await leads_to(db, "azure-house")


async def test_an_adopted_row_without_an_id_is_joined_under_the_id_that_was_live_first(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", created_at=clock.now(), bedrooms=2)
    later = clock.advance(days=1)
    await add_live(db, "sky-blue-house", public_id=ONE, created_at=later)
    await shop.scan(entry("blue-house", public_id=ONE))
    [live] = await rows(db, "SELECT property_id, public_id, bedrooms FROM properties_live")
    assert live == {"property_id": id_of("blue-house"), "public_id": ONE, "bedrooms": 2}
    assert await leads_to(db, "sky-blue-house") == id_of("blue-house")


async def test_a_live_row_and_a_manifest_row_of_one_id_become_one_record(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("sky-blue-house", public_id=ONE))
    await add_live(db, "blue-house", public_id=ONE, price=2_000_000)
    batch = await shop.scan(entry("sky-blue-house", public_id=ONE))
    assert (batch.new_properties, batch.records) == (0, 1)
    assert await records(db) == {id_of("blue-house"): ONE}


async def test_a_newcomer_under_a_taken_slug_is_a_record_of_its_own_at_once(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", sale(900_000), public_id=ONE))
    await shop.visit(detail("blue-house", sale(900_000), public_id=ONE))
    batch = await shop.scan(entry("blue-house", sale(100), public_id=OTHER))
    own = newcomer_id_of("blue-house", OTHER)
    assert (batch.new_properties, batch.takeovers, batch.queued) == (1, 1, 1)
    assert await records(db) == {id_of("blue-house"): ONE, own: OTHER}
    assert await leads_to(db, "blue-house") == own
    assert (await shop.live("blue-house"))["price"] == 900_000
    [queued] = await shop.claim()
    assert (queued.property_id, queued.public_id, queued.priority) == (own, OTHER, 1)
    sightings = await rows(db, "SELECT DISTINCT property_id FROM property_sightings")
    assert {row["property_id"] for row in sightings} == {id_of("blue-house"), own}


async def test_the_one_before_keeps_its_url_and_has_the_evidence(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    await shop.scan(entry("blue-house", public_id=OTHER))
    await shop.scan(entry("blue-house", public_id=OTHER))
    assert (await shop.live("blue-house"))["source_url"].endswith("/blue-house")
    [check] = await rows(db, "SELECT * FROM removal_checks")
    assert (check["property_id"], check["verdict"]) == (id_of("blue-house"), "unknown")
    assert (check["shown_public_id"], check["batch_id"]) == (OTHER, None)
    assert check["evidence"] == (
        f"a listing page shows {OTHER} under its slug, the record is {ONE}"
    )


async def test_of_one_that_is_removed_nothing_more_is_noted(shop: Workshop, db: Database) -> None:
    await add_live(db, "blue-house", public_id=ONE, listing_status="confirmed_removed")
    batch = await shop.scan(entry("blue-house", public_id=OTHER))
    assert (batch.new_properties, batch.takeovers, batch.relisted) == (1, 1, 0)
    assert await value(db, "SELECT count(*) FROM removal_checks") == 0


async def test_nothing_but_verification_asks_for_the_page_of_the_one_before(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house", sale(900_000), public_id=ONE))
    await shop.visit(detail("blue-house", sale(900_000), public_id=ONE))
    await shop.scan(entry("blue-house", sale(500_000), public_id=ONE))  # queued for its price
    await shop.scan(entry("blue-house", public_id=OTHER))
    await shop.visit(
        detail("blue-house", public_id=OTHER, property_id=newcomer_id_of("blue-house", OTHER))
    )
    for _ in range(4):
        clock.advance(days=40)
        await shop.queue.top_up()
        await shop.queue.queue_stale_properties(7, 100)
        await shop.queue.queue_random_sample(100)
        claimed = await shop.claim(100)
        assert {each.property_id for each in claimed} == {newcomer_id_of("blue-house", OTHER)}
        await rows(
            db,
            "UPDATE scrape_queue SET status = 'completed', completed_at = queued_at, "
            "lease_token = NULL, lease_expires_at = NULL",
        )


async def test_a_listing_that_comes_back_to_its_slug_is_visited_again(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    await shop.scan(entry("blue-house", public_id=OTHER))
    clock.advance(days=40)
    ticket = await shop.begin()
    await shop.scan(entry("blue-house", public_id=ONE), ticket=ticket)
    await shop.scans.mark_live_as_seen(ticket.session_id)
    assert await leads_to(db, "blue-house") == id_of("blue-house")
    await rows(db, "DELETE FROM scrape_queue")
    assert await shop.queue.queue_stale_properties(7, 100) == 1


async def test_a_taken_slug_in_the_sitemap_stands_for_the_newcomer(
    shop: Workshop, services: Services, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    before = (await shop.manifest("blue-house"))["last_seen_at"]
    await shop.scan(entry("blue-house", public_id=OTHER))
    now = clock.advance(days=1)
    await list_in_sitemap(services, "blue-house")
    assert await value(db, "SELECT count(*) FROM property_manifest") == 2
    assert await seen_at(db, id_of("blue-house")) == before
    assert await seen_at(db, newcomer_id_of("blue-house", OTHER)) == now


async def test_a_card_without_an_id_is_the_one_that_has_the_slug_now(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.scan(entry("blue-house", public_id=OTHER))
    batch = await shop.scan(entry("blue-house", sale(7_000_000)))
    found = await rows(db, "SELECT public_id FROM property_manifest WHERE listing_page_price = 7e6")
    assert batch.new_properties == 0
    assert found == [{"public_id": OTHER}]


async def test_two_listings_that_swap_their_slugs_stay_two(shop: Workshop, db: Database) -> None:
    cards = entry("blue-house", public_id=ONE), entry("red-house", public_id=OTHER)
    await shop.scan(*cards)
    for card in cards:
        slug = card.source_url.rpartition("/")[2]
        await shop.visit(detail(slug, public_id=card.public_id))
    batch = await shop.scan(entry("red-house", public_id=ONE), entry("blue-house", public_id=OTHER))
    assert (batch.new_properties, batch.queued) == (0, 0)
    live = await rows(db, "SELECT property_id, public_id, source_url FROM properties_live")
    assert {(row["public_id"], row["source_url"].rpartition("/")[2]) for row in live} == {
        (ONE, "red-house"), (OTHER, "blue-house"),
    }  # fmt: skip
    assert await leads_to(db, "red-house") == id_of("blue-house")
    assert await leads_to(db, "blue-house") == id_of("red-house")
    assert await value(db, "SELECT count(*) FROM removal_checks") == 0
    await shop.scan(*cards)
    assert await value(db, "SELECT count(*) FROM property_aliases") == 0


async def test_two_newcomers_under_one_taken_slug_are_two_records(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    batch = await shop.scan(
        entry("blue-house", public_id=OTHER), entry("blue-house", public_id=THIRD)
    )
    assert batch.new_properties == 2
    assert set((await records(db)).values()) == {ONE, OTHER, THIRD}
    assert await leads_to(db, "blue-house") == newcomer_id_of("blue-house", THIRD)
    again = await shop.scan(
        entry("blue-house", public_id=OTHER), entry("blue-house", public_id=THIRD)
    )
    assert (again.new_properties, again.queued) == (0, 0)


async def test_a_taken_slug_and_its_former_owners_new_one_in_one_batch(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    await shop.scan(entry("blue-house", public_id=OTHER), entry("sky-blue-house", public_id=ONE))
    assert (await shop.live("blue-house"))["source_url"].endswith("/sky-blue-house")
    assert await leads_to(db, "sky-blue-house") == id_of("blue-house")
    assert await leads_to(db, "blue-house") == newcomer_id_of("blue-house", OTHER)
    assert await value(db, "SELECT count(*) FROM removal_checks") == 0


async def test_a_former_slug_that_is_taken_over_says_nothing_of_who_left_it(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    await shop.scan(entry("sky-blue-house", public_id=ONE))
    await shop.scan(entry("blue-house", public_id=OTHER))
    assert await value(db, "SELECT count(*) FROM removal_checks") == 0
    assert await leads_to(db, "blue-house") == newcomer_id_of("blue-house", OTHER)


async def test_a_changed_slug_is_followed_by_the_live_row_and_journalled_once(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    for _ in range(2):
        await shop.scan(entry("sky-blue-house", public_id=ONE))
    changes = await rows(
        db, "SELECT old_value, new_value FROM property_changes WHERE field_name = 'source_url'"
    )
    assert changes == [
        {
            "old_value": canonical_url("/en/home/blue-house"),
            "new_value": canonical_url("/en/home/sky-blue-house"),
        }
    ]


async def test_a_record_that_is_merged_and_moves_on_at_once_tells_its_moves_in_their_order(
    shop: Workshop, services: Services, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    clock.advance(days=1)
    await list_in_sitemap(services, "sky-house")
    await shop.scan(entry("sky-house", public_id=ONE), entry("sea-house", public_id=ONE))
    moves = await rows(
        db,
        """SELECT old_value, new_value, created_at FROM property_changes
            WHERE field_name = 'source_url' ORDER BY created_at""",
    )
    blue, sky, sea = (canonical_url(f"/en/home/{name}-house") for name in ("blue", "sky", "sea"))
    assert [(each["old_value"], each["new_value"]) for each in moves] == [(blue, sky), (sky, sea)]
    assert moves[0]["created_at"] < moves[1]["created_at"]


@pytest.mark.parametrize("form", ["/inmueble/blue-house", "/pt/imovel/blue-house?utm=1"])
async def test_an_adopted_rows_form_of_its_url_is_no_change_of_slug(
    shop: Workshop, db: Database, form: str
) -> None:
    url = f"https://pincali.com{form}"
    await add_live(db, "blue-house", public_id=ONE, source_url=url, price=2_000_000)
    await shop.scan(entry("blue-house", public_id=ONE))
    assert (await shop.live("blue-house"))["source_url"] == url


async def test_a_name_means_the_record_with_that_id_and_a_url_or_slug_what_stands_there_now(
    shop: Workshop, services: Services
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.scan(entry("blue-house", public_id=OTHER), entry("red-house", public_id=THIRD))
    now_there = newcomer_id_of("blue-house", OTHER)
    named = {
        id_of("blue-house"): id_of("blue-house"),
        ONE: id_of("blue-house"),
        OTHER.lower(): now_there,
        now_there: now_there,
        "blue-house": now_there,
        " Blue-House ": now_there,
        "/inmueble/blue-house": now_there,
        "https://pincali.com/pt/imovel/blue-house?x=1": now_there,
        "red-house": id_of("red-house"),
        canonical_url("/en/home/red-house"): id_of("red-house"),
    }
    found = {name: await services.insights.record_of(name) for name in named}
    assert found == named


async def test_a_dossier_shows_a_records_own_urls_in_the_sitemap_and_no_others(
    shop: Workshop, services: Services
) -> None:
    await list_in_sitemap(services, "blue-house")
    await shop.scan(entry("blue-house", public_id=ONE))
    assert len((await services.insights.explain(ONE)).sitemap) == 1
    await shop.scan(entry("blue-house", public_id=OTHER))
    assert (await services.insights.explain(ONE)).sitemap == ()
    dossier = await services.insights.explain(OTHER)
    assert [row["alias"] for row in dossier.aliases] == [id_of("blue-house")]
    assert len(dossier.sitemap) == 1


async def test_a_newcomer_whose_slug_is_taken_before_its_first_visit_is_visited_under_the_next(
    shop: Workshop,
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.scan(entry("blue-house", public_id=OTHER))
    batch = await shop.scan(entry("sky-blue-house", public_id=ONE))
    assert batch.queued == 1
    claimed = {each.property_id: each.source_url for each in await shop.claim()}
    assert claimed == {
        id_of("blue-house"): canonical_url("/en/home/sky-blue-house"),
        newcomer_id_of("blue-house", OTHER): canonical_url("/en/home/blue-house"),
    }
