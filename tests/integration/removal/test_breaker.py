"""Too many removals at once: one batch is held, grows, is told once, and comes to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.removal.batches import RemovalBatch
from pincali_sync.db.repositories.removal.proofs import ASKED_AGAIN_DAYS, VOID_DAYS
from pincali_sync.exceptions import OutdatedError, UsageError
from pincali_sync.items import FetchedShard, ManifestEntry
from tests.support.builders import SITE, Workshop, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.removals import claim, hold, look_for, record, stock
from tests.support.scans import full_scan, seen
from tests.unit.pages.test_sitemap_page import shard


async def statuses(db: Database) -> dict[str, int]:
    found = await rows(
        db, "SELECT listing_status, count(*) AS rows FROM properties_live GROUP BY 1"
    )
    return {row["listing_status"]: row["rows"] for row in found}


async def judge(services: Services, session_id: UUID) -> RemovalBatch:
    """What a run's step makes of its scan's batch, and of the one that is held."""
    batch = await services.db.run(lambda tx: tx.batches.to_judge(session_id))
    assert batch is not None
    return await services.removals.apply(batch.id)


async def scan(
    services: Services, clock: FixedClock, shown: Sequence[ManifestEntry], *, days: float = 7
) -> tuple[RemovalBatch, int]:
    """A weekly run; returns the batch that it judged and how many pages were looked at."""
    session_id, looked_at = await look_for(services, clock, shown, days=days)
    return await judge(services, session_id), looked_at


async def held(services: Services, clock: FixedClock) -> tuple[RemovalBatch, list[ManifestEntry]]:
    """Sixty of 150 listings are gone, and the removal is held; what is there, too."""
    batch = await services.removals.apply(await hold(services, clock))
    assert batch.status == "held"
    return batch, [entry(f"house-{n}", public_id=f"EB-BB{n:04d}") for n in range(60, 150)]


# --- held, approved, rejected ---------------------------------------------------------------------


async def test_too_many_removals_at_once_are_held_until_a_person_approves(
    services: Services, db: Database, clock: FixedClock
) -> None:
    batch, _ = await held(services, clock)
    assert (batch.would_remove, batch.removal_limit) == (60, 50)
    assert await statuses(db) == {"active": 90, "likely_removed": 60}
    approved = await services.removals.settle(batch.id, approve=True, decided_by="Operator 1")
    assert (approved.status, approved.removed, approved.decided_by) == ("applied", 60, "Operator 1")
    assert await statuses(db) == {"active": 90, "confirmed_removed": 60}
    with pytest.raises(UsageError, match="is applied"):
        await services.removals.settle(batch.id, approve=True, decided_by="Operator 1")


async def test_what_is_removed_is_wanted_no_more(
    services: Services, db: Database, clock: FixedClock
) -> None:
    batch, _ = await held(services, clock)
    await rows(db, "UPDATE property_manifest SET needs_full_scrape = true")
    await services.removals.settle(batch.id, approve=True, decided_by="Operator 1")
    wanted = """SELECT count(*) FROM property_manifest m JOIN properties_live l USING (property_id)
                 WHERE m.needs_full_scrape AND l.listing_status = 'confirmed_removed'"""
    outside = "SELECT count(*) FROM queue_outside"
    assert (await value(db, wanted), await value(db, outside)) == (0, 90)


async def test_a_rejected_batch_makes_its_listings_active_and_starts_from_nothing(
    services: Services, db: Database, clock: FixedClock
) -> None:
    batch, shown = await held(services, clock)
    await scan(services, clock, shown)  # which missed them, too
    rejected = await services.removals.settle(batch.id, approve=False, decided_by="Operator 1")
    assert (rejected.status, rejected.removed) == ("rejected", 0)
    assert await statuses(db) == {"active": 150}
    assert await value(db, "SELECT max(consecutive_missing_count) FROM properties_live") == 0


async def test_what_is_seen_while_a_batch_is_held_is_left_alone_when_it_is_approved(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    batch, _ = await held(services, clock)
    await shop.scan(entry("house-7", public_id="EB-BB0007"))
    approved = await services.removals.settle(batch.id, approve=True, decided_by="Operator 1")
    assert approved.removed == 59
    assert (await shop.live("house-7"))["listing_status"] == "active"


async def test_what_the_sitemap_lists_while_a_batch_is_held_is_left_alone_when_it_is_approved(
    services: Services, clock: FixedClock
) -> None:
    """Also where the pass broke off after that shard, and nothing was made of it yet."""
    batch, _ = await held(services, clock)
    clock.advance(days=1)
    ticket = await services.jobs.begin(uuid4(), spider="sitemap", source=None)
    await services.sitemap.begin(ticket, shards=2)
    listed = shard(f"{SITE}/inmueble/house-7")
    await services.sitemap.record_shard(
        FetchedShard(url="https://cdn.invalid/1", body=listed), ticket
    )
    approved = await services.removals.settle(batch.id, approve=True, decided_by="Operator 1")
    assert approved.removed == 59


# --- it grows -------------------------------------------------------------------------------------


async def test_what_later_scans_prove_joins_the_batch_that_is_held(
    services: Services, db: Database, clock: FixedClock
) -> None:
    first, shown = await held(services, clock)
    for missing, proven, looked_at in ((5, 60, 0), (5, 65, 5), (9, 65, 0), (9, 69, 4)):
        batch, looks = await scan(services, clock, shown[missing:], days=1)
        assert (batch.id, batch.status, batch.would_remove) == (first.id, "held", proven)
        assert looks == looked_at
    states = await rows(db, "SELECT status FROM removal_batches ORDER BY created_at, id")
    assert [row["status"] for row in states] == ["held", *["joined"] * 4]
    assert await statuses(db) == {"active": 81, "likely_removed": 69}
    assert (await services.removals.settle(first.id, approve=True, decided_by="x")).removed == 69


async def test_a_batch_that_another_one_outran_joins_it(
    services: Services, clock: FixedClock
) -> None:
    many = await stock(services, clock, 180)
    await full_scan(services, {"sale": many})
    for missing in (many[60:], many[60:]):
        one, _ = await look_for(services, clock, missing)
    other, _ = await look_for(services, clock, many[60:120], days=0.1)
    other, looked_at = await look_for(services, clock, many[60:120], days=0.1)
    assert looked_at == 60
    judged = await asyncio.gather(judge(services, other), judge(services, one))
    assert {batch.status for batch in judged} <= {"held", "joined"}
    [batch] = await services.db.run(lambda tx: tx.batches.latest(status="held"))
    assert await services.db.run(lambda tx: tx.batches.removable(batch.id, now=clock.now())) == 120


async def test_what_is_seen_again_leaves_the_batch_and_an_old_number_approves_nothing(
    services: Services, clock: FixedClock
) -> None:
    first, shown = await held(services, clock)
    back = [entry(f"house-{n}", public_id=f"EB-BB{n:04d}") for n in range(3)]
    batch, _ = await scan(services, clock, [*shown, *back])
    assert batch.would_remove == 57
    with pytest.raises(OutdatedError, match="would remove 57 listings, not 60"):
        await services.removals.settle(first.id, approve=True, decided_by="x", removable=60)
    batch, _ = await scan(services, clock, shown)
    assert batch.would_remove == 57
    batch, looked_at = await scan(services, clock, shown)
    assert (batch.would_remove, looked_at) == (60, 3), "each needs a proof after it was seen"


async def test_people_are_told_once_and_again_when_it_has_doubled(
    services: Services, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    _, shown = await held(services, clock)
    for missing in (40, 40, 59, 59):
        await scan(services, clock, shown[missing:], days=1)
    assert len(caplog.records) == 1
    for _ in range(2):
        await scan(services, clock, shown[60:], days=1)
    assert ["60 removals" in caplog.text, "120 removals" in caplog.text] == [True, True]
    assert len(caplog.records) == 2


async def test_what_is_held_is_carried_out_once_the_days_let_expect_as_much(
    services: Services, db: Database, clock: FixedClock
) -> None:
    many = await stock(services, clock, 700)
    born = 0
    found: list[tuple[str, int | None, int | None]] = []
    for _ in range(3):  # one newcomer a day
        born += 7
        newcomers = [entry(f"new-{n}", public_id=f"EB-CC{n:04d}") for n in range(born)]
        session_id, _ = await look_for(services, clock, [*many[60:], *newcomers])
        if await value(db, "SELECT count(*) FROM removal_batches"):
            batch = await judge(services, session_id)
            found.append((batch.status, batch.would_remove, batch.removal_limit))
    assert found == [("held", 60, 50), ("applied", 60, 63)]
    assert await judge(services, session_id) == batch  # a step that is repeated tells the same
    assert await statuses(db) == {"active": 640, "confirmed_removed": 60}


# --- what is proven is not asked again ------------------------------------------------------------


async def test_a_page_is_asked_once_while_its_removal_is_held_for_five_weeks(
    services: Services, clock: FixedClock
) -> None:
    _, shown = await held(services, clock)
    looks = [(await scan(services, clock, shown))[1] for _ in range(5)]
    assert looks == [0] * 5


async def test_a_proof_is_asked_for_again_when_it_is_old(
    services: Services, clock: FixedClock
) -> None:
    first, shown = await held(services, clock)
    _, looked_at = await scan(services, clock, shown, days=ASKED_AGAIN_DAYS - 1)
    assert looked_at == 0
    _, looked_at = await scan(services, clock, shown, days=1)
    assert looked_at == 60
    clock.advance(days=VOID_DAYS)
    assert await services.db.run(lambda tx: tx.batches.removable(first.id, now=clock.now())) == 0


async def test_after_a_rejection_each_listing_needs_a_new_proof(
    services: Services, clock: FixedClock
) -> None:
    first, shown = await held(services, clock)
    await services.removals.settle(first.id, approve=False, decided_by="Operator 1")
    looks = []
    for _ in range(2):
        session_id, looked_at = await look_for(services, clock, shown)
        looks.append(looked_at)
    assert looks == [0, 60]
    assert (await judge(services, session_id)).would_remove == 60


async def test_an_answer_that_came_too_late_for_its_batch_counts_for_the_next(
    services: Services, clock: FixedClock
) -> None:
    many = await stock(services, clock)
    await look_for(services, clock, many[3:])
    clock.advance(days=7)
    session_id = await full_scan(services, {"sale": many[3:]})
    gone = await claim(services, session_id)
    assert (await judge(services, session_id)).removed == 0
    await record(services, *(seen(queued, 404) for queued in gone))
    batch, looked_at = await scan(services, clock, many[3:])
    assert (looked_at, batch.status, batch.removed) == (0, "applied", 3)


async def test_what_a_page_says_by_the_way_is_no_proof(
    services: Services, db: Database, clock: FixedClock
) -> None:
    many = await stock(services, clock)
    await look_for(services, clock, many[3:])
    clock.advance(days=7)
    session_id = await full_scan(services, {"sale": many[3:]})
    gone = await claim(services, session_id)
    ticket_id = UUID(str(await value(db, "SELECT id FROM scraping_sessions LIMIT 1")))
    async with db.transaction() as tx:
        noted = [seen(queued, 404) for queued in gone]
        await tx.checks.note(noted, session_id=ticket_id, now=clock.now())
    assert (await judge(services, session_id)).removed == 0
    batch, looked_at = await scan(services, clock, many[3:])
    assert (looked_at, batch.removed) == (3, 3), "they are looked at all the same"
