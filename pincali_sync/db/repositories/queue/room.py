"""The queue's ceiling, and rows that fit under it.

Who fills the queue announces beforehand how many rows it may add, by a shared lock whose number
says so, and takes what others have announced for rows that are there: of two at once, at least one
sees the other. So the ceiling is never passed, nobody waits, and what a crash leaves behind is
nothing. The lock is the transaction's: it works through a transaction pooler.
"""

from __future__ import annotations

from pincali_sync.db.repositories.base import Repository

# Rows in progress count: they may come back. No more are counted than the ceiling allows.
OPEN = """(SELECT count(*) FROM (
        SELECT FROM scrape_queue WHERE status IN ('pending', 'in_progress')
         LIMIT CAST(:max_pending AS integer)) held)"""
# Beside what others announced, which must be read before the statement that counts begins.
ROOM = f"greatest(0, CAST(:max_pending AS integer) - CAST(:announced AS integer) - {OPEN})"
# What is known already (missing, stale, sample) leaves a fifth of the ceiling free for news.
ROOM_BESIDE_NEWS = f"""greatest(0, floor(CAST(:max_pending AS integer) * 0.8)::integer
                                    - CAST(:announced AS integer) - {OPEN})"""


def insert(run: str = "CAST(:run_id AS uuid)") -> str:
    """Adds the rows of the CTE `fitting`, for a run."""
    return f"""
INSERT INTO scrape_queue
       (property_id, source_url, priority, queue_reason, queued_at, available_at, run_id)
SELECT property_id, source_url, priority, reason, :now, :now, {run}
  FROM fitting ORDER BY property_id
ON CONFLICT (property_id) WHERE status IN ('pending', 'in_progress') DO NOTHING
"""


_FILLING = 1_886_350_947  # marks these locks among all advisory ones
_ANNOUNCE = f"SELECT pg_advisory_xact_lock_shared({_FILLING}, CAST(:number AS integer))"
_TIMES = 16  # announcements of one transaction that are told apart
_OF_OTHERS = f"""
SELECT coalesce(sum(objid::bigint / {_TIMES}), 0) FROM pg_locks
 WHERE locktype = 'advisory' AND classid = {_FILLING} AND objsubid = 2
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pid <> pg_backend_pid()
"""


class RoomRepository(Repository):
    """What a transaction may add to the queue."""

    async def announce(self, rows: int) -> int:
        """Says that the transaction may add so many rows from here on; returns how many the
        others may."""
        info = self._connection.info  # the pooled connection's own, and so the transaction's
        turn = info["announcements"] = info.get("announcements", 0) + 1
        await self._run(_ANNOUNCE, number=rows * _TIMES + turn % _TIMES)
        return await self._number(_OF_OTHERS)

    async def room(self, max_pending: int) -> int:
        """How many more rows the queue would hold now, as far as is known."""
        return await self._number(f"SELECT {ROOM}", max_pending=max_pending, announced=0)

    async def room_for_refresh(self, max_pending: int) -> int:
        """How many rows of what is old it would hold now."""
        return await self._number(
            f"SELECT {ROOM_BESIDE_NEWS}", max_pending=max_pending, announced=0
        )
