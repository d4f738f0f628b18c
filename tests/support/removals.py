"""Removals up to a person's decision: missing listings, their pages' answers, a held batch."""

from __future__ import annotations

from uuid import UUID, uuid4

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.items import QueuedProperty
from tests.support.builders import add_all_live, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.scans import full_scan, seen

TOKEN = uuid4()  # of the worker that looks


async def claim(services: Services, session_id: UUID) -> list[QueuedProperty]:
    """Takes the pages of whom a scan missed for the second time."""
    candidates = await services.diff.detect_removed_properties(session_id)
    async with services.db.transaction() as tx:
        await tx.batches.open(
            session_id, run_id=None, candidates=len(candidates), now=services.clock.now()
        )
    await services.queue.queue_verifications(session_id)
    return await services.queue.claim_next_batch(
        100, "worker-1", lease_token=TOKEN, verification=True
    )


async def record(services: Services, *results: VerificationResult, token: UUID = TOKEN) -> int:
    """Keeps what pages answered; returns how many answers were refused."""
    ticket = await services.jobs.begin(uuid4(), spider="verification", source=None)
    recorded = await services.verification.record(
        results, ticket=ticket, lease_token=token, rules=(), max_attempts=3
    )
    return recorded["refused"]


async def batch_id(db: Database) -> UUID:
    """The only batch."""
    return UUID(str(await value(db, "SELECT id FROM removal_batches")))


async def hold(services: Services, clock: FixedClock) -> UUID:
    """Sixty listings gone at once, out of a hundred; returns the batch."""
    many = [entry(f"house-{n}", public_id=f"EB-BB{n:04d}") for n in range(150)]
    await full_scan(services, {"sale": many})
    fetched = {
        each.source_url.rpartition("/")[2]: {"price": 1, "public_id": each.public_id, "visits": 1}
        for each in many
    }
    await add_all_live(services.db, fetched)
    await rows(services.db, "DELETE FROM scrape_queue")  # they are fetched
    for _ in range(2):
        clock.advance(days=7)
        session_id = await full_scan(services, {"sale": many[60:]})
        await services.diff.detect_removed_properties(session_id)
    gone = await claim(services, session_id)
    assert len(gone) == 60
    await record(services, *(seen(queued, 404) for queued in gone))
    return await batch_id(services.db)
