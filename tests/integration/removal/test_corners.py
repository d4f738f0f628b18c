"""A source certified but for corners: nobody who may be in one is counted, everyone outside is."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from uuid import UUID, uuid4

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.domain.corners import Corner
from pincali_sync.domain.coverage import Certificate, SourceScan
from pincali_sync.domain.identity import slug_of
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.walk_summary import Hole
from tests.support.builders import Workshop, add_all_live, add_live, detail, entry, id_of, rows
from tests.support.clock import FixedClock
from tests.support.corners import Facts, may_be_in
from tests.support.scans import full_scan

TYPES = ("house", "apartment", "lot", "casa", "commercial", None)
STATES = ("Jalisco", "Estado de México", "Ciudad de México", "Puebla", "Guadalajara", "CDMX", None)
CITIES = ("Zapopan", "Tlajomulco de Zúñiga", "Puebla", "Álvaro Obregón", "Ciudad de México", None)
COLONIAS = ("Chapalita", "Chapalita Oriente", "Centro, Norte", "San Ángel", None)
WITHIN = (
    *("zapopan", "tlajomulco-de-zuniga", "puebla", "chapalita-zapopan", "centro-zapopan"),
    *("san-angel-alvaro-obregon", "alvaro-obregon", None),
)


def some_corner(chance: random.Random) -> Corner:
    corner = Corner(
        out_of_reach=9,
        property_type=chance.choice(["house", "lot", None]),
        state=chance.choice(["jalisco", "puebla", "ciudad-de-mexico", "estado-de-mexico", None]),
        within=chance.choice(WITHIN),
    )
    return replace(corner, property_type="house") if corner.is_everywhere else corner


def some_facts(chance: random.Random) -> Facts:
    return Facts(
        property_type=chance.choice(TYPES),
        state=chance.choice(STATES),
        city=chance.choice(CITIES),
        neighborhood=chance.choice(COLONIAS),
    )


async def certify(services: Services, corners: dict[str, list[Corner]]) -> UUID:
    """A session with certificates for all sources, but for these corners."""
    ticket = await services.jobs.begin(uuid4(), spider="manifest", source=None)
    scans = [
        SourceScan(source=each, started_at=services.clock.now(), distinct_properties=1)
        for each in ListingSource
    ]
    certificates = [
        Certificate(
            source=each, certified=True, proves_absence=True, corners=tuple(corners.get(each, []))
        )
        for each in ListingSource
    ]
    async with services.db.transaction() as tx:
        await tx.certificates.issue(
            ticket.session_id, scans, certificates, {}, now=services.clock.now()
        )
    return ticket.session_id


async def missing(db: Database) -> set[str]:
    found = await rows(
        db, "SELECT property_id FROM properties_live WHERE consecutive_missing_count > 0"
    )
    return {row["property_id"] for row in found}


@pytest.mark.parametrize("seed", range(3))
async def test_who_may_be_in_a_corner_is_not_counted_and_everyone_outside_is(
    services: Services, db: Database, seed: int
) -> None:
    chance = random.Random(seed)
    corners = {
        each: [some_corner(chance) for _ in range(chance.randrange(1, 4))]
        for each in ("sale", "rent")
    }
    known = {f"house-{n}": some_facts(chance) for n in range(300)}
    ours = {slug: chance.random() < 0.8 for slug in known}  # its page was read by us
    sources: dict[str, list[str]] = {
        slug: chance.choice([["sale"], ["rent"], ["sale", "rent"], []]) for slug in known
    }
    columns = {slug: {**asdict(facts), "visits": int(ours[slug])} for slug, facts in known.items()}
    await add_all_live(db, columns)
    await rows(
        db,
        """INSERT INTO property_manifest (property_id, source_url, sources, last_seen_at)
           SELECT property_id, source_url, '{}', '2026-01-01' FROM properties_live""",
    )
    for slug, each in sources.items():
        await rows(
            db,
            "UPDATE property_manifest SET sources = :sources WHERE property_id = :id",
            sources=each,
            id=id_of(slug),
        )
    session_id = await certify(services, corners)
    await services.diff.detect_removed_properties(session_id)
    expected = {
        id_of(slug)
        for slug, facts in known.items()
        if not any(
            may_be_in(corner, facts if ours[slug] else Facts())
            for source in sources[slug] or corners
            for corner in corners[source]
        )
    }
    assert await missing(db) == expected
    assert 0 < len(expected) < len(known)


async def test_what_a_card_shows_goes_before_what_a_page_showed(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    """And what an adopter stored tells nothing."""
    cards = {"lot-1": "lot", "house-1": "house", "house-2": None}
    stored = {"lot-1": "house", "house-1": "lot", "house-2": "lot"}
    for slug, kind in stored.items():
        await add_live(db, slug, property_type=kind, visits=int(slug != "house-2"))
    await shop.scan(*(entry(slug, property_type=kind) for slug, kind in cards.items()))
    clock.advance(days=1)
    houses = Corner(out_of_reach=9, property_type="house", state=None, within=None)
    session_id = await certify(services, {"sale": [houses]})
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {id_of("lot-1")}


@pytest.mark.parametrize(("kind", "state"), [("house", "active"), ("lot", "likely_removed")])
async def test_a_page_that_is_there_is_off_the_market_only_where_scans_looked(
    services: Services, shop: Workshop, clock: FixedClock, kind: str, state: str
) -> None:
    await shop.scan(entry("house-1", property_type="house", public_id="EB-AA0001"))
    await add_live(
        shop.db,
        "house-1",
        **{"public_id": "EB-AA0001", "listing_status": "likely_removed", "visits": 1},
        consecutive_missing_count=3,
    )
    corner = Corner(out_of_reach=9, property_type=kind, state=None, within=None)
    for _ in range(3):
        clock.advance(days=7)
        await certify(services, {"sale": [corner]})
    await shop.visit(detail("house-1", public_id="EB-AA0001"))
    assert (await shop.live("house-1"))["listing_status"] == state


async def test_a_scan_with_a_hole_is_certified_for_the_rest_and_says_for_how_much(
    services: Services, db: Database, clock: FixedClock
) -> None:
    lots = [entry(f"lot-{n}", property_type="lot", public_id=f"EB-LO{n:04d}") for n in range(9)]
    houses = [
        entry(f"house-{n}", property_type="house", public_id=f"EB-HO{n:04d}") for n in range(11)
    ]
    await full_scan(services, {"sale": [*lots, *houses]})
    for each in (*lots, *houses):
        await add_live(db, slug_of(each.source_url), public_id=each.public_id, visits=1)
    clock.advance(days=7)
    hole = Hole(out_of_reach=9, listings=9, property_type=29059)
    session_id = await full_scan(
        services, {"sale": houses[1:]}, totals={"sale": 19}, holes={"sale": [hole]}
    )
    [certificate] = [
        each for each in await services.scans.certify(session_id) if each.source == "sale"
    ]
    assert (certificate.proves_absence, certificate.reasons) == (True, ())
    assert [str(each) for each in certificate.corners] == ["lot"]
    assert certificate.covered == pytest.approx(11 / 20)
    await services.diff.detect_removed_properties(session_id)
    assert await missing(db) == {id_of("house-0")}
