"""What an operator sees is kept for its term, and no longer."""

from __future__ import annotations

from datetime import timedelta

from pincali_sync.db.engine import Database
from tests.support.builders import rows, value
from tests.support.clock import FixedClock
from tests.support.watching import Lookout, add_run

_TABLES = {
    "insight_history": "(taken_at, figures) VALUES (:at, '{}')",
    "removal_audits": "(week, property_id, removed_at, drawn_at) VALUES (:at, 'p', :at, :at)",
    "scraping_errors": "(created_at, url) VALUES (:at, 'x')",
    "quality_reports": "(created_at, figures) VALUES (:at, '{}')",
    "alert_incidents": """(alert, severity, message, value, opened_at, announced_at, resolved_at)
                          VALUES ('TierFailed', 'warning', 'x', 1, :at, :at, :at)""",
}


async def test_figures_incidents_audits_and_errors_are_kept_for_their_term(
    db: Database, clock: FixedClock
) -> None:
    lookout = Lookout(db, clock, variables={"keep_runs_days": 10})
    for age in (timedelta(days=9), timedelta(days=11)):
        for table, columns in _TABLES.items():
            await rows(db, f"INSERT INTO {table} {columns}", at=clock.now() - age)
    for _ in range(2):
        await lookout.services.retention.clean_up()
        for table in _TABLES:
            assert await value(db, f"SELECT count(*) FROM {table}") == 1, table


async def test_an_open_incident_is_kept_however_old(db: Database, clock: FixedClock) -> None:
    lookout = Lookout(db, clock, variables={"keep_runs_days": 10})
    await add_run(db, clock.now(), status="failed")
    await lookout.look()
    clock.advance(days=11)
    await lookout.services.retention.clean_up()
    assert [
        each.alert for each in await lookout.services.db.run(lambda tx: tx.incidents.open())
    ] == ["TierFailed"]
