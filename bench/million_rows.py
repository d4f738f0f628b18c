"""Diffs, stale selection and quality figures over a million live and manifest rows.

Beside them stands a bare scan of the live table. Two in a hundred are missing: they are found, as
before they are counted. `python -m bench.million_rows [ROWS]` prints seconds, medians of rounds;
each question is one statement (the figures a dozen), in a transaction that is rolled back, on a
server with the memory that `docs/scaling.md` asks for.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from bench.own_database import own_database
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue.filling import Filling
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.services.data_quality_service import measure as measure_quality

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=7)
SESSION = UUID(int=1)

LIVE = """
INSERT INTO properties_live
       (property_id, title, description, source_url, public_id, operation_type, price, currency,
        property_type, total_area_m2, neighborhood, city, state, latitude, longitude, image_urls,
        features, first_seen_at, last_seen_at, last_manifest_seen_at, last_full_scrape_at, visits,
        visits_with_news, observed_days, price_at_last_manifest, currency_at_last_manifest,
        unit_at_last_manifest)
SELECT 'pincali_' || lpad(to_hex(n), 16, '0'), 'House ' || n,
       repeat('Fine house with a garden near the park. ', 8),
       'https://www.pincali.com/en/home/house-' || n, 'EB-' || chr(65 + n / 10000 % 26)
       || chr(65 + n / 260000) || lpad((n % 10000)::text, 4, '0'),
       CASE WHEN n % 4 = 0 THEN 'rent' ELSE 'sale' END, 1000000 + n % 5000 * 1000, 'MXN',
       'house', 60 + n % 400, 'Colonia ' || n % 3000, 'City ' || n % 300, 'State ' || n % 32,
       20 + n % 1000 / 1000.0, -103 - n / 1000 % 1000 / 1000.0,
       '["https://assets.invalid/1.jpg", "https://assets.invalid/2.jpg"]', '["3 bedrooms"]',
       CAST(:now AS timestamptz) - interval '90 days',
       CAST(:now AS timestamptz) - interval '7 days',
       CAST(:now AS timestamptz) - interval '7 days',
       CAST(:now AS timestamptz) - n % 60 * interval '1 day', 1 + n % 9,
       least(n % 3, n % 9), n % 200, 1000000 + n % 5000 * 1000, 'MXN', 'total'
  FROM generate_series(1, :rows) AS n
"""
# Two in a hundred were not seen since the scan began; one in a hundred has another price; one in
# a hundred is new.
MANIFEST = """
INSERT INTO property_manifest
       (property_id, source_url, public_id, operation_type, currency, listing_page_price,
        listing_page_title, first_seen_at, last_seen_at, seen_in_session_id, is_new,
        needs_full_scrape, sources)
SELECT 'pincali_' || lpad(to_hex(CASE WHEN n % 100 = 7 THEN n + :rows ELSE n END), 16, '0'),
       'https://www.pincali.com/en/home/house-' || n, NULL,
       CASE WHEN n % 4 = 0 THEN 'rent' ELSE 'sale' END, 'MXN',
       1000000 + n % 5000 * 1000 + CASE WHEN n % 100 = 3 THEN 90000 ELSE 0 END, 'House ' || n,
       CAST(:now AS timestamptz) - interval '90 days',
       CASE WHEN n % 50 = 1 THEN CAST(:now AS timestamptz) - interval '7 days'
            ELSE CAST(:now AS timestamptz) - interval '1 hour' END,
       CASE WHEN n % 50 = 1 THEN NULL ELSE CAST(:session_id AS uuid) END, n % 100 = 7, n % 100 = 7,
       CASE WHEN n % 4 = 0 THEN '{rent}'::text[] ELSE '{sale}'::text[] END
  FROM generate_series(1, :rows) AS n
"""
SIGHTINGS = """
INSERT INTO property_sightings (session_id, source, page_number, property_id, seen_at)
SELECT CAST(:session_id AS uuid), sources[1], row_number() OVER () / 24, property_id, last_seen_at
  FROM property_manifest WHERE seen_in_session_id IS NOT NULL
"""
SESSIONS = """
INSERT INTO scraping_sessions (id, base_url, started_at) VALUES (:session_id, 'x', :began)
"""
CERTIFICATES = """
INSERT INTO scan_certificates
       (session_id, source, certified, proves_absence, pages_read, pages_lost,
        distinct_properties, started_at, issued_at)
SELECT CAST(:session_id AS uuid), source, true, true, 1, 0, 1, :began, :now
  FROM unnest(ARRAY['sale', 'rent', 'foreclosure', 'new_construction']) AS source
"""

# The columns that the differences read.
SCAN = """
SELECT count(property_id), count(listing_status), count(price), count(currency), count(price_unit),
       count(operation_type), count(missing_session_id), count(price_at_last_manifest)
  FROM properties_live
"""
_ROUNDS = 3

Question = Callable[[UnitOfWork], Awaitable[Any]]


async def prepare(db: Database, rows: int) -> None:
    """Fills the tables; a minute or two for a million rows."""
    parameters = {"now": NOW, "began": BEGAN, "session_id": SESSION, "rows": rows}
    for statement in (SESSIONS, LIVE, MANIFEST, SIGHTINGS, CERTIFICATES):
        async with db.transaction() as tx:
            used = {name: each for name, each in parameters.items() if f":{name}" in statement}
            await tx.connection.execute(text(statement), used)


def _as_autovacuum_leaves_them(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("properties_live", "property_manifest", "property_sightings"):
            connection.execute(f"VACUUM (ANALYZE) {table}")


async def _stale(tx: UnitOfWork) -> int:
    return await tx.queue_fill.fill_stale(
        8_000,
        Filling(run_id=None, max_pending=10_000, now=NOW),
        await tx.freshness.lessons(since=NOW.date()),
        stale_before=NOW - timedelta(days=30),
        told_before=NOW - timedelta(days=7),
        max_age_days=45,
    )


async def _quality(tx: UnitOfWork) -> int:
    return int((await measure_quality(tx, NOW))["listings"])


async def _scan(tx: UnitOfWork) -> int:
    return int((await tx.connection.execute(text(SCAN))).one()[0])


QUESTIONS: dict[str, Question] = {
    "bare scan": _scan,
    "new listings": lambda tx: tx.manifest.new_properties(SESSION),
    "price changes": lambda tx: tx.manifest.price_changes(SESSION),
    "missing": lambda tx: tx.missing.absent(SESSION, began=BEGAN),
    "stale selection": _stale,
    "quality figures": _quality,
}


async def ask(db: Database) -> dict[str, tuple[float, int]]:
    """Seconds and rows of each question; nothing of it stays."""
    figures: dict[str, tuple[float, int]] = {}
    for name, question in QUESTIONS.items():
        async with db.rolled_back() as tx:
            started = perf_counter()
            answer = await question(tx)
            seconds = perf_counter() - started
            figures[name] = (seconds, answer if isinstance(answer, int) else len(answer))
    return figures


async def _rounds(url: str, rows: int) -> dict[str, list[tuple[float, int]]]:
    """The questions in turns, so that what else the machine does meets them all."""
    db = Database(url)
    try:
        await prepare(db, rows)
        await asyncio.to_thread(_as_autovacuum_leaves_them, url)
        rounds = [await ask(db) for _ in range(_ROUNDS)]
    finally:
        await db.dispose()
    return {name: [each[name] for each in rounds] for name in QUESTIONS}


def _all_rounds(rows: int) -> dict[str, list[tuple[float, int]]]:
    """On an embedded server of its own, deleted afterwards."""
    with own_database(durable=False) as (_, url):
        return asyncio.run(_rounds(url, rows))


def measure(rows: int = 1_000_000) -> dict[str, float]:
    """How often as long as reading the live table's columns each difference takes."""
    seconds = {
        name: median(each for each, _ in rounds) for name, rounds in _all_rounds(rows).items()
    }
    scan = seconds["bare scan"]
    diffs = ("new listings", "price changes", "missing")
    return {f"diff_{name.replace(' ', '_')}_to_scan": seconds[name] / scan for name in diffs}


def main(rows: int = 1_000_000) -> int:
    """Prints the seconds of all questions."""
    for name, rounds in _all_rounds(rows).items():
        seconds, found = median(each for each, _ in rounds), rounds[0][1]
        print(f"{name:<16} {seconds:6.2f} s  {found:>7,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:2])))
