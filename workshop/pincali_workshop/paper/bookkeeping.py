"""Reads from the database what the truth is compared with, each time from where it read to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from pincali_sync.db.engine import Database
from pincali_workshop.paper.reading import SITE_STEP
from pincali_workshop.paper.timeline import second
from pincali_workshop.paper.truth import Truth
from pincali_workshop.standin.world.listing import index_of
from pincali_workshop.standin.world.population import Population
from pincali_workshop.standin.world.state import ListingState

_OLDEST = 1_000  # records asked for at a time, twice as many where all of them are gone
_JUST_BACK = timedelta(days=2)

_CREATED = """
SELECT l.public_id, c.created_at FROM property_changes c JOIN properties_live l USING (property_id)
 WHERE c.change_type = 'created' AND c.created_at > :since AND c.created_at <= :now
"""
_REMOVED = """
SELECT l.public_id, c.created_at, coalesce(
       (SELECT max(k.checked_at) FROM removal_checks k
         WHERE k.property_id = c.property_id AND k.applied_at = c.created_at),
       c.created_at) AS proven_at
  FROM property_changes c JOIN properties_live l USING (property_id)
 WHERE c.change_type = 'removed' AND c.created_at > :since AND c.created_at <= :now
"""
_PRICES = """
SELECT l.public_id, c.created_at, CAST(c.new_value #>> '{}' AS float8) AS amount
  FROM property_changes c JOIN properties_live l USING (property_id)
 WHERE c.field_name = 'price' AND c.created_at > :since AND c.created_at <= :now
"""
_OFF_MARKET = """
SELECT public_id FROM properties_live
 WHERE listing_status = 'likely_removed' AND status = 'inactive'
"""
_OLD = """
SELECT public_id, last_full_scrape_at AS at FROM properties_live
 WHERE listing_status IN ('active', 'relisted') ORDER BY last_full_scrape_at LIMIT :limit
"""
_PRESENT = """
SELECT count(*) AS rows FROM properties_live WHERE listing_status IN ('active', 'relisted')
"""
_WAITING = """
SELECT (SELECT count(*) FROM scrape_queue WHERE status = 'pending') AS pending,
       (SELECT count(*) FROM queue_outside WHERE rests_until IS NULL) AS outside
"""


class Bookkeeper:
    """Holds the journal and the live table to the truth."""

    def __init__(self, db: Database, population: Population, truth: Truth, begin: datetime) -> None:
        self._db = db
        self._population = population
        self._truth = truth
        self._read_until = begin
        self.falsely_off: list[str] = []  # listed ones that were off the market when last read

    async def read(self, now: datetime) -> None:
        """Takes in what was journalled since the last time."""
        span = {"since": self._read_until, "now": now}
        self._read_until = now
        for row in await self._rows(_CREATED, **span):
            self._truth.note_live(row["public_id"], row["created_at"])
        for row in await self._rows(_REMOVED, **span):
            proven = self._state(row["public_id"], row["proven_at"])
            if proven.active:  # the page was as old as the site's last step
                proven = self._state(row["public_id"], row["proven_at"] - SITE_STEP)
            state = self._state(row["public_id"], row["created_at"])
            self._truth.note_removal(proven, state, row["created_at"])
        for row in await self._rows(_PRICES, **span):
            state = self._state(row["public_id"], row["created_at"])
            self._truth.note_price(state, row["amount"], row["created_at"])
        off_market = [row["public_id"] for row in await self._rows(_OFF_MARKET)]
        self._truth.note_off_market(off_market, now)
        self.falsely_off = [each for each in off_market if self._is_long_there(each, now)]

    async def waiting(self) -> tuple[int, int]:
        """Pages that wait in the queue, and outside for a place in it."""
        [row] = await self._rows(_WAITING)
        return row["pending"], row["outside"]

    async def present(self) -> int:
        """Records of listings that are there, as far as is known."""
        return int((await self._rows(_PRESENT))[0]["rows"])

    async def oldest(self, now: datetime) -> timedelta:
        """The age of the oldest record whose listing is there: what is gone cannot be visited."""
        limit = _OLDEST
        while True:
            rows = await self._rows(_OLD, limit=limit)
            there = (row["at"] for row in rows if self._is_there(row["public_id"], now))
            oldest = next(there, None)
            if oldest is not None or len(rows) < limit:
                return now - (oldest or now)
            limit *= 2

    def _is_there(self, public_id: str, now: datetime) -> bool:
        return self._state(public_id, now).active

    def _is_long_there(self, public_id: str, now: datetime) -> bool:
        """Who has just come back is noticed by the next scan."""
        return self._is_there(public_id, now) and self._is_there(public_id, now - _JUST_BACK)

    def _state(self, public_id: str, at: datetime) -> ListingState:
        return self._population.state_then(index_of(public_id), second(at))

    async def _rows(self, statement: str, **parameters: Any) -> Sequence[Any]:
        async with self._db.transaction() as tx:
            return (await tx.connection.execute(text(statement), parameters)).mappings().all()
