"""Locks are rows with an end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
import typer

from pincali_sync.cli.asking import run_until_told
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import CommitUnknownError, LockedError
from pincali_sync.services.ports import WantedJob
from pincali_sync.services.runs.run_jobs import Outcome
from pincali_sync.services.runs.runner_lock import runner_lock
from tests.support.builders import value
from tests.support.clock import FixedClock
from tests.support.stage import Stage

LEASE = timedelta(minutes=2)


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def test_one_of_two_runners_gets_the_lock(db: Database, clock: FixedClock) -> None:
    async with runner_lock(db, clock, 120):
        with pytest.raises(LockedError, match="another tier runner is at work"):
            async with runner_lock(db, clock, 120):
                raise AssertionError("both hold the lock")
    assert await value(db, "SELECT count(*) FROM service_locks") == 0


async def test_the_lock_is_free_after_an_error(db: Database, clock: FixedClock) -> None:
    with pytest.raises(OSError, match="the disk is full"):
        async with runner_lock(db, clock, 120):
            raise OSError("the disk is full")
    async with runner_lock(db, clock, 120):
        assert await value(db, "SELECT count(*) FROM service_locks") == 1


async def test_of_many_at_once_one_gets_it(db: Database, clock: FixedClock) -> None:
    async def acquire() -> bool:
        async with db.transaction() as tx:
            return await tx.locks.acquire(
                "job", token=uuid4(), owner="me", lease=LEASE, now=clock.now()
            )

    assert sum(await asyncio.gather(*(acquire() for _ in range(8)))) == 1


async def test_a_lock_left_behind_ends_by_itself(db: Database, clock: FixedClock) -> None:
    async with runner_lock(db, clock, 120):
        clock.advance(seconds=119)
        with pytest.raises(LockedError):
            async with runner_lock(db, clock, 120):
                raise AssertionError("the lock was not held long enough")
        clock.advance(seconds=2)
        async with runner_lock(db, clock, 7):
            assert await value(db, "SELECT count(*) FROM service_locks") == 1
            clock.advance(seconds=8)
            async with runner_lock(db, clock, 120):
                assert await value(db, "SELECT count(*) FROM service_locks") == 1


async def test_a_holder_releases_its_own_lock_only(db: Database, clock: FixedClock) -> None:
    mine, theirs = uuid4(), uuid4()
    async with db.transaction() as tx:
        assert await tx.locks.acquire("job", token=mine, owner="me", lease=LEASE, now=clock.now())
        later = clock.advance(minutes=3)
        assert await tx.locks.acquire("job", token=theirs, owner="them", lease=LEASE, now=later)
        await tx.locks.release("job", token=mine)
        assert await tx.locks.owner("job") == "them"
        await tx.locks.release("job", token=theirs)
        assert await tx.locks.owner("job") is None


async def test_the_lock_is_renewed_for_as_long_as_the_work_takes(
    db: Database, clock: FixedClock
) -> None:
    turns: asyncio.Queue[None] = asyncio.Queue()
    asked = asyncio.Semaphore(0)

    async def sleep(_: float) -> None:
        asked.release()
        await turns.get()

    async with runner_lock(db, clock, 120, sleep=sleep):
        for _ in range(3):
            await asked.acquire()
            clock.advance(seconds=100)
            turns.put_nowait(None)
        await asked.acquire()
        assert await value(db, "SELECT expires_at FROM service_locks") == clock.now() + LEASE
        with pytest.raises(LockedError):
            async with runner_lock(db, clock, 120):
                raise AssertionError("both hold the lock")


def test_a_runner_that_is_told_to_end_gives_the_lock_back(
    database_url: str, clock: FixedClock
) -> None:
    async def work() -> None:
        db = Database(database_url)
        try:
            async with runner_lock(db, clock, 120):
                os.kill(os.getpid(), signal.SIGTERM)
                await asyncio.Event().wait()
        finally:
            await db.dispose()

    with pytest.raises(typer.Exit) as end:
        run_until_told(work())
    assert end.value.exit_code == 143
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM service_locks").fetchone()
    assert row == (0,)


@pytest.mark.parametrize("error", [asyncio.CancelledError(), CommitUnknownError("the end broke")])
async def test_a_runner_that_is_stopped_while_it_takes_the_lock_leaves_none(
    database_url: str, clock: FixedClock, error: BaseException
) -> None:
    class Interrupted(Database):
        errors = [error]  # noqa: RUF012  # of this one alone

        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[UnitOfWork]:
            async with super().transaction() as tx:
                yield tx
            if self.errors:  # committed, and nobody heard of it
                raise self.errors.pop()

    db = Interrupted(database_url)
    try:
        with pytest.raises(type(error)):
            async with runner_lock(db, clock, 120):
                raise AssertionError("nothing says that it is held")
        assert await value(db, "SELECT count(*) FROM service_locks") == 0
    finally:
        await db.dispose()


async def test_a_runner_that_stood_still_does_no_further_step(stage: Stage) -> None:
    await stage.start()
    scan = stage.runs.steps["scan"]

    async def stands_still(run: SyncRun) -> Outcome:
        """Another runner takes the lock and does the step; then this one wakes."""
        stage.clock.advance(seconds=121)
        ahead = await stage.tick()
        assert ahead.step == "scan"
        return await scan(run)

    woken = replace(stage.runs, steps={**stage.runs.steps, "scan": stands_still})
    async with runner_lock(stage.db, stage.clock, 120) as lock:
        [run] = await woken.open_runs()
        await woken.advance(run, lock)
        with pytest.raises(LockedError, match="took over"):
            await woken.advance(run, lock)
    assert len(stage.runner.ordered) == 4


async def test_a_run_that_another_moved_on_is_not_set_back(stage: Stage) -> None:
    run = await stage.start()
    async with stage.db.transaction() as tx:
        now = stage.clock.now()
        await tx.runs.move(run.id, step="scan", to="certify", now=now)
        await tx.runs.move(run.id, step="scan", now=now, pages_scanned=7)
    after = await stage.runs.get(run.id)
    assert (after.step, after.pages_scanned) == ("certify", 0)


async def test_of_two_runners_one_orders_an_attempt(stage: Stage) -> None:
    run = await stage.start()
    jobs = stage.services.run_jobs(stage.runner)
    wanted = WantedJob(spider="manifest", arguments={"source": "sale"})
    await asyncio.gather(*(jobs._start(run, wanted, attempt=1) for _ in range(4)))
    assert len(stage.runner.ordered) == 1


async def test_locks_of_other_names_do_not_matter(db: Database, clock: FixedClock) -> None:
    async with db.transaction() as tx:
        for name in ("one", "other"):
            assert await tx.locks.acquire(
                name, token=uuid4(), owner="me", lease=LEASE, now=clock.now()
            )
    assert await value(db, "SELECT count(*) FROM service_locks") == 2
