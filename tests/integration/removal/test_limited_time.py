"""Missing listings are looked at for a limited time a run; daily runs go on with the rest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.items import ManifestEntry
from tests.integration.queue.test_topping_up import LOST
from tests.support.builders import SITE, Workshop, add_live, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.removals import TOKEN, look_for, record, stock
from tests.support.scans import full_scan, seen
from tests.support.stage import SILENCE, Stage

GONE = 6  # of forty
REMOVED = "SELECT count(*) FROM properties_live WHERE listing_status = 'confirmed_removed'"
QUEUED = """SELECT count(*) FROM scrape_queue
             WHERE queue_reason = 'verification' AND status = 'pending'"""


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def missed_once(stage: Stage) -> list[ManifestEntry]:
    """A stock of which six are gone, which one scan told already; returns the others."""
    many = await stock(stage.services, stage.clock, 40)
    await rows(stage.db, "UPDATE property_manifest SET needs_full_scrape = false")
    await look_for(stage.services, stage.clock, many[GONE:])
    stage.clock.advance(days=7)
    return many[GONE:]


async def scanned(
    stage: Stage, tier: Tier, shown: Sequence[ManifestEntry], *, hours: float = 5.0
) -> SyncRun:
    """A run whose scan showed these and took so long; it is about to have pages looked at."""
    await stage.start(tier)
    await stage.tick()
    tickets = [await stage.begin(spec) for spec in stage.runner.take("manifest")]
    await stage.end_all("no_sitemap_index", "sitemap")
    stage.clock.advance(hours=hours)
    # Daily ones read a part, and miss nobody.
    declared = {"sale": len(shown) if tier is Tier.WEEKLY_DEEP else 1_000}
    await full_scan(stage.services, {"sale": shown}, totals=declared, ticket=tickets[0])
    for ticket in tickets:
        await stage.end(ticket)
    return await stage.tick()


async def look(stage: Stage, pages: int) -> int:
    """A worker looks at up to so many pages, which are all gone; returns how many."""
    claimed = await stage.services.queue.claim_next_batch(
        pages, "worker-1", lease_token=TOKEN, verification=True
    )
    await record(stage.services, *(seen(queued, 404) for queued in claimed))
    return len(claimed)


async def test_what_is_proven_when_its_time_is_over_is_removed_and_daily_runs_see_to_the_rest(
    stage: Stage,
) -> None:
    shown = await missed_once(stage)
    assert (await scanned(stage, Tier.WEEKLY_DEEP, shown)).step == "verify"
    assert await look(stage, 2) == 2
    stage.clock.advance(hours=2, minutes=46)  # 7:46 after its start
    weekly = await stage.tick()
    said = "its time ended with 4 pages still queued; daily runs go on with them"
    assert (weekly.status, weekly.details.verification) == ("running", said)
    assert await value(stage.db, REMOVED) == 2
    assert await value(stage.db, QUEUED) == 0
    await stage.runs.cancel(weekly.id)

    stage.clock.advance(hours=12)
    assert (await scanned(stage, Tier.DAILY_SYNC, shown, hours=0.5)).step == "verify"
    assert await look(stage, 10) == 4
    daily = await stage.tick()
    assert await value(stage.db, REMOVED) == GONE
    assert daily.details.removals is not None
    assert (daily.removals_detected, daily.details.removals.removed) == (0, 4)
    assert daily.details.verification is None


async def test_pages_are_looked_at_for_an_hour_however_long_the_scan_took(stage: Stage) -> None:
    shown = await missed_once(stage)
    assert (await scanned(stage, Tier.WEEKLY_DEEP, shown, hours=9)).step == "verify"
    stage.clock.advance(minutes=59)
    assert (await stage.tick()).step == "verify"
    stage.clock.advance(minutes=1)
    assert (await stage.tick()).step != "verify"
    assert await value(stage.db, REMOVED) == 0


async def test_a_page_that_was_asked_for_in_vain_stays_queued_with_its_attempt(
    stage: Stage,
) -> None:
    await scanned(stage, Tier.WEEKLY_DEEP, await missed_once(stage))
    claimed = await stage.services.queue.claim_next_batch(
        1, "worker-1", lease_token=TOKEN, verification=True
    )
    await record(stage.services, seen(claimed[0], 503))
    stage.clock.advance(hours=3)
    await stage.tick()
    assert await value(stage.db, QUEUED) == 1
    assert await value(stage.db, "SELECT max(attempt_count) FROM scrape_queue") == 1


async def test_a_verdict_that_comes_after_the_end_is_acted_on_by_the_next_run(stage: Stage) -> None:
    shown = await missed_once(stage)
    await scanned(stage, Tier.WEEKLY_DEEP, shown)
    held = await stage.services.queue.claim_next_batch(
        GONE, "worker-1", lease_token=TOKEN, verification=True
    )
    stage.clock.advance(hours=3)
    await stage.services.queue.extend_leases(TOKEN)
    weekly = await stage.tick()
    await record(stage.services, *(seen(queued, 404) for queued in held))
    assert await value(stage.db, REMOVED) == 0
    await stage.runs.cancel(weekly.id)
    daily = await scanned(stage, Tier.DAILY_SYNC, shown, hours=0.5)
    assert (daily.removals_detected, await value(stage.db, REMOVED)) == (0, GONE)


async def test_while_enough_wait_nobody_looks_for_more(stage: Stage) -> None:
    shown = await missed_once(stage)
    await rows(
        stage.db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason)
           SELECT 'earlier-' || n, 'x', 3, 'verification' FROM generate_series(1, 500) n""",
    )
    assert (await scanned(stage, Tier.WEEKLY_DEEP, shown)).step == "verify"
    assert await value(stage.db, QUEUED) == 500
    await rows(stage.db, "DELETE FROM scrape_queue WHERE property_id = 'earlier-1'")
    await stage.tick()
    assert await value(stage.db, QUEUED) == 499 + GONE


async def fail(stage: Stage) -> SyncRun:
    """Pages are looked at in vain, as often as it is tried; returns the run."""
    for _ in range(3):
        await stage.end_all("calibration_failed", "verification")
        run = await stage.tick()
    return run


async def test_what_nobody_could_look_at_is_in_nobodys_way(stage: Stage) -> None:
    shown = await missed_once(stage)
    await scanned(stage, Tier.WEEKLY_DEEP, shown)
    assert await value(stage.db, QUEUED) == GONE
    weekly = await fail(stage)
    assert weekly.step != "verify"
    assert await value(stage.db, QUEUED) == 0
    await stage.runs.cancel(weekly.id)
    stage.clock.advance(hours=12)
    await scanned(stage, Tier.DAILY_SYNC, shown, hours=0.5)
    assert await value(stage.db, QUEUED) == GONE


async def test_missing_listings_leave_room_for_news(db: Database, clock: FixedClock) -> None:
    config = load_config(pincali_base_url=SITE, queue_max_pending=5)
    services = build_services(config, clock=clock, db=db)
    shown = await missed_once(Stage(db, clock))
    session_id = await full_scan(services, {"sale": shown})
    await services.diff.detect_removed_properties(session_id)
    assert await services.queue.queue_verifications(session_id) == GONE - 4
    assert await value(db, QUEUED) == 4
    await rows(db, "UPDATE property_manifest SET needs_full_scrape = true")
    assert await services.queue.top_up() == 1


OPEN = """SELECT count(*) FROM scrape_queue
           WHERE status = 'pending' AND queue_reason IS DISTINCT FROM 'verification'"""


@pytest.mark.parametrize(("news", "stay"), [(24, 16), (17, 16), (4, 4)])
async def test_missing_listings_have_a_fifth_of_the_queue_however_much_is_news(
    db: Database, clock: FixedClock, news: int, stay: int
) -> None:
    services = build_services(
        load_config(pincali_base_url=SITE, queue_max_pending=20), clock=clock, db=db
    )
    shown = await missed_once(Stage(db, clock))
    session_id = await full_scan(services, {"sale": shown})
    await services.diff.detect_removed_properties(session_id)
    shop = Workshop(db=db, clock=clock, max_pending=20)
    await shop.scan(*(entry(f"new-{n}") for n in range(news)))
    queued = min(GONE, 20 - stay)
    assert await services.queue.queue_verifications(session_id) == GONE - queued
    assert (await value(db, QUEUED), await value(db, OPEN)) == (queued, stay)
    assert await value(db, LOST) == 0
    # And what comes then moves none of them.
    await shop.scan(*(entry(f"newer-{n}") for n in range(24)))
    await services.queue.top_up()
    assert await value(db, QUEUED) == 4
    assert await value(db, OPEN) == 16


async def test_a_run_says_how_many_found_no_place(stage: Stage) -> None:
    shown = await missed_once(stage)
    await rows(
        stage.db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason)
           SELECT 'asked-for-' || n, 'x', 1, 'by hand' FROM generate_series(1, 10000) n""",
    )
    assert (await scanned(stage, Tier.WEEKLY_DEEP, shown)).step == "verify"
    stage.clock.advance(hours=3)
    said = "its time ended with 0 pages still queued and 6 that found no place"
    weekly = await stage.tick()
    assert weekly.details.verification == f"{said}; daily runs go on with them"


async def test_a_worker_that_dies_after_the_end_holds_nothing_up(stage: Stage) -> None:
    await scanned(stage, Tier.WEEKLY_DEEP, await missed_once(stage))
    [spec] = stage.runner.take("verification")
    ticket = await stage.begin(spec)
    stage.clock.advance(hours=3)
    await stage.services.jobs.heartbeat(ticket)
    assert (await stage.tick()).step == "drain"
    stage.clock.advance(seconds=SILENCE.total_seconds() + 1)
    await stage.services.scheduler(stage.runner).tick(start_due=False)
    [job] = await rows(stage.db, "SELECT status FROM sync_run_jobs WHERE id = :id", id=spec.job_id)
    assert job["status"] == "lost"


async def test_what_only_its_former_keeper_missed_is_not_looked_at(stage: Stage) -> None:
    shown = await missed_once(stage)
    await add_live(stage.db, "flat-9", listing_status="likely_removed", status="inactive", visits=0)
    await scanned(stage, Tier.DAILY_SYNC, shown, hours=0.5)
    assert await value(stage.db, QUEUED) == 0


@pytest.mark.parametrize(("enabled", "is_limited"), [("1,2,3,4", True), ("1,3", False)])
def test_time_is_limited_only_where_daily_runs_take_up_what_is_left(
    enabled: str, is_limited: bool
) -> None:
    config = load_config(tiers_enabled=enabled)
    plan = TierPlan.of(Tier.WEEKLY_DEEP, config)
    assert (plan.verifies_for is not None) is is_limited
