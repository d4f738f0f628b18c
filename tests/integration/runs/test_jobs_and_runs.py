"""Spider jobs as rows, and tier runs from their start to their end."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import ListingSource, Tier
from pincali_sync.exceptions import LockedError, RunnerError, SupersededError
from pincali_sync.items import ScrapeResult
from tests.support.builders import detail, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.stage import SILENCE, Stage


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


# --- jobs ---------------------------------------------------------------------------------------


async def test_a_job_begins_once(stage: Stage) -> None:
    await stage.start()
    await stage.tick()
    spec = stage.runner.ordered[0]
    ticket = await stage.begin(spec)
    assert ticket.run_id is not None
    with pytest.raises(SupersededError, match="started before"):
        await stage.begin(spec)


async def test_a_job_that_nobody_scheduled_is_one_by_hand(stage: Stage) -> None:
    job_id = uuid4()
    ticket = await stage.shop.jobs.begin(job_id, spider="manifest", source="sale")
    [stored] = await rows(stage.db, "SELECT run_id, spider, source, status FROM sync_run_jobs")
    assert stored == {
        "run_id": None,
        "spider": "manifest",
        "source": "sale",
        "status": "running",
    }
    assert await value(stage.db, "SELECT id FROM scraping_sessions") == ticket.session_id
    with pytest.raises(SupersededError):
        await stage.shop.jobs.begin(job_id, spider="manifest", source="sale")
    assert await value(stage.db, "SELECT count(*) FROM scraping_sessions") == 1


async def test_a_job_by_hand_closes_its_session_with_its_counts(stage: Stage) -> None:
    ticket = await stage.shop.begin()
    await stage.shop.scan(entry("blue-house"), ticket=ticket)
    assert await stage.shop.jobs.finish(
        ticket, succeeded=False, reason="cancelled", stats={"pages": 1}
    )
    [session] = await rows(
        stage.db,
        "SELECT status, error_message, pages_scraped, properties_inserted FROM scraping_sessions",
    )
    assert tuple(session.values()) == ("failed", "cancelled", 1, 1)


async def test_a_job_by_hand_whose_process_died_ends_at_the_next_tick_with_what_it_had_done(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.shop.scan(entry("blue-house"))
    ticket = await stage.shop.begin("detail")
    [queued] = await stage.shop.claim()
    await stage.shop.save(ScrapeResult(queued=queued, scraped=detail("blue-house")), ticket=ticket)
    scheduler = stage.services.scheduler(stage.runner)
    await scheduler.tick(start_due=False)
    stage.clock.advance(seconds=SILENCE.total_seconds() + 1)
    for _ in range(2):
        await scheduler.tick(start_due=False)
    ended = await rows(
        stage.db,
        """SELECT j.spider, j.status AS job, s.status, s.error_message, m.total_scraped,
                  m.sync_status
             FROM sync_run_jobs j JOIN scraping_sessions s ON s.id = j.session_id
             LEFT JOIN sync_metadata m ON m.session_id = s.id ORDER BY spider""",
    )
    assert [tuple(each.values()) for each in ended] == [
        ("detail", "lost", "failed", "no heartbeat", 1, "failed"),
        ("manifest", "lost", "failed", "no heartbeat", None, None),
    ]
    assert caplog.text.count("(detail) went silent: it is given up") == 1


async def test_the_session_of_a_lost_job_of_a_run_ends_with_it_and_the_runs_own_goes_on(
    stage: Stage,
) -> None:
    run = await stage.start()
    await stage.tick()
    await stage.scan_all()
    await stage.tick()
    [order] = stage.runner.take("detail")
    lost = await stage.begin(order)
    stage.clock.advance(seconds=SILENCE.total_seconds() + 1)
    await stage.tick()
    sessions = "SELECT id, status FROM scraping_sessions ORDER BY status"
    assert await rows(stage.db, sessions) == [
        {"id": lost.session_id, "status": "failed"},
        {"id": run.session_id, "status": "running"},
    ]


async def test_a_job_that_was_given_up_neither_beats_nor_ends_nor_writes(stage: Stage) -> None:
    ticket = await stage.shop.begin()
    assert await stage.shop.jobs.heartbeat(ticket)
    async with stage.db.transaction() as tx:
        now = stage.clock.now()
        await tx.jobs.give_up(ticket.job_id, status="lost", reason="no heartbeat", now=now)
    assert not await stage.shop.jobs.heartbeat(ticket)
    assert not await stage.end(ticket)
    with pytest.raises(SupersededError):
        await stage.shop.scan(entry("blue-house"), ticket=ticket)
    assert await value(stage.db, "SELECT status FROM sync_run_jobs") == "lost"


async def test_a_heartbeat_waits_for_no_batch_and_giving_a_job_up_does(stage: Stage) -> None:
    ticket, now = await stage.shop.begin(), stage.clock.now()
    async with stage.db.transaction() as batch:
        await ticket.assert_current(batch)
        async with stage.db.transaction() as beat:
            await beat.connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
            assert await beat.jobs.heartbeat(ticket.job_id, now=now)
        async with stage.db.rolled_back() as giving_up:
            await giving_up.connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                await giving_up.jobs.give_up(ticket.job_id, status="lost", reason="x", now=now)
        await ticket.assert_current(batch)


# --- runs ---------------------------------------------------------------------------------------


async def test_a_tier_1_run_goes_from_scan_to_completed(stage: Stage) -> None:
    run = await stage.start()
    assert (await stage.tick()).step == "scan"
    sources = [spec.arguments["source"] for spec in stage.runner.ordered]
    assert sources == [source.value for source in ListingSource]
    assert {spec.settings["MANIFEST_MAX_PAGES"] for spec in stage.runner.ordered} == {"10"}
    await stage.scan_all()
    assert (await stage.tick()).step == "drain"
    stage.clock.advance(minutes=1)
    await stage.fetch_all()
    done = await stage.tick()
    assert (done.status, done.step, done.error_summary) == ("completed", "done", None)
    assert (done.pages_scanned, done.properties_in_manifest) == (4, 8)
    assert (done.new_properties_found, done.price_changes_detected) == (8, 0)
    assert (done.properties_queued, done.properties_scraped, done.error_count) == (8, 8, 0)
    assert done.execution_time_ms == 60_000
    assert await value(stage.db, "SELECT count(*) FROM properties_live") == 8
    status = "SELECT status FROM scraping_sessions WHERE id = :id"
    assert await value(stage.db, status, id=run.session_id) == "completed"
    assert await stage.advance_all() == []


async def test_a_second_run_finds_nothing_to_fetch(stage: Stage) -> None:
    for _ in range(2):
        await stage.start()
        await stage.tick()
        await stage.scan_all()
        run = await stage.tick()
        await stage.fetch_all()
        stage.clock.advance(hours=6)
        for left in await stage.advance_all():
            run = left
    assert (run.status, run.new_properties_found, run.properties_queued) == ("completed", 0, 0)


async def test_ticking_while_jobs_run_orders_nothing_twice(stage: Stage) -> None:
    await stage.start()
    for _ in range(3):
        await stage.tick()
    assert len(stage.runner.ordered) == 4


async def test_only_one_run_of_a_tier_is_open(stage: Stage) -> None:
    await stage.start()
    with pytest.raises(LockedError, match="a run of tier 1 is open"):
        await stage.start()
    assert await value(stage.db, "SELECT count(*) FROM scraping_sessions") == 1


async def test_nothing_is_opened_when_a_node_is_down(stage: Stage) -> None:
    stage.runner.answers = False
    for tier in Tier:
        with pytest.raises(RunnerError):
            await stage.start(tier)
    assert await value(stage.db, "SELECT count(*) FROM sync_runs") == 0


async def test_the_window_ends_a_run_whose_pages_are_still_queued(stage: Stage) -> None:
    await stage.start()
    await stage.tick()
    await stage.scan_all()
    await stage.tick()
    stage.clock.advance(minutes=61)
    run = await stage.tick()
    assert (run.status, run.properties_queued, run.properties_scraped) == ("completed", 8, 0)
    assert run.details.drain == "the window ended with 8 pages still queued"
    assert await value(stage.db, "SELECT count(*) FROM scrape_queue WHERE status='pending'") == 8


async def test_a_worker_that_stopped_early_is_followed_by_another(stage: Stage) -> None:
    run = await stage.start()
    await stage.tick()
    await stage.scan_all()
    await stage.tick()
    [spec] = stage.runner.take("detail")
    await stage.end(await stage.begin(spec))
    await stage.tick()
    await stage.fetch_all()
    assert (await stage.tick()).status == "completed"
    workers = [job for job in await stage.jobs(run) if job.spider == "detail"]
    assert [job.attempt for job in workers] == [1, 2]


async def test_pages_that_wait_for_their_next_attempt_need_no_worker(stage: Stage) -> None:
    await stage.start()
    await stage.tick()
    await stage.scan_all(per_source=1)
    await stage.tick()
    [spec] = stage.runner.take("detail")
    ticket = await stage.begin(spec)
    failures = [
        ScrapeResult(queued=each, scraped=None, error="HTTP 503")
        for each in await stage.shop.claim(100)
    ]
    await stage.shop.save(*failures, ticket=ticket)
    await stage.end(ticket)
    assert (await stage.tick()).step == "drain"
    assert stage.runner.ordered == []
    stage.clock.advance(minutes=2)
    await stage.tick()
    await stage.fetch_all()
    assert (await stage.tick()).status == "completed"
