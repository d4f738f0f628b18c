"""What the doctor says of data that do not agree, and how it puts them right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.doctor.check import Level
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.runs.runner_lock import runner_lock
from tests.support.builders import rows, value
from tests.support.clock import FixedClock
from tests.support.doctor import Surgery

OK, WARN, BAD = Level.OK, Level.WARN, Level.BAD
RUN, SESSION = uuid4(), uuid4()
MANIFEST = "INSERT INTO property_manifest (property_id, source_url, last_seen_at) "
SESSIONS = """INSERT INTO scraping_sessions (id, base_url, session_name, started_at, completed_at,
                                              status)
              VALUES (:session, 'x', 'manifest by hand', :day_ago, :ended, :status)"""
MISSED = """INSERT INTO properties_live
                   (property_id, title, source_url, listing_status, consecutive_missing_count,
                    missing_session_id)
            VALUES ('a', 'A', 'x', 'likely_removed', 4, :session)"""


@dataclass(frozen=True)
class Case:
    """A check, what breaks its subject, and how it is after `--fix`."""

    check: str
    broken: tuple[str, ...]
    level: Level = WARN
    fixed: bool = True


CASES = [
    Case(
        "queue records",
        ("INSERT INTO scrape_queue (property_id, source_url, priority) VALUES ('a', 'x', 1)",),
    ),
    Case(
        "queue outside",
        (f"{MANIFEST} VALUES ('a', 'x', :now)", "DELETE FROM queue_outside"),
        level=BAD,
    ),
    Case(
        "queue leases",
        (
            """INSERT INTO scrape_queue (property_id, source_url, priority, status, claimed_at,
                                         worker_id, lease_token, lease_expires_at)
               VALUES ('a', 'x', 1, 'in_progress', :day_ago, 'w', :session, :day_ago)""",
        ),
    ),
    Case(
        "aliases",
        ("INSERT INTO property_aliases (alias, property_id) VALUES ('b', 'a')",),
        fixed=False,
    ),
    Case("removals looked at", (SESSIONS, MISSED), fixed=False),
    Case("removals seen", (SESSIONS, MISSED, f"{MANIFEST} VALUES ('a', 'x', :now)"), fixed=False),
    Case(
        "removals held",
        (
            SESSIONS,
            """INSERT INTO removal_batches (session_id, status, created_at)
               VALUES (:session, 'held', CAST(:now AS timestamptz) - interval '85 days')""",
        ),
        fixed=False,
    ),
    Case("sessions", (SESSIONS.replace(":ended, :status", "NULL, 'running'"),)),
    Case(
        "jobs",
        (
            """INSERT INTO sync_run_jobs (id, spider, status, started_at, heartbeat_at)
               VALUES (:session, 'detail', 'running', :day_ago, :day_ago)""",
        ),
    ),
    Case(
        "runs",
        ("INSERT INTO sync_runs (tier_level, updated_at) VALUES (1, :day_ago)",),
        fixed=False,
    ),
    Case(
        "locks",
        (
            """INSERT INTO service_locks VALUES ('tier_runner', :session, 'a node', :now
               + CAST('1 day' AS interval))""",
        ),
        level=BAD,
    ),
    Case(
        "feed",
        (
            "INSERT INTO property_changes (property_id, change_type, created_at) "
            "VALUES ('a', 'created', :day_ago)",
        ),
        fixed=False,
    ),
]


async def break_it(db: Database, clock: FixedClock, case: Case) -> None:
    now = clock.now()
    given = {
        "now": now,
        "day_ago": now - timedelta(days=1, minutes=1),
        "session": SESSION,
        "ended": now - timedelta(hours=20),
        "status": "completed",
    }
    for statement in case.broken:
        await rows(db, statement, **{k: v for k, v in given.items() if f":{k}" in statement})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
async def test_what_disagrees_is_told_and_mended_where_that_is_safe(
    surgery: Surgery, db: Database, clock: FixedClock, case: Case
) -> None:
    assert await surgery.level(case.check) is OK
    await break_it(db, clock, case)
    [line] = await surgery.lines(case.check)
    assert line.finding.level is case.level
    assert line.finding.what.endswith(": 1")
    assert line.finding.remedy
    [mended] = await surgery.lines(case.check, fix=True)
    assert (mended.finding.level is OK) is case.fixed
    if case.fixed:
        assert line.mendable
        assert mended.mended
        assert await surgery.level(case.check, fix=True) is OK


async def test_what_was_seen_since_it_was_missed_is_read_anew(
    surgery: Surgery, db: Database, clock: FixedClock
) -> None:
    [case] = [each for each in CASES if each.check == "removals seen"]
    await break_it(db, clock, case)
    await rows(db, "UPDATE property_manifest SET card_digest = 1")
    [line] = await surgery.lines(case.check, fix=True)
    assert line.mended == "rows put right: 1"
    [line] = await surgery.lines(case.check, fix=True)
    assert line.mended == ""
    assert await value(db, "SELECT card_digest FROM property_manifest") is None


async def test_the_session_of_a_silent_job_ends_with_it(
    surgery: Surgery, db: Database, clock: FixedClock
) -> None:
    session = SESSIONS.replace(":ended, :status", "NULL, 'running'")
    job = """INSERT INTO sync_run_jobs (id, spider, status, session_id, started_at)
             VALUES (:session, 'detail', 'running', :session, :day_ago)"""
    await break_it(db, clock, Case("jobs", (session, job)))
    assert await surgery.level("jobs", fix=True) is OK
    [ended] = await rows(db, "SELECT status, error_message, completed_at FROM scraping_sessions")
    assert tuple(ended.values()) == ("failed", "no heartbeat", clock.now())


async def test_nothing_is_mended_beside_a_tier_runner(
    surgery: Surgery, db: Database, clock: FixedClock
) -> None:
    await break_it(db, clock, CASES[0])
    async with runner_lock(db, clock, 3600):
        [line] = await surgery.lines(CASES[0].check, fix=True, job_silence_seconds=3600)
        end = await value(db, "SELECT expires_at FROM service_locks")
    assert end == clock.now() + timedelta(hours=1)  # it is no shorter for being asked for
    assert line.finding.level is WARN
    assert "a tier runner is at work" in line.mended
    assert await surgery.level(CASES[0].check, fix=True) is OK


async def test_pauses_and_open_alerts_are_told(
    surgery: Surgery, services: Services, db: Database
) -> None:
    assert await surgery.level("pauses") is OK
    await services.pauses.pause(Tier(2), reason="holidays")
    assert "tier 2 has been paused" in (await surgery.told("pauses"))[1]
    assert await surgery.level("incidents") is OK
    await rows(
        db,
        """INSERT INTO alert_incidents (alert, severity, message, value, opened_at)
           VALUES ('TierOverdue', 'critical', 'x', 1, now())""",
    )
    assert "TierOverdue" in (await surgery.told("incidents"))[1]
