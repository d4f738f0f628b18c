"""Pages of the dashboard and `/metrics` over a million live rows and a month of work.

`python -m bench.web_pages [ROWS]` prints the milliseconds of each: the median of five requests.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from statistics import median
from time import perf_counter

import httpx
import psycopg
from sqlalchemy import text

from bench.million_rows import NOW, prepare
from bench.own_database import own_database
from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.web.app import create_app
from pincali_sync.web.snapshots import SnapshotKeeper

_TIMES = 5
_BATCH = "00000000-0000-0000-0000-0000000000ba"
_SCAN = "00000000-0000-0000-0000-00000000005c"
_PROPERTY = "pincali_0000000000000064"
_PAGES = (
    "/",
    "/changes",
    "/changes?period=week",
    "/listings",
    "/listings?place=State+5&sort=dearest",
    "/queue",
    "/runs",
    "/removals",
    f"/removals/{_BATCH}",
    f"/removals/{_BATCH}/approve",
    "/decisions",
    "/errors",
    "/errors/site-error",
    "/pauses",
    f"/properties/{_PROPERTY}",
)
# A month: 2,000 price changes and 2,000 removals a day, hourly figures, a full queue with 300,000
# rows behind it, 8,000 listings missing for long, a batch of 5,000 of them that is held, and a full
# scan that has read 20,000 pages and goes on.
_MONTH = (
    """INSERT INTO property_changes
              (property_id, change_type, field_name, old_value, new_value, created_at)
       SELECT 'pincali_' || lpad(to_hex(n), 16, '0'), 'updated', 'price',
              '1000000', '1100000', CAST(:now AS timestamptz) - n * interval '43 seconds'
         FROM generate_series(1, 60000) n""",
    """INSERT INTO property_changes (property_id, change_type, created_at)
       SELECT 'pincali_' || lpad(to_hex(n), 16, '0'), 'removed',
              CAST(:now AS timestamptz) - n * interval '43 seconds'
         FROM generate_series(1, 60000) n""",
    """INSERT INTO insight_history (taken_at, figures)
       SELECT CAST(:now AS timestamptz) - n * interval '1 hour', (
              SELECT jsonb_object_agg(key, n) FROM unnest(ARRAY[
                  'pincali_live_stale', 'pincali_live_listings status=active',
                  'pincali_queue_pending priority=1 reason=new_property']
                  || array_agg('pincali_other number=' || i)) AS key)
         FROM generate_series(1, 720) n, generate_series(1, 60) i GROUP BY n""",
    """INSERT INTO scrape_queue
              (property_id, source_url, priority, queue_reason, status, queued_at, completed_at,
               available_at, last_error)
       SELECT 'pincali_' || lpad(to_hex(n), 16, '0'), 'https://www.pincali.com/en/home/house-' || n,
              1 + n % 5, (ARRAY['new_property', 'price_change', 'stale_data'])[1 + n % 3],
              CASE WHEN n <= 10000 THEN 'pending' WHEN n <= 11000 THEN 'failed'
                   ELSE 'completed' END,
              CAST(:now AS timestamptz) - n * interval '9 seconds',
              CASE WHEN n > 10000 THEN CAST(:now AS timestamptz) - n * interval '8 seconds' END,
              :now, CASE WHEN n <= 11000 THEN 'HTTP 500' END
         FROM generate_series(1, 310000) n""",
    """INSERT INTO removal_batches
              (id, session_id, status, candidates, would_remove, removal_limit, created_at)
       SELECT CAST(:batch AS uuid), id, 'held', 6000, 5000, 4000, :now FROM scraping_sessions""",
    """INSERT INTO removal_checks
              (property_id, batch_id, verdict, http_status, evidence, url, checked_at)
       SELECT 'pincali_' || lpad(to_hex(n), 16, '0'), CAST(:batch AS uuid),
              CASE WHEN n % 6 = 0 THEN 'unknown' ELSE 'gone' END, 404, 'HTTP 404',
              'https://www.pincali.com/en/home/house-' || n, :now
         FROM generate_series(1, 6000) n""",
    """UPDATE properties_live
          SET listing_status = 'likely_removed', consecutive_missing_count = 4,
              missing_session_id = (SELECT id FROM scraping_sessions)
        WHERE property_id IN (SELECT 'pincali_' || lpad(to_hex(n), 16, '0')
                                FROM generate_series(1, 8000) n)""",
    """UPDATE property_manifest SET last_seen_at = CAST(:now AS timestamptz) - interval '8 days'
        WHERE property_id IN (SELECT 'pincali_' || lpad(to_hex(n), 16, '0')
                                FROM generate_series(1, 8000) n)""",
    """INSERT INTO scraping_sessions (id, base_url, started_at)
       VALUES (CAST(:scan AS uuid), 'x', :now)""",
    """INSERT INTO sync_runs (tier_level, session_id, started_at, details)
       VALUES (3, CAST(:scan AS uuid), :now,
               '{"depths": {"sale": 0, "rent": 0, "foreclosure": 0, "new_construction": 0}}')""",
    """INSERT INTO manifest_pages (session_id, source, page_number, url, status, fetched_at)
       SELECT CAST(:scan AS uuid), 'sale', n, 'x', 'read', :now FROM generate_series(1, 20000) n""",
    """INSERT INTO scraping_errors (created_at, url, error_type, error_message)
       SELECT CAST(:now AS timestamptz) - n * interval '26 seconds',
              'https://www.pincali.com/en/home/house-' || n, 'detail_error', 'HTTP 500'
         FROM generate_series(1, 100000) n""",
)


class _EndOfMonth:
    """The month is over now, whenever it is measured."""

    def now(self) -> datetime:
        return NOW


def measure(rows: int = 1_000_000) -> dict[str, float]:
    """Milliseconds of `/metrics` and of the slowest page, and seconds of reading the figures."""
    figures = _on_a_server_of_its_own(rows)
    slowest = max(_PAGES, key=lambda page: figures[page])
    print(f"slowest page: {slowest}", flush=True)
    return {
        "web_metrics_ms": figures["/metrics"],
        "web_slowest_page_ms": figures[slowest],
        "web_snapshot_s": figures["snapshot"] / 1_000,
    }


def _on_a_server_of_its_own(rows: int) -> dict[str, float]:
    with own_database(durable=False) as (_, url):
        return asyncio.run(_measure(url, rows))


async def _measure(url: str, rows: int) -> dict[str, float]:
    db = Database(url)
    try:
        await prepare(db, rows)
        await _add_a_month(db)
        await asyncio.to_thread(_as_autovacuum_leaves_it, url)
        config = load_config(database_url=url, web_token=secrets.token_hex())
        services = build_services(config, clock=_EndOfMonth(), db=db)
        snapshots = SnapshotKeeper(services.insights.snapshot, services.clock)
        app = create_app(services, snapshots=snapshots)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            found = {"snapshot": await _median_ms(snapshots.read_once)}
            for page in (*_PAGES, "/metrics"):
                found[page] = await _median_ms(partial(_get, client, page))
        return found
    finally:
        await db.dispose()


async def _add_a_month(db: Database) -> None:
    parameters = {"now": NOW, "batch": _BATCH, "scan": _SCAN}
    for statement in _MONTH:
        used = {name: each for name, each in parameters.items() if f":{name}" in statement}
        async with db.transaction() as tx:
            await tx.connection.execute(text(statement), used)


def _as_autovacuum_leaves_it(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


async def _get(client: httpx.AsyncClient, page: str) -> None:
    (await client.get(page)).raise_for_status()


async def _median_ms(work: Callable[[], Awaitable[None]]) -> float:
    times = []
    for _ in range(_TIMES):
        started = perf_counter()
        await work()
        times.append((perf_counter() - started) * 1_000)
    return median(times)


def main(rows: int = 1_000_000) -> int:
    """Prints every page's milliseconds."""
    for name, milliseconds in _on_a_server_of_its_own(rows).items():
        print(f"{name:<60} {milliseconds:8.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:2])))
