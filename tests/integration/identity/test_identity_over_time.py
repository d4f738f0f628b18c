"""Slugs change, and properties come back under new listings."""

from __future__ import annotations

from typing import Any

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.items import ManifestEntry, ScrapeResult
from pincali_sync.services import decisions
from tests.support.builders import SITE, Workshop, add_live, detail, entry, id_of, rows, sale

PLACE: dict[str, Any] = {
    "latitude": 20.501,
    "longitude": -103.251,
    "exact_location": True,
    "property_type": "house",
}


async def gone(db: Database, slug: str, **fields: Any) -> None:
    """A listing that was removed."""
    await add_live(
        db,
        slug,
        **{
            "title": "House with garden in Los Fresnos",
            "price": 2_000_000,
            "currency": "MXN",
            "latitude": 20.501,
            "longitude": -103.251,
            "property_type": "house",
            "listing_status": "confirmed_removed",
            "status": "removed",
            **fields,
        },
    )


def newcomer(slug: str, **fields: Any) -> ManifestEntry:
    values = {**PLACE, "listing_page_title": "House with garden, Los Fresnos", **fields}
    return entry(slug, sale(values.pop("amount", 1_950_000)), **values)


async def test_a_page_under_a_new_slug_leads_to_the_old_record(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id="EB-AA0001"))
    [queued] = await shop.claim()
    await shop.save(
        ScrapeResult(queued=queued, scraped=detail("blue-house-renovated", public_id="EB-AA0001"))
    )
    assert (await shop.live("blue-house"))["source_url"].endswith("/blue-house-renovated")
    aliases = await rows(db, "SELECT alias, property_id FROM property_aliases")
    assert aliases == [{"alias": id_of("blue-house-renovated"), "property_id": id_of("blue-house")}]


async def test_a_newcomer_that_resembles_a_removed_listing_is_only_proposed(
    shop: Workshop, services: Services, db: Database
) -> None:
    await gone(db, "old-house")
    await shop.scan(newcomer("new-house"))
    assert await services.identities.propose_candidates() == 1
    [candidate] = await services.db.run(lambda tx: tx.identities.open_candidates())
    assert candidate.property_id == id_of("new-house")
    assert candidate.earlier_property_id == id_of("old-house")
    assert candidate.metres < 1
    assert candidate.title_similarity >= 80
    assert (await shop.live("old-house"))["listing_status"] == "confirmed_removed"
    assert await services.identities.propose_candidates() == 0


async def test_no_pair_is_left_out_where_there_are_more_than_are_looked_at_at_once(
    shop: Workshop, services: Services, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "_PAIRS_AT_ONCE", 2)
    for n in range(5):
        await gone(db, f"hall-{n}", title="Warehouse next to the motorway")
        await gone(db, f"old-house-{n}")
    await shop.scan(newcomer("new-house"))
    assert await services.identities.propose_candidates() == 5


@pytest.mark.parametrize(
    "fields",
    [
        {"latitude": 20.5020},  # a hundred metres away
        {"amount": 1_500_000},
        {"exact_location": False},  # the neighbourhood's centre proves nothing
        {"property_type": "apartment"},
        {"listing_page_title": "Warehouse next to the motorway"},
    ],
)
async def test_another_place_price_type_or_title_is_another_property(
    shop: Workshop, services: Services, db: Database, fields: dict[str, Any]
) -> None:
    await gone(db, "old-house")
    await shop.scan(newcomer("new-house", **fields))
    assert await services.identities.propose_candidates() == 0


async def test_a_listing_that_is_still_there_is_nobodys_past(
    shop: Workshop, services: Services, db: Database
) -> None:
    await gone(db, "flat-101", listing_status="active", status="active")
    await shop.scan(newcomer("flat-102"))
    assert await services.identities.propose_candidates() == 0


async def test_a_confirmed_pair_is_one_record_under_the_earlier_id(
    shop: Workshop, services: Services, db: Database
) -> None:
    await gone(db, "old-house", public_id="EB-AA0001")
    await shop.scan(newcomer("new-house", public_id="EB-AB0002"))
    await shop.visit(detail("new-house", public_id="EB-AB0002"))
    await services.identities.propose_candidates()
    [candidate] = await services.db.run(lambda tx: tx.identities.open_candidates())
    await services.identities.settle(candidate.id, confirm=True, settled_by="Operator 1")
    live = await rows(db, "SELECT property_id, listing_status, public_id FROM properties_live")
    assert live == [
        {
            "property_id": id_of("old-house"),
            "listing_status": "relisted",
            "public_id": "EB-AB0002",
        }
    ]
    batch = await shop.scan(newcomer("new-house", public_id="EB-AB0002"))
    assert batch.new_properties == 0
    [manifest] = await rows(db, "SELECT property_id FROM property_manifest")
    assert manifest == {"property_id": id_of("old-house")}
    assert await services.insights.record_of("EB-AB0002") == id_of("old-house")
    assert await services.insights.record_of(f"{SITE}/inmueble/new-house") == id_of("old-house")


async def test_a_rejected_pair_stays_two_records_and_is_not_proposed_again(
    shop: Workshop, services: Services, db: Database
) -> None:
    await gone(db, "old-house")
    await shop.scan(newcomer("new-house"))
    await services.identities.propose_candidates()
    [candidate] = await services.db.run(lambda tx: tx.identities.open_candidates())
    await services.identities.settle(candidate.id, confirm=False, settled_by="Operator 1")
    assert await services.db.run(lambda tx: tx.identities.open_candidates()) == []
    assert await services.identities.propose_candidates() == 0
