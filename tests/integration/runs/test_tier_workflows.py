"""Each tier's workflow, on nodes that take orders: the tests do the jobs' work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.anomalies import Anomaly
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.domain.tiers import ListingSource, Tier
from pincali_sync.exceptions import (
    BlockedError,
    ExitStatus,
    LockedError,
    PausedError,
    RunnerError,
    UsageError,
)
from pincali_sync.items import FetchedShard, ManifestEntry
from pincali_sync.services.ports import JobSpec
from pincali_sync.services.property_sync_orchestrator import PropertySyncOrchestrator
from pincali_sync.services.runs.local_jobs import LocalJobs
from pincali_sync.services.tier_orchestrator import TierOrchestrator, TierResult
from tests.support.builders import SITE, add_live, entry, id_of, page, rows, sale, value
from tests.support.clock import FixedClock
from tests.support.scans import seen, whole_source, whole_walk
from tests.support.stage import Stage

HOUSES = [entry(f"house-{n}", public_id=f"EB-AA{n:04d}") for n in range(1, 6)]


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def do_scans(stage: Stage, houses: list[ManifestEntry]) -> None:
    """Does the ordered manifest jobs: the sales show these houses, the others nothing."""
    for spec in stage.runner.take("manifest"):
        source = spec.arguments["source"]
        shown = houses if source == ListingSource.SALE else []
        ticket = await stage.begin(spec)
        await stage.shop.scan(whole_source(source, shown, len(shown)), ticket=ticket)
        await stage.services.scans.record_walk(whole_walk(ListingSource(source)), ticket)
        await stage.end(ticket)
    await stage.end_all("no_sitemap_index", "sitemap")


async def do_verifications(stage: Stage, status: int) -> None:
    """Does the ordered verification jobs: every page answers so."""
    for spec in stage.runner.take("verification"):
        ticket = await stage.begin(spec)
        batch = await stage.services.queue.claim_next_batch(
            100, "worker-1", lease_token=stage.shop.token, verification=True
        )
        await stage.services.verification.record(
            [seen(each, status) for each in batch],
            ticket=ticket,
            lease_token=stage.shop.token,
            rules=(),
            max_attempts=3,
        )
        await stage.end(ticket)


async def week(stage: Stage, houses: list[ManifestEntry], status: int = 404) -> SyncRun:
    """A whole tier 3 run, and the days until the next."""
    run = await stage.start(Tier.WEEKLY_DEEP)
    while run.status == "running":
        await stage.tick()
        await do_scans(stage, houses)
        await do_verifications(stage, status)
        await stage.fetch_all()
        run = await reload(stage, run)
    stage.clock.advance(days=7)
    return run


async def reload(stage: Stage, run: SyncRun) -> SyncRun:
    async with stage.db.transaction() as tx:
        found = await tx.runs.get(run.id)
    assert found is not None
    return found


async def test_tier_3_removes_what_two_certified_scans_missed_and_its_page_confirms(
    stage: Stage,
) -> None:
    first = await week(stage, HOUSES)
    assert first.status == "completed", first.error_summary
    assert [each.certified for each in first.details.certificates] == [True] * 4
    assert (first.new_properties_found, first.properties_scraped) == (5, 5)
    second = await week(stage, HOUSES[1:])
    assert (second.status, second.removals_detected) == ("completed", 0)
    third = await week(stage, HOUSES[1:])
    assert (third.status, third.removals_detected) == ("completed", 1)
    result = TierResult.of(third)
    assert (result.success, result.removals_confirmed, result.tier_name) == (
        True,
        1,
        "weekly_deep",
    )
    live = await stage.shop.live("house-1")
    assert live["listing_status"] == "confirmed_removed"


async def test_a_step_that_is_repeated_notes_the_same(stage: Stage) -> None:
    await week(stage, HOUSES)
    await rows(stage.db, "UPDATE properties_live SET latitude = 20.5, longitude = -103.25")
    # Newcomers at the place of one that is missing, for the same price: each may be that one.
    run = await week(stage, [*HOUSES[1:], entry("house-6", public_id="EB-AA0006")])
    pairs = run.details.identity_candidates
    assert pairs
    steps, again = stage.services.steps(stage.runs.jobs), await stage.start(Tier.WEEKLY_DEEP)
    again = replace(again, started_at=run.started_at)
    await steps["queue"](again)
    assert (await reload(stage, again)).details.identity_candidates == pairs


async def test_tier_3_queues_what_is_older_than_a_week(stage: Stage, db: Database) -> None:
    await week(stage, HOUSES)
    run = await stage.start(Tier.WEEKLY_DEEP)
    await stage.tick()
    await do_scans(stage, HOUSES)
    stage.clock.advance(minutes=1)
    await stage.tick()
    queued = await rows(
        db,
        "SELECT queue_reason, run_id FROM scrape_queue WHERE status = 'pending'",
    )
    assert queued == [{"queue_reason": "stale_data", "run_id": run.id}] * 5


async def test_without_a_sitemap_tier_2_counts_nothing_as_missing(
    stage: Stage, db: Database
) -> None:
    await week(stage, HOUSES)
    await week(stage, HOUSES)
    run = await stage.start(Tier.DAILY_SYNC)
    await stage.tick()
    scans = [spec for spec in stage.runner.ordered if spec.spider == "manifest"]
    orders = {spec.settings["MANIFEST_MAX_PAGES"] for spec in scans}
    assert orders == {"100"}
    await do_scans(stage, HOUSES[1:])
    await stage.tick()
    assert (await reload(stage, run)).status == "completed"
    assert await value(db, "SELECT max(consecutive_missing_count) FROM properties_live") == 0


async def test_what_the_sitemap_alone_knows_is_queued_for_its_run_whoever_takes_it_up(
    stage: Stage, db: Database
) -> None:
    run = await stage.start(Tier.DAILY_SYNC)
    await stage.tick()
    [order] = stage.runner.take("sitemap")
    ticket = await stage.begin(order)
    await stage.services.sitemap.begin(ticket, shards=1)
    body = f"<urlset><url><loc>{SITE}/inmueble/house-7</loc></url></urlset>".encode()
    shard = FetchedShard(url="https://cdn.invalid/properties.xml", body=body)
    await stage.services.sitemap.record_shard(shard, ticket)
    await stage.services.queue.top_up()  # as any tick does while the scan goes on
    assert await value(db, "SELECT run_id FROM scrape_queue") == run.id


async def test_tier_4_sets_the_months_target_and_every_tick_tops_the_queue_up_from_it(
    stage: Stage, db: Database, clock: FixedClock
) -> None:
    for number in range(60):
        await add_live(
            db,
            f"old-{number}",
            price=1,
            visits=1,
            last_full_scrape_at=clock.now() - timedelta(days=35),
        )
    run = await stage.start(Tier.MONTHLY_REFRESH)
    await stage.tick()
    [order] = stage.runner.ordered
    assert (order.spider, order.settings["DETAIL_DELAY_SECONDS"]) == ("detail", "3.0")
    day = clock.now().astimezone(SITE_ZONE).day
    queued = await value(db, "SELECT count(*) FROM scrape_queue WHERE queue_reason = 'stale_data'")
    assert queued == -(-60 * day // 30)  # November's part that is due by today
    [target] = await rows(db, "SELECT stale_target, sample_target FROM refresh_targets")
    assert target == {"stale_target": 60, "sample_target": 6}
    clock.advance(days=1)
    await stage.services.refresh.top_up()
    later = await value(db, "SELECT count(*) FROM scrape_queue WHERE queue_reason = 'stale_data'")
    assert later == -(-60 * (day + 1) // 30)
    noted = (await reload(stage, run)).details.target
    assert noted is not None
    assert noted.stale == 60


async def test_what_would_soon_be_too_old_is_due_whatever_the_month_wanted(
    stage: Stage, db: Database, clock: FixedClock
) -> None:
    for number, (days, status) in enumerate(
        # Whoever waits for a verification makes nobody else due in its place.
        [(20, "active"), (31, "active"), (34, "active"), (35, "relisted"), (35, "likely_removed")]
    ):
        await add_live(
            db,
            f"old-{number}",
            price=1,
            visits=1,
            listing_status=status,
            last_full_scrape_at=clock.now() - timedelta(days=days),
        )
    async with db.transaction() as tx:  # nothing was stale when the month began
        await tx.connection.execute(
            text(
                """INSERT INTO refresh_targets
                          (month, stale_target, sample_target, stale_before, set_at)
                   VALUES ('2026-11-01', 0, 0, :now, :now)"""
            ),
            {"now": clock.now()},
        )
    assert (await stage.services.refresh.top_up()).stale == 0
    clock.advance(days=3)
    assert (await stage.services.refresh.top_up()).stale == 2
    # Nor do those that are queued by now.
    clock.advance(hours=7)
    assert (await stage.services.refresh.top_up()).stale == 0


async def test_tier_4_ends_with_a_report_on_the_data(stage: Stage) -> None:
    await week(stage, HOUSES)
    run = await stage.start(Tier.MONTHLY_REFRESH)
    while run.status == "running":
        await stage.tick()
        await stage.fetch_all()
        run = await reload(stage, run)
    report = run.details.quality
    assert report is not None
    assert report["listings"] == 5
    assert report["coverage"]["price"] == 1.0
    assert report["coverage"]["agency_name"] == 0.0
    assert report["doubled_public_ids"] == 0


async def test_the_daily_budget_holds_back_what_is_old_and_never_what_is_new(
    stage: Stage, db: Database, clock: FixedClock
) -> None:
    for number in range(30):
        await add_live(
            db, f"old-{number}", price=1, last_full_scrape_at=clock.now() - timedelta(days=60)
        )
    config = stage.services.config.model_copy(update={"detail_daily_budget": 5})
    refresh = build_services(config, clock=clock, db=db).refresh
    await refresh.set_target(None)
    await refresh.top_up()
    await refresh.top_up()
    assert await value(db, "SELECT count(*) FROM scrape_queue") == 5
    await stage.shop.scan(*HOUSES)
    assert await value(db, "SELECT count(*) FROM scrape_queue") == 10


@pytest.mark.parametrize(("budget", "hours"), [(5, 2), (1_000, 6)])
async def test_what_is_old_is_looked_through_sooner_where_something_due_found_no_place(
    stage: Stage, db: Database, clock: FixedClock, budget: int, hours: int
) -> None:
    for number in range(30):
        await add_live(
            db, f"old-{number}", price=1, last_full_scrape_at=clock.now() - timedelta(days=60)
        )
    config = stage.services.config.model_copy(update={"detail_daily_budget": budget})
    refresh = build_services(config, clock=clock, db=db).refresh
    await refresh.set_target(None)
    assert (await refresh.top_up()).stale == min(30, budget)
    rests_until = await value(db, "SELECT rests_until FROM refresh_targets")
    assert rests_until == clock.now() + timedelta(hours=hours)


async def test_a_cancelled_run_stops_its_jobs_and_keeps_what_it_queued(
    stage: Stage, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    run = await stage.start()
    await stage.tick()
    await stage.scan_all()
    await stage.tick()
    cancelled = await stage.runs.cancel(run.id)
    assert (cancelled.status, cancelled.error_summary) == ("cancelled", "cancelled by request")
    [told] = [each for each in caplog.records if "cancelled by request" in each.getMessage()]
    assert told.levelname == "INFO"  # a person asked for it
    assert {job.status for job in await stage.jobs(run)} == {"completed", "cancelled"}
    assert await value(db, "SELECT count(*) FROM scrape_queue WHERE status = 'pending'") == 8
    with pytest.raises(UsageError, match="is cancelled"):
        await stage.runs.cancel(run.id)


async def test_verification_that_fails_leaves_its_listings_for_the_next_scan(
    stage: Stage,
) -> None:
    await week(stage, HOUSES)
    await week(stage, HOUSES[1:])
    run = await stage.start(Tier.WEEKLY_DEEP)
    await stage.tick()
    await do_scans(stage, HOUSES[1:])
    for _ in range(4):
        await stage.tick()
        for spec in stage.runner.take("verification"):
            await stage.end(await stage.begin(spec), "calibration_failed")
    await stage.fetch_all()
    await stage.advance_all()
    ended = await reload(stage, run)
    assert ended.status == "completed"
    assert "failed 3 times" in (ended.details.verification or "")
    live = await stage.shop.live("house-1")
    assert (live["listing_status"], live["consecutive_missing_count"]) == ("likely_removed", 2)


# --- the entrance for programs --------------------------------------------------------------------


class Machine:
    """Runs jobs by plain processes, in name only."""

    def __init__(self, *statuses: int) -> None:
        self.ran: list[JobSpec] = []
        self._statuses = list(statuses)

    async def run(self, spec: JobSpec) -> int:
        self.ran.append(spec)
        return self._statuses.pop(0) if self._statuses else 0


def entrance(stage: Stage, machine: Machine) -> PropertySyncOrchestrator:
    services = stage.services
    own = (stage.db, stage.clock, load_config(queue_max_pending=100))
    return PropertySyncOrchestrator(
        *own,
        tiers=stage.runs,
        scheduler=services.scheduler(stage.runner),
        queue=services.queue,
        local=LocalJobs(*own, pauses=services.pauses, run_job=machine.run),
    )


async def test_a_full_sync_takes_the_place_of_tiers_that_cannot_run(stage: Stage) -> None:
    stage.runner.answers = False
    machine = Machine()
    result = await entrance(stage, machine).daily_sync_workflow()
    assert result.full_sync is not None
    assert result.full_sync.success
    assert [(spec.spider, dict(spec.arguments)) for spec in machine.ran] == [
        ("manifest", {"max_pages": "0"})
    ]


async def test_a_full_sync_visits_every_record(stage: Stage, db: Database) -> None:
    for number in range(3):
        await add_live(db, f"old-{number}", price=1)
    machine = Machine()
    await rows(db, "SELECT 1")
    result = await entrance(stage, machine).daily_sync_workflow(use_tiers=False)
    assert result.full_sync is not None
    assert result.full_sync.rounds == 1
    assert [spec.spider for spec in machine.ran] == ["manifest", "detail"]
    assert await value(db, "SELECT count(*) FROM scrape_queue") == 3


async def test_nothing_takes_the_place_of_tiers_that_are_paused(stage: Stage) -> None:
    machine = Machine()
    await stage.services.pauses.pause(None, reason="maintenance", paused_by="Operator 1")
    result = await entrance(stage, machine).daily_sync_workflow()
    assert (result.tiers, result.full_sync, machine.ran) == ((), None, [])
    with pytest.raises(PausedError):
        await entrance(stage, machine).daily_sync_workflow(use_tiers=False)
    with pytest.raises(PausedError):
        await entrance(stage, machine).run_hybrid_sync(1)
    assert machine.ran == []


async def test_a_full_sync_that_is_blocked_pauses_pages(stage: Stage) -> None:
    machine = Machine(ExitStatus.PAUSED_OR_BLOCKED)
    with pytest.raises(BlockedError):
        await entrance(stage, machine).full_sync()
    [pause] = await stage.services.pauses.in_force()
    assert (pause.scope, pause.kind) == ("pages", "refused")


async def test_a_person_who_pauses_during_a_full_sync_is_no_refusal_of_the_site(
    stage: Stage,
) -> None:
    class Paused(Machine):
        async def run(self, spec: JobSpec) -> int:
            await stage.services.pauses.pause(None, reason="maintenance", paused_by="Operator 1")
            return await super().run(spec)

    with pytest.raises(PausedError, match="by Operator 1: maintenance"):
        await entrance(stage, Paused(ExitStatus.PAUSED_OR_BLOCKED)).full_sync()
    [pause] = await stage.services.pauses.in_force()
    assert (pause.scope, pause.kind) == ("all", "person")


async def test_what_a_job_saw_of_a_refusal_is_told_by_the_full_sync(stage: Stage) -> None:
    class Refused(Machine):
        async def run(self, spec: JobSpec) -> int:
            await stage.services.pauses.refused("pages", reason="captcha at /en/home/a-1")
            return await super().run(spec)

    with pytest.raises(BlockedError, match="captcha at /en/home/a-1"):
        await entrance(stage, Refused(ExitStatus.PAUSED_OR_BLOCKED)).full_sync()
    [pause] = await stage.services.pauses.in_force()
    assert (pause.scope, pause.kind) == ("pages", "refused")


async def test_a_pause_during_a_full_sync_that_is_over_again_is_not_put_back(
    stage: Stage,
) -> None:
    class Resumed(Machine):
        async def run(self, spec: JobSpec) -> int:
            ticket = await stage.services.jobs.begin(spec.job_id, spider=spec.spider, source=None)
            await stage.end(ticket, "paused")
            return await super().run(spec)

    with pytest.raises(PausedError, match="that is over"):
        await entrance(stage, Resumed(ExitStatus.PAUSED_OR_BLOCKED)).full_sync()
    assert await stage.services.pauses.in_force() == []


@pytest.mark.parametrize("status", ["completed", "failed"])
async def test_what_the_most_comprehensive_tier_serves_is_not_run_again_that_day(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    ran: list[int] = []

    async def run_to_end(runs: TierOrchestrator, tier: Tier) -> TierResult:
        ran.append(tier.value)
        run = await runs.start(tier)
        await rows(
            stage.db,
            "UPDATE sync_runs SET status = :status, completed_at = :now WHERE id = :id",
            **{"status": status, "now": stage.clock.now(), "id": run.id},
        )
        return TierResult.of(await runs.get(run.id))

    monkeypatch.setattr(TierOrchestrator, "run_to_end", run_to_end)
    machine = Machine()
    result = await entrance(stage, machine).daily_sync_workflow()
    assert ran == ([3, 4] if status == "completed" else [3, 2, 1, 4])
    assert [each.success for each in result.tiers] == [status == "completed"] * len(ran)
    assert (result.full_sync, machine.ran) == (None, [])  # a run that failed is tried again


async def test_a_full_sync_whose_job_fails_says_so(stage: Stage) -> None:
    result = await entrance(stage, Machine(1)).full_sync()
    assert not result.success
    assert "ended: status 1" in (result.error or "")


async def test_an_unknown_level_is_refused(stage: Stage) -> None:
    with pytest.raises(UsageError, match="unknown tier"):
        await entrance(stage, Machine()).run_hybrid_sync(5)


async def test_a_run_of_the_same_tier_is_not_started_twice(stage: Stage) -> None:
    await stage.start()
    with pytest.raises(LockedError):
        await entrance(stage, Machine()).run_hybrid_sync(1)


async def test_nodes_that_are_down_are_told_of_before_anything_is_written(
    stage: Stage, db: Database
) -> None:
    stage.runner.answers = False
    with pytest.raises(RunnerError):
        await entrance(stage, Machine()).run_hybrid_sync(3)
    assert await value(db, "SELECT count(*) FROM sync_runs") == 0
    assert id_of("house-1") == HOUSES[0].property_id


async def test_a_scan_whose_prices_vanished_is_noticed_before_the_run_goes_on(
    stage: Stage,
) -> None:
    await stage.start(Tier.DAILY_SYNC)
    await stage.tick()
    for spec in stage.runner.take("manifest"):
        ticket = await stage.begin(spec)
        source = spec.arguments["source"]
        cards = [entry(f"{source}-{n}", sale(None)) for n in range(20)]
        await stage.shop.scan(page(*cards, source=source), ticket=ticket)
        await stage.end(ticket)
    await stage.end_all("no_sitemap_index", "sitemap")
    run = await stage.tick()
    assert run.status == "running"
    [anomaly] = run.details.anomalies
    assert anomaly == Anomaly(what="share of cards with a price", value=0.0, usual=None)


async def test_the_weekly_tier_draws_removals_to_be_looked_at_again(
    stage: Stage, clock: FixedClock
) -> None:
    await add_live(stage.db, "house-9", listing_status="confirmed_removed", visits=1)
    await rows(
        stage.db,
        """INSERT INTO property_changes (property_id, change_type, created_at)
           VALUES (:id, 'removed', :at)""",
        id=id_of("house-9"),
        at=clock.now() - timedelta(days=1),
    )
    await stage.start(Tier.WEEKLY_DEEP)
    await stage.tick()
    await do_scans(stage, HOUSES)
    await stage.tick()
    await do_verifications(stage, 404)
    await stage.tick()
    [audit] = await rows(stage.db, "SELECT property_id, verdict FROM removal_audits")
    assert audit == {"property_id": id_of("house-9"), "verdict": "gone"}


async def test_what_is_old_waits_while_the_weekly_scan_takes_its_turns(
    stage: Stage, db: Database, clock: FixedClock
) -> None:
    old = clock.now() - timedelta(days=60)
    await add_live(db, "old", price=1, visits=1, last_full_scrape_at=old)
    await stage.services.refresh.set_target(None)
    run = await stage.start(Tier.WEEKLY_DEEP)
    await stage.tick()
    assert await value(db, "SELECT count(*) FROM scrape_queue") == 0
    await do_scans(stage, HOUSES)
    await stage.tick()
    assert await value(db, "SELECT count(*) FROM scrape_queue WHERE priority = 4") == 1
    assert (await reload(stage, run)).status == "running"
