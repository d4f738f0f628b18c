"""A batch of pages is stored whole or not at all, and repeating it changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.scan.manifest_batch import ManifestBatchRepository
from pincali_sync.db.repositories.scan.manifest_store import ManifestStoreRepository
from pincali_sync.exceptions import SupersededError
from pincali_sync.items import LostPage
from tests.support.builders import (
    Workshop,
    add_live,
    entry,
    page,
    rows,
)
from tests.support.clock import FixedClock


async def everything(db: Database) -> dict[str, list[dict[str, Any]]]:
    """The content of all tables that a scan writes, but for times."""
    kept = {}
    for table in (
        "property_manifest",
        "property_sightings",
        "manifest_pages",
        "property_aliases",
        "scrape_queue",
        "properties_live",
        "property_changes",
    ):
        found = await rows(db, f"SELECT * FROM {table} t ORDER BY t::text")
        kept[table] = [
            {name: each for name, each in row.items() if not name.endswith("_at")} for row in found
        ]
    return kept


async def test_reading_the_same_page_again_changes_nothing(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    ticket = await shop.begin()
    await add_live(db, "red-house", price=900_000)
    cards = page(entry("blue-house", public_id="EB-QA0001"), entry("red-house"))
    await shop.scan(cards, ticket=ticket)
    before = await everything(db)
    clock.advance(minutes=1)
    again = await shop.scan(cards, ticket=ticket)
    assert (again.new_properties, again.price_changes, again.queued) == (0, 0, 0)
    assert await everything(db) == before
    assert before["manifest_pages"][0]["new_entries"] == 1
    assert before["manifest_pages"][0]["changed_entries"] == 1


async def test_a_superseded_job_is_refused_and_leaves_nothing(shop: Workshop, db: Database) -> None:
    ticket = await shop.begin()
    async with db.transaction() as tx:
        await tx.jobs.give_up(
            ticket.job_id, status="lost", reason="no heartbeat", now=shop.clock.now()
        )
    before = await everything(db)
    with pytest.raises(SupersededError, match="given up"):
        await shop.scan(entry("blue-house"), ticket=ticket)
    with pytest.raises(SupersededError):
        await shop.scans.record_lost_page(
            LostPage(url="https://example.org", source="sale", page_number=1, error="503"), ticket
        )
    assert await everything(db) == before


@pytest.mark.parametrize(
    ("repository", "step"),
    [
        (ManifestBatchRepository, "stage"),
        (ManifestBatchRepository, "compare"),
        (ManifestStoreRepository, "apply_to_live"),
        (ManifestStoreRepository, "store"),
    ],
)
async def test_a_batch_that_fails_on_its_way_leaves_nothing(
    shop: Workshop,
    db: Database,
    monkeypatch: pytest.MonkeyPatch,
    repository: type[Repository],
    step: str,
) -> None:
    ticket = await shop.begin()
    await add_live(db, "red-house", price=900_000, listing_status="sold")
    before = await everything(db)
    original = getattr(repository, step)

    async def break_after(*args: Any, **kwargs: Any) -> None:
        await original(*args, **kwargs)
        raise OSError("the node went away")

    with monkeypatch.context() as patch:
        patch.setattr(repository, step, break_after)
        with pytest.raises(OSError, match="went away"):
            await shop.scan(entry("blue-house"), entry("red-house"), ticket=ticket)
    assert await everything(db) == before
    assert (await shop.scan(entry("blue-house"), entry("red-house"), ticket=ticket)).queued == 2


async def test_a_card_that_the_database_refuses_takes_its_batch_along(
    shop: Workshop, db: Database
) -> None:
    before = await everything(db)
    with pytest.raises(Exception, match="numeric field overflow"):
        await shop.scan(entry("blue-house"), entry("red-house", latitude=12_345.0))
    assert await everything(db) == before


async def test_one_unknown_slug_under_two_ids_in_one_batch_is_not_merged(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("casa-de-dos", public_id="EB-AB0001"))
    batch = await shop.scan(
        entry("casa-de-tres", public_id="EB-AB0002"), entry("casa-de-tres", public_id="EB-AB0003")
    )
    assert batch.new_properties == 2
    found = await rows(db, "SELECT public_id FROM property_manifest ORDER BY 1")
    assert [each["public_id"] for each in found] == ["EB-AB0001", "EB-AB0002", "EB-AB0003"]
