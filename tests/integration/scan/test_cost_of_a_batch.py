"""What a batch costs follows from the batch, not from what is stored: no table is read whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from pincali_sync.db.engine import Database
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.items import ManifestEntry
from pincali_sync.services.manifest_scan_service import ManifestScanService
from tests.support.builders import Workshop, detail, entry, id_of, page, rows, sale
from tests.support.clock import FixedClock

_ROWS = 20_000
_SESSION = UUID(int=5)
# Big ones; of `removal_audits` a hundred rows come a week.
_TABLES = {
    "properties_live": "(property_id, title, source_url, public_id) SELECT id, 'x', 'u', public_id",
    "property_manifest": "(property_id, source_url, public_id, is_new, needs_full_scrape) "
    "SELECT id, 'u', public_id, false, false",
    "property_sightings": "(session_id, source, page_number, property_id, seen_at) "
    "SELECT :session, 'sale', 1, id, now()",
    "property_aliases": "(alias, property_id) SELECT id || '_', id",
    "scrape_queue": "(property_id, source_url, priority, status, completed_at) "
    "SELECT id, 'u', 1, 'completed', now()",
    "property_changes": "(property_id, change_type) SELECT id, 'created'",
    "removal_checks": "(property_id, verdict, evidence, url, checked_at) "
    "SELECT id, 'alive', 'x', 'u', now()",
    "property_scrapes_staging": "(session_id, property_id, title, source_url) "
    "SELECT :session, id, 'x', 'u'",
    "price_reviews": "(property_id, operation, currency, price_unit, old_price, new_price, "
    "old_values, status, settled_at) "
    "SELECT id, 'sale', 'MXN', 'total', 1, 2, '{}', 'accepted', now()",
    "identity_candidates": "(property_id, earlier_property_id, metres, title_similarity, "
    "price_ratio) SELECT id, id || '_', 1, 90, 1",
}
_FILL = """INSERT INTO {} {} FROM (
    SELECT 'pincali_' || n AS id, 'EB-XX' || n AS public_id FROM generate_series(1, {}) n) filled"""


@pytest.fixture
async def full(db: Database) -> None:
    """All tables hold thousands of rows, and the planner knows."""
    await rows(db, "INSERT INTO scraping_sessions (id, base_url) VALUES (:id, 'x')", id=_SESSION)
    for table, given in _TABLES.items():
        session = {"session": _SESSION} if ":session" in given else {}
        await rows(db, _FILL.format(table, given, _ROWS), **session)
        await rows(db, f"ANALYZE {table}")


async def _read_whole(tx: UnitOfWork) -> Mapping[str, int]:
    result = await tx.connection.execute(
        text("SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname = ANY(:names)"),
        {"names": list(_TABLES)},
    )
    return {row.relname: row.seq_scan for row in result}


@pytest.mark.usefixtures("full")
async def test_no_card_and_no_merger_reads_a_table_whole(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    known = [entry(f"house-{n}", public_id=f"EB-QA{n:04}") for n in range(5)]
    await shop.scan(page(*known))
    for card in known:
        await shop.visit(detail(_slug(card), public_id=card.public_id))
    clock.advance(days=1)
    moved: list[Any] = [
        known[0],  # familiar
        replace(known[1], offers=(sale(3_000_000),)),
        replace(known[2], public_id="EB-QB0001"),  # its slug was taken over
        entry("house-3-renovated", public_id="EB-QA0003"),
        entry("newcomer", public_id="EB-QB0002"),
    ]
    ticket = await shop.begin()
    async with db.rolled_back() as tx:
        before = await _read_whole(tx)
        record = ManifestScanService.record_pages.__wrapped__  # type: ignore[attr-defined]
        counts = await record(shop.scans, tx, [page(*moved)], ticket)
        pair = (id_of("house-4"), id_of("house-1"))
        await tx.identities.merge([pair], reason="one listing", now=clock.now())
        await tx.live.mark_seen(await tx.live.seen_in(ticket.session_id))
        assert (counts.records, counts.new_properties, counts.takeovers) == (5, 2, 1)
        assert await _read_whole(tx) == before


def _slug(card: ManifestEntry) -> str:
    return card.source_url.rsplit("/", 1)[1]
