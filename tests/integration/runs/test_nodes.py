"""Several nodes: who is given a job, who is left out, and what becomes of a dead one's jobs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import RunnerError, SupersededError
from pincali_sync.services.ports import JobSpec, NodeLook
from pincali_sync.services.runs.nodes import NodeService
from pincali_sync.services.runs.run_jobs import RunJobs, page_worker
from pincali_sync.services.runs.standing_drain import StandingDrain
from tests.support.builders import SITE, add_queued, rows, value
from tests.support.clock import FixedClock
from tests.support.stage import Stage

BEAT = 30  # seconds
DOWN = NodeLook(node="node-b", objection="node-b does not answer", is_down=True)


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


@pytest.fixture
def nodes(stage: Stage) -> NodeService:
    return stage.runs.jobs.nodes


def given(stage: Stage) -> Counter[str]:
    return Counter(stage.runner.given.values())


async def fetched(stage: Stage, pages: int, session_id: UUID | None = None) -> None:
    """So many pages were fetched just now."""
    await rows(
        stage.db,
        "INSERT INTO scrape_queue (property_id, source_url, priority, status, session_id, "
        "completed_at) SELECT n, n, 1, 'completed', :session, :now "
        "FROM generate_series(1, :pages) n",
        session=session_id,
        now=stage.clock.now(),
        pages=pages,
    )


def orders(stage: Stage, node: str) -> list[JobSpec]:
    return [each for each in stage.runner.ordered if stage.runner.given[each.job_id] == node]


async def test_jobs_are_spread_evenly_over_nodes_alike(stage: Stage) -> None:
    await stage.start()
    await stage.tick()
    assert given(stage) == {"node-a": 2, "node-b": 2}


async def test_a_node_with_foreign_jobs_is_given_fewer(stage: Stage) -> None:
    stage.runner.looks = {"node-a": NodeLook(node="node-a", running=3)}
    await stage.start()
    await stage.tick()
    assert given(stage) == {"node-a": 1, "node-b": 3} or given(stage) == {"node-b": 4}


async def test_where_jobs_wait_others_wait_last(stage: Stage) -> None:
    stage.runner.looks = {
        "node-a": NodeLook(node="node-a", running=1, pending=1),
        "node-b": NodeLook(node="node-b", running=9),
    }
    await stage.start()
    await stage.tick()
    assert given(stage) == {"node-b": 4}


async def test_a_node_that_gets_more_done_is_given_more(stage: Stage) -> None:
    for node, pages in (("node-a", 30), ("node-b", 10)):
        ticket = await stage.shop.begin("detail")
        await rows(
            stage.db,
            "UPDATE sync_run_jobs SET node = :node, started_at = started_at - interval '4 min' "
            "WHERE id = :id",
            node=node,
            id=ticket.job_id,
        )
        await fetched(stage, pages, ticket.session_id)
    stage.runner.looks = {each: NodeLook(node=each, running=1) for each in ("node-a", "node-b")}
    await stage.start()
    await stage.tick()
    assert given(stage) == {"node-a": 3, "node-b": 1} or given(stage) == {"node-a": 4}


async def test_who_drops_out_and_who_is_back_is_told_once(
    stage: Stage, nodes: NodeService, caplog: pytest.LogCaptureFixture
) -> None:
    await nodes.look()
    stage.runner.looks = {"node-b": DOWN}
    for _ in range(3):
        stage.clock.advance(minutes=1)
        [up, down] = await nodes.look()
    assert (up.objection, down.is_down) == (None, True)
    assert stage.clock.now() - down.since == timedelta(minutes=2)
    stage.runner.looks = {}
    for _ in range(2):
        await nodes.look()
    assert [record.message for record in caplog.records] == [
        "a node is given no jobs: node-b does not answer",
        "the node node-b takes jobs again",
    ]
    stage.runner.looks = {"node-b": DOWN}
    await stage.start()
    await stage.tick()
    assert given(stage) == {"node-a": 4}


async def test_a_dead_nodes_jobs_are_given_to_others_within_a_minute(stage: Stage) -> None:
    run = await stage.start()
    await stage.tick()
    begun, waiting = orders(stage, "node-b")
    ticket = await stage.begin(begun)
    for spec in orders(stage, "node-a"):
        await stage.begin(spec)
    stage.runner.looks = {"node-b": DOWN}
    stage.clock.advance(seconds=50)
    await stage.tick()
    lost = [job for job in await stage.jobs(run) if job.status == "lost"]
    assert {job.id for job in lost} == {begun.job_id, waiting.job_id}
    again = [job for job in await stage.jobs(run) if job.attempt == 2]
    assert [job.node for job in again] == ["node-a", "node-a"]
    assert not set(stage.runner.cancelled) & {begun.job_id, waiting.job_id}  # nobody is there
    with pytest.raises(SupersededError):  # it comes back, and takes its orders up
        await stage.begin(waiting)
    assert not await stage.shop.jobs.heartbeat(ticket)


async def test_a_job_that_beats_is_left_to_a_node_that_does_not_answer(stage: Stage) -> None:
    run = await stage.start()
    await stage.tick()
    tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    stage.runner.answers = False
    for _ in range(6):
        stage.clock.advance(seconds=BEAT)
        for ticket in tickets:
            assert await stage.shop.jobs.heartbeat(ticket)
        await stage.tick()
    assert len(await stage.jobs(run)) == 4


async def test_where_no_node_takes_jobs_runs_wait_and_lose_no_attempt(stage: Stage) -> None:
    run = await stage.start()
    stage.runner.answers = False
    for _ in range(5):
        stage.clock.advance(minutes=20)
        waiting = await stage.tick()
        assert waiting.status == "running"
        assert "no node takes jobs" in str(waiting.trouble)
    assert await stage.jobs(run) == []
    with pytest.raises(RunnerError, match="node-a does not answer; node-b does not answer"):
        await stage.runs.jobs.nodes.check()
    stage.runner.answers = True
    stage.clock.advance(minutes=1)
    assert (await stage.tick()).trouble is None
    assert [job.attempt for job in await stage.jobs(run)] == [1, 1, 1, 1]


# --- workers of no run --------------------------------------------------------------------------


@pytest.fixture
def drain(stage: Stage) -> StandingDrain:
    services = stage.services
    config = load_config(pincali_base_url=SITE, site_min_gap_seconds=1.5)
    jobs = services.run_jobs(stage.runner)
    return StandingDrain(
        stage.db,
        stage.clock,
        config,
        jobs=jobs,
        queue=services.queue,
        refresh=services.refresh,
        pauses=services.pauses,
    )


async def work_of(stage: Stage, pages: int) -> None:
    """Two minutes in which the workers fetch so many pages."""
    for spec in stage.runner.take("detail"):
        await stage.begin(spec)
    stage.clock.advance(minutes=2, seconds=1)
    await rows(stage.db, "UPDATE sync_run_jobs SET heartbeat_at = :now", now=stage.clock.now())
    await fetched(stage, pages)


async def test_workers_are_added_while_turns_are_left_and_the_last_one_was_of_use(
    stage: Stage, drain: StandingDrain
) -> None:
    await rows(
        stage.db,
        "INSERT INTO scrape_queue (property_id, source_url, priority, available_at) "
        "SELECT n, n, 1, :now FROM generate_series(1001, 1500) n",
        now=stage.clock.now(),
    )
    counts = []
    for pages in (20, 40, 60, 62, 75):  # of 80 that the pace allows
        await drain.keep_going(())
        await drain.keep_going(())  # one that has not begun, or has only begun, is waited for
        counts.append(await value(stage.db, "SELECT count(*) FROM sync_run_jobs"))
        await work_of(stage, pages)
    await drain.keep_going(())
    assert counts == [1, 2, 3, 4, 4]
    assert given(stage) == {"node-a": 2, "node-b": 2}


async def test_a_worker_of_no_run_gives_its_slot_up_for_a_run(
    stage: Stage, drain: StandingDrain
) -> None:
    jobs: RunJobs = drain.jobs
    await jobs.start_standing(page_worker("detail", 1.0))
    [worker] = stage.runner.ordered
    stage.runner.looks = {"node-a": replace(DOWN, node="node-a"), "node-b": DOWN}
    [node] = {stage.runner.given[worker.job_id]}
    del stage.runner.looks[node]
    stage.clock.advance(seconds=11)
    await stage.begin(worker)
    await stage.start()
    await stage.tick()
    assert not await jobs.make_room()
    stage.clock.advance(seconds=50)
    assert await jobs.make_room()
    assert stage.runner.cancelled == [worker.job_id]
    [row] = await rows(
        stage.db, f"SELECT status, finish_reason FROM sync_run_jobs WHERE id = '{worker.job_id}'"
    )
    assert row == {"status": "cancelled", "finish_reason": "a run needs its slot"}


async def test_a_worker_that_dies_with_its_node_is_followed_by_one_elsewhere_within_a_minute(
    stage: Stage, drain: StandingDrain
) -> None:
    await add_queued(stage.db, "blue-house", stage.clock)
    await drain.keep_going(())
    [spec] = stage.runner.take("detail")
    assert stage.runner.given[spec.job_id] == "node-a"
    ticket = await stage.begin(spec)
    await rows(
        stage.db,
        "UPDATE scrape_queue SET status = 'in_progress', session_id = :session, attempt_count = 1, "
        "lease_token = :session, lease_expires_at = :end, claimed_at = :end, worker_id = 'w'",
        session=ticket.session_id,
        end=stage.clock.now() + timedelta(minutes=10),
    )
    stage.runner.looks = {"node-a": replace(DOWN, node="node-a")}
    for _ in range(2):
        stage.clock.advance(seconds=49)
        await drain.keep_going(())
    [again] = stage.runner.take("detail")
    assert stage.runner.given[again.job_id] == "node-b"
    [page] = await rows(stage.db, "SELECT status, attempt_count FROM scrape_queue")
    assert page == {"status": "pending", "attempt_count": 1}
