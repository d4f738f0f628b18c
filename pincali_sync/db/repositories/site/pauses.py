"""`sync_pauses`: what must not be started until a person resumes it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from pincali_sync.db.repositories.base import Repository

ALL = "all"


def scope_of(tier_level: int | None) -> str:
    """The scope of one tier, or (None) of everything."""
    return ALL if tier_level is None else f"tier:{tier_level}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Why a scope rests, and since when."""

    scope: str  # "all", or "tier:2"
    reason: str
    paused_by: str
    paused_at: datetime
    kind: str = "person"  # person, refused (by the site), busy (the site), rate (of success)
    resume_after: datetime | None = None


_COLUMNS = ", ".join(Pause.__dataclass_fields__)


class PauseRepository(Repository):
    """SQL of pauses."""

    async def pause(self, pause: Pause) -> bool:
        """Pauses a scope; False when it rests already: the first reason stands.

        But a busy site that then refuses us is not tried again by itself.
        """
        statement = """INSERT INTO sync_pauses AS p
                   (scope, reason, paused_by, paused_at, kind, resume_after)
            VALUES (:scope, :reason, :paused_by, :paused_at, :kind, :resume_after)
            ON CONFLICT (scope) DO UPDATE
               SET reason = excluded.reason, paused_by = excluded.paused_by,
                   paused_at = excluded.paused_at, kind = excluded.kind,
                   resume_after = excluded.resume_after
             WHERE p.kind = 'busy' AND excluded.kind <> 'busy'"""
        return await self._count(statement, **asdict(pause)) > 0

    async def postpone(self, scope: str, resume_after: datetime) -> None:
        """The site is still too busy."""
        statement = "UPDATE sync_pauses SET resume_after = :resume_after WHERE scope = :scope"
        await self._run(statement, scope=scope, resume_after=resume_after)

    async def resume(self, scope: str | None) -> list[str]:
        """Ends one pause or (None) all of them; returns the scopes that were paused."""
        statement = """DELETE FROM sync_pauses
             WHERE CAST(:scope AS text) IS NULL OR scope = CAST(:scope AS text)
            RETURNING scope"""
        rows = await self._run(statement, scope=scope)
        return sorted(row.scope for row in rows)

    async def in_force(self) -> list[Pause]:
        """All pauses, the oldest first."""
        return await self._all(
            Pause, f"SELECT {_COLUMNS} FROM sync_pauses ORDER BY paused_at, scope"
        )

    async def of_tier(self, tier_level: int | None) -> Pause | None:
        """The pause that holds a tier, or (None) everything, back: its own, else that of all."""
        statement = f"""SELECT {_COLUMNS} FROM sync_pauses
            WHERE scope IN (:all, :tier) ORDER BY scope = :all LIMIT 1"""
        return await self._first(Pause, statement, all=ALL, tier=scope_of(tier_level))
