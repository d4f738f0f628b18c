"""Whatever number an operator may set, dates can be reckoned with it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import Tier
from pincali_sync.items import ScrapeResult
from tests.support.builders import SITE, Workshop, add_live, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.greatest import GREATEST
from tests.support.stage import FakeRunner
from tests.support.watching import Lookout, add_run

ALL_TIERS = {"tiers_enabled": "1,2,3,4"}


@pytest.fixture
def lookout(db: Database, clock: FixedClock) -> Lookout:
    return Lookout(db, clock, variables={**GREATEST, **ALL_TIERS})


async def test_schedule_and_alerts_reach_as_far_as_the_longest_frequency(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    for tier in Tier:
        await add_run(db, clock.now() - timedelta(hours=1), tier)
    schedule = await lookout.services.scheduler(FakeRunner()).get_schedule_status()
    hundred_years = timedelta(days=36_500)
    due = {each.next_run_at - clock.now() for each in schedule.tiers if each.next_run_at}
    assert due == {hundred_years - timedelta(hours=1)}
    await lookout.look()
    assert (await lookout.samples())["pincali_queue_ceiling"] == GREATEST["queue_max_pending"]


async def test_the_longest_term_keeps_everything(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    began = await add_run(db, clock.now() - timedelta(days=3650))
    await add_live(db, "blue-house", agent_name="Somebody")
    await lookout.services.retention.clean_up()
    await lookout.services.people.clear_past_term()
    assert await value(db, "SELECT id FROM sync_runs") == began
    assert await value(db, "SELECT agent_name FROM properties_live") == "Somebody"


async def test_the_greatest_ages_and_budgets_choose_what_is_refreshed(
    lookout: Lookout, db: Database
) -> None:
    await add_live(db, "blue-house")
    await lookout.services.refresh.set_target(None)
    await lookout.services.refresh.top_up()
    await lookout.services.queue.queue_stale_properties(36_500, 10)
    assert await value(db, "SELECT count(*) FROM properties_live") == 1


async def test_the_longest_wait_of_the_last_attempt_is_a_date(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    greatest = load_config(pincali_base_url=SITE, **GREATEST)
    await rows(db, "UPDATE scrape_queue SET attempt_count = :n", n=greatest.queue_max_attempts)
    failed = ScrapeResult(queued=queued, error="TimeoutError")
    await db.run(lambda tx: tx.queue.finish([failed], greatest, now=clock.now()))
    waits_until = await value(db, "SELECT available_at FROM scrape_queue")
    assert isinstance(waits_until, datetime)
    assert waits_until > clock.now()
