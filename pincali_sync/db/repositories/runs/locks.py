"""Locks that outlive a connection and cannot be left behind: rows with an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.db.repositories.base import Repository


class LockRepository(Repository):
    """Leases by name. Taking one again under the same token extends it."""

    async def acquire(
        self, name: str, *, token: UUID, owner: str, lease: timedelta, now: datetime
    ) -> bool:
        """Whether the lock is now ours, until `now + lease`."""
        acquired = await self._count(
            """INSERT INTO service_locks AS l (name, token, owner, expires_at)
               VALUES (:name, :token, :owner, :expires_at)
               ON CONFLICT (name) DO UPDATE
                  SET token = excluded.token, owner = excluded.owner,
                      expires_at = excluded.expires_at
                WHERE l.expires_at < :now OR l.token = excluded.token""",
            name=name,
            token=token,
            owner=owner,
            expires_at=now + lease,
            now=now,
        )
        return bool(acquired)

    async def release(self, name: str, *, token: UUID) -> None:
        """Frees the lock if it is still ours."""
        await self._run(
            "DELETE FROM service_locks WHERE name = :name AND token = :token",
            name=name,
            token=token,
        )

    async def owner(self, name: str) -> str | None:
        """Who took the lock last and did not free it."""
        owner: str | None = await self._scalar(
            "SELECT owner FROM service_locks WHERE name = :name", name=name
        )
        return owner
