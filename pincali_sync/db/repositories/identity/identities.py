"""Two records that may be one property: found by place and price, settled by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.identity import identities_sql as sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A newcomer and a listing that is missing, at the same place for a similar price."""

    property_id: str
    earlier_property_id: str
    title: str
    earlier_title: str
    address: str
    earlier_address: str
    metres: float
    price_ratio: float  # the smaller price by the larger


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCandidate:
    """A pair that waits for a person."""

    id: UUID
    property_id: str
    earlier_property_id: str
    title: str | None
    earlier_title: str | None
    metres: float
    title_similarity: float  # 0 to 100
    price_ratio: float
    status: str
    created_at: datetime


class IdentityRepository(Repository):
    """SQL of candidates and aliases."""

    async def neighbours(self, *, since: datetime, limit: int) -> list[Neighbour]:
        """Newcomers since then, each with the missing listings it may be."""
        return await self._all(Neighbour, sql.NEIGHBOURS, since=since, limit=limit)

    async def propose(self, pairs: Sequence[tuple[Neighbour, float]], *, now: datetime) -> None:
        """Writes pairs down with the likeness of their titles; known ones stay as they are."""
        await self._run_each(
            sql.PROPOSE,
            [
                {
                    "property_id": pair.property_id,
                    "earlier_property_id": pair.earlier_property_id,
                    "metres": pair.metres,
                    "title_similarity": similarity,
                    "price_ratio": pair.price_ratio,
                    "now": now,
                }
                for pair, similarity in pairs
            ],
        )

    async def open_candidates(self, *, limit: int) -> list[IdentityCandidate]:
        """Pairs that wait, the oldest first."""
        return await self._all(IdentityCandidate, sql.LIST, limit=limit)

    async def settle(
        self, candidate_id: UUID, *, confirm: bool, settled_by: str, now: datetime
    ) -> bool:
        """Makes the pair one record, or says that it is two; False when it is not open.

        The earlier record stays, under its own id: other tables refer to it. The newcomer's id
        becomes its alias, and its page is fetched anew under the record.
        """
        pair = (await self._run(sql.LOCK, id=candidate_id)).mappings().first()
        if pair is None:
            return False
        if confirm:
            for statement in sql.MERGE:
                await self._run(statement, **pair, now=now, settled_by=settled_by)
        status = "confirmed" if confirm else "rejected"
        await self._run(sql.SETTLE, id=candidate_id, status=status, settled_by=settled_by, now=now)
        return True

    async def aliases(self, property_id: str) -> list[dict[str, Any]]:
        """All forms of a record's id."""
        rows = await self._run(sql.ALIASES, property_id=property_id)
        return [dict(row) for row in rows.mappings()]

    async def resolve(self, name: str) -> str | None:
        """The record that an id, an alias or an EasyBroker id means."""
        result = await self._run(sql.RESOLVE, name=name)
        found: str | None = result.scalar_one_or_none()
        return found

    async def _run(self, statement: str, **parameters: Any) -> Any:
        # Statements of one series share their parameters, and not each uses all of them.
        used = {name: value for name, value in parameters.items() if f":{name}" in statement}
        return await self._connection.execute(text(statement), used)
