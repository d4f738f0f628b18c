"""How fast eight workers empty the queue, a row at a time and ten at a time."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from pincali_workshop.stack import embedded
from sqlalchemy import text

from pincali_sync.clock import SystemClock
from pincali_sync.config import load_config
from pincali_sync.db import migrate
from pincali_sync.db.engine import Database
from pincali_sync.services.scrape_queue_service import ScrapeQueueService

_WORKERS = 8
_ROWS = 4_000
_FILL = """
INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason)
SELECT 'pincali_' || n, 'https://www.pincali.com/en/home/casa-' || n, 1 + n % 5, 'stale_data'
  FROM generate_series(1, :rows) AS n
"""


def measure() -> dict[str, float]:
    """Rows claimed a second, and how much a batch gains."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            url = embedded.ensure_running(Path(folder))
            migrate.upgrade(url)
            singly, by_ten = asyncio.run(_both(url))
        finally:
            embedded.destroy(Path(folder))
    return {
        "queue_claims_per_s_by_1": singly,
        "queue_claims_per_s_by_10": by_ten,
        "queue_claims_by_10_to_by_1": by_ten / singly,
    }


async def _both(url: str) -> tuple[float, float]:
    return await _claims_per_second(url, 1), await _claims_per_second(url, 10)


async def _claims_per_second(url: str, batch: int) -> float:
    databases = [Database(url) for _ in range(_WORKERS)]
    async with databases[0].transaction() as tx:
        await tx.connection.execute(text("TRUNCATE scrape_queue"))
        await tx.connection.execute(text(_FILL), {"rows": _ROWS})
        await tx.connection.execute(text("ANALYZE scrape_queue"))
    start = perf_counter()
    claimed = sum(await asyncio.gather(*(_worker(db, batch) for db in databases)))
    seconds = perf_counter() - start
    for db in databases:
        await db.dispose()
    if claimed != _ROWS:
        raise RuntimeError(f"{claimed} rows were claimed out of {_ROWS}")
    return claimed / seconds


async def _worker(db: Database, batch: int) -> int:
    queue = ScrapeQueueService(db, SystemClock(), load_config())
    token, claimed = uuid4(), 0
    while rows := await queue.claim_next_batch(batch, "bench", lease_token=token):
        claimed += len(rows)
    return claimed
