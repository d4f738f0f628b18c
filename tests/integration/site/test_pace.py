"""One timeline for the whole site, whoever asks."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import BlockedError, PausedError
from pincali_sync.services.site.pace import PaceService
from tests.support.builders import rows, value

HOST = "www.pincali.com"
GAP = 10.0
NEAR = 2.0  # seconds that the test itself may take


class Sleeper:
    """Writes down how long it was asked to sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def pace(db: Database, gap: float = GAP, sleeper: Sleeper | None = None) -> PaceService:
    return PaceService(db, HOST, min_gap_seconds=gap, sleep=sleeper or Sleeper())


async def test_turns_of_all_workers_are_a_gap_apart(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    workers = [pace(db) for db in databases]
    began = time.monotonic()
    try:
        waits = await asyncio.gather(
            *(worker.wait_for_turn() for worker in workers for _ in range(5))
        )
        took = time.monotonic() - began
    finally:
        for db in databases:
            await db.dispose()
    # All asked at nearly the same moment, so the waits are the turns.
    turns = sorted(waits)
    for number, turn in enumerate(turns):
        assert number * GAP - took < turn <= number * GAP


async def test_the_reservations_add_up_to_exactly_the_gaps(db: Database) -> None:
    before = await value(db, "SELECT clock_timestamp()")
    worker = pace(db)
    for _ in range(7):
        await worker.wait_for_turn()
    after = await value(db, "SELECT next_free_at FROM site_pace WHERE host = :host", host=HOST)
    assert 7 * GAP <= (after - before).total_seconds() < 7 * GAP + NEAR


async def test_a_worker_sleeps_until_its_turn(db: Database) -> None:
    sleeper = Sleeper()
    worker = pace(db, sleeper=sleeper)
    waits = [await worker.wait_for_turn() for _ in range(3)]
    assert waits[0] == 0
    assert sum(sleeper.slept) == pytest.approx(sum(waits))
    assert max(sleeper.slept) <= 2  # between naps it looks for a pause


async def test_a_longer_gap_of_a_request_holds_for_the_next_one(db: Database) -> None:
    worker = pace(db)
    await worker.wait_for_turn(gap_seconds=60)
    assert 58 < await worker.wait_for_turn() <= 60


async def test_a_shorter_gap_than_the_sites_is_not_granted(db: Database) -> None:
    worker = pace(db)
    await worker.wait_for_turn(gap_seconds=0.1)
    assert await worker.wait_for_turn() > GAP - NEAR


async def test_the_crawl_delay_of_robots_is_respected(db: Database) -> None:
    worker = pace(db)
    worker.respect_crawl_delay(30)
    await worker.wait_for_turn()
    assert 28 < await worker.wait_for_turn() <= 30


async def test_the_newest_crawl_delay_counts_and_of_several_hosts_the_longest(
    db: Database,
) -> None:
    worker = pace(db)
    worker.respect_crawl_delay(50, root="https://a")
    worker.respect_crawl_delay(30, root="https://b")
    worker.respect_crawl_delay(20, root="https://a")
    await worker.wait_for_turn()
    assert 28 < await worker.wait_for_turn() <= 30


async def test_a_hold_delays_every_worker(db: Database, database_url: str) -> None:
    other = Database(database_url)
    try:
        await pace(db).hold(120)
        waits = [await pace(each).wait_for_turn() for each in (db, other)]
    finally:
        await other.dispose()
    assert waits[0] == pytest.approx(120, abs=NEAR)
    assert waits[1] == pytest.approx(120 + GAP, abs=NEAR)


async def test_a_shorter_hold_does_not_shorten_a_longer_one(db: Database) -> None:
    worker = pace(db)
    await worker.hold(120)
    await worker.hold(5)
    assert await worker.wait_for_turn() == pytest.approx(120, abs=NEAR)


async def test_a_pause_in_the_past_is_not_made_up_for(db: Database) -> None:
    await rows(
        db,
        "INSERT INTO site_pace VALUES (:host, clock_timestamp() - interval '1 hour')",
        host=HOST,
    )
    worker = pace(db)
    assert await worker.wait_for_turn() == 0
    assert await worker.wait_for_turn() > GAP - NEAR


async def test_no_gap_is_no_pace(db: Database) -> None:
    worker = pace(db, gap=0)
    await worker.hold(120)
    assert worker.is_off
    assert [await worker.wait_for_turn(5) for _ in range(3)] == [0, 0, 0]
    assert await value(db, "SELECT count(*) FROM site_pace") == 0


async def test_other_hosts_have_their_own_timeline(db: Database) -> None:
    await pace(db).hold(120)
    elsewhere = PaceService(db, "127.0.0.1:8080", min_gap_seconds=GAP, sleep=Sleeper())
    assert await elsewhere.wait_for_turn() == 0


async def test_a_real_wait_is_as_long_as_it_says(db: Database) -> None:
    worker = PaceService(db, HOST, min_gap_seconds=0.03)
    loop = asyncio.get_running_loop()
    await worker.wait_for_turn()
    started = loop.time()
    waited = await worker.wait_for_turn()
    assert loop.time() - started >= waited


async def pause_everything(db: Database) -> None:
    await rows(
        db,
        "INSERT INTO sync_pauses (scope, reason, paused_by, paused_at)"
        " VALUES ('all', 'a challenge', 'pincali-sync', now())",
    )


@pytest.mark.parametrize("gap", [0, GAP])
async def test_nobody_gets_a_turn_while_everything_is_paused(db: Database, gap: float) -> None:
    await pause_everything(db)
    with pytest.raises(PausedError, match="a challenge"):
        await pace(db, gap).wait_for_turn()


async def test_one_request_may_look_whether_the_site_answers_again(db: Database) -> None:
    await pause_everything(db)
    assert await pace(db).wait_for_turn(although_paused=True) == 0


async def test_a_pause_is_noticed_while_waiting_for_a_turn(db: Database) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await pause_everything(db)

    worker = PaceService(db, HOST, min_gap_seconds=600, sleep=sleep)
    await worker.wait_for_turn()
    with pytest.raises(PausedError):
        await worker.wait_for_turn()
    assert sum(slept) <= 2


async def test_whoever_wants_no_turn_any_more_waits_no_longer_and_reserves_none(
    db: Database,
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    def look() -> None:
        if slept:
            raise InterruptedError

    worker = PaceService(db, HOST, min_gap_seconds=600, sleep=sleep)
    await worker.wait_for_turn()
    waiting = [worker.wait_for_turn(look=look) for _ in range(3)]
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in ended] == [InterruptedError] * 3
    assert sum(slept) <= 2
    assert await worker.wait_for_turn() == pytest.approx(2 * 600, abs=NEAR)


async def test_a_turn_reserved_before_a_hold_is_given_up(db: Database) -> None:
    other = pace(db)
    held: list[bool] = []

    async def sleep(_: float) -> None:
        if not held:
            held.append(True)
            await other.hold(120)

    worker = PaceService(db, HOST, min_gap_seconds=1, sleep=sleep)
    await worker.wait_for_turn()
    assert await worker.wait_for_turn() > 100


async def test_refusals_in_a_row_make_everybody_wait_longer_each_time(db: Database) -> None:
    worker = pace(db)
    held = "SELECT extract(epoch FROM held_until - clock_timestamp()) FROM site_pace"
    for times, seconds in enumerate((5, 10, 20, 40), start=1):
        assert await worker.refused(None) == times
        assert float(await value(db, held)) == pytest.approx(seconds, abs=NEAR)
        await rows(db, "UPDATE site_pace SET held_until = clock_timestamp()")  # it is over


async def test_what_several_workers_are_told_at_once_counts_as_one_refusal(db: Database) -> None:
    assert [await pace(db).refused(60) for _ in range(4)] == [1, 1, 1, 1]


async def test_a_good_answer_ends_the_row_of_refusals(db: Database) -> None:
    worker = pace(db)
    await worker.refused(1)
    await worker.answered()
    await rows(db, "UPDATE site_pace SET held_until = clock_timestamp()")
    assert await worker.refused(1) == 1


@pytest.mark.parametrize("gap", [GAP, 0])
async def test_what_is_no_page_counts_among_refusals_without_a_longer_wait(
    db: Database, gap: float
) -> None:
    worker = pace(db, gap=gap)
    assert [await worker.showed_no_page() for _ in range(3)] == [1, 2, 3]
    assert await worker.wait_for_turn() <= GAP
    assert await pace(db, gap=gap).showed_no_page() == 4  # whoever met it
    await worker.answered()
    assert await worker.showed_no_page() == 1


async def test_long_after_a_hold_refusals_are_counted_anew(db: Database) -> None:
    worker = pace(db)
    await worker.refused(1)
    await rows(db, "UPDATE site_pace SET strikes = 6, held_until = now() - interval '11 minutes'")
    assert await worker.refused(1) == 1


@pytest.mark.parametrize("seconds", [60.5, 1e9, 1e308])
async def test_a_crawl_delay_that_leaves_no_pace_is_told_and_not_kept(
    db: Database, seconds: float
) -> None:
    worker = pace(db)
    with pytest.raises(BlockedError, match="more than 60 s is no pace"):
        worker.respect_crawl_delay(seconds)
    await worker.wait_for_turn()
    assert await worker.wait_for_turn() <= GAP


async def test_an_operator_may_agree_to_a_long_crawl_delay(db: Database) -> None:
    worker = pace(db, gap=600)
    worker.respect_crawl_delay(600)
    with pytest.raises(BlockedError, match="more than 600 s"):
        worker.respect_crawl_delay(601)


@pytest.mark.parametrize("scope", [None, "all"])
async def test_resuming_everything_begins_the_timeline_anew(
    db: Database, scope: str | None
) -> None:
    services = build_services(load_config(site_min_gap_seconds=GAP), db=db)
    await services.pace.refused(3600)
    await rows(db, "UPDATE site_pace SET next_free_at = now() + interval '31 years'")
    await services.pauses.resume("tier:1")
    years = "SELECT next_free_at > now() + interval '30 years' FROM site_pace"
    assert await value(db, years)  # a tier is not the site
    await services.pauses.resume(scope)
    assert GAP - NEAR < await pace(db).wait_for_turn() <= GAP  # and never at once
    assert await value(db, "SELECT strikes FROM site_pace") == 0


async def test_turns_given_out_before_are_given_up_when_everything_is_resumed(
    db: Database,
) -> None:
    services = build_services(load_config(site_min_gap_seconds=GAP), db=db)
    asleep: list[float] = []

    async def sleep(seconds: float) -> None:
        asleep.append(seconds)
        if len(asleep) == 1:
            await services.pauses.resume(None)

    worker = PaceService(db, HOST, min_gap_seconds=GAP, sleep=sleep)
    await worker.hold(3600)
    await worker.wait_for_turn()
    assert sum(asleep) < 2 * GAP + NEAR


# --- the database's clock is set ----------------------------------------------------------------

_SET = """
UPDATE site_pace SET next_free_at = next_free_at + :by, held_until = held_until + :by,
                     written_at = written_at + :by
"""


@pytest.mark.parametrize("back", [timedelta(seconds=30), timedelta(hours=1)])
async def test_a_clock_set_back_neither_stops_nor_hurries_anybody(
    db: Database, back: timedelta
) -> None:
    worker = pace(db)
    for _ in range(3):
        await worker.wait_for_turn()
    await rows(db, _SET, by=back)
    assert 3 * GAP - NEAR < await worker.wait_for_turn() <= 3 * GAP + NEAR
    assert 4 * GAP - NEAR < await worker.wait_for_turn() <= 4 * GAP + NEAR


async def test_a_clock_set_back_leaves_a_hold_as_long_as_it_was(db: Database) -> None:
    worker = pace(db)
    await worker.hold(120)
    await rows(db, _SET, by=timedelta(hours=1))
    await worker.hold(5)
    assert await worker.wait_for_turn() == pytest.approx(120, abs=NEAR)


async def test_a_clock_set_forward_ends_no_hold(db: Database) -> None:
    steady = [0.0]
    worker = PaceService(
        db, HOST, min_gap_seconds=GAP, sleep=Sleeper(), steady=lambda: time.monotonic() + steady[0]
    )
    await worker.wait_for_turn()
    await worker.hold(120)
    # As if the server's clock had gone on by an hour, and nobody's steady one.
    await rows(db, _SET, by=timedelta(hours=-1))
    await rows(db, "UPDATE site_pace SET written_at = written_at - interval '1 minute'")
    steady[0] -= 3_600
    assert await worker.wait_for_turn() == pytest.approx(120, abs=NEAR)
    assert await worker.wait_for_turn() == pytest.approx(120 + GAP, abs=NEAR)
