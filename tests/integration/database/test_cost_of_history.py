"""What ticks, scans and batches ask again and again does not cost more with all that was before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.repositories.identity.takeovers import EVERYWHERE
from pincali_sync.db.repositories.listings.live import SEEN_IN
from pincali_sync.db.repositories.removal.checks import DOUBT
from pincali_sync.db.repositories.runs.jobs import LATEST_STANDING
from pincali_sync.db.repositories.scan.manifest import FRONTIERS

_SESSION = UUID(int=7)
# Three hundred scans of five pages of each of four sources, this one the last of them.
_FILL = (
    """INSERT INTO scraping_sessions (id, base_url)
       SELECT CASE n WHEN 0 THEN CAST(:session AS uuid) ELSE gen_random_uuid() END, 'x'
         FROM generate_series(0, 299) n""",
    """INSERT INTO manifest_pages (session_id, source, page_number, url, status, fetched_at)
       SELECT s.id, source, page, 'u', 'read', now() + page * interval '1 second'
              - CASE WHEN s.id = :session THEN 0 ELSE s.row END * interval '6 hours'
         FROM (SELECT id, row_number() OVER () AS row FROM scraping_sessions) s,
              unnest(ARRAY['sale', 'rent', 'foreclosure', 'new_construction']) source,
              generate_series(1, 5) page
        WHERE CAST(:session AS uuid) IS NOT NULL""",
    """INSERT INTO property_sightings (session_id, source, page_number, property_id, seen_at)
       SELECT p.session_id, p.source, p.page_number, 'pincali_' || n, p.fetched_at
         FROM manifest_pages p, generate_series(1, 5) n
        WHERE CAST(:session AS uuid) IS NOT NULL""",
    """INSERT INTO removal_checks
              (property_id, session_id, verdict, shown_public_id, evidence, url, checked_at)
       SELECT 'pincali_' || n, gen_random_uuid(), 'gone', CASE WHEN n % 50 = 0 THEN 'EB-QA0001' END,
              'x', 'u', now()
         FROM generate_series(1, 10000) n WHERE CAST(:session AS uuid) IS NOT NULL""",
    """INSERT INTO sync_run_jobs (id, spider, node, status, scheduled_at, finished_at)
       SELECT gen_random_uuid(), 'detail', 'n', 'completed', now() - n * interval '1 hour', now()
         FROM generate_series(1, 10000) n WHERE CAST(:session AS uuid) IS NOT NULL""",
)
_TABLES = ("manifest_pages", "property_sightings", "removal_checks", "sync_run_jobs")
_SHOWN = {"session_id": _SESSION, "shown": ["EB-QA0001"]}
_ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "where a scan meets what was known": (FRONTIERS, {"session_id": _SESSION}),
    "who was seen": (SEEN_IN, {"session_id": _SESSION}),
    "whose listing is on several pages": (EVERYWHERE, _SHOWN),
    "whose proof is in doubt": (DOUBT, {"shown": ["EB-QA0001"], "doubt": ""}),
    "which worker was the last": (
        LATEST_STANDING,
        {"spider": "detail", "latest": datetime.now(UTC)},
    ),
}


@pytest.fixture
async def full(connection: AsyncConnection) -> AsyncConnection:
    """A year of all that is asked for, and the planner knows."""
    for statement in _FILL:
        await connection.execute(text(statement), {"session": _SESSION})
    for table in _TABLES:
        await connection.execute(text(f"ANALYZE {table}"))
    return connection


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _read(node: dict[str, Any]) -> int:
    """The rows that a node looked at, of all its rounds."""
    named = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows: float = sum(node.get(name, 0) for name in named)
    return round(rows * int(node["Actual Loops"]))


@pytest.mark.parametrize("asked", list(_ASKED))
async def test_what_is_asked_again_and_again_reads_no_history(
    full: AsyncConnection, asked: str
) -> None:
    statement, given = _ASKED[asked]
    explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
    [plan] = (await full.execute(explain, given)).scalar_one()
    read = [
        (node["Relation Name"], _read(node))
        for node in _nodes(plan["Plan"])
        if node.get("Relation Name") in _TABLES and node["Node Type"] != "ModifyTable"
    ]
    assert read, plan
    assert sum(rows for _, rows in read) <= 1_000, read  # the session has a hundred sightings


async def test_the_scan_before_is_looked_up_once_a_source(full: AsyncConnection) -> None:
    explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {FRONTIERS}")
    [plan] = (await full.execute(explain, {"session_id": _SESSION})).scalar_one()
    looks = [
        node["Actual Loops"]
        for node in _nodes(plan["Plan"])
        if node.get("Index Name") == "idx_manifest_pages_first"
    ]
    assert looks == [4]


async def test_a_session_that_saw_nothing_has_seen_nobody(full: AsyncConnection) -> None:
    found = await full.execute(text(SEEN_IN), {"session_id": uuid4()})
    assert list(found.scalars()) == []
