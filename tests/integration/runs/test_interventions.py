"""`pause`, `resume`, `cancel` and a second runner in the middle of anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import LockedError, SupersededError
from pincali_sync.services.runs.job_service import JobTicket
from pincali_sync.services.runs.run_jobs import Outcome
from pincali_sync.services.scheduler_service import SchedulerService
from tests.support.builders import add_live, rows, value
from tests.support.clock import FixedClock
from tests.support.stage import SILENCE, Stage


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def draining(stage: Stage) -> JobTicket:
    """A run whose worker holds three of its eight pages."""
    await stage.start()
    await stage.tick()
    await stage.scan_all()
    await stage.tick()
    [spec] = stage.runner.take("detail")
    ticket = await stage.begin(spec)
    await stage.services.queue.claim_next_batch(
        3, "worker-1", lease_token=stage.shop.token, session_id=ticket.session_id
    )
    return ticket


async def assert_that_nothing_is_held(stage: Stage, ticket: JobTicket) -> None:
    queued = await rows(
        stage.db, "SELECT DISTINCT status, attempt_count, lease_token FROM scrape_queue"
    )
    assert queued == [{"status": "pending", "attempt_count": 0, "lease_token": None}]
    left = "SELECT count(*) FROM sync_run_jobs WHERE status IN ('scheduled', 'running')"
    assert await value(stage.db, left) == 0
    session = "SELECT status FROM scraping_sessions WHERE id = :id"
    assert await value(stage.db, session, id=ticket.session_id) == "failed"
    assert ticket.job_id in stage.runner.cancelled


async def test_a_cancelled_runs_work_is_free_at_once_and_is_done_all_the_same(
    stage: Stage,
) -> None:
    ticket = await draining(stage)
    assert ticket.run_id is not None
    assert (await stage.runs.cancel(ticket.run_id)).status == "cancelled"
    await assert_that_nothing_is_held(stage, ticket)
    open_sessions = "SELECT count(*) FROM scraping_sessions WHERE status = 'running'"
    assert await value(stage.db, open_sessions) == 0
    await stage.services.scheduler(stage.runner).tick(start_due=False)  # the standing drain's
    await stage.fetch_all()
    assert await value(stage.db, "SELECT count(*) FROM properties_live") == 8


async def test_a_paused_drain_lets_go_at_once_and_goes_on_where_it_was(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = await draining(stage)
    await stage.services.pauses.pause(Tier.HOT_LISTINGS, reason="maintenance")
    assert (await stage.tick()).step == "drain"
    await assert_that_nothing_is_held(stage, ticket)
    assert await stage.services.pauses.resume(None) == ["tier:1"]
    assert await stage.services.pauses.resume(None) == []
    resumed = [each.levelname for each in caplog.records if "resumed" in each.getMessage()]
    assert set(resumed) <= {"INFO"}  # a person asked for it
    await stage.tick()
    await stage.fetch_all()
    done = await stage.tick()
    assert (done.status, done.properties_scraped) == ("completed", 8)


async def test_while_a_run_that_drains_is_paused_its_pages_are_fetched_all_the_same(
    stage: Stage,
) -> None:
    await draining(stage)
    await stage.services.pauses.pause(Tier.HOT_LISTINGS, reason="maintenance")
    await stage.services.scheduler(stage.runner).tick(start_due=False)
    [standing] = stage.runner.take("detail")
    found = await rows(stage.db, "SELECT id FROM sync_run_jobs WHERE run_id IS NULL")
    assert [row["id"] for row in found] == [standing.job_id]


async def test_a_paused_verification_lets_go_and_goes_on_where_it_was(stage: Stage) -> None:
    await add_live(stage.db, "blue-house", price=1)
    run = await stage.start(Tier.WEEKLY_DEEP)
    async with stage.db.transaction() as tx:
        await tx.runs.move(run.id, step="scan", to="verify", now=stage.clock.now())
    await rows(
        stage.db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason, available_at)
           SELECT property_id, source_url, 3, 'verification', 'epoch' FROM properties_live""",
    )
    await stage.tick()
    [spec] = stage.runner.take("verification")
    ticket = await stage.begin(spec)
    await stage.services.queue.claim_next_batch(
        1,
        "worker-1",
        lease_token=stage.shop.token,
        session_id=ticket.session_id,
        verification=True,
    )
    await stage.services.pauses.pause(None, reason="maintenance")
    await stage.tick()
    await assert_that_nothing_is_held(stage, ticket)
    await stage.services.pauses.resume(None)
    assert (await stage.tick()).step == "verify"
    assert [each.spider for each in stage.runner.ordered] == ["verification"]


Meanwhile = Callable[[SyncRun], Awaitable[object]]


def at_the_scan(stage: Stage, meanwhile: Meanwhile, *, first: bool) -> SchedulerService:
    """Ticks in whose scan step something else happens before it, or after."""
    ticks = stage.services.scheduler(stage.runner)
    scan = ticks.orchestrator.steps["scan"]

    async def step(run: SyncRun) -> Outcome:
        if first:
            await meanwhile(run)
        outcome = await scan(run)
        if not first:
            await meanwhile(run)
        return outcome

    steps = {**ticks.orchestrator.steps, "scan": step}
    return replace(ticks, orchestrator=replace(ticks.orchestrator, steps=steps))


@pytest.mark.parametrize("first", [True, False])
async def test_a_run_that_is_cancelled_within_a_step_orders_and_does_nothing_more(
    stage: Stage, first: bool
) -> None:
    run = await stage.start()

    async def cancel(run: SyncRun) -> None:
        await stage.runs.cancel(run.id)

    [ended] = await at_the_scan(stage, cancel, first=first).tick(start_due=False)
    assert (ended.status, ended.step) == ("cancelled", "scan")
    assert stage.runner.ordered == []
    assert {job.status for job in await stage.jobs(run)} <= {"cancelled"}


async def test_a_job_is_cancelled_whatever_it_does_and_one_that_has_just_ended_stays(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    pending, running, ended, lost = stage.runner.take("manifest")
    beating, gone = await stage.begin(running), await stage.begin(lost)
    assert await stage.end(await stage.begin(ended))
    stage.clock.advance(seconds=SILENCE.total_seconds() - 1)
    await stage.runs.cancel(run.id)
    states = {job.id: job.status for job in await stage.jobs(run)}
    assert [states[each.job_id] for each in (pending, running, ended, lost)] == [
        "cancelled",
        "cancelled",
        "completed",
        "cancelled",
    ]
    with pytest.raises(SupersededError):
        await stage.begin(pending)
    assert not await stage.shop.jobs.heartbeat(beating)
    assert not await stage.end(gone)


async def test_of_twenty_runners_at_once_one_works_and_the_others_say_so(stage: Stage) -> None:
    await stage.start()
    refused: list[LockedError] = []
    all_others = asyncio.Event()

    async def wait(_: SyncRun) -> None:
        await asyncio.wait_for(all_others.wait(), 30)

    async def run() -> list[SyncRun]:
        try:
            return await at_the_scan(stage, wait, first=True).tick()
        except LockedError as error:
            refused.append(error)
            if len(refused) == 19:
                all_others.set()
            return []

    moved = [runs for runs in await asyncio.gather(*(run() for _ in range(20))) if runs]
    assert len(moved) == 1
    assert len(stage.runner.take("manifest")) == 4 * len(moved[0])
    assert {error.exit_status for error in refused} == {75}


async def test_a_machine_that_was_off_in_mid_scan_ends_that_run_and_catches_up_once(
    stage: Stage,
) -> None:
    config = stage.services.config.model_copy(update={"tiers_enabled": (1,)})
    ticks = replace(stage.services.scheduler(stage.runner), config=config)
    [before] = await ticks.tick()
    for spec in stage.runner.take("manifest")[:2]:
        await stage.end(await stage.begin(spec))
    stage.clock.advance(days=3)
    ended: list[SyncRun] = []
    for _ in range(12):
        ended += [run for run in await ticks.tick() if run.status != "running"]
        await stage.scan_all()
        await stage.fetch_all()
    assert [run.status for run in ended] == ["completed", "completed"]
    assert ended[0].id == before.id
    assert await value(stage.db, "SELECT count(*) FROM sync_runs") == 2
