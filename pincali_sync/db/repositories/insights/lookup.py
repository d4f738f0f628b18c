"""Ids by how they begin: people type the first few digits."""

from __future__ import annotations

import re
from uuid import UUID

from pincali_sync.db.repositories.base import Repository

_DIGITS = 32
_SHOWN = 3  # two tell that it is not clear, a third that there are more


class LookupRepository(Repository):
    """Reads along primary keys; writes nothing."""

    async def ids(self, table: str, prefix: str) -> list[UUID]:
        """A few of the ids of a table that begin so; none for what is no beginning of one."""
        digits = prefix.strip().lower().replace("-", "")
        if not re.fullmatch(rf"[0-9a-f]{{1,{_DIGITS}}}", digits):
            return []
        rows = await self._run(
            f"SELECT id FROM {table} WHERE id BETWEEN :first AND :last ORDER BY id LIMIT {_SHOWN}",
            first=UUID(digits.ljust(_DIGITS, "0")),
            last=UUID(digits.ljust(_DIGITS, "f")),
        )
        return list(rows.scalars())

    async def records(self, prefix: str) -> list[str]:
        """A few of the property_ids that begin so."""
        # In every collation letters come after digits, and z after the others.
        within = """property_id BETWEEN :first AND :last AND starts_with(property_id, :first)
             ORDER BY property_id"""
        rows = await self._run(
            f"""(SELECT property_id FROM properties_live WHERE {within} LIMIT {_SHOWN})
                UNION (SELECT property_id FROM property_manifest WHERE {within} LIMIT {_SHOWN})
                ORDER BY 1 LIMIT {_SHOWN}""",
            first=prefix,
            last=f"{prefix}zzzz",
        )
        return list(rows.scalars())
