"""A run that breaks, a part of a tick that does: the others do their work, and people are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pincali_sync.cli.tier_commands import exit_status_of
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.runs.sessions import SessionRepository
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import (
    DatabaseBusyError,
    DatabaseUnavailableError,
    ExitStatus,
    RunnerError,
    UsageError,
)
from pincali_sync.services.refresh_service import RefreshService
from pincali_sync.services.runs.run_jobs import Outcome
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_sync.services.tier_orchestrator import TierOrchestrator
from tests.support.builders import rows, value
from tests.support.clock import FixedClock
from tests.support.stage import Stage


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


def scheduler(stage: Stage, broken: Tier, error: Exception) -> SchedulerService:
    """Ticks whose scans of one tier break."""
    ticks = stage.services.scheduler(stage.runner)
    scan = ticks.orchestrator.steps["scan"]

    async def breaks(run: SyncRun) -> Outcome:
        if run.tier_level == broken:
            raise error
        return await scan(run)

    steps = {**ticks.orchestrator.steps, "scan": breaks}
    return replace(ticks, orchestrator=replace(ticks.orchestrator, steps=steps))


async def tick(ticks: SchedulerService) -> dict[int, SyncRun]:
    return {run.tier_level: run for run in await ticks.tick(start_due=False)}


async def test_a_run_that_breaks_keeps_no_other_from_its_work_and_fails_in_the_end(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.start(Tier.DAILY_SYNC)
    await stage.start(Tier.HOT_LISTINGS)
    ticks = scheduler(stage, Tier.DAILY_SYNC, KeyError("no such thing"))
    for minutes in (1, 2, 4, 8):
        runs = await tick(ticks)
        assert exit_status_of(runs[2]) is ExitStatus.FAILED
        stage.clock.advance(minutes=minutes, seconds=-1)
        assert (await tick(ticks))[2].details.fault == runs[2].details.fault  # it rests
        stage.clock.advance(seconds=1)
        await stage.scan_all()
        await stage.fetch_all()
    assert "KeyError: 'no such thing'" in str((await tick(ticks))[2].error_summary)
    said = [each for each in caplog.records if "broke" in each.getMessage()]
    assert [bool(each.exc_info) for each in said] == [True, False, False, False, False]
    states = await rows(stage.db, "SELECT tier_level, status FROM sync_runs ORDER BY 1")
    assert [tuple(each.values()) for each in states] == [(1, "completed"), (2, "failed")]
    assert await value(stage.db, "SELECT count(*) FROM properties_live") == 8
    incidents = await stage.db.run(lambda tx: tx.incidents.open())
    assert "TierFailed" in {each.alert for each in incidents}


async def test_a_step_that_breaks_now_and_then_is_forgiven(stage: Stage) -> None:
    run = await stage.start()
    broken = scheduler(stage, Tier.HOT_LISTINGS, OSError("the disk is full"))
    for _ in range(6):
        fault = (await tick(broken))[1].details.fault
        assert fault is not None
        assert (
            fault.error == "the step 'scan' broke 1 times in a row, last: OSError: the disk is full"
        )
        stage.clock.advance(minutes=1)
        assert (await stage.tick()).details.fault is None
    assert (await stage.runs.get(run.id)).status == "running"


async def test_a_run_whose_fault_cannot_even_be_noted_keeps_no_other_from_its_work(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.start(Tier.DAILY_SYNC)
    await stage.start(Tier.HOT_LISTINGS)

    async def busy(*_: object) -> None:
        raise DatabaseBusyError("the statement took too long")

    monkeypatch.setattr(TierOrchestrator, "_count_fault", busy)
    with pytest.raises(DatabaseBusyError):
        await tick(scheduler(stage, Tier.DAILY_SYNC, KeyError("no such thing")))
    assert len(stage.runner.take("manifest")) == 4


async def test_a_run_that_a_program_opens_meanwhile_is_no_reason_to_end_the_tick(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start()

    async def is_due(_: object, tier: int) -> bool:
        return tier == Tier.HOT_LISTINGS

    monkeypatch.setattr(SchedulerService, "should_run_tier", is_due)
    assert [each.id for each in await stage.services.scheduler(stage.runner).tick()] == [run.id]


async def test_what_is_queued_is_fetched_where_nothing_more_can_be_queued(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rows(
        stage.db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, available_at)
           VALUES ('pincali_1', 'x', 1, 'epoch')""",
    )

    async def busy(*_: object) -> None:
        raise DatabaseBusyError("the statement took too long")

    monkeypatch.setattr(RefreshService, "top_up", busy)
    with pytest.raises(DatabaseBusyError):
        await stage.services.scheduler(stage.runner).tick(start_due=False)
    assert [spec.spider for spec in stage.runner.ordered] == ["detail"]


async def test_without_a_database_the_tick_ends_and_no_run_is_to_blame(stage: Stage) -> None:
    run = await stage.start()
    with pytest.raises(DatabaseUnavailableError):
        await tick(scheduler(stage, Tier.HOT_LISTINGS, DatabaseUnavailableError("gone")))
    assert (await stage.runs.get(run.id)).details.fault is None
    assert await value(stage.db, "SELECT count(*) FROM service_locks") == 0


async def test_a_run_that_lost_its_session_can_be_ended(stage: Stage) -> None:
    run = await stage.start()
    await rows(stage.db, "UPDATE sync_runs SET session_id = NULL")
    assert (await stage.runs.cancel(run.id)).status == "cancelled"


async def test_a_node_that_is_down_keeps_the_queue_from_nothing(
    stage: Stage, clock: FixedClock
) -> None:
    """What has no place in the queue gets one, whatever becomes of the runs."""
    await stage.start()
    await stage.tick()
    await stage.scan_all()
    await stage.tick()
    await rows(
        stage.db,
        """UPDATE scrape_queue
              SET status = 'in_progress', claimed_at = 'epoch', worker_id = 'somebody',
                  lease_token = gen_random_uuid(), lease_expires_at = 'epoch'""",
    )
    clock.advance(hours=9)
    stage.runner.answers = False
    with pytest.raises(RunnerError, match="does not answer"):
        await stage.services.scheduler(stage.runner).tick()
    assert await value(stage.db, "SELECT count(*) FROM scrape_queue WHERE status='pending'") == 8


async def test_an_ended_run_is_cancelled_no_second_time(stage: Stage) -> None:
    run = await stage.start()
    await stage.runs.cancel(run.id)
    with pytest.raises(UsageError, match="is cancelled: there is nothing to cancel"):
        await stage.runs.cancel(run.id)


async def breaks(*_: object, **__: object) -> None:
    raise KeyError("no such thing")


async def test_a_run_whose_end_breaks_ends_alone_and_its_jobs_are_stopped(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start()
    await stage.tick()
    ordered = {spec.job_id for spec in stage.runner.ordered}
    monkeypatch.setattr(SessionRepository, "close", breaks)
    for minutes in (1, 2, 4, 8, 0):
        await tick(scheduler(stage, Tier.HOT_LISTINGS, KeyError("no such thing")))
        stage.clock.advance(minutes=minutes)
    assert (await stage.runs.get(run.id)).status == "failed"
    assert set(stage.runner.cancelled) == ordered
    assert (await stage.start()).status == "running"


async def test_a_run_whose_end_breaks_can_be_cancelled(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start()
    monkeypatch.setattr(SessionRepository, "close", breaks)
    assert (await stage.runs.cancel(run.id)).status == "cancelled"
