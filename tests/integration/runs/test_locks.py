"""Locks are rows with an end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.exceptions import LockedError
from pincali_sync.services.scheduler_service import runner_lock
from tests.support.builders import value
from tests.support.clock import FixedClock

LEASE = timedelta(minutes=2)


async def test_one_of_two_runners_gets_the_lock(db: Database, clock: FixedClock) -> None:
    async with runner_lock(db, clock):
        with pytest.raises(LockedError, match="another tier runner is at work"):
            async with runner_lock(db, clock):
                raise AssertionError("both hold the lock")
    assert await value(db, "SELECT count(*) FROM service_locks") == 0


async def test_the_lock_is_free_after_an_error(db: Database, clock: FixedClock) -> None:
    with pytest.raises(OSError, match="the disk is full"):
        async with runner_lock(db, clock):
            raise OSError("the disk is full")
    async with runner_lock(db, clock):
        assert await value(db, "SELECT count(*) FROM service_locks") == 1


async def test_of_many_at_once_one_gets_it(db: Database, clock: FixedClock) -> None:
    async def acquire() -> bool:
        async with db.transaction() as tx:
            return await tx.locks.acquire(
                "job", token=uuid4(), owner="me", lease=LEASE, now=clock.now()
            )

    assert sum(await asyncio.gather(*(acquire() for _ in range(8)))) == 1


async def test_a_lock_left_behind_ends_by_itself(db: Database, clock: FixedClock) -> None:
    async with runner_lock(db, clock):
        clock.advance(seconds=119)
        with pytest.raises(LockedError):
            async with runner_lock(db, clock):
                raise AssertionError("the lock was not held long enough")
        clock.advance(seconds=2)
        async with runner_lock(db, clock):
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


async def test_taking_a_lock_again_extends_it(db: Database, clock: FixedClock) -> None:
    token = uuid4()
    async with db.transaction() as tx:
        for _ in range(2):
            assert await tx.locks.acquire(
                "job", token=token, owner="me", lease=LEASE, now=clock.now()
            )
            clock.advance(minutes=1)
    assert await value(db, "SELECT expires_at FROM service_locks") == clock.now() + LEASE / 2


async def test_locks_of_other_names_do_not_matter(db: Database, clock: FixedClock) -> None:
    async with db.transaction() as tx:
        for name in ("one", "other"):
            assert await tx.locks.acquire(
                name, token=uuid4(), owner="me", lease=LEASE, now=clock.now()
            )
    assert await value(db, "SELECT count(*) FROM service_locks") == 2
