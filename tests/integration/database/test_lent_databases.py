"""What the other tests rely on: a database that is lent again is as good as new."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support.builders import Workshop, detail, entry, rows
from tests.support.clock import FixedClock
from tests.support.postgres import Databases, administrator_of

_EVERYTHING = """
SELECT (SELECT count(*) FROM property_manifest), (SELECT count(*) FROM properties_live),
       (SELECT count(*) FROM property_changes), (SELECT count(*) FROM property_stats),
       (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384),
       (SELECT array_agg(r ORDER BY r.id) FROM validation_rules r)::text,
       (SELECT array_agg((sequencename, last_value) ORDER BY 1) FROM pg_sequences)::text"""


def content(server_url: str, url: str) -> Any:
    with psycopg.connect(administrator_of(server_url, url)) as connection:
        return connection.execute(_EVERYTHING).fetchone()


async def test_rows_rules_sequences_views_and_statistics_are_as_they_were(
    databases: Databases, postgres_url: str, clock: FixedClock
) -> None:
    async with databases.lend() as lent:
        before = content(postgres_url, lent.url)
        shop = Workshop(db=lent.db, clock=clock)
        await shop.scan(entry("house"))
        await shop.visit(detail("house"))
        await rows(lent.db, "UPDATE validation_rules SET severity = 'info'")
        await rows(lent.db, "DELETE FROM validation_rules WHERE rule_type = 'required'")
        await rows(lent.db, "REFRESH MATERIALIZED VIEW CONCURRENTLY property_stats")
        await rows(lent.db, "ANALYZE properties_live")
        assert content(postgres_url, lent.url) != before
    async with databases.lend() as again:
        assert again is lent
        assert content(postgres_url, again.url) == before


@pytest.mark.parametrize(
    "change",
    [
        "CREATE INDEX of_a_test ON properties_live (title)",
        "DROP INDEX idx_queue_completed",
        "ALTER TABLE site_pace ADD COLUMN extra integer",
        "ALTER TABLE property_changes DISABLE TRIGGER wake_followers_of_changes",
        "GRANT SELECT ON properties_live TO PUBLIC",
    ],
)
async def test_a_changed_schema_is_nobody_elses(databases: Databases, change: str) -> None:
    async with databases.lend() as lent:
        await rows(lent.db, change)
    async with databases.lend() as again:
        assert again is not lent


async def test_who_stays_connected_is_sent_away(databases: Databases) -> None:
    async with databases.lend() as lent:
        connection = psycopg.connect(lent.url)
        connection.execute("LOCK TABLE properties_live")
    async with databases.lend() as again:
        assert again is lent
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
