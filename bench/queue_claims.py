"""How fast eight workers empty the queue, beside the queues that people would use instead.

All claim from one server, in turns; each as its users do: a connection a worker, a batch a call.
procrastinate hands jobs out one at a time. Then the same with a million finished rows in the table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from statistics import median
from time import perf_counter
from uuid import uuid4

import procrastinate
import psycopg
from pgqueuer.db import PsycopgDriver
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from pgqueuer.types import QueueEntrypoint, QueueManagerId

from bench.own_database import own_database
from pincali_sync.clock import SystemClock
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.services.scrape_queue_service import ScrapeQueueService

_WORKERS = 8
_ROWS = 4_000
_ROUNDS = {1: 3, 10: 9}  # by the batch: ten a call empty the queue in half a second
_FINISHED = 1_000_000

# Each queue's own table, filled alike: a batch's statement has the same work to do.
_OURS = """
INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason)
SELECT 'pincali_' || n, 'https://www.pincali.com/en/home/casa-' || n, 1 + n %% 5, 'stale_data'
  FROM generate_series(1, %s) AS n
"""
_KNOWN = """
INSERT INTO property_manifest (property_id, source_url, public_id, needs_full_scrape)
SELECT 'pincali_' || n, 'https://www.pincali.com/en/home/casa-' || n,
       'EB-AA' || to_char(n, 'FM0000'), false
  FROM generate_series(1, %s) AS n
"""
_PGQUEUERS = """
INSERT INTO pgqueuer (priority, entrypoint, payload, status)
SELECT n %% 5, 'page', convert_to('pincali_' || n, 'UTF8'), 'queued'
  FROM generate_series(1, %s) AS n
"""
_PROCRASTINATES = """
INSERT INTO procrastinate_jobs (task_name, queue_name, priority, args)
SELECT 'page', 'pages', n %% 5, jsonb_build_object('id', 'pincali_' || n)
  FROM generate_series(1, %s) AS n
"""
_OLD = """
INSERT INTO scrape_queue
       (property_id, source_url, priority, queue_reason, status, attempt_count, claimed_at,
        completed_at)
SELECT 'old_' || n, 'https://www.pincali.com/en/home/old-' || n, 4, 'stale_data', 'completed', 1,
       now() - n * interval '2 seconds', now() - n * interval '2 seconds'
  FROM generate_series(1, %s) AS n
"""

Claim = Callable[[int], Awaitable[int]]  # how many rows a call got, of so many at most
Opened = Callable[[str, AsyncExitStack], Awaitable[Claim]]


def measure() -> dict[str, float]:
    """Rows claimed a second, and ratios to the others' at the same batch."""
    with own_database() as (_, url):
        return asyncio.run(_measure(url))


async def _measure(url: str) -> dict[str, float]:
    await _install(url)
    _execute(url, _KNOWN, _ROWS)
    _execute(url, "VACUUM ANALYZE property_manifest")
    by_1 = await _in_turns(url, 1, ("ours", "pgqueuer", "procrastinate"))
    by_10 = await _in_turns(url, 10, ("ours", "pgqueuer"))
    _execute(url, _OLD, _FINISHED)
    full = await _in_turns(url, 10, ("ours", "pgqueuer"))
    ours, ours_by_10 = by_1["ours"], by_10["ours"]
    to_pgqueuer = _ratio(ours_by_10, by_10["pgqueuer"])
    return {
        "queue_claims_per_s_by_1": median(ours),
        "queue_claims_per_s_by_10": median(ours_by_10),
        "queue_claims_by_10_to_by_1": median(ours_by_10) / median(ours),
        "queue_claims_to_procrastinate_by_1": _ratio(ours, by_1["procrastinate"]),
        "queue_claims_to_pgqueuer_by_1": _ratio(ours, by_1["pgqueuer"]),
        "queue_claims_to_pgqueuer_by_10": to_pgqueuer,
        # Minutes later: pgqueuer, whose table is as it was, tells how fast the machine is now.
        "queue_claims_beside_a_million": _ratio(full["ours"], full["pgqueuer"]) / to_pgqueuer,
    }


def _ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    return median(mine / other for mine, other in zip(ours, others, strict=True))


async def _install(url: str) -> None:
    async with AsyncExitStack() as stack:
        await (await _queries(url, stack)).install()
        app = await stack.enter_async_context(_app(url).open_async())
        await app.schema_manager.apply_schema_async()


async def _in_turns(url: str, batch: int, names: Sequence[str]) -> dict[str, list[float]]:
    """Rows claimed a second by each of these, round after round."""
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(_ROUNDS[batch]):
        for name in names:
            rates[name].append(await _rate(url, name, batch))
    return rates


async def _rate(url: str, name: str, batch: int) -> float:
    opened, fill, table = _QUEUES[name]
    _execute(url, fill, _ROWS)
    _execute(url, f"VACUUM ANALYZE {table}")
    async with AsyncExitStack() as stack:
        workers = [await opened(url, stack) for _ in range(_WORKERS)]
        started = perf_counter()
        claimed = sum(await asyncio.gather(*(_until_empty(each, batch) for each in workers)))
        seconds = perf_counter() - started
    if claimed != _ROWS:
        raise RuntimeError(f"{name}: {claimed} rows were claimed out of {_ROWS}")
    _execute(url, f"DELETE FROM {table} WHERE status::text IN ('in_progress', 'picked', 'doing')")
    return claimed / seconds


async def _until_empty(claim: Claim, batch: int) -> int:
    claimed = 0
    while got := await claim(batch):
        claimed += got
    return claimed


def _execute(url: str, statement: str, *parameters: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode(), parameters or None)


async def _open_ours(url: str, stack: AsyncExitStack) -> Claim:
    db, token = Database(url), uuid4()
    stack.push_async_callback(db.dispose)
    await db.check_schema()  # as every program does first; the others are connected by now, too
    queue = ScrapeQueueService(db, SystemClock(), load_config())

    async def claim(batch: int) -> int:
        return len(await queue.claim_next_batch(batch, "bench", lease_token=token))

    return claim


async def _queries(url: str, stack: AsyncExitStack) -> Queries:
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    return Queries(await stack.enter_async_context(PsycopgDriver(connection)))


async def _open_pgqueuer(url: str, stack: AsyncExitStack) -> Claim:
    queries, manager = await _queries(url, stack), QueueManagerId(uuid4())
    entrypoints = {QueueEntrypoint("page"): EntrypointExecutionParameter(0)}

    async def claim(batch: int) -> int:
        lease = timedelta(minutes=2)
        return len(await queries.dequeue(batch, entrypoints, manager, None, lease))

    return claim


def _app(url: str) -> procrastinate.App:
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=1)
    )


async def _open_procrastinate(url: str, stack: AsyncExitStack) -> Claim:
    app = await stack.enter_async_context(_app(url).open_async())
    worker = await app.job_manager.register_worker()

    async def claim(_: int) -> int:
        return int(await app.job_manager.fetch_job(queues=None, worker_id=worker) is not None)

    return claim


_QUEUES: dict[str, tuple[Opened, str, str]] = {
    "ours": (_open_ours, _OURS, "scrape_queue"),
    "pgqueuer": (_open_pgqueuer, _PGQUEUERS, "pgqueuer"),
    "procrastinate": (_open_procrastinate, _PROCRASTINATES, "procrastinate_jobs"),
}
