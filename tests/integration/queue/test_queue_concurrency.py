"""Many workers on one queue, and what their hot query costs."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from sqlalchemy import text

from pincali_sync.db.engine import Database
from pincali_sync.items import Ending, ScrapeResult
from tests.support.builders import Workshop, entry, rows, value
from tests.support.clock import FixedClock

WORKERS, ROWS, BATCH = 8, 2_000, 25

FILL = """
INSERT INTO scrape_queue (property_id, source_url, priority, queued_at, available_at, status,
                          completed_at)
SELECT 'pincali_' || n, 'https://example.org/' || n, 1 + n % 5, :now, :now,
       CASE WHEN n <= :pending THEN 'pending' ELSE 'completed' END,
       CASE WHEN n > :pending THEN CAST(:now AS timestamptz) END
  FROM generate_series(1, :rows) n
"""

# How often one of the tables was read from end to end so far, and how many rows by an index.
TOUCHED = """
SELECT (SELECT CAST(sum(pg_stat_get_xact_numscans(CAST(name AS regclass))) AS integer)
          FROM unnest(ARRAY['scrape_queue', 'property_manifest', 'properties_live']) name)
       AS whole_reads,
       pg_stat_get_xact_tuples_returned(CAST(:index AS regclass)) AS index_reads
"""


async def work_until_empty(url: str, clock: FixedClock) -> list[str]:
    """One worker with a pool of its own: claims, reports every page, until nothing is left."""
    db = Database(url)
    shop = Workshop(db=db, clock=clock)
    ticket = await shop.begin("detail")
    fetched: list[str] = []
    try:
        while claimed := await shop.claim(BATCH):
            fetched += [each.property_id for each in claimed]
            failures = [
                ScrapeResult(queued=each, scraped=None, error="gone", ending=Ending.FAILED)
                for each in claimed
            ]
            saved = await shop.save(*failures, ticket=ticket)
            assert saved.refused == 0
    finally:
        await db.dispose()
    return fetched


async def test_eight_workers_fetch_every_row_exactly_once(
    database_url: str, db: Database, clock: FixedClock
) -> None:
    await rows(db, FILL, now=clock.now(), rows=ROWS, pending=ROWS)
    fetched = await asyncio.gather(*(work_until_empty(database_url, clock) for _ in range(WORKERS)))
    counted = Counter(each for worker in fetched for each in worker)
    assert len(counted) == ROWS
    assert set(counted.values()) == {1}
    assert sum(bool(worker) for worker in fetched) == WORKERS
    assert await rows(db, "SELECT status, count(*) AS n FROM scrape_queue GROUP BY status") == [
        {"status": "failed", "n": ROWS}
    ]


async def test_scans_that_overlap_neither_deadlock_nor_queue_twice(
    database_url: str, db: Database, clock: FixedClock
) -> None:
    slugs = [f"house-{n}" for n in range(60)]

    async def scan(offset: int) -> int:
        own = Database(database_url)
        shop = Workshop(db=own, clock=clock, max_pending=50)
        ordered = slugs[offset:] + slugs[:offset]
        try:
            ticket = await shop.begin()
            parts = [ordered[at : at + 20] for at in range(0, 60, 20)]
            batches = [await shop.scan(*map(entry, part), ticket=ticket) for part in parts]
        finally:
            await own.dispose()
        return sum(batch.queued for batch in batches)

    queued = await asyncio.gather(*(scan(offset) for offset in (0, 15, 30, 45)))
    topped_up = await Workshop(db=db, clock=clock, max_pending=50).queue.top_up()
    assert sum(queued) + topped_up == 50
    assert await value(db, "SELECT count(DISTINCT property_id) FROM scrape_queue") == 50
    assert await value(db, "SELECT count(*) FROM property_manifest") == 60


@pytest.mark.parametrize(
    ("verification", "index"), [(False, "idx_queue_details"), (True, "idx_queue_verifications")]
)
async def test_a_claim_reads_what_it_takes_in_the_order_of_its_index(
    db: Database, clock: FixedClock, *, verification: bool, index: str
) -> None:
    await rows(db, FILL, now=clock.now(), rows=8_000, pending=4_000)
    await rows(db, "UPDATE scrape_queue SET queue_reason = 'verification' WHERE priority = 3")
    await rows(db, "ANALYZE scrape_queue")
    async with db.rolled_back() as tx:
        before = await tx.queue._one(dict, TOUCHED, index=index)
        claimed = await tx.connection.execute(
            text("SELECT claim_queued(:size, :verification, :now, :now, 'me', NULL, :token)"),
            {"size": BATCH, "verification": verification, "now": clock.now(), "token": uuid4()},
        )
        assert len(claimed.all()) == BATCH
        after = await tx.queue._one(dict, TOUCHED, index=index)
    assert after["whole_reads"] == before["whole_reads"]
    assert after["index_reads"] == before["index_reads"] + BATCH
