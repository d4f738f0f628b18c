"""Removals up to a person's decision: missing listings, their pages' answers, a held batch."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.liveness import Judgement, Verdict
from pincali_sync.items import ManifestEntry, QueuedProperty
from tests.support.builders import add_all_live, add_live, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.scans import full_scan, seen

TOKEN = uuid4()  # of the worker that looks
PRICE = 2_000_000  # of cards and live rows
ALIVE = Judgement(verdict=Verdict.ALIVE, evidence="the page shows its id")


def cards(*slugs: str, first: int = 1) -> list[ManifestEntry]:
    """Listings with EasyBroker ids."""
    return [entry(slug, public_id=f"EB-AA{first + n:04d}") for n, slug in enumerate(slugs)]


HOUSES = cards("house-1", "house-2", "house-3")
FLATS = cards("flat-1", "flat-2", first=101)


async def begin(services: Services, clock: FixedClock) -> None:
    """A first certified scan of three houses and two flats, all live and a week old."""
    await full_scan(services, {"sale": HOUSES, "rent": FLATS})
    for each in (*HOUSES, *FLATS):
        await add_live(
            services.db,
            each.source_url.rpartition("/")[2],
            price=PRICE,
            public_id=each.public_id,
            visits=1,
        )
    await rows(services.db, "DELETE FROM scrape_queue")  # they are fetched
    clock.advance(days=7)


async def miss(services: Services, clock: FixedClock, *, times: int) -> UUID:
    """So many weekly scans that do not show house-1; returns the last one's session."""
    session_id = uuid4()
    for _ in range(times):
        session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS})
        await services.diff.detect_removed_properties(session_id)
        clock.advance(days=7)
    return session_id


async def missing(db: Database) -> dict[str, int]:
    found = await rows(
        db,
        """SELECT source_url, consecutive_missing_count AS times FROM properties_live
            WHERE consecutive_missing_count > 0""",
    )
    return {row["source_url"].rpartition("/")[2]: row["times"] for row in found}


async def claim(services: Services, session_id: UUID) -> list[QueuedProperty]:
    """Takes the pages of whom a scan missed for the second time."""
    if candidates := await services.diff.detect_removed_properties(session_id):
        async with services.db.transaction() as tx:
            await tx.batches.open(
                session_id, run_id=None, candidates=len(candidates), now=services.clock.now()
            )
    await services.queue.queue_verifications(session_id)
    return await services.queue.claim_next_batch(
        1_000, "worker-1", lease_token=TOKEN, verification=True
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


async def stock(
    services: Services, clock: FixedClock, size: int = 150, **columns: object
) -> list[ManifestEntry]:
    """So many listings, live and scanned, and none of them queued."""
    many = [entry(f"house-{n}", public_id=f"EB-BB{n:04d}") for n in range(size)]
    await full_scan(services, {"sale": many})
    fetched = {
        each.source_url.rpartition("/")[2]: {
            "price": PRICE,
            "public_id": each.public_id,
            "visits": 1,
            "first_seen_at": clock.now(),
            **columns,
        }
        for each in many
    }
    await add_all_live(services.db, fetched)
    await rows(services.db, "DELETE FROM scrape_queue")  # they are fetched
    return many


async def look_for(
    services: Services, clock: FixedClock, shown: Sequence[ManifestEntry], *, days: float = 7
) -> tuple[UUID, int]:
    """A full scan days later that shows these alone, and the pages of what it missed twice, which
    are gone; returns its session and how many pages were looked at."""
    clock.advance(days=days)
    session_id = await full_scan(services, {"sale": shown})
    gone = await claim(services, session_id)
    await record(services, *(seen(queued, 404) for queued in gone))
    return session_id, len(gone)


async def hold(services: Services, clock: FixedClock) -> UUID:
    """Sixty listings gone at once, out of 150; returns the batch."""
    many = await stock(services, clock)
    await look_for(services, clock, many[60:])
    _, looked_at = await look_for(services, clock, many[60:])
    assert looked_at == 60
    return await batch_id(services.db)
