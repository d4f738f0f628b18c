"""The feed of changes: each committed change once per walk, in an order that never changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import psycopg
import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.listening import Listener
from pincali_sync.domain.published import Change
from pincali_sync.exceptions import UsageError
from pincali_sync.services.export.change_feed import ChangeFeedService
from tests.support.builders import Workshop, add_live, detail, entry, id_of, rows, sale, value
from tests.support.clock import FixedClock
from tests.support.removals import FLATS, HOUSES, miss
from tests.support.scans import full_scan

INSERT = "INSERT INTO property_changes (property_id, change_type) VALUES ('pincali_%s', 'created')"
PATIENCE = 20.0  # less than the half minute after which a follower looks by itself


@pytest.fixture
def feed(db: Database) -> ChangeFeedService:
    return ChangeFeedService(db, FixedClock(), load_config())


async def write(db: Database, *names: str) -> None:
    """A committed entry for each name, in one transaction."""
    async with db.transaction() as tx:
        for name in names:
            await tx.connection.exec_driver_sql(INSERT % name)


async def walk(feed: ChangeFeedService, after: int = 0, limit: int = 3) -> list[Change]:
    """Everything from a cursor on, page by page."""
    found: list[Change] = []
    while page := await feed.read(after, limit):
        found += page
        after = page[-1].position
    return found


def names_of(entries: list[Change]) -> list[str]:
    return [each.property_id.removeprefix("pincali_") for each in entries]


async def test_an_entry_says_what_changed_from_what_to_what(
    db: Database, feed: ChangeFeedService, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock)
    await shop.visit(detail("blue-house", sale(2_000_000)))
    changed = clock.advance(days=1)
    await shop.visit(detail("blue-house", sale(1_900_000)))
    created, *updates = await walk(feed)
    assert (created.change_type, created.field_name) == ("created", None)
    [price] = [each for each in updates if each.field_name == "price"]
    assert (price.property_id, price.change_type) == (id_of("blue-house"), "updated")
    assert (price.old_value, price.new_value) == (2_000_000, 1_900_000)
    assert (price.created_at, price.reason) == (changed, None)


async def test_a_walk_from_cursor_to_cursor_meets_each_entry_once(
    db: Database, feed: ChangeFeedService
) -> None:
    for number in range(10):
        await write(db, str(number))
    found = await walk(feed)
    assert names_of(found) == [str(number) for number in range(10)]
    assert await walk(feed) == found
    assert [each async for page in feed.walk(0) for each in page] == found
    assert await walk(feed, after=found[6].position) == found[7:]


async def test_after_the_end_of_the_feed_comes_nothing(
    db: Database, feed: ChangeFeedService
) -> None:
    await write(db, "a")
    [entry] = await walk(feed)
    assert await feed.read(entry.position, 3) == []
    assert [page async for page in feed.walk(entry.position)] == []


async def test_what_commits_late_is_not_skipped(
    db: Database, feed: ChangeFeedService, database_url: str
) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as slow:
        await slow.execute(INSERT % "late")
        await write(db, "early")
        first = await walk(feed)
        assert names_of(first) == ["early"]
        await slow.commit()
    assert names_of(await walk(feed, after=first[-1].position)) == ["late"]
    assert names_of(await walk(feed)) == ["early", "late"]


async def test_what_is_rolled_back_never_was(
    db: Database, feed: ChangeFeedService, database_url: str
) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as slow:
        await slow.execute(INSERT % "lost")
        await write(db, "a")
        await feed.number()
        await slow.rollback()
    await write(db, "b")
    assert names_of(await walk(feed)) == ["a", "b"]


async def test_readers_beside_writers_agree_on_everything(
    db: Database, feed: ChangeFeedService
) -> None:
    async def write_some(writer: int) -> None:
        for number in range(10):
            await write(db, f"{writer}-{number}", f"{writer}-{number}-too")

    async def read_on() -> list[Change]:
        found: list[Change] = []
        while len(found) < 3 * 20:
            found += await walk(feed, after=found[-1].position if found else 0, limit=7)
        return found

    _, _, _, *readers = await asyncio.gather(
        *(write_some(writer) for writer in range(3)), *(read_on() for _ in range(3))
    )
    afterwards = await walk(feed)
    assert len({each.property_id for each in afterwards}) == len(afterwards) == 3 * 20
    assert readers == [afterwards] * 3


async def test_a_numberer_that_is_killed_leaves_nothing_half_done(
    db: Database, feed: ChangeFeedService
) -> None:
    await write(db, "a", "b")
    async with db.rolled_back() as tx:  # what the server does with a connection that is gone
        assert await tx.feed.number(10) == 2
    assert names_of(await walk(feed)) == ["a", "b"]


async def test_more_than_one_chunk_is_numbered(db: Database, feed: ChangeFeedService) -> None:
    await rows(
        db,
        """INSERT INTO property_changes (property_id, change_type)
           SELECT 'pincali_' || n, 'created' FROM generate_series(1, 10500) AS n""",
    )
    assert await feed.number() == 10_500
    assert await feed.number() == 0
    assert await value(db, "SELECT max(feed_position) FROM property_changes") == 10_500


async def test_the_repair_of_an_adopted_row_is_no_event(
    db: Database, feed: ChangeFeedService, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock)
    await add_live(db, "old-house", price=9_000_000, currency="MXN")
    await shop.visit(detail("old-house", sale(900_000)))
    assert await walk(feed) == []
    clock.advance(days=1)
    await shop.visit(detail("old-house", sale(880_000)))
    found = await walk(feed)
    assert {
        (each.position > 0, each.old_value) for each in found if each.field_name == "price"
    } == {(True, 900_000)}


@pytest.mark.parametrize("missed", [False, True])
async def test_an_adopted_row_that_a_scan_missed_comes_back_in_the_feed(
    services: Services, feed: ChangeFeedService, clock: FixedClock, missed: bool
) -> None:
    db, shop = services.db, Workshop(db=services.db, clock=clock)
    await full_scan(services, {"sale": HOUSES, "rent": FLATS})
    state = {} if missed else {"listing_status": "likely_removed"}
    await add_live(db, "house-1", public_id=HOUSES[0].public_id, **state)
    if missed:
        clock.advance(days=7)
        await miss(services, clock, times=2)
    assert (await shop.live("house-1"))["listing_status"] == "likely_removed"
    await rows(db, "DELETE FROM scrape_queue")
    await shop.visit(detail("house-1", public_id=HOUSES[0].public_id))
    assert (await shop.live("house-1"))["listing_status"] == "active"
    told = [each for each in await walk(feed) if each.field_name == "listing_status"]
    # What was adopted as missing was never told as missing.
    assert [(each.old_value, each.new_value) for each in told] == [
        ("active", "likely_removed"),
        ("likely_removed", "active"),
    ] * missed


@pytest.mark.parametrize("visits", [0, 1])
async def test_what_came_back_is_told_to_be_active_once_its_page_was_read(
    db: Database, feed: ChangeFeedService, clock: FixedClock, visits: int
) -> None:
    shop = Workshop(db=db, clock=clock)
    await add_live(db, "blue-house", listing_status="sold", visits=visits, price=2_000_000)
    await shop.scan(entry("blue-house"))
    await shop.visit(detail("blue-house"))
    told = [each for each in await walk(feed) if each.field_name == "listing_status"]
    assert [(each.change_type, each.old_value, each.new_value) for each in told] == [
        ("reactivated", "sold", "relisted"),
        ("updated", "relisted", "active"),
    ]


async def test_a_cursor_of_another_database_is_refused(
    db: Database, feed: ChangeFeedService
) -> None:
    await write(db, "a")
    for cursor in (-1, 2, 10**12):
        with pytest.raises(UsageError, match=f"cursor {cursor} is not of this database"):
            await feed.read(cursor, 10)


class Bell:
    """A listener in the test's hands: says that it is waited for, and does something meanwhile."""

    def __init__(
        self, meanwhile: Callable[[], Awaitable[None]], real: Listener | None = None
    ) -> None:
        self._meanwhile = meanwhile
        self._real = real
        self.timeouts: list[float] = []

    async def wait(self, seconds: float) -> None:
        self.timeouts.append(seconds)
        await self._meanwhile()
        if self._real is not None:
            await self._real.wait(seconds)

    @asynccontextmanager
    async def ready(self, _channel: str) -> AsyncIterator[Bell]:
        yield self


async def test_a_notification_wakes_the_follower_at_once(
    db: Database, feed: ChangeFeedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.listen("pincali_changes") as real:
        bell = Bell(lambda: write(db, "a", "b"), real)
        monkeypatch.setattr(db, "listen", bell.ready)
        async with aclosing(feed.follow(0)) as pages:
            page = await asyncio.wait_for(anext(pages), PATIENCE)
    assert names_of(page) == ["a", "b"]
    assert len(bell.timeouts) == 1


async def test_a_follower_that_hears_nothing_looks_by_the_clock(
    db: Database, feed: ChangeFeedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    bell = Bell(lambda: write(db, "a"))
    monkeypatch.setattr(db, "listen", bell.ready)
    async with aclosing(feed.follow(0)) as pages:
        first = await anext(pages)
        second = await anext(pages)
    assert names_of(first + second) == ["a", "a"]
    assert bell.timeouts == [30, 30]


async def test_a_follower_survives_the_loss_of_its_listening_connection(
    db: Database, feed: ChangeFeedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut() -> None:
        await rows(
            db,
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN %'""",
        )
        await write(db, "a")

    async with db.listen("pincali_changes") as real:
        bell = Bell(cut, real)
        monkeypatch.setattr(db, "listen", bell.ready)
        async with aclosing(feed.follow(0)) as pages:
            page = await asyncio.wait_for(anext(pages), PATIENCE)
            assert names_of(page) == ["a"]
            again = await asyncio.wait_for(anext(pages), PATIENCE)
    assert names_of(again) == ["a"]


async def test_a_listener_without_a_server_waits_its_time() -> None:
    unreachable = Database("postgresql://nobody@127.0.0.1:1/none")
    try:
        async with unreachable.listen("pincali_changes") as listener:
            started = asyncio.get_running_loop().time()
            await asyncio.wait_for(listener.wait(0.01), PATIENCE)
            assert asyncio.get_running_loop().time() - started >= 0.01
    finally:
        await unreachable.dispose()
