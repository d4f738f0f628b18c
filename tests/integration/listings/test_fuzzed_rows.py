"""Whatever was read from mutated pages, the database keeps it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.items import ListingPage, Property, ScrapeResult
from tests.fuzz.run import input_of
from tests.support.builders import Workshop, add_queued, id_of, page, rows, value
from tests.support.clock import FixedClock
from tests.support.parsers import PARSERS, parsed

INPUTS = range(400)


@pytest.fixture(scope="module")
def details() -> dict[str, Property]:
    """What mutated pages say, each as a listing of its own, by slug."""
    read = {f"fuzz-{n}": parsed(PARSERS["detail page"], input_of(1, n)) for n in INPUTS}
    return {
        slug: replace(each, property_id=id_of(slug), public_id=None)
        for slug, each in read.items()
        if isinstance(each, Property)
    }


@pytest.fixture(scope="module")
def listings() -> list[ListingPage]:
    read = [parsed(PARSERS["listing page"], input_of(1, number)) for number in INPUTS]
    return [each for each in read if isinstance(each, ListingPage) and each.entries]


async def test_detail_pages_are_stored(
    shop: Workshop, db: Database, clock: FixedClock, details: dict[str, Property]
) -> None:
    assert len(details) > 100
    for slug in details:
        await add_queued(db, slug, clock)
    by_id = {each.property_id: each for each in details.values()}
    claimed = await shop.claim(len(details))
    results = (ScrapeResult(queued=each, scraped=by_id[each.property_id]) for each in claimed)
    await shop.save(*results)
    states = "SELECT processing_status AS state, count(*) FROM property_scrapes_staging GROUP BY 1"
    assert await rows(db, states) == [{"state": "processed", "count": len(details)}]


async def test_cards_are_stored(shop: Workshop, db: Database, listings: list[ListingPage]) -> None:
    ticket = await shop.begin()
    assert len(listings) > 30
    for number, read in enumerate(listings, start=1):
        await shop.scan(replace(page(number=number), page=read), ticket=ticket)
    assert await value(db, "SELECT count(*) FROM manifest_pages") == len(listings)
