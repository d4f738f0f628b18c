"""What an operator sees is kept for its term, and no longer; what is still needed stays."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.engine import Database
from pincali_sync.db.models import metadata
from tests.support.builders import add_live, id_of, rows, value
from tests.support.clock import FixedClock
from tests.support.watching import Lookout, add_run

_SESSION, _OPEN_SESSION = UUID(int=1), UUID(int=2)
_TABLES = {
    "insight_history": "(taken_at, figures) VALUES (:at, '{}')",
    "removal_audits": "(week, property_id, removed_at, drawn_at) VALUES (:at, 'p', :at, :at)",
    "scraping_errors": "(created_at, url) VALUES (:at, 'x')",
    "quality_reports": "(created_at, figures) VALUES (:at, '{}')",
    "alert_incidents": """(alert, severity, message, value, opened_at, announced_at, resolved_at)
                          VALUES ('TierFailed', 'warning', 'x', 1, :at, :at, :at)""",
    "removal_checks": """(property_id, verdict, http_status, evidence, url, checked_at)
                         VALUES ('p', 'alive', 200, 'x', 'u', :at)""",
    "sync_run_jobs": """(id, spider, status, scheduled_at, finished_at)
                        VALUES (gen_random_uuid(), 'detail', 'completed', :at, :at)""",
    "sync_metadata": "(session_id, created_at) VALUES (:session, :at)",
    "manifest_walks": """(session_id, source, parts, pages_wanted, finished_at)
                         VALUES (:session, CAST(:at AS text), 1, 1, :at)""",
    "manifest_pages": """(session_id, source, page_number, url, status, fetched_at)
                         VALUES (:session, CAST(:at AS text), 1, 'u', 'read', :at)""",
    "property_sightings": """(session_id, source, page_number, property_id, seen_at)
                             VALUES (:session, CAST(:at AS text), 1, 'p', :at)""",
}
# What no term deletes, and why not.
_KEPT = {
    "properties_live": "the listings; of those that are removed, what they were",
    "property_changes": "the journal, from which consumers read what ever happened",
    "property_aliases": "an id that was given once leads to its record for ever",
    "identity_candidates": "what a person decided is not asked again; few",
    "price_reviews": "a rejected price is held as long as the site shows it; few",
    "forgotten_people": "who asked to be forgotten is kept out for ever",
    "validation_rules": "what operators ask of the data",
    "scraping_sessions": "one small row a job, which the journal names",
    "scan_certificates": "a row a source and full scan: how many looked for a listing in vain",
    "sitemap_passes": "a row a pass: since when the sitemap lacks a listing",
    "sitemap_shards": "a row a file of the sitemap",
    "removal_batches": "a row a full scan: what was removed, and who decided",
    "retired_totals": "what deleted rows had counted",
    "refresh_targets": "a row a month",
    "signal_lessons": "some rows a month: what cards' signs are worth",
    "service_heartbeats": "a row a service",
    "sync_webhooks": "a row a target",
    "site_pace": "a row a site",
    "service_locks": "a row a lock",
    "sync_pauses": "what rests now; a resumption deletes its row",
    "sync_nodes": "the nodes; what is one no more is deleted at the next look",
    "queue_outside": "what waits now; triggers delete what waits no more",
    "refresh_returns": "what the next top-up takes into the month's target, and deletes",
}
_TEN_DAYS = {"keep_runs_days": 10, "keep_sightings_days": 10}


@pytest.fixture
async def sessions(db: Database) -> None:
    await rows(
        db,
        """INSERT INTO scraping_sessions (id, base_url, status)
           VALUES (:ended, 'x', 'completed'), (:open, 'x', 'running')""",
        ended=_SESSION,
        open=_OPEN_SESSION,
    )


async def _put(db: Database, table: str, **given: Any) -> None:
    columns = _TABLES[table]
    given |= {"session": given.get("session", _SESSION)} if ":session" in columns else {}
    await rows(db, f"INSERT INTO {table} {columns}", **given)


@pytest.mark.usefixtures("sessions")
async def test_what_is_kept_for_a_term_is_kept_for_it_and_no_longer(
    db: Database, clock: FixedClock
) -> None:
    lookout = Lookout(db, clock, variables=_TEN_DAYS)
    for age in (timedelta(days=9), timedelta(days=11)):
        for table in _TABLES:
            await _put(db, table, at=clock.now() - age)
    for _ in range(2):
        await lookout.services.retention.clean_up()
        for table in _TABLES:
            assert await value(db, f"SELECT count(*) FROM {table}") == 1, table


@pytest.fixture
async def asked(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, dict[str, Any]]]:
    """The statements of one round, and what they were given."""
    noted = list[tuple[str, dict[str, Any]]]()
    execute = AsyncConnection.execute

    async def noting(self: AsyncConnection, statement: Any, *given: Any, **more: Any) -> Any:
        noted.append((str(statement), *given, {})[:2])
        return await execute(self, statement, *given, **more)

    with monkeypatch.context() as watched:
        watched.setattr(AsyncConnection, "execute", noting)
        await Lookout(db, clock).services.retention.clean_up()
    return noted


async def test_every_table_has_a_term_or_a_reason_to_have_none(
    asked: list[tuple[str, dict[str, Any]]],
) -> None:
    have_a_term = set(re.findall(r"DELETE FROM (\w+)", "\n".join(each for each, _ in asked)))
    assert have_a_term.isdisjoint(_KEPT)
    assert have_a_term | set(_KEPT) == set(metadata.tables)


async def test_what_is_past_its_term_is_looked_for_once_and_not_once_a_row(
    asked: list[tuple[str, dict[str, Any]]], db: Database
) -> None:
    by_place = [(each, given) for each, given in asked if "WHERE ctid = ANY" in each]
    assert len(by_place) > len(_TABLES)
    for statement, given in by_place:
        plan = await rows(db, f"EXPLAIN {statement}", **given)
        [places] = [line for [line] in map(dict.values, plan) if "ctid = ANY" in line]
        assert "SubPlan" not in places, statement


async def test_an_open_incident_is_kept_however_old(db: Database, clock: FixedClock) -> None:
    lookout = Lookout(db, clock, variables={"keep_runs_days": 10})
    await add_run(db, clock.now(), status="failed")
    await lookout.look()
    clock.advance(days=11)
    await lookout.services.retention.clean_up()
    assert [
        each.alert for each in await lookout.services.db.run(lambda tx: tx.incidents.open())
    ] == ["TierFailed"]


@pytest.mark.parametrize("more", ["ADD other text", "ADD session_id text", "ADD session_id uuid"])
@pytest.mark.usefixtures("sessions")
async def test_a_scan_that_goes_on_keeps_its_pages_however_old(
    db: Database, clock: FixedClock, more: str
) -> None:
    """Also where an adopter's table has a column that is called as one of ours."""
    await rows(db, f"ALTER TABLE scraping_sessions {more}")
    for table in ("manifest_pages", "manifest_walks"):
        await _put(db, table, at=clock.now() - timedelta(days=11), session=_OPEN_SESSION)
    await Lookout(db, clock, variables=_TEN_DAYS).services.retention.clean_up()
    for table in ("manifest_pages", "manifest_walks"):
        assert await value(db, f"SELECT count(*) FROM {table}") == 1, table


async def test_jobs_of_runs_go_with_their_run_and_open_ones_stay(
    db: Database, clock: FixedClock
) -> None:
    old = clock.now() - timedelta(days=11)
    run = await add_run(db, clock.now(), status="completed")
    await rows(
        db,
        """INSERT INTO sync_run_jobs (id, run_id, spider, status, scheduled_at, started_at,
                                      finished_at)
           VALUES (gen_random_uuid(), :run, 'manifest', 'completed', :at, :at, :at),
                  (gen_random_uuid(), NULL, 'detail', 'running', :at, :at, NULL)""",
        run=run,
        at=old,
    )
    await Lookout(db, clock, variables=_TEN_DAYS).services.retention.clean_up()
    assert await value(db, "SELECT count(*) FROM sync_run_jobs") == 2


async def _check(db: Database, slug: str, age: float, clock: FixedClock, **given: Any) -> None:
    columns = {
        "property_id": id_of(slug),
        "verdict": "gone",
        "evidence": f"{age:g} days ago",
        "url": "u",
        "http_status": 404,
        "session_id": UUID(int=3),
        "checked_at": clock.now() - timedelta(days=age),
        **given,
    }
    names, marks = ", ".join(columns), ", ".join(f":{each}" for each in columns)
    await rows(db, f"INSERT INTO removal_checks ({names}) VALUES ({marks})", **columns)


async def _evidence_left(db: Database, clock: FixedClock) -> list[str]:
    await Lookout(db, clock, variables=_TEN_DAYS).services.retention.clean_up()
    left = await rows(db, "SELECT evidence FROM removal_checks ORDER BY checked_at")
    return [each["evidence"] for each in left]


async def _add_seen(db: Database, slug: str, days_ago: float, clock: FixedClock) -> None:
    seen_at = clock.now() - timedelta(days=days_ago)
    await add_live(db, slug, price=1, last_full_scrape_at=seen_at, last_manifest_seen_at=seen_at)
    await rows(
        db,
        """INSERT INTO property_manifest (property_id, source_url, last_seen_at)
           VALUES (:id, 'u', :at)
           ON CONFLICT (property_id) DO UPDATE SET last_seen_at = excluded.last_seen_at""",
        id=id_of(slug),
        at=seen_at,
    )


async def test_what_a_page_said_before_its_listing_was_shown_again_goes(
    db: Database, clock: FixedClock
) -> None:
    await _add_seen(db, "casa-verde", 30, clock)
    for age in (40, 20):  # what it said since tells how often it was looked at
        await _check(db, "casa-verde", age, clock)
    assert await _evidence_left(db, clock) == ["20 days ago"]


async def test_what_removed_a_listing_and_what_its_page_said_last_stay(
    db: Database, clock: FixedClock
) -> None:
    await add_live(db, "casa-roja", price=1, listing_status="confirmed_removed")
    for age, applied_at in ((60, None), (50, clock.now()), (40, None), (30, None)):
        await _check(db, "casa-roja", age, clock, applied_at=applied_at)
    assert await _evidence_left(db, clock) == ["50 days ago", "30 days ago"]


async def test_a_persons_word_stays_for_ever(db: Database, clock: FixedClock) -> None:
    await _add_seen(db, "casa-azul", 0, clock)
    await _check(db, "casa-azul", 50, clock, http_status=None, session_id=None, verdict="alive")
    assert await _evidence_left(db, clock) == ["50 days ago"]


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize(("status", "stays"), [("held", True), ("rejected", False)])
async def test_what_a_batch_waits_with_stays(
    db: Database, clock: FixedClock, status: str, stays: bool
) -> None:
    await _add_seen(db, "casa-gris", 0, clock)
    batch = await value(
        db,
        """INSERT INTO removal_batches (session_id, status, decided_at)
           VALUES (:id, :status, :now) RETURNING id""",
        id=_SESSION,
        status=status,
        now=clock.now(),
    )
    await _check(db, "casa-gris", 50, clock, batch_id=batch)
    assert await _evidence_left(db, clock) == ["50 days ago"] * stays
