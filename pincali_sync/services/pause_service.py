"""Pauses: by a person, by a refusal of the site, or because too much failed."""

from __future__ import annotations

import logging

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.pauses import ALL, Pause, scope_of_tier
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import PausedError

__all__ = ["Pause", "PauseService"]

logger = logging.getLogger(__name__)


class PauseService:
    """Stops and resumes tiers. What is under way stops at the next tick."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def pause(self, tier: Tier | None, *, reason: str, paused_by: str) -> bool:
        """Pauses one tier or (None) all; False when that is paused already."""
        scope = ALL if tier is None else scope_of_tier(tier.value)

        async def work(tx: UnitOfWork) -> bool:
            return await tx.pauses.pause(
                scope, reason=reason, paused_by=paused_by, now=self._clock.now()
            )

        paused = await self._db.run(work)
        if paused:
            logger.error("paused: %s (%s, by %s)", scope, reason, paused_by)
        return paused

    async def resume(self, tier: Tier | None) -> list[str]:
        """Ends one tier's pause or (None) all pauses; returns the scopes that were paused."""
        scope = None if tier is None else scope_of_tier(tier.value)

        async def work(tx: UnitOfWork) -> list[str]:
            return await tx.pauses.resume(scope)

        scopes = await self._db.run(work)
        if scopes:
            logger.warning("resumed: %s", ", ".join(scopes))
        return scopes

    async def in_force(self) -> list[Pause]:
        """All pauses, the oldest first."""
        async with self._db.transaction() as tx:
            return await tx.pauses.in_force()

    async def of_tier(self, tier: Tier) -> Pause | None:
        """The pause that holds a tier back."""
        async with self._db.transaction() as tx:
            return await tx.pauses.of_tier(tier.value)

    async def check(self, tier: Tier) -> None:
        """Raises: PausedError: when the tier must not be started; says why and what to do."""
        pause = await self.of_tier(tier)
        if pause is not None:
            raise PausedError(explain(pause))


def explain(pause: Pause) -> str:
    """One line about a pause, with the way out."""
    option = "" if pause.scope == ALL else f" --tier {pause.scope.partition(':')[2]}"
    return (
        f"{pause.scope} is paused since {pause.paused_at:%Y-%m-%d %H:%M} UTC by "
        f"{pause.paused_by}: {pause.reason}; `pincali-sync resume{option}` goes on"
    )
