"""What each filter selects of the live table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.listings.selection import selection
from pincali_sync.domain.listing_filter import FILTER_NAMES, parse_filter
from tests.support.builders import add_all_live, rows
from tests.support.clock import FixedClock

NOW = FixedClock().now()
PLAIN: dict[str, Any] = {
    "listing_status": "active",
    "title": "A house",
    "city": "Zapopan",
    "neighborhood": "Chapalita",
    "state": "Jalisco",
    "property_type": "house",
    "operation_type": "sale",
    "price": 2_000_000,
    "currency": "MXN",
    "price_unit": "total",
    "first_seen_at": NOW - timedelta(days=30),
    "last_updated_at": NOW - timedelta(days=20),
    "latitude": 20.6,
    "longitude": -103.4,
}
LISTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "sold": {"listing_status": "sold"},
    "accents": {"city": "SAN LUIS POTOSÍ", "neighborhood": "Centro", "state": "San Luis Potosí"},
    "flat": {"property_type": "apartment", "operation_type": "for rent", "price": 20_000},
    "dollars": {"currency": "USD", "price": 150_000},
    "per-m2": {"price_unit": "m2", "price": 1_500},
    "unpriced": {"price": None},
    "fresh": {"first_seen_at": NOW - timedelta(hours=5), "last_updated_at": NOW},
    "adopted": {"first_seen_at": None, "last_updated_at": None},
    "pool": {"title": "Una casa con alberca", "latitude": 20.7},
    "nowhere": {"latitude": None, "longitude": None},
}


async def selected(db: Database, **given: str) -> set[str]:
    found = selection(parse_filter(given, NOW))
    statement = f"SELECT l.source_url FROM properties_live l WHERE {found.condition}"
    return {
        row["source_url"].rpartition("/")[2]
        for row in await rows(db, statement, **found.parameters)
    }


EXPECTED: dict[str, tuple[dict[str, str], set[str]]] = {
    "nothing": ({}, {*LISTINGS}),
    "present": ({"status": "present"}, {*LISTINGS} - {"sold"}),
    "gone": ({"status": "gone"}, {"sold"}),
    "city": ({"city": "san luis potosi"}, {"accents"}),
    "place": ({"place": "CÉNTRO"}, {"accents"}),
    "state": ({"place": "jalisco"}, {*LISTINGS} - {"accents"}),
    "city and place": ({"city": "Zapopan", "place": "centro"}, set()),
    "type": ({"property_type": "Departamento"}, {"flat"}),
    "operation": ({"operation": "rent"}, {"flat"}),
    "least price": (
        {"price_min": "2000000"},
        {*LISTINGS} - {"flat", "dollars", "per-m2", "unpriced"},
    ),
    "most price": ({"price_max": "1999999"}, {"flat"}),
    "dollars": ({"price_min": "1", "currency": "USD"}, {"dollars"}),
    "currency": ({"currency": "USD"}, {"dollars"}),
    "new": ({"first_seen_since": "1d"}, {"fresh", "adopted"}),
    "old": ({"first_seen_before": "1d"}, {*LISTINGS} - {"fresh", "adopted"}),
    "changed": ({"changed_since": "1d"}, {"fresh"}),
    "words": ({"words": "alberca casas"}, {"pool"}),
    "area": ({"area": "20.65,-104,20.75,-103"}, {"pool"}),
}


async def test_each_filter_selects_what_its_words_say(db: Database) -> None:
    created = {"created_at": NOW}  # of the adopted row, nothing else is known
    await add_all_live(db, {slug: {**PLAIN, **created, **of} for slug, of in LISTINGS.items()})
    for said, (given, slugs) in EXPECTED.items():
        assert await selected(db, **given) == slugs, said
    assert {name for given, _ in EXPECTED.values() for name in given} == {*FILTER_NAMES}
