"""Each alert fires when what it is about happens, and not when it nearly does."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.alerts import ALERT_RULES
from pincali_sync.language import SPANISH, speaking
from pincali_sync.services.insights.metrics import METRICS
from tests.support.builders import rows
from tests.support.clock import FixedClock
from tests.support.watching import (
    ALL_PAGES,
    Listener,
    Lookout,
    add_finished,
    add_run,
    add_session,
    scanned,
)

USUAL = {"sale": 240, "rent": 240}


@pytest.fixture
def lookout(db: Database, clock: FixedClock) -> Lookout:
    return Lookout(db, clock)


@pytest.fixture
async def healthy(lookout: Lookout, clock: FixedClock, db: Database) -> Lookout:
    """Tiers 1 and 2 served their last slots (06:00 and 00:00 in Mexico; it is 06:00 there)."""
    await add_run(db, clock.now() - timedelta(hours=6), tier=2)
    await add_run(db, clock.now(), tier=1)
    assert await lookout.look() == []
    clock.advance(minutes=30)
    return lookout


def test_every_rule_is_about_a_metric_that_there_is() -> None:
    known = {metric.name: metric.labels for metric in METRICS}
    for rule in ALERT_RULES:
        assert rule.metric in known, rule.name
        assert set(rule.only) <= set(known[rule.metric]), rule.name


# --- a tier has not run in its expected window ---
async def test_a_tier_whose_slot_passed_without_a_run_is_overdue(
    healthy: Lookout, clock: FixedClock
) -> None:
    clock.advance(hours=7, minutes=29)  # 13:59 there: the slot of 12:00, and 1 h 59
    assert await healthy.look() == []
    clock.advance(minutes=2)
    assert await healthy.look_after(minutes=5) == ["critical: TierOverdue"]


async def test_a_slot_that_was_missed_stays_missed_when_the_next_one_comes(
    healthy: Lookout, clock: FixedClock
) -> None:
    clock.advance(hours=12, minutes=15)  # 18:45 there: 12:00 was missed, 18:00 is not late yet
    assert await healthy.look_after(minutes=5) == ["critical: TierOverdue"]


async def test_a_run_under_way_is_given_its_time(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    clock.advance(hours=9)
    await add_run(db, clock.now(), status="running")
    assert await healthy.look_after(minutes=90) == []
    clock.advance(minutes=31)
    assert await healthy.look_after(minutes=5) == ["critical: TierOverdue"]


async def test_a_wider_run_serves_the_slot_of_the_lower_tier(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    clock.advance(hours=17, minutes=40)  # past midnight there
    await add_run(db, clock.now(), tier=2)
    clock.advance(minutes=20)
    assert await healthy.look_after(minutes=10) == []


async def test_nothing_is_expected_of_a_tier_that_may_not_run_or_never_began(
    lookout: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now() - timedelta(days=3), tier=3)
    clock.advance(days=30)
    await add_run(db, clock.now(), tier=1)
    await add_run(db, clock.now(), tier=2)
    assert await lookout.look_after(minutes=10) == []


async def test_a_wider_run_under_way_is_given_its_own_time(db: Database, clock: FixedClock) -> None:
    lookout = Lookout(db, clock)
    await add_run(db, clock.now() - timedelta(hours=6), tier=2)
    await add_run(db, clock.now() + timedelta(hours=12), tier=1)  # the slot of 18:00 there
    clock.advance(hours=18)  # midnight there
    await add_run(db, clock.now(), tier=2, status="running")
    clock.advance(hours=5)
    assert await lookout.look_after(minutes=10) == []
    clock.advance(hours=7)
    assert await lookout.look_after(minutes=10) == ["critical: TierOverdue"]


async def test_a_run_that_a_person_cancelled_is_not_missed(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    clock.advance(hours=5, minutes=30)
    await add_run(db, clock.now(), status="cancelled")
    clock.advance(hours=3)
    assert await healthy.look_after(minutes=10) == []


# --- the queue's backlog ---
async def test_a_backlog_above_the_threshold_is_told_once_it_lasts(
    db: Database, clock: FixedClock
) -> None:
    lookout = Lookout(db, clock, variables={"queue_max_pending": 10})  # nine are the limit
    await add_pending(db, clock, 9)
    assert await lookout.look_after(minutes=241) == []
    clock.advance(minutes=1)
    await add_pending(db, clock, 1, first=100)
    assert await lookout.look_after(minutes=239) == []
    assert await lookout.look_after(minutes=1) == ["warning: QueueBacklog"]


async def test_a_backlog_that_goes_by_itself_is_never_told_of(
    db: Database, clock: FixedClock
) -> None:
    lookout = Lookout(db, clock, variables={"alert_queue_backlog": 5})
    await add_pending(db, clock, 6)
    assert await lookout.look_after(minutes=200) == []
    await rows(db, "UPDATE scrape_queue SET status = 'completed', completed_at = now()")
    clock.advance(minutes=1)
    assert await lookout.look_after(minutes=60) == []
    assert await rows(db, "SELECT * FROM alert_incidents") == []


async def add_pending(db: Database, clock: FixedClock, number: int, first: int = 0) -> None:
    await rows(
        db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queued_at, available_at)
           SELECT 'p' || n, 'x', 1, :now, :now
             FROM generate_series(CAST(:first AS integer), :last) AS n""",
        now=clock.now(),
        first=first,
        last=first + number - 1,
    )


# --- errors ---
async def test_more_than_a_tenth_of_failed_requests_is_told(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now(), pages_scanned=90, error_count=10, details=scanned(USUAL, lost=5))
    assert await healthy.look() == []  # 10 of 100
    clock.advance(minutes=1)
    await add_run(db, clock.now(), pages_scanned=89, error_count=11)
    assert await healthy.look() == ["critical: ErrorRateHigh"]


async def test_too_many_detail_pages_set_aside_are_told(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_finished(db, clock.now(), [("completed", 90), ("failed", 10)])
    assert await healthy.look() == []
    await add_finished(db, clock.now(), [("failed", 1)])
    clock.advance(minutes=1)
    assert await healthy.look() == ["warning: DetailsFailing"]


async def test_a_failed_run_is_told_until_one_is_completed(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now(), status="failed", error_summary="no listing on any page")
    assert await healthy.look() == ["warning: TierFailed"]
    clock.advance(minutes=15)
    await add_run(db, clock.now(), status="failed")
    assert await healthy.look() == []
    clock.advance(minutes=15)
    await add_run(db, clock.now())
    assert await healthy.look() == ["over: TierFailed"]


# --- what a scan finds ---
async def test_a_full_scan_that_finds_a_twentieth_fewer_is_told(
    db: Database, clock: FixedClock
) -> None:
    lookout = Lookout(db, clock, variables={"tiers_enabled": "3"})
    before = await add_session(db, {"sale": 700, "rent": 300}, clock.now() - timedelta(days=7))
    await add_run(db, clock.now() - timedelta(days=7), 3, session_id=before)
    now = await add_session(db, {}, clock.now())
    nearly = scanned({"sale": 650, "rent": 300}, ALL_PAGES)  # 5.0 %
    run = await add_run(db, clock.now(), 3, session_id=now, details=nearly)
    assert await lookout.look() == []
    clock.advance(minutes=1)
    await rows(db, "DELETE FROM sync_runs WHERE id = :id", id=run)
    fewer = scanned({"sale": 649, "rent": 300}, ALL_PAGES)
    await add_run(db, clock.now(), 3, session_id=now, details=fewer)
    assert await lookout.look() == ["critical: PropertyCountDropped"]


async def test_a_weekly_scan_that_is_capped_is_held_against_those_as_deep(
    db: Database, clock: FixedClock
) -> None:
    lookout = Lookout(db, clock, variables={"tiers_enabled": "3"})
    await add_run(db, clock.now() - timedelta(days=7), 3, details=scanned(USUAL))
    await add_run(db, clock.now(), 3, details=scanned({"sale": 228, "rent": 228}))  # 5 %
    assert await lookout.look() == []
    clock.advance(days=7)
    await add_run(db, clock.now(), 3, details=scanned({"sale": 200, "rent": 228}))
    assert await lookout.look() == ["critical: PropertyCountDropped"]


async def test_a_source_with_fewer_than_half_of_its_listings_is_told(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    for hour in range(3):
        await add_run(db, clock.now() - timedelta(hours=4 - hour), details=scanned(USUAL))
    nearly = scanned({"sale": 240, "rent": 120})
    await add_run(db, clock.now(), details=nearly)
    assert await healthy.look() == []
    clock.advance(minutes=1)
    await add_run(db, clock.now(), status="running", details=scanned({"sale": 240, "rent": 119}))
    assert await healthy.look() == ["critical: ScanFoundTooFew"]
    [told] = await healthy.services.db.run(lambda tx: tx.incidents.open())
    assert told.subject == "tier=1 source=rent"


async def test_a_scan_without_any_listing_is_told(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now() - timedelta(hours=1), details=scanned(USUAL))
    nothing = scanned({"sale": 0, "rent": 0})
    await add_run(db, clock.now(), status="failed", details=nothing)
    [title] = await healthy.look()
    assert title == "critical: ScanFoundTooFew, TierFailed"


async def test_a_scan_twice_as_deep_is_no_measure_for_the_next_one(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    deep = {"sale": 20, "rent": 20}
    await add_run(
        db,
        clock.now() - timedelta(hours=1),
        details=scanned({"sale": 500, "rent": 500}, deep),
    )
    await add_run(db, clock.now(), details=scanned({"sale": 240, "rent": 240}))
    assert await healthy.look() == []


async def test_a_run_unlike_the_ones_before_is_told_while_it_runs(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    odd = [{"what": "cards per page", "value": 12, "usual": 24}]
    details = {**scanned(USUAL), "anomalies": odd}
    await add_run(db, clock.now(), status="running", details=details)
    assert await healthy.look() == ["warning: RunUnusual"]


# --- what waits for a person ---
async def test_a_refusal_of_the_site_is_told_and_a_persons_pause_is_not(healthy: Lookout) -> None:
    pauses = healthy.services.pauses
    await pauses.pause(None, reason="by request", paused_by="Agente 12")
    assert await healthy.look_after(minutes=1) == []
    await pauses.resume(None)
    await pauses.pause(None, reason="HTTP 403", paused_by="pincali-sync", kind="refused")
    assert await healthy.look_after(minutes=1) == ["critical: SitePaused"]
    await pauses.resume(None)
    assert await healthy.look_after(minutes=1) == ["over: SitePaused"]


async def test_a_busy_site_is_told_after_an_hour_and_is_no_emergency(healthy: Lookout) -> None:
    await healthy.services.pauses.back_off(reason="HTTP 503 6 times in a row")
    assert await healthy.look_after(minutes=59) == []
    assert await healthy.look_after(minutes=1) == ["warning: SiteBusy"]


async def test_a_held_batch_of_removals_is_told_and_an_applied_one_is_not(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    session_id = await add_session(db, {}, clock.now())
    await rows(
        db,
        "INSERT INTO removal_batches (session_id, status, decided_at) "
        "VALUES (:id, 'applied', now())",
        id=session_id,
    )
    assert await healthy.look_after(minutes=1) == []
    await rows(db, "UPDATE removal_batches SET status = 'held'")
    assert await healthy.look_after(minutes=1) == ["warning: RemovalsHeld"]


async def test_removals_that_are_certainly_too_often_wrong_are_told(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_audits(db, clock, alive=9, gone=91)  # 9 %, but 4.8 % is possible
    assert await healthy.look_after(minutes=1) == []
    await add_audits(db, clock, alive=1, gone=0)
    assert await healthy.look_after(minutes=1) == ["critical: RemovalsFalse"]


async def add_audits(db: Database, clock: FixedClock, *, alive: int, gone: int) -> None:
    for verdict, number in (("alive", alive), ("gone", gone)):
        for _ in range(number):
            await rows(
                db,
                """INSERT INTO removal_audits (week, property_id, removed_at, drawn_at, checked_at,
                                               verdict)
                   VALUES ('2026-11-23', :id, :now, :now, :now, :verdict)""",
                id=str(uuid4()),
                now=clock.now(),
                verdict=verdict,
            )


# --- telling ---
async def test_an_incident_is_told_once_and_once_more_when_it_is_over(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now(), status="failed")
    assert await healthy.look_after(hours=1) == ["warning: TierFailed"]
    await add_run(db, clock.now())
    assert await healthy.look_after(hours=1) == ["over: TierFailed"]
    assert await healthy.look_after(hours=1) == []


async def test_what_could_not_be_told_is_told_later(
    db: Database, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    deaf = Listener(hears=False)
    lookout = Lookout(db, clock, deaf)
    await add_run(db, clock.now(), status="failed")
    assert await lookout.look_after(minutes=1) == []
    assert "nobody could be told" in caplog.text
    deaf.hears = True
    clock.advance(minutes=1)
    assert await lookout.look() == ["warning: TierFailed"]


async def test_what_was_over_before_anybody_could_be_told_is_told_late(
    db: Database, clock: FixedClock
) -> None:
    deaf = Listener(hears=False)
    lookout = Lookout(db, clock, deaf)
    await lookout.services.pauses.pause(
        None, reason="HTTP 403", paused_by="pincali-sync", kind="refused"
    )
    assert await lookout.look_after(hours=1) == []
    await lookout.services.pauses.resume(None)
    clock.advance(minutes=1)
    assert await lookout.look() == []
    deaf.hears = True
    clock.advance(minutes=1)
    assert await lookout.look() == ["over: SitePaused"]
    assert await lookout.look_after(minutes=1) == []


async def test_an_error_rate_is_not_over_because_the_next_run_begins(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now(), pages_scanned=89, error_count=11)
    assert await healthy.look() == ["critical: ErrorRateHigh"]
    clock.advance(minutes=15)
    await add_run(db, clock.now(), status="running")
    assert await healthy.look() == []


async def test_an_incident_that_comes_back_is_another_one(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    told = []
    for status in ("failed", "completed", "failed"):
        clock.advance(minutes=10)
        await add_run(db, clock.now(), status=status)
        told += await healthy.look()
    assert told == ["warning: TierFailed", "over: TierFailed", "warning: TierFailed"]
    assert len(await rows(db, "SELECT * FROM alert_incidents")) == 2


async def test_several_incidents_of_one_look_are_one_message(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now(), tier=1, status="failed")
    await add_run(db, clock.now(), tier=2, status="failed")
    assert await healthy.look() == ["warning: TierFailed"]
    subjects = [
        each.subject for each in await healthy.services.db.run(lambda tx: tx.incidents.open())
    ]
    assert subjects == ["tier=1", "tier=2"]


async def test_a_message_says_what_is_the_matter_and_what_to_do(
    healthy: Lookout, clock: FixedClock, db: Database
) -> None:
    await add_run(db, clock.now(), pages_scanned=50, error_count=50)
    with speaking(SPANISH):
        assert await healthy.look() == ["crítica: ErrorRateHigh"]
    [incident] = await healthy.services.db.run(lambda tx: tx.incidents.open())
    assert incident.message == (
        "Too many requests of a tier's last run failed (tier=1): 50.0%, above 10%. "
        "`pincali-sync history RUN` and the jobs' logs say which."
    )
    assert incident.told == incident.message
    with speaking(SPANISH):
        assert incident.told == (
            "Fallaron demasiadas peticiones de la última corrida de un nivel (tier=1): "
            "50.0%, por encima de 10%. "
            "`pincali-sync history RUN` y las bitácoras de los trabajos dicen cuáles."
        )
