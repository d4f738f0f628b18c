"""Agents' data: how long they stay, and how one person's are found and deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from pincali_sync.db.repositories.people.people import ShownAs
from pincali_sync.db.repositories.people.places import PLACES, Place
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.people import Person
from pincali_sync.services.base import Service

_CHUNK = 5_000
_ALL_CLEARED = "agents' data cleared"  # in `service_heartbeats`, while STORE_AGENT_DATA is 0

# Changes a place's next rows after a key; says how many, and the last one's key.
Change = Callable[[Place, str | None, UnitOfWork], Awaitable[tuple[int, str | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a person is named: rows by table, and how live rows show them as their publisher."""

    rows: dict[str, int]
    shown_as: list[ShownAs]

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


class PersonalDataService(Service):
    """Clears and forgets, a chunk a transaction; stopped half-way, it may be done again."""

    async def tidy_up(self) -> None:
        """Where no agents' data are to be stored, clears what there is.

        Everything once; from then on what jobs still wrote that had begun under the older setting.
        """
        if self.config.store_agent_data:
            await self.db.run(lambda tx: tx.history.forget_beat(_ALL_CLEARED))
        elif await self.db.run(lambda tx: tx.history.last_beat(_ALL_CLEARED)):
            await self._clear(lambda place: place.of_agents)
        else:
            await self.clear_everything()

    async def clear_past_term(self) -> None:
        """Clears agents' data in the journal and in removed listings that are past their term."""
        await self._clear(lambda place: f"({place.of_agents}) AND {place.past_term}")

    async def clear_everything(self) -> dict[str, int]:
        """Clears all agents' data, in texts as well; returns rows by table."""
        # The journal's texts before its names, by which they are known.
        texts = await self._clear(lambda place: place.in_texts)
        agents = await self._clear(lambda place: place.of_agents)
        now = self.clock.now()
        await self.db.run(lambda tx: tx.history.beat(_ALL_CLEARED, now=now))
        return {table: texts[table] + agents[table] for table in texts}

    async def look_for(self, person: Person) -> Found:
        """Where a person is named; reads every row of the tables that may name somebody."""
        async with self.db.repeatable_read() as tx:
            listings = await tx.people.listings_of(person)
            rows = {place.table: await tx.people.count(place, person, listings) for place in PLACES}
            return Found(rows=rows, shown_as=await tx.people.shown_as(person))

    async def forget(self, person: Person) -> Found:
        """Deletes a person's data and keeps them out of what is read from now on.

        Returns:
            What was found, and deleted.
        """
        now = self.clock.now()
        found = await self.look_for(person)
        await self.db.run(lambda tx: tx.people.keep_out(person, now=now))
        listings = await self.db.run(lambda tx: tx.people.listings_of(person))

        async def take_out(
            place: Place, after: str | None, tx: UnitOfWork
        ) -> tuple[int, str | None]:
            return await tx.people.take_out(
                place, person, listings, after=after, size=_CHUNK, now=now
            )

        for place in PLACES:
            await self._walk(place, take_out)
        return found

    async def _clear(self, condition: Callable[[Place], str]) -> dict[str, int]:
        now = self.clock.now()
        before = now - timedelta(days=self.config.keep_agent_data_days)

        async def clear(place: Place, after: str | None, tx: UnitOfWork) -> tuple[int, str | None]:
            return await tx.people.clear(
                place, condition(place), after=after, size=_CHUNK, before=before, now=now
            )

        return {place.table: await self._walk(place, clear) for place in PLACES if place.clear}

    async def _walk(self, place: Place, change: Change) -> int:
        """Goes through a place to its end; returns how many rows were changed."""
        changed, after = 0, None
        while True:
            rows, after = await self.db.run(partial(change, place, after))
            changed += rows
            if rows < _CHUNK:
                return changed
