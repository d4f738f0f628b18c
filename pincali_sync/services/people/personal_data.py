"""Agents' data: how long they stay, and how one person's are found and deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import inf
from time import monotonic

from pincali_sync.db.repositories.people.people import ShownAs
from pincali_sync.db.repositories.people.places import (
    OF_AGENTS,
    OF_PAGES,
    PLACES,
    QUOTING,
    TAKEN_OUT,
    Place,
)
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.people import Person
from pincali_sync.services.base import Service, in_transaction

_CHUNK = 2_000
_AT_ONCE_SECONDS = 45.0  # the tier runner calls again a minute later
# In `service_heartbeats`, while none are stored: with a table, that its texts were read to the end.
_MARKS = "texts without contacts"
_READ = f"{_MARKS}, merged rows without texts: "  # whoever has an older mark reads them once more
# Texts that are known by whom the listing names come before the names.
_EVERYTHING = (
    *((place, place.in_texts) for place in QUOTING),
    *((place, place.of_agents) for place in OF_AGENTS),
    *((place, place.in_texts) for place in OF_PAGES),
)

# What was changed: how many rows, and the last one's key.
Changed = tuple[int, str | None]
# Changes the next rows after a key.
Change = Callable[[str | None, UnitOfWork], Awaitable[Changed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a person is named: rows by table, and how live rows show them as their publisher."""

    rows: dict[str, int]
    shown_as: list[ShownAs]

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


@dataclass(frozen=True, slots=True)
class _Cleared:
    rows: Counter[str]  # by table
    is_all: bool


class PersonalDataService(Service):
    """Clears and forgets, a chunk a transaction; stopped half-way, it may be done again."""

    async def tidy_up(self) -> bool:
        """Where no agents' data are to be stored, clears what there is, for less than a minute.

        Everything once; from then on what jobs still wrote that had begun under the older setting.

        Returns:
            Whether that was all; otherwise it goes on when it is called again.
        """
        if self.config.store_agent_data:
            await self.db.run(lambda tx: tx.history.forget_beats(_MARKS))
            return True
        return (await self._clear(_EVERYTHING, until=monotonic() + _AT_ONCE_SECONDS)).is_all

    async def clear_past_term(self) -> bool:
        """Clears agents' data in the journal and in removed listings that are past their term;
        likewise."""
        parts = [(place, f"({place.of_agents}) AND {place.past_term}") for place in OF_AGENTS]
        return (await self._clear(parts, until=monotonic() + _AT_ONCE_SECONDS)).is_all

    async def clear_everything(self) -> dict[str, int]:
        """Clears all agents' data to the end, in texts as well; returns rows by table."""
        await self.db.run(lambda tx: tx.history.forget_beats(_MARKS))
        return (await self._clear(_EVERYTHING, until=inf)).rows

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

        async def take_out(place: Place, after: str | None, tx: UnitOfWork) -> Changed:
            return await tx.people.take_out(
                place, person, listings, after=after, size=_CHUNK, now=now
            )

        for place in TAKEN_OUT:
            await self._walk(partial(take_out, place), until=inf)
        return found

    async def _clear(self, parts: Iterable[tuple[Place, str]], *, until: float) -> _Cleared:
        """Clears part after part; texts that were read to their end are not read again."""
        now, rows = self.clock.now(), Counter[str]()
        before = now - timedelta(days=self.config.keep_agent_data_days)

        async def clear(place: Place, condition: str, after: str | None, tx: UnitOfWork) -> Changed:
            return await tx.people.clear(
                place, condition, after=after, size=_CHUNK, before=before, now=now
            )

        for place, condition in parts:
            mark = f"{_READ}{place.table}" if condition == place.in_texts else ""
            if mark and await self._was_read(mark):
                continue
            count, is_all = await self._walk(partial(clear, place, condition), until=until)
            rows[place.table] += count
            if not is_all:
                return _Cleared(rows, False)
            if mark:
                await self._note_read(mark)
        return _Cleared(rows, True)

    async def _walk(self, change: Change, *, until: float) -> tuple[int, bool]:
        """Goes on to a place's end; says how many rows were changed, and whether it got there."""
        changed, after = 0, None
        while True:
            rows, after = await self.db.run(partial(change, after))
            changed += rows
            if rows < _CHUNK:
                return changed, True
            if monotonic() > until:
                return changed, False

    @in_transaction
    async def _was_read(self, tx: UnitOfWork, mark: str) -> bool:
        return await tx.history.last_beat(mark) is not None

    @in_transaction
    async def _note_read(self, tx: UnitOfWork, mark: str) -> None:
        await tx.history.beat(mark, now=self.clock.now())
