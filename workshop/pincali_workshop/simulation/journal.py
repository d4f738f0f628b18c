"""Holds the journal to the truth, entry by entry, and at the end the rows to the listings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from pincali_sync.db.engine import Database
from pincali_sync.domain.identity import slug_of
from pincali_sync.domain.listing_status import REMOVED, ListingStatus
from pincali_workshop.simulation.findings import Findings
from pincali_workshop.standin.world.localtime import utc_datetime
from pincali_workshop.standin.world.population import Population
from pincali_workshop.standin.world.removal import RemovalMode, way_of
from pincali_workshop.standin.world.state import ListingState, offers_until

TAKEN_OVER = "taken_over"
_THREE_WEEKS = timedelta(days=21)


class JournalBook:
    """Reads what was journalled since it last looked; the truth stands still meanwhile."""

    def __init__(self, db: Database, population: Population, seed: int, findings: Findings) -> None:
        self._db = db
        self._population = population
        self._seed = seed
        self._findings = findings
        self._read_until = datetime.min.replace(tzinfo=utc_datetime(0).tzinfo)

    async def read(self, now: datetime, site_time: datetime) -> None:
        """Every removal must be of a listing that is gone, every price one that it asks.

        Args:
            now: by our clock, which the journal is dated by.
            site_time: by the site's clock.
        """
        entries = await self._rows(
            """SELECT l.public_id, c.change_type, c.field_name, c.old_value, c.new_value
                 FROM property_changes c JOIN properties_live l USING (property_id)
                WHERE l.public_id IS NOT NULL AND c.created_at > :since AND c.created_at <= :now
                  AND (c.change_type = 'removed' OR c.field_name = 'price')
                ORDER BY c.created_at""",
            since=self._read_until,
            now=now,
        )
        self._read_until = now
        for entry in entries:
            state = self._population.state_of(entry["public_id"], site_time)
            if entry["change_type"] == "removed":
                self._judge_removal(state)
            else:
                self._judge_price(entry, state, int(site_time.timestamp()))

    def _judge_removal(self, state: ListingState) -> None:
        public_id = state.listing.public_id
        self._findings.removed += 1
        if state.active:
            self._findings.removed_falsely.append(public_id)
        elif self._way_of(state) is RemovalMode.UNLISTED:
            self._findings.unlisted_removed.append(public_id)

    def _judge_price(self, entry: dict[str, Any], state: ListingState, at: int) -> None:
        asked = offers_until(self._seed, state.listing, at)
        ever = {_number(offer.amount) for offers in asked for offer in offers}
        now = {_number(offer.amount) for offer in state.offers}
        old, new = _number(entry["old_value"]), _number(entry["new_value"])
        self._findings.price_changes += 1
        if old not in ever or new not in now:
            self._findings.price_changes_false.append(
                f"{state.listing.public_id}: {old} to {new}, it asks {sorted(map(str, now))}"
            )

    async def close(self, site_time: datetime) -> None:
        """At the end: one row a listing, and what has been gone for three weeks is settled."""
        rows = await self._rows(
            "SELECT property_id, public_id, source_url, listing_status, status FROM properties_live"
        )
        owners: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            state = self._state_of(row, site_time)
            if state is None:
                self._findings.strangers.append(f"{row['property_id']} {row['source_url']}")
                continue
            owners[state.listing.public_id].append(row["property_id"])
            if row["public_id"] is not None:
                self._count_gone(row, state, int(site_time.timestamp()))
                self._findings.renamed += state.slug != state.listing.names.all[0].slug
        self._findings.doubles += [
            f"{public_id}: {', '.join(ids)}" for public_id, ids in owners.items() if len(ids) > 1
        ]
        self._findings.taken_over = len(self._population.taken_slugs)

    def _state_of(self, row: dict[str, Any], site_time: datetime) -> ListingState | None:
        if row["public_id"] is not None:
            return self._population.state_of(row["public_id"], site_time)
        holder = self._population.find(slug_of(row["source_url"]), site_time)
        return None if holder is None else holder.state

    def _count_gone(self, row: dict[str, Any], state: ListingState, at: int) -> None:
        ends = [end for _, end in state.listing.life.spells if end <= at]
        if state.active or not ends or at - ends[-1] < _THREE_WEEKS.total_seconds():
            return
        way = self._way_of(state)
        if way is RemovalMode.UNLISTED:
            is_settled = row["listing_status"] == ListingStatus.LIKELY_REMOVED
            is_settled = is_settled and row["status"] == "inactive"
        else:
            is_settled = row["listing_status"] in REMOVED
        self._findings.note_gone(way, state.listing.public_id, settled=is_settled)

    def _way_of(self, state: ListingState) -> RemovalMode | str:
        if state.listing.names.all[-1].slug in self._population.taken_slugs:
            return TAKEN_OVER
        return way_of(self._seed, state.listing.public_id)

    async def _rows(self, statement: str, **parameters: Any) -> Sequence[dict[str, Any]]:
        async with self._db.transaction() as tx:
            result = await tx.connection.execute(text(statement), parameters)
            return [dict(row) for row in result.mappings()]


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
