"""A card that says what it said before costs a look and a time; whatever moved is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.scan.familiar import _FIND, digest_of
from pincali_sync.db.repositories.scan.manifest_batch import ManifestBatchRepository
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.prices import Currency, Offer, Operation
from pincali_sync.items import ManifestEntry, ManifestPage
from tests.support.builders import Workshop, add_live, detail, entry, id_of, page, rows, sale, value
from tests.support.clock import FixedClock

CARDS = (entry("blue-house", public_id="EB-QA0001"), entry("red-house", public_id="EB-QA0002"))
_ANOTHER: Any = ()
_OTHER: dict[str, Any] = {
    "operation": Operation.RENT,
    "amount": Decimal(3),
    "currency": Currency.EUR,
    "per_m2": True,
    "starting_at": True,
}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The slugs' ids of all cards that were not taken for familiar."""
    seen: list[str] = []
    stage = ManifestBatchRepository.stage

    async def noting(self: Any, pages: Sequence[ManifestPage], **named: Any) -> None:
        seen.extend(card.property_id for each in pages for card in each.page.entries)
        await stage(self, pages, **named)

    monkeypatch.setattr(ManifestBatchRepository, "stage", noting)
    return seen


async def _live(shop: Workshop, **said: str) -> None:
    """Both houses are seen, visited and seen again."""
    await shop.scan(page(*CARDS))
    await shop.visit(detail("blue-house", public_id="EB-QA0001", **said))
    await shop.visit(detail("red-house", public_id="EB-QA0002", **said))
    await shop.scan(page(*CARDS))


async def test_only_the_time_of_a_familiar_card_moves(
    shop: Workshop, db: Database, clock: FixedClock, looked_at: list[str]
) -> None:
    await _live(shop)
    before = await rows(db, "SELECT * FROM property_manifest ORDER BY property_id")
    looked_at.clear()
    clock.advance(minutes=5)
    ticket = await shop.begin()
    batch = await shop.scan(page(*CARDS), page(*CARDS, number=2), ticket=ticket)
    assert (batch.records, batch.new_properties, looked_at) == (2, 0, [])
    now = {"last_seen_at": clock.now(), "seen_in_session_id": ticket.session_id}
    assert await rows(db, "SELECT * FROM property_manifest ORDER BY property_id") == [
        {**row, **now} for row in before
    ]
    assert await value(
        db,
        "SELECT count(*) FROM property_sightings WHERE session_id = :id AND seen_at = :now",
        id=ticket.session_id,
        now=clock.now(),
    ) == 2 * len(CARDS)


@pytest.mark.parametrize(
    "matter",
    [
        "UPDATE properties_live SET consecutive_missing_count = 1",
        "UPDATE properties_live SET currency_at_last_manifest = NULL, price = price * 2",
        "UPDATE properties_live SET currency_at_last_manifest = NULL, currency = 'USD'",
        "UPDATE properties_live SET price_at_last_manifest = price * 2",
        "UPDATE properties_live SET listing_status = 'likely_removed'",
        "UPDATE properties_live SET public_id = NULL",
        "UPDATE properties_live SET source_url = source_url || '-renovated'",
        "UPDATE property_manifest SET is_new = true",
        "UPDATE property_manifest SET sources = '{rent}'",
        "UPDATE property_manifest SET public_id = NULL",
        "DELETE FROM properties_live",
    ],
)
async def test_a_record_with_which_something_is_the_matter_is_looked_at(
    shop: Workshop, db: Database, looked_at: list[str], matter: str
) -> None:
    await _live(shop)
    looked_at.clear()
    await rows(db, f"{matter} WHERE property_id = :id", id=id_of("blue-house"))
    await shop.scan(page(*CARDS))
    assert looked_at == [id_of("blue-house")]


async def test_a_card_under_another_slug_than_its_page_is_not_familiar_after_the_visit(
    shop: Workshop, db: Database, looked_at: list[str]
) -> None:
    """The record would keep the page's slug, whoever stands there later."""
    card = entry("sky-blue-house", public_id="EB-QA0001")
    await shop.scan(page(card))
    await shop.visit(detail("blue-house", public_id="EB-QA0001"))
    looked_at.clear()
    for familiar in (False, True):
        await shop.scan(page(card))
        url = "SELECT source_url FROM property_manifest"
        assert await value(db, url) == card.source_url
        assert looked_at == [card.property_id], familiar


async def test_what_one_card_of_a_batch_changes_another_does_not_confirm(
    shop: Workshop, db: Database, looked_at: list[str]
) -> None:
    await _live(shop)
    looked_at.clear()
    dearer = replace(CARDS[0], offers=(sale(2_000_001),))
    for _ in range(2):  # the later card holds, however often the batch comes
        await shop.scan(page(dearer), page(CARDS[0], number=2))
        price = "SELECT listing_page_price FROM property_manifest WHERE property_id = :id"
        assert await value(db, price, id=id_of("blue-house")) == 2_000_000
    assert looked_at == [id_of("blue-house")] * 4


@pytest.mark.parametrize("name", [each.name for each in fields(ManifestEntry)])
def test_each_field_of_a_card_makes_a_difference(name: str) -> None:
    assert digest_of(replace(CARDS[0], **{name: _ANOTHER})) != digest_of(CARDS[0])


@pytest.mark.parametrize("name", [each.name for each in fields(Offer)])
def test_each_term_of_an_offer_makes_a_difference(name: str) -> None:
    offered = replace(CARDS[0].offers[0], **{name: _OTHER[name]})
    assert digest_of(replace(CARDS[0], offers=(offered,))) != digest_of(CARDS[0])


async def test_a_batch_looks_at_its_own_records_and_walks_over_no_table(db: Database) -> None:
    await rows(
        db,
        """INSERT INTO property_manifest (property_id, source_url, sources, card_digest)
           SELECT 'pincali_' || n, 'https://www.pincali.com/en/home/' || n, '{sale}', n
             FROM generate_series(1, 10000) n""",
    )
    await rows(db, "ANALYZE property_manifest")
    ids = range(1, 2_401)
    plan = await rows(
        db,
        f"EXPLAIN (COSTS OFF) {_FIND}",
        computed_ids=" ".join(f"pincali_{n}" for n in ids),
        public_ids=" ".join("-" for _ in ids),
        sources=" ".join("sale" for _ in ids),
        digests=" ".join(map(str, ids)),
    )
    lines = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "Seq Scan on property_manifest" not in lines, lines


@asynccontextmanager
async def _updates(tx: UnitOfWork, table: str) -> AsyncIterator[list[int]]:
    """How many updates of a table are HOT, and how many there are, within the block."""
    kinds = ", ".join(
        f"pg_stat_get_xact_tuples_{kind}updated(CAST(:table AS regclass))" for kind in ("hot_", "")
    )

    async def look() -> Sequence[int]:
        return (await tx.connection.execute(text(f"SELECT {kinds}"), {"table": table})).one()

    before, counted = await look(), list[int]()
    yield counted
    counted += [now - then for now, then in zip(await look(), before, strict=True)]


async def test_what_every_sighting_touches_is_in_no_index(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    # Its search vector is stored out of line: computed anew, it would count as changed.
    await _live(shop, description=" ".join(f"jardin{number}" for number in range(600)))
    ticket, pages = await shop.begin(), [page(*CARDS)]
    clock.advance(minutes=5)
    async with db.transaction() as tx:
        async with _updates(tx, "property_manifest") as manifest:
            found = await tx.familiar.find(pages)
            await tx.familiar.touch(found, pages, session_id=ticket.session_id, now=clock.now())
        async with _updates(tx, "properties_live") as live:
            await tx.live.mark_seen([card.property_id for card in CARDS])
        async with _updates(tx, "sync_run_jobs") as jobs:
            await tx.jobs.heartbeat(ticket.job_id, now=clock.now())
    assert (manifest, live, jobs) == ([2, 2], [2, 2], [1, 1])


@pytest.mark.parametrize("own_id", ["EB QA0001", " blue", "blue\u00a0house", "blue\thouse", ""])
async def test_records_of_adopters_are_met_again_whatever_their_ids_hold(
    shop: Workshop, db: Database, clock: FixedClock, own_id: str
) -> None:
    await add_live(db, "blue-house", property_id=own_id, public_id="EB-QA0001")
    for _ in range(3):
        clock.advance(minutes=5)
        assert (await shop.scan(page(*CARDS))).records == 2
    seen = await value(
        db, "SELECT last_seen_at FROM property_manifest WHERE property_id = :id", id=own_id
    )
    assert seen == clock.now()
