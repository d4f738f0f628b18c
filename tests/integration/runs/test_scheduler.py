"""What is due, in which order, and what holds it up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import PAGES, PauseRepository
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import LockedError, PausedError, RunnerError
from pincali_sync.services.insights.alerts import AlertService
from pincali_sync.services.runs.runner_lock import runner_lock
from pincali_sync.services.scheduler_service import SchedulerService
from tests.support.builders import value
from tests.support.clock import FixedClock
from tests.support.dying import KilledError
from tests.support.stage import Stage


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()  # noon UTC on a Monday: 06:00 in Mexico


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


def scheduler(stage: Stage, *tiers: int) -> SchedulerService:
    config = stage.services.config.model_copy(update={"tiers_enabled": tiers or (1,)})
    return build_services(config, clock=stage.clock, db=stage.db).scheduler(stage.runner)


def mexico(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SITE_ZONE).astimezone(UTC)


async def finish(stage: Stage, ticks: SchedulerService) -> list[SyncRun]:
    """Does the jobs that are ordered until nothing is open any more."""
    runs = await ticks.tick(start_due=False)
    while any(run.status == "running" for run in runs):
        await stage.scan_all()
        await stage.fetch_all()
        runs = await ticks.tick(start_due=False)
    return runs


def started(runs: list[SyncRun]) -> list[int]:
    return [run.tier_level for run in runs if run.status == "running"]


async def test_a_tick_starts_what_is_due_once_a_slot(stage: Stage, clock: FixedClock) -> None:
    ticks = scheduler(stage)
    [run] = await ticks.tick()
    assert (run.tier_level, run.slot_at) == (1, clock.now())
    assert [each.status for each in await finish(stage, ticks)] == ["completed"]
    clock.advance(hours=5, minutes=59)
    assert await ticks.tick() == []
    clock.advance(minutes=1)
    assert started(await ticks.tick()) == [1]


async def test_three_days_off_are_made_up_for_by_one_run(stage: Stage, clock: FixedClock) -> None:
    ticks = scheduler(stage)
    await ticks.tick()
    await finish(stage, ticks)
    clock.advance(days=3)
    assert started(await ticks.tick()) == [1]
    await finish(stage, ticks)
    assert await ticks.tick() == []


async def test_a_failed_run_is_not_started_again_at_once_but_later(
    stage: Stage, clock: FixedClock
) -> None:
    ticks = scheduler(stage)
    await ticks.tick()
    await stage.end_all("too_many_lost_pages")
    assert [run.status for run in await ticks.tick()] == ["failed"]
    assert await ticks.get_next_scheduled_run(1) == clock.now() + timedelta(minutes=15)
    clock.advance(minutes=14)
    assert await ticks.tick() == []
    clock.advance(minutes=1)
    assert started(await ticks.tick()) == [1]
    await stage.end_all("too_many_lost_pages")
    await ticks.tick()
    clock.advance(minutes=29)
    assert await ticks.tick() == []
    clock.advance(minutes=1)
    assert started(await ticks.tick()) == [1]


async def test_a_wider_tier_serves_the_narrower_ones_of_its_slot(
    stage: Stage, clock: FixedClock
) -> None:
    clock.advance(seconds=(mexico("2026-11-29 00:00") - clock.now()).total_seconds())  # a Sunday
    ticks = scheduler(stage, 1, 2, 3)
    assert started(await ticks.tick()) == [3]
    await finish(stage, ticks)
    assert await ticks.tick() == []
    clock.advance(hours=6)
    assert started(await ticks.tick()) == [1]


async def test_scans_of_tiers_2_to_4_exclude_each_other_and_tier_1_runs_beside_them(
    stage: Stage, clock: FixedClock
) -> None:
    clock.advance(seconds=(mexico("2026-11-29 00:00") - clock.now()).total_seconds())
    ticks = scheduler(stage, 1, 2, 3, 4)
    assert started(await ticks.tick()) == [3]  # tier 4 is due too, and waits for the scan
    clock.advance(hours=6)
    assert started(await ticks.tick()) == [3, 1]
    await stage.scan_all()
    assert {run.tier_level for run in await ticks.tick()} == {1, 3, 4}


async def test_only_enabled_tiers_are_started(stage: Stage, clock: FixedClock) -> None:
    clock.advance(seconds=(mexico("2026-11-29 00:00") - clock.now()).total_seconds())
    ticks = scheduler(stage, 1, 2)
    assert started(await ticks.tick()) == [2]
    assert not await ticks.should_run_tier(3)


async def test_a_paused_tier_rests_and_goes_on_when_resumed(stage: Stage) -> None:
    ticks, pauses = scheduler(stage), stage.services.pauses
    [run] = await ticks.tick()
    await pauses.pause(Tier.HOT_LISTINGS, reason="maintenance", paused_by="Operator 1")
    await ticks.tick()
    assert {job.status for job in await stage.jobs(run)} == {"cancelled"}
    with pytest.raises(PausedError, match=r"maintenance; `pincali-sync resume --tier 1`"):
        await pauses.check(Tier.HOT_LISTINGS)
    assert await pauses.resume(None) == ["tier:1"]
    await ticks.tick()
    assert [each.status for each in await finish(stage, ticks)] == ["completed"]


async def test_a_refusal_pauses_every_tier_until_a_person_resumes(
    stage: Stage, clock: FixedClock
) -> None:
    ticks = scheduler(stage, 1, 2)
    await stage.services.pauses.refused(PAGES, reason="the site refuses us")
    clock.advance(days=2)
    assert await ticks.tick() == []
    await stage.services.pauses.resume(None)
    assert [run.tier_level for run in await ticks.tick()] == [2]


class Probe:
    """Answers as it is told, and counts how often it was asked."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)

    async def __call__(self) -> str | None:
        return self.answers.pop(0)


async def test_a_busy_site_is_tried_again_after_a_while_and_each_time_later(
    stage: Stage, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    pauses, probe = stage.services.pauses, Probe("HTTP 503", None)
    assert await pauses.back_off(reason="HTTP 503 six times")
    assert not await pauses.back_off(reason="HTTP 503 six times")
    clock.advance(minutes=14)
    assert not await pauses.try_again(probe)
    assert len(probe.answers) == 2
    clock.advance(minutes=2)
    assert not await pauses.try_again(probe)  # still busy
    clock.advance(minutes=29)
    assert not await pauses.try_again(probe)
    assert len(probe.answers) == 1
    clock.advance(minutes=2)
    assert await pauses.try_again(probe)
    assert await pauses.in_force() == []
    assert "resumed: all" in caplog.text  # at WARNING: nobody asked for it


async def test_a_refusal_is_not_tried_again_by_itself(stage: Stage, clock: FixedClock) -> None:
    pauses, probe = stage.services.pauses, Probe(None)
    await pauses.back_off(reason="HTTP 503 six times")
    await pauses.refused(PAGES, reason="a challenge")
    clock.advance(days=1)
    assert await pauses.try_again(probe)  # the rest of the busy site is over
    clock.advance(days=1)
    assert not await pauses.try_again(probe)
    [pause] = await pauses.in_force()
    assert (pause.scope, pause.kind, pause.reason) == ("pages", "refused", "a challenge")
    assert probe.answers == [None]  # nobody was asked


async def test_a_tier_that_fails_too_often_is_paused(stage: Stage, clock: FixedClock) -> None:
    ticks = scheduler(stage)
    for _ in range(2):
        await ticks.tick()
        await stage.scan_all(per_source=30)
        await ticks.tick(start_due=False)
        await stage.fail_all()
        clock.advance(hours=2)
        await ticks.tick(start_due=False)
        clock.advance(hours=6)
    [pause] = await stage.services.pauses.in_force()
    assert pause.scope == "tier:1"
    assert "of the requests of its last runs succeeded" in pause.reason


async def test_a_run_that_ends_and_the_pause_that_follows_are_one(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = scheduler(stage)
    await ticks.tick()
    await stage.scan_all(per_source=30)
    await ticks.tick(start_due=False)
    await stage.fail_all()
    clock.advance(hours=2)
    with monkeypatch.context() as dying:
        dying.setattr(PauseRepository, "pause", AsyncMock(side_effect=KilledError))
        with pytest.raises(KilledError):
            await ticks.tick(start_due=False)
    assert await value(stage.db, "SELECT status FROM sync_runs") == "running"
    await ticks.tick(start_due=False)
    assert await value(stage.db, "SELECT status FROM sync_runs") == "completed"
    [pause] = await stage.services.pauses.in_force()
    assert pause.scope == "tier:1"


async def test_the_schedule_tells_the_last_and_the_next_run(
    stage: Stage, clock: FixedClock
) -> None:
    ticks = scheduler(stage, 1, 3)
    assert (await ticks.get_schedule_status()).tiers[2].next_run_at == clock.now()
    await ticks.tick()  # last Sunday was missed: the weekly run makes up for it, and serves tier 1
    status = await ticks.get_schedule_status()
    first, second, third, _ = status.tiers
    assert (third.is_running, third.last_run_at) == (True, clock.now())
    assert third.next_run_at == mexico("2026-11-29 00:00")
    assert (first.last_run_at, first.next_run_at) == (None, mexico("2026-11-23 12:00"))
    assert (second.enabled, second.next_run_at) == (False, None)
    assert status.running == (Tier.WEEKLY_DEEP,)


async def test_two_runners_at_once_are_one(stage: Stage, clock: FixedClock) -> None:
    async with runner_lock(stage.db, clock, 120):
        with pytest.raises(LockedError):
            await scheduler(stage).tick()
    assert await value(stage.db, "SELECT count(*) FROM sync_runs") == 0


async def test_what_a_run_leaves_is_fetched_by_a_standing_worker(
    stage: Stage, clock: FixedClock
) -> None:
    ticks = scheduler(stage)
    await ticks.tick()
    await stage.scan_all()
    await ticks.tick()
    stage.runner.take("detail")  # ordered, and never begun
    clock.advance(hours=2)
    assert [run.status for run in await ticks.tick(start_due=False)] == ["completed"]
    await stage.fetch_all()
    async with stage.db.transaction() as tx:
        standing = await tx.jobs.latest_standing("detail", now=stage.clock.now())
        counts = await tx.queue_rows.stats(now=clock.now())
    assert standing is not None
    assert (standing.run_id, standing.status) == (None, "completed")
    assert counts.pending_count == 0


async def test_a_tick_that_fails_still_looks_at_what_is_the_matter(
    stage: Stage, clock: FixedClock
) -> None:
    ticks = scheduler(stage, 1)
    await ticks.tick()
    await finish(stage, ticks)
    clock.advance(hours=9)  # past the next slot, and its patience
    stage.runner.answers = False
    with pytest.raises(RunnerError):
        await ticks.tick()
    incidents = await stage.services.db.run(lambda tx: tx.incidents.open())
    assert [(each.alert, each.subject) for each in incidents] == [("TierOverdue", "tier=1")]


async def test_an_outage_is_an_incident_as_soon_as_its_run_has_failed(
    stage: Stage, clock: FixedClock
) -> None:
    ticks = scheduler(stage, 1)
    await ticks.tick()
    await finish(stage, ticks)
    clock.advance(hours=6)
    await ticks.tick()
    await stage.scan_all(per_source=0)  # every page answers, and shows nothing
    [run] = await ticks.tick()
    assert run.status == "failed"
    incidents = await stage.services.db.run(lambda tx: tx.incidents.open())
    assert {each.alert for each in incidents} == {"TierFailed", "ScanFoundTooFew"}


async def fail(*_: object) -> None:
    raise KeyError("a fault of the program")


async def test_a_fault_of_the_program_is_told_of_and_monitoring_fails_no_tick(
    stage: Stage, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = scheduler(stage, 1)
    await ticks.tick()
    await finish(stage, ticks)
    clock.advance(hours=9)
    with monkeypatch.context() as broken:
        broken.setattr(SchedulerService, "should_run_tier", fail)
        with pytest.raises(KeyError):
            await ticks.tick()
    assert [each.alert for each in await stage.services.db.run(lambda tx: tx.incidents.open())] == [
        "TierOverdue"
    ]
    clock.advance(minutes=1)
    with monkeypatch.context() as broken:
        broken.setattr(AlertService, "check", fail)
        assert started(await ticks.tick()) == [1]
