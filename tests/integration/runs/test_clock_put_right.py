"""The database's clock was far ahead and was put right: nothing waits until it is there again."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.alerts import ALERT_RULES, Firing, Sample
from pincali_sync.domain.run_notes import FaultNote, RunNotes
from pincali_sync.items import Ending, ScrapeResult
from pincali_sync.services.ports import WantedJob
from tests.support.builders import add_live, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.stage import Stage

AHEAD = 400  # days


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def tick(stage: Stage) -> None:
    await stage.services.scheduler(stage.runner).tick(start_due=False)


async def test_a_page_that_was_queued_then_is_fetched_at_once(
    stage: Stage, clock: FixedClock
) -> None:
    clock.advance(days=AHEAD)
    await stage.shop.scan(entry("blue-house"))
    clock.advance(days=-AHEAD)
    await tick(stage)
    assert [spec.spider for spec in stage.runner.ordered] == ["detail"]
    assert len(await stage.shop.claim()) == 1


async def test_a_page_that_failed_then_is_tried_again_and_one_that_fails_now_rests(
    stage: Stage, clock: FixedClock
) -> None:
    for slug, days in (("blue-house", AHEAD), ("red-house", 0)):
        await stage.shop.scan(entry(slug))
        clock.advance(days=days)
        [queued] = await stage.shop.claim()
        await stage.shop.save(ScrapeResult(queued=queued, error="HTTP 500", ending=Ending.AGAIN))
        clock.advance(days=-days)
    await tick(stage)
    tried = [each.source_url.rpartition("/")[2] for each in await stage.shop.claim(2)]
    assert tried == ["blue-house"]


async def test_what_rests_outside_the_queue_since_then_is_looked_at(
    stage: Stage, clock: FixedClock
) -> None:
    await stage.shop.scan(entry("blue-house"))
    await rows(
        stage.db,
        "UPDATE scrape_queue SET status = 'failed', completed_at = :then",
        then=clock.now() + timedelta(days=AHEAD),
    )
    await rows(
        stage.db,
        "UPDATE queue_outside SET rests_until = :then",
        then=clock.now() + timedelta(days=AHEAD + 1),
    )
    assert await stage.services.queue.top_up() == 1


async def test_a_worker_that_failed_then_is_followed_by_another(
    stage: Stage, clock: FixedClock
) -> None:
    await stage.shop.scan(entry("blue-house"))
    clock.advance(days=AHEAD)
    await tick(stage)
    await stage.end_all("no_browser", "detail")
    clock.advance(days=-AHEAD)
    await tick(stage)
    assert [spec.spider for spec in stage.runner.take("detail")] == ["detail"]


async def test_a_worker_of_then_is_not_taken_for_the_latest(
    stage: Stage, clock: FixedClock
) -> None:
    jobs = stage.services.run_jobs(stage.runner)
    for days in (0, AHEAD):
        clock.advance(days=days)
        await jobs.start_standing(WantedJob(spider="verification"))
        clock.advance(days=-days)
    await stage.end_all("no_browser", "verification")
    async with stage.db.transaction() as tx:
        latest = await tx.jobs.latest_standing("verification", now=clock.now())
    assert latest is not None
    assert latest.scheduled_at == clock.now()


async def test_a_sitemap_that_failed_then_is_read_again(stage: Stage, clock: FixedClock) -> None:
    await stage.services.pauses.refused("pages", reason="HTTP 403")
    clock.advance(days=AHEAD)
    await tick(stage)
    await stage.end_all("no_sitemap_index", "sitemap")
    clock.advance(days=-AHEAD)
    await tick(stage)
    assert len(stage.runner.take("sitemap")) == 1


async def test_what_is_old_is_refreshed_though_it_was_looked_at_then(
    stage: Stage, clock: FixedClock
) -> None:
    await add_live(stage.db, "old-house", last_full_scrape_at=clock.now() - timedelta(days=AHEAD))
    refresh = stage.services.refresh
    await refresh.set_target(None)
    await rows(
        stage.db,
        "UPDATE refresh_targets SET stale_target = 100, rests_until = :then",
        then=clock.now() + timedelta(days=AHEAD),
    )
    assert (await refresh.top_up()).stale == 1


async def test_a_run_whose_step_broke_then_goes_on(stage: Stage, clock: FixedClock) -> None:
    run = await stage.start()
    noted = FaultNote(times=1, error="x", rests_until=clock.now() + timedelta(days=AHEAD))
    await stage.db.run(lambda tx: tx.runs.note(run.id, RunNotes(fault=noted)))
    assert (await stage.tick()).details.fault is None
    assert stage.runner.ordered


async def test_an_alert_that_began_then_is_told(stage: Stage, clock: FixedClock) -> None:
    rule = next(each for each in ALERT_RULES if each.hold)
    broken = [Firing(rule=rule, sample=Sample(metric="x", value=1.0))]
    clock.advance(days=AHEAD)
    assert await stage.services.alerts._settle(broken) == ([], [])
    clock.advance(days=-AHEAD)
    [opened], _ = await stage.services.alerts._settle(broken)
    assert opened.alert == rule.name


async def test_figures_are_kept_though_there_are_some_of_then(
    stage: Stage, clock: FixedClock
) -> None:
    then = clock.now() + timedelta(days=AHEAD)
    await stage.db.run(lambda tx: tx.history.keep({}, at=then))
    await tick(stage)
    assert await value(stage.db, "SELECT count(*) FROM insight_history") == 2


@pytest.mark.parametrize("column", ["claimed_until", "rests_until"])
async def test_a_webhook_that_rested_or_was_claimed_then_is_sent_to(
    stage: Stage, clock: FixedClock, column: str
) -> None:
    now = clock.now()
    await stage.db.run(lambda tx: tx.webhooks.add(["hook"]))

    async def is_sent_to(until: timedelta) -> bool:
        ended = "UPDATE sync_webhooks SET claimed_until = NULL, rests_until = NULL"
        await rows(stage.db, ended)
        await rows(stage.db, f"UPDATE sync_webhooks SET {column} = :until", until=now + until)
        claim_until = now + timedelta(minutes=1)
        state = await stage.db.run(
            lambda tx: tx.webhooks.claim("hook", uuid4(), now=now, until=claim_until, at_once=False)
        )
        return state is not None

    assert not await is_sent_to(timedelta(seconds=50))
    assert await is_sent_to(timedelta(days=AHEAD))
