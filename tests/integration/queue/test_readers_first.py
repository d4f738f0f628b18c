"""Whoever reads the site for a run has its turns: only newcomers are fetched beside, or nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.domain.tiers import Tier
from tests.support.builders import SITE, Workshop, add_live, entry, id_of, rows, sale
from tests.support.clock import FixedClock

URGENCIES = {"newcomer": 1, "price": 2, "visit": 3, "old": 4, "sample": 5}
FILL = """
INSERT INTO scrape_queue (property_id, source_url, priority, queued_at, available_at)
SELECT :prefix || n, 'https://example.org/' || n, :priority, :now, :now
  FROM generate_series(1, :rows) n
"""
INDEX_ROWS = "SELECT pg_stat_get_xact_tuples_returned('idx_queue_details'::regclass)"


async def start(
    db: Database,
    spider: str,
    *,
    now: datetime,
    node: str | None = "http://node",
    ago: int = 0,
    run_id: UUID | None = None,
) -> UUID:
    """A job that a tick had started, heard of so many minutes ago."""
    heard = now - timedelta(minutes=ago)
    job = Job(
        id=uuid4(),
        run_id=run_id,
        spider=spider,
        node=node,
        status="running",
        scheduled_at=heard,
        started_at=heard,
        heartbeat_at=heard,
    )
    assert await db.run(lambda tx: tx.jobs.add(job))
    return job.id


@pytest.fixture
async def shop(db: Database, clock: FixedClock) -> Workshop:
    """A queue in which one page of each urgency waits."""
    for slug, priority in URGENCIES.items():
        await rows(db, FILL, prefix=id_of(slug), priority=priority, now=clock.now(), rows=1)
    return Workshop(db=db, clock=clock)


async def claimable(shop: Workshop) -> int:
    """How many rows a worker is started for; they must be those that one is given."""
    counted = await shop.db.run(lambda tx: tx.queue.claimable(now=shop.clock.now()))
    claimed = await shop.claim()
    await shop.release()
    assert counted == len(claimed)
    return counted


@pytest.mark.parametrize("spider", ["manifest", "verification"])
async def test_while_a_run_reads_only_newcomers_are_fetched(shop: Workshop, spider: str) -> None:
    job_id = await start(shop.db, spider, now=shop.clock.now())
    [newcomer] = await shop.claim()
    assert newcomer.priority == URGENCIES["newcomer"]
    await shop.release()
    assert await claimable(shop) == 1
    await shop.db.run(
        lambda tx: tx.jobs.give_up(
            job_id, status="cancelled", reason="stopped", now=shop.clock.now()
        )
    )
    assert await claimable(shop) == len(URGENCIES)


async def test_what_came_back_is_fetched_beside_a_reader_as_a_newcomer_is(
    shop: Workshop, db: Database
) -> None:
    for slug, status in (("back-house", "confirmed_removed"), ("cheaper-house", "active")):
        await add_live(db, slug, price=2_000_000, listing_status=status)
    await start(db, "manifest", now=shop.clock.now())
    await shop.scan(entry("back-house", sale(2_000_000)), entry("cheaper-house", sale(1_000_000)))
    claimed = {each.property_id for each in await shop.claim()}
    assert claimed == {f"{id_of('newcomer')}1", id_of("back-house")}


@pytest.mark.parametrize(
    ("spider", "node", "ago"),
    [("detail", "http://node", 0), ("manifest", None, 0), ("manifest", "http://node", 61)],
)
async def test_nobody_waits_for_what_does_not_read_for_a_run(
    shop: Workshop, spider: str, node: str | None, ago: int
) -> None:
    await start(shop.db, spider, now=shop.clock.now(), node=node, ago=ago)
    assert await claimable(shop) == len(URGENCIES)


@pytest.mark.parametrize(
    ("tier", "minutes", "beside"),
    [
        (Tier.HOT_LISTINGS, 9, 0),
        (Tier.HOT_LISTINGS, 11, 1),
        (Tier.DAILY_SYNC, 9, 1),
        (Tier.WEEKLY_DEEP, 9, 1),
    ],
)
async def test_a_short_scan_has_all_turns_while_it_is_short(
    shop: Workshop, tier: Tier, minutes: int, beside: int
) -> None:
    now, run_id, session_id = shop.clock.now(), uuid4(), uuid4()
    began = now - timedelta(minutes=minutes)
    async with shop.db.transaction() as tx:
        await tx.sessions.create(session_id, name="x", base_url=SITE, now=began)
        await tx.runs.create(
            run_id, tier, session_id=session_id, slot_at=None, step="scan", now=began
        )
    await start(shop.db, "manifest", now=now, run_id=run_id)
    assert await claimable(shop) == beside
    await rows(
        shop.db, "UPDATE sync_run_jobs SET status = 'completed', finished_at = :now", now=now
    )
    assert await claimable(shop) == len(URGENCIES)


async def test_what_waits_for_a_reader_is_not_read_through_by_each_claim(
    db: Database, clock: FixedClock
) -> None:
    await rows(db, FILL, prefix="pincali_", priority=2, now=clock.now(), rows=4_000)
    await rows(db, "ANALYZE scrape_queue")
    await start(db, "manifest", now=clock.now())
    async with db.rolled_back() as tx:
        before = await tx.queue._number(INDEX_ROWS)
        claim = "SELECT count(*) FROM claim_queued(25, false, :now, :now, 'me', NULL, :token)"
        assert await tx.queue._number(claim, now=clock.now(), token=uuid4()) == 0
        assert await tx.queue._number(INDEX_ROWS) == before
