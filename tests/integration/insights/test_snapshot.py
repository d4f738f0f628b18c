"""The figures of the present and those kept over time, on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.alerts import ALERT_RULES, firing
from pincali_sync.services.insights.metrics import METRICS, samples_of
from tests.support.builders import SITE, Workshop, add_live, add_queued, entry, rows
from tests.support.clock import FixedClock
from tests.support.watching import Lookout, add_finished, add_run, add_session


@pytest.fixture
def lookout(db: Database, clock: FixedClock) -> Lookout:
    return Lookout(db, clock)


async def test_an_empty_database_has_figures_and_no_alert(lookout: Lookout) -> None:
    samples = samples_of(await lookout.services.insights.snapshot())
    assert {each.key: each.value for each in samples}["pincali_live_stale"] == 0
    assert firing(samples, ALERT_RULES) == []


def test_metrics_are_named_as_prometheus_wants_them() -> None:
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names))
    for metric in METRICS:
        assert metric.name.startswith("pincali_")
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert metric.help.endswith(".")


async def test_the_live_table_is_counted_by_status_and_age(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    for days, status in ((0.5, "active"), (6, "relisted"), (29, "likely_removed"), (31, "active")):
        scraped = clock.now() - timedelta(days=days)
        await add_live(db, f"h{days}", listing_status=status, last_full_scrape_at=scraped)
    await add_live(db, "never")
    await add_live(db, "gone", listing_status="confirmed_removed", last_full_scrape_at=clock.now())
    samples = await lookout.samples()
    within = [samples[f"pincali_live_scraped_within days={d}"] for d in (1, 7, 14, 30, 45)]
    assert within == [1, 2, 2, 3, 4]
    assert samples["pincali_live_scraped_within_ratio days=30"] == 0.6
    assert samples["pincali_live_never_scraped"] == 1
    assert samples["pincali_live_stale"] == 2  # older than thirty days, or never
    assert samples["pincali_live_listings status=active"] == 3
    assert samples["pincali_live_listings status=confirmed_removed"] == 1


async def test_zero_is_a_figure(lookout: Lookout) -> None:
    samples = await lookout.samples()
    for name in (
        *("queue_pending priority=1 reason=new_property", "queue_dead_letters reason=sitemap"),
        *("queue_finished_total reason=relisted outcome=cancelled", "paused scope=all kind=busy"),
        "queue_finished_last_hour reason=relisted outcome=failed",
        *("queue_oldest_pending_age_seconds priority=5", "live_listings status=sold"),
    ):
        assert samples[f"pincali_{name}"] == 0


async def test_the_queue_is_counted_by_what_waits_and_what_came_of_it(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    await add_queued(db, "a", clock)
    clock.advance(hours=2)
    await add_queued(db, "b", clock, priority=4, queue_reason="stale_data")
    await add_finished(db, clock.now(), [("completed", 60), ("failed", 20), ("cancelled", 5)])
    samples = await lookout.samples()
    assert samples["pincali_queue_pending priority=1 reason=new_property"] == 1
    assert samples["pincali_queue_oldest_pending_age_seconds priority=1"] == 7200
    assert samples["pincali_queue_oldest_pending_age_seconds priority=4"] == 0
    assert samples["pincali_queue_dead_letters reason=new_property"] == 20
    assert samples["pincali_queue_failure_ratio reason=new_property"] == 0.25
    assert samples["pincali_queue_time_in_queue_seconds reason=new_property"] == 540
    assert samples["pincali_queue_finished_total reason=new_property outcome=completed"] == 60
    # What was set aside is tried again: no count of it only ever grows.
    assert "pincali_queue_finished_total reason=new_property outcome=failed" not in samples
    assert samples["pincali_queue_finished_last_hour reason=new_property outcome=failed"] == 20


async def test_what_failed_before_and_fails_again_is_no_share_of_failures(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    await add_finished(db, clock.now(), [("completed", 10), ("failed", 90)], "another_try")
    samples = await lookout.samples()
    assert samples["pincali_queue_dead_letters reason=another_try"] == 90
    assert not [name for name in samples if name.startswith("pincali_queue_failure_ratio")]


async def test_what_finds_no_place_in_the_queue_is_counted_outside(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock, max_pending=1)
    await shop.scan(entry("a"), entry("b"), entry("c"))
    assert (await lookout.samples())["pincali_queue_waiting_outside"] == 2


async def test_a_tiers_runs_are_counted_and_its_last_one_described(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    await add_run(db, clock.now() - timedelta(hours=12), status="failed", pages_scanned=3)
    removed = {"removals": {"removed": 7}}
    await add_run(
        db,
        clock.now() - timedelta(hours=6),
        pages_scanned=40,
        new_properties_found=5,
        details=removed,
        execution_time_ms=90_000,
    )
    await add_run(db, clock.now(), status="running", pages_scanned=10)
    samples = await lookout.samples()
    assert samples["pincali_tier_runs_total tier=1 status=completed"] == 1
    assert samples["pincali_tier_runs_total tier=1 status=failed"] == 1
    assert samples["pincali_tier_pages_scanned_total tier=1"] == 53
    assert samples["pincali_tier_last_run_pages tier=1"] == 40
    assert samples["pincali_tier_last_run_removed tier=1"] == 7
    assert samples["pincali_tier_last_run_duration_seconds tier=1"] == 90
    assert samples["pincali_tier_running tier=1"] == 1
    ended = clock.now() - timedelta(hours=6) + timedelta(minutes=10)
    assert samples["pincali_tier_last_success_timestamp_seconds tier=1"] == ended.timestamp()


async def test_counters_do_not_fall_when_old_rows_are_deleted(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    await add_run(db, clock.now(), pages_scanned=40, error_count=2)
    await add_run(db, clock.now() + timedelta(hours=6), pages_scanned=2)
    await add_finished(db, clock.now(), [("completed", 3), ("cancelled", 2), ("failed", 1)])
    before = await lookout.samples()
    for _ in range(2):
        clock.advance(days=401)
        await lookout.services.retention.clean_up()
    assert await rows(db, "SELECT * FROM sync_runs") == []
    after = await lookout.samples()
    counters = {name for name in before if name.partition(" ")[0].endswith("_total")}
    assert counters
    assert {name: before[name] for name in counters} == {name: after[name] for name in counters}
    assert after["pincali_queue_dead_letters reason=new_property"] == 1  # until it is settled


async def test_the_latest_certificate_of_each_source_counts(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    await add_session(db, {"sale": 100}, clock.now() - timedelta(days=7))
    await add_session(db, {"sale": 90}, clock.now())
    samples = await lookout.samples()
    assert samples["pincali_certificate_properties source=sale"] == 90
    assert samples["pincali_certificate_certified source=sale"] == 1


async def test_pauses_and_the_sites_pace_are_shown(lookout: Lookout, db: Database) -> None:
    await lookout.services.pauses.pause(None, reason="x", paused_by="Agente 12")
    await rows(
        db,
        """INSERT INTO site_pace (host, next_free_at, held_until, strikes)
           VALUES ('www.pincali.com', now() + interval '1 hour', now() + interval '1 hour', 3)""",
    )
    samples = await lookout.samples()
    assert samples["pincali_paused scope=all kind=person"] == 1
    assert samples["pincali_site_refusals_in_a_row"] == 3
    assert 3500 < samples["pincali_site_held_seconds"] <= 3600


async def test_a_disabled_tier_is_not_expected_to_do_anything(
    db: Database, clock: FixedClock
) -> None:
    await add_run(db, clock.now() - timedelta(days=40), tier=4)
    services = build_services(
        load_config(pincali_base_url=SITE, tiers_enabled="1"), clock=clock, db=db
    )
    keys = {each.key for each in samples_of(await services.insights.snapshot())}
    assert "pincali_tier_overdue_seconds tier=1" in keys
    assert "pincali_tier_overdue_seconds tier=4" not in keys


# --- over time ---
async def test_figures_are_kept_every_hour(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "house-1")
    for _ in range(13):
        await lookout.look()
        clock.advance(minutes=10)
    since = clock.now() - timedelta(days=1)
    kept = await db.run(lambda tx: tx.history.points(since=since))
    assert len(kept) == 3
    assert kept[0].figures["pincali_live_listings status=active"] == 1


async def test_ticks_a_second_apart_look_once(
    lookout: Lookout, db: Database, clock: FixedClock
) -> None:
    for _ in range(10):
        await lookout.look()
        clock.advance(seconds=1)
    [beat] = await rows(db, "SELECT name, at FROM service_heartbeats")
    assert beat["name"] == "tier_runner"
    assert clock.now() - beat["at"] == timedelta(seconds=10)


async def test_price_changes_and_removals_are_counted_by_the_days_of_the_site(
    db: Database, clock: FixedClock
) -> None:
    for hours, kind, field, reason in (
        (0, "updated", "price", None),
        (0, "updated", "price", "repair of an adopted row"),
        (13, "updated", "price", None),  # 23:00 of the day before in Mexico
        (13, "removed", "listing_status", "HTTP 404"),
    ):
        await rows(
            db,
            """INSERT INTO property_changes
                      (property_id, change_type, field_name, change_reason, created_at)
               VALUES (:id, :kind, :field, :reason, :at)""",
            id=f"p{hours}",
            kind=kind,
            field=field,
            reason=reason,
            at=clock.now() - timedelta(hours=hours),
        )
    since = clock.now() - timedelta(days=7)
    found = await db.run(lambda tx: tx.history.by_day(since=since, zone="America/Mexico_City"))
    assert [(each.series, each.day.day, each.count) for each in found] == [
        ("price changes", 22, 1),
        ("price changes", 23, 1),
        ("removals", 22, 1),
    ]
