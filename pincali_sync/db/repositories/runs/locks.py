"""Locks that outlive a connection and cannot be left behind: rows with an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from pincali_sync.db.repositories.base import Repository

_ACQUIRE = """
INSERT INTO service_locks AS l (name, token, owner, expires_at)
VALUES (:name, :token, :owner, :expires_at)
ON CONFLICT (name) DO UPDATE
   SET token = excluded.token, owner = excluded.owner, expires_at = excluded.expires_at
 WHERE l.expires_at < :now OR l.token = excluded.token
RETURNING name
"""


class LockRepository(Repository):
    """Leases by name. Taking one again under the same token extends it."""

    async def acquire(
        self, name: str, *, token: UUID, owner: str, lease: timedelta, now: datetime
    ) -> bool:
        """Whether the lock is now ours, until `now + lease`."""
        result = await self._connection.execute(
            text(_ACQUIRE),
            {"name": name, "token": token, "owner": owner, "expires_at": now + lease, "now": now},
        )
        return result.first() is not None

    async def release(self, name: str, *, token: UUID) -> None:
        """Frees the lock if it is still ours."""
        await self._connection.execute(
            text("DELETE FROM service_locks WHERE name = :name AND token = :token"),
            {"name": name, "token": token},
        )

    async def owner(self, name: str) -> str | None:
        """Who took the lock last and did not free it."""
        result = await self._connection.execute(
            text("SELECT owner FROM service_locks WHERE name = :name"), {"name": name}
        )
        return result.scalar_one_or_none()
