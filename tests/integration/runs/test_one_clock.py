"""Clocks that differ, and clocks that are set, change nothing that anybody relies on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.clock import SharedClock
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import LockedError
from pincali_sync.services.runs.runner_lock import runner_lock
from tests.support.builders import SITE, add_live, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.scans import full_scan
from tests.support.stage import Stage

HOUSES = [entry(f"house-{n}", public_id=f"EB-AA{n:04d}") for n in range(5)]
EVERY_WEEK = {"sale": HOUSES}
ONE_LESS = {"sale": HOUSES[1:]}  # house-0 is gone
LONG_AGO = timedelta(days=7)


class WrongClock:
    """A machine that nobody told the time."""

    def __init__(self, **ahead: float) -> None:
        self.ahead = timedelta(**ahead)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def begin(services: Services) -> None:
    """Five listings, live, and certified to be shown."""
    await full_scan(services, EVERY_WEEK)
    for n, each in enumerate(HOUSES):
        await add_live(services.db, f"house-{n}", price=2_000_000, public_id=each.public_id)
    await rows(services.db, "DELETE FROM scrape_queue")


async def missing(db: Database) -> list[str]:
    found = await rows(
        db,
        """SELECT source_url FROM properties_live WHERE consecutive_missing_count > 0
            ORDER BY property_id""",
    )
    return [row["source_url"].rpartition("/")[2] for row in found]


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


# --- machines that differ ---------------------------------------------------------------------


async def test_three_machines_with_clocks_of_their_own_have_one_time(
    db: Database, database_url: str
) -> None:
    config = load_config(pincali_base_url=SITE)
    databases = [
        Database(database_url, clock=SharedClock(machine=WrongClock(minutes=minutes)))
        for minutes in (0, -20, 15)
    ]
    try:
        begins, reads, counts = (build_services(config, db=each) for each in databases)
        await begin(begins)
        await rows(db, f"UPDATE property_manifest SET last_seen_at = now() - interval '{LONG_AGO}'")
        ticket = await begins.jobs.begin(uuid4(), spider="manifest", source=None)
        await full_scan(reads, ONE_LESS, ticket=ticket)
        await counts.diff.detect_removed_properties(ticket.session_id)
        assert await missing(db) == ["house-0"]
        now = await value(db, "SELECT clock_timestamp()")
        for services in (begins, reads, counts):
            assert abs((services.clock.now() - now).total_seconds()) < 2
        assert "1200 s behind" in str(databases[1].clock.objection)
    finally:
        for each in databases:
            await each.dispose()


async def test_a_sighting_just_before_a_scan_began_counts_as_seen(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services)
    clock.advance(days=7)
    slow = build_services(services.config, clock=FixedClock(clock.now()), db=db)
    clock.advance(minutes=2)
    ticket = await services.jobs.begin(uuid4(), spider="manifest", source=None)
    await full_scan(slow, ONE_LESS, ticket=ticket)
    await services.diff.detect_removed_properties(ticket.session_id)
    assert await missing(db) == ["house-0"]


# --- the database's clock is set ----------------------------------------------------------------


async def test_a_clock_set_back_during_a_scan_makes_nothing_missing(
    services: Services, db: Database, clock: FixedClock
) -> None:
    await begin(services)
    clock.advance(days=7)
    ticket = await services.jobs.begin(uuid4(), spider="manifest", source=None)
    clock.advance(hours=-1)
    await full_scan(services, ONE_LESS, ticket=ticket)
    clock.advance(hours=2)
    await services.diff.detect_removed_properties(ticket.session_id)
    assert await missing(db) == ["house-0"]


async def test_a_lock_from_the_future_ends_a_lease_from_now(
    db: Database, clock: FixedClock
) -> None:
    async with db.transaction() as tx:
        token, lease = uuid4(), timedelta(minutes=2)
        await tx.locks.acquire(
            "tier_runner", token=token, owner="killed", lease=lease, now=clock.now()
        )
    clock.advance(days=-400)
    for seconds in (0, 119):
        clock.advance(seconds=seconds)
        with pytest.raises(LockedError, match="killed"):
            async with runner_lock(db, clock, 120):
                raise AssertionError("the lock was not held long enough")
    clock.advance(seconds=2)
    async with runner_lock(db, clock, 120) as lock:
        clock.advance(hours=-1)
        with pytest.raises(LockedError):
            async with runner_lock(db, clock, 120):
                raise AssertionError("it was taken from a healthy runner")
        await lock.assert_held()


async def test_leases_from_the_future_end_a_lease_from_now_unless_they_are_extended(
    services: Services, clock: FixedClock
) -> None:
    await begin(services)
    queue, killed, healthy = services.queue, uuid4(), uuid4()
    await queue.queue_unvisited_since(clock.now() + LONG_AGO, 2)
    for token in (killed, healthy):
        assert len(await queue.claim_next_batch(1, "worker", lease_token=token)) == 1
    clock.advance(hours=-1)
    assert await queue.reclaim_expired() == 0
    clock.advance(seconds=60)
    assert await queue.extend_leases(healthy) == 1
    clock.advance(seconds=61)
    assert await queue.reclaim_expired() == 1
    assert await queue.extend_leases(healthy) == 1


async def test_a_job_last_heard_of_in_the_future_is_silent_from_now_on(
    stage: Stage, clock: FixedClock
) -> None:
    scheduler = stage.services.scheduler(stage.runner)
    await scheduler.start_now(Tier.HOT_LISTINGS)
    await scheduler.tick(start_due=False)
    begun, *_ = stage.runner.ordered
    await stage.begin(begun)
    clock.advance(days=-30)
    await scheduler.tick(start_due=False)
    clock.advance(seconds=119)
    await scheduler.tick(start_due=False)
    assert stage.runner.cancelled == []
    clock.advance(seconds=2)
    await scheduler.tick(start_due=False)
    assert stage.runner.cancelled == [begun.job_id]


async def test_a_clock_set_back_by_an_hour_runs_no_slot_twice(
    stage: Stage, clock: FixedClock
) -> None:
    scheduler = stage.services.scheduler(stage.runner)
    for hours in (6, 0):
        clock.advance(minutes=10)
        assert await scheduler.should_run_tier(1)
        run = await scheduler.start_now(Tier.HOT_LISTINGS)
        await stage.runs.cancel(run.id)
        clock.advance(hours=hours)
    for minutes in (-60, 59, 340):  # before the slot that was served, in it, and at its end
        clock.advance(minutes=minutes)
        assert not await scheduler.should_run_tier(1)
    clock.advance(minutes=1)
    assert await scheduler.should_run_tier(1)


@pytest.mark.parametrize("status", ["completed", "failed"])
async def test_a_run_of_a_far_future_holds_no_other_up(
    stage: Stage, clock: FixedClock, status: str
) -> None:
    scheduler = stage.services.scheduler(stage.runner)
    clock.advance(days=3_650)
    await scheduler.start_now(Tier.HOT_LISTINGS)
    await rows(
        stage.db,
        "UPDATE sync_runs SET status = :status, completed_at = started_at",
        status=status,
    )
    clock.advance(days=-3_650)
    assert await scheduler.should_run_tier(1)
    assert await scheduler.get_next_scheduled_run(1) == clock.now()


async def test_a_rest_from_the_future_is_no_longer_than_the_longest(
    stage: Stage, clock: FixedClock
) -> None:
    async def answers_well() -> str | None:
        return None

    pauses = stage.services.pauses
    await pauses.back_off(reason="HTTP 503 six times")
    clock.advance(days=-1)
    assert await pauses.try_again(answers_well)
