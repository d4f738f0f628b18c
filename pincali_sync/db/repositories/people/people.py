"""Agents' data on their way out, and those who asked to be forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.people.places import (
    LISTINGS,
    LIVE,
    PUBLISHER,
    PUBLISHES,
    SCRAPED,
    Place,
    statement,
    without_contacts,
)
from pincali_sync.domain.people import EMAIL, GONE, PHONE, Forgotten, Person, digest

_NOBODY = Forgotten()
_KEY_BYTES = 32
# The live rows that pages will be compared with come first: what is no longer stored is no change.
_CLEAR_SCRAPED = (
    f"""
UPDATE properties_live t SET {LIVE.clear}
  FROM (SELECT l.id FROM properties_live l JOIN scraped USING (property_id)
         ORDER BY l.property_id FOR UPDATE OF l) found
 WHERE t.id = found.id AND ({LIVE.of_agents} OR {LIVE.in_texts})""",
    f"UPDATE scraped SET {SCRAPED.clear}",
)
_CLEAR_CARDS = f"UPDATE incoming SET title = {without_contacts('title')}"
_PATTERNS = {"phone": PHONE, "email": EMAIL, "gone": GONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAs:
    """Under what a person is found, in how many live rows."""

    agent_name: str | None
    agent_phone: str | None
    agent_email: str | None
    agency_name: str | None
    listings: int


class PeopleRepository(Repository):
    """Agents' data, and those who asked to be forgotten."""

    async def clear(
        self, place: Place, condition: str, *, after: str | None, size: int, **at: datetime
    ) -> tuple[int, str | None]:
        """Clears agents' data from the next `size` rows that a condition of the place holds for;
        returns from how many, and the last one's key, to go on after."""
        return await self._change(
            place, condition, place.clear, after, size=size, **at, **_PATTERNS
        )

    async def take_out(
        self,
        place: Place,
        person: Person,
        listings: Sequence[str],
        *,
        after: str | None,
        size: int,
        now: datetime,
    ) -> tuple[int, str | None]:
        """Takes a person out of the next rows, likewise."""
        return await self._change(
            place,
            place.of_person,
            place.take_out,
            after,
            person=person.pattern,
            gone=GONE,
            listings=list(listings),
            size=size,
            now=now,
        )

    async def _change(
        self, place: Place, condition: str, changes: str, after: str | None, **parameters: Any
    ) -> tuple[int, str | None]:
        first = str(UUID(int=0)) if place.key == "id" else ""
        result = await self._run(
            statement(place, condition, changes), after=after or first, **parameters
        )
        row = result.one()
        return int(row.rows), row.last

    async def count(self, place: Place, person: Person, listings: Sequence[str]) -> int:
        """In how many rows of a place a person is named."""
        return await self._number(
            f"SELECT count(*) FROM {place.table} t WHERE {place.of_person}",
            person=person.pattern,
            listings=list(listings),
        )

    async def listings_of(self, person: Person) -> list[str]:
        """The records that a person publishes or published, as far as is still known."""
        result = await self._run(LISTINGS, person=person.pattern)
        return list(result.scalars())

    async def shown_as(self, person: Person) -> list[ShownAs]:
        """How the live rows name a person as their publisher, the most frequent first."""
        return await self._all(
            ShownAs,
            f"""SELECT {", ".join(PUBLISHER)}, count(*) AS listings FROM properties_live
                 WHERE {PUBLISHES}
                 GROUP BY {", ".join(PUBLISHER)} ORDER BY listings DESC, 1, 2""",
            person=person.pattern,
        )

    async def clear_scraped(self, *, now: datetime) -> None:
        """Clears the transaction's `scraped`, and first the live rows of its records."""
        for clearing in _CLEAR_SCRAPED:
            await self._run(clearing, now=now, **_PATTERNS)

    async def clear_cards(self) -> None:
        """Clears the titles of the transaction's `incoming`."""
        await self._run(_CLEAR_CARDS, **_PATTERNS)

    async def forgotten(self) -> Forgotten:
        """Those who are kept out."""
        rows = (await self._run("SELECT key, digest FROM forgotten_people")).all()
        return Forgotten(rows[0].key, frozenset(row.digest for row in rows)) if rows else _NOBODY

    async def keep_out(self, person: Person, *, now: datetime) -> None:
        """Adds a person to them, once nobody writes who may not know it.

        Whoever saves pages reads the table in the same transaction: the lock waits for them.
        """
        await self._run("LOCK TABLE forgotten_people")
        key = (await self.forgotten()).key or secrets.token_bytes(_KEY_BYTES)
        await self._run(
            """INSERT INTO forgotten_people (digest, key, added_at) VALUES (:digest, :key, :now)
               ON CONFLICT (digest) DO NOTHING""",
            digest=digest(person.form, key),
            key=key,
            now=now,
        )
