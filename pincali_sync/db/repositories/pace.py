"""The site's timeline: when the next request may be sent, by anyone."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The database's own clock, not the caller's: workers on several nodes share this timeline, and
# their clocks differ. The slot is taken by the statement itself, so two callers never share one.
_RESERVE = """
INSERT INTO site_pace AS p (host, next_free_at)
VALUES (:host, clock_timestamp() + make_interval(secs => :gap))
ON CONFLICT (host) DO UPDATE
   SET next_free_at = greatest(p.next_free_at, clock_timestamp()) + make_interval(secs => :gap)
RETURNING extract(epoch FROM next_free_at - make_interval(secs => :gap) - clock_timestamp())
"""

_HOLD = """
INSERT INTO site_pace AS p (host, next_free_at)
VALUES (:host, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (host) DO UPDATE
   SET next_free_at = greatest(p.next_free_at, excluded.next_free_at)
"""


class PaceRepository:
    """Reserves request times."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def reserve(self, host: str, gap_seconds: float) -> float:
        """Takes the next free slot and keeps `gap_seconds` clear after it.

        Returns:
            Seconds from now until the slot; 0 or less: now.
        """
        result = await self._connection.execute(text(_RESERVE), {"host": host, "gap": gap_seconds})
        return float(result.scalar_one())

    async def hold(self, host: str, seconds: float) -> None:
        """Gives out no slot before `seconds` from now."""
        await self._connection.execute(text(_HOLD), {"host": host, "seconds": seconds})
