"""How many of a tier's requests bear fruit; below nine in ten the tier is paused."""

from __future__ import annotations

from collections.abc import Sequence

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.site.pauses import PauseService

# The spec: "Track success rate per tier and auto-pause if <90%".
MIN_RATE = 0.90
# Over this many runs, so that one bad hour is told from a bad day; few requests tell nothing.
_RUNS = 5
_MIN_REQUESTS = 50


class SuccessRate:
    """Watches tiers and pauses those that fail too often."""

    def __init__(self, db: Database, pauses: PauseService) -> None:
        self._db = db
        self._pauses = pauses

    async def of_tier(self, tier: Tier) -> float | None:
        """The share of good requests in the tier's last runs; None where there were too few."""
        async with self._db.transaction() as tx:
            runs = await tx.runs.recent(tier_level=tier.value, limit=_RUNS)
        return success_rate(_since_the_last_pause(runs))

    async def pause_if_low(self, tier: Tier) -> bool:
        """Pauses a tier whose rate is too low; returns whether it did."""
        rate = await self.of_tier(tier)
        if rate is None or rate >= MIN_RATE:
            return False
        reason = f"only {rate:.0%} of the requests of its last runs succeeded"
        return await self._pauses.pause(tier, reason=reason, paused_by="pincali-sync", kind="rate")


def _since_the_last_pause(runs: Sequence[SyncRun]) -> Sequence[SyncRun]:
    """Runs up to the tier's last automatic pause were judged already."""
    judged = [run.details.paused_tier for run in runs]
    return runs[: judged.index(True)] if True in judged else runs


def success_rate(runs: Sequence[SyncRun]) -> float | None:
    """Good requests by all requests of the runs; None for fewer than fifty."""
    lost = sum(run.details.pages_lost for run in runs)
    read = sum(run.pages_scanned for run in runs)
    errors = sum(run.error_count for run in runs)  # lost pages and failed details
    requests = read + lost + sum(run.properties_scraped for run in runs) + max(0, errors - lost)
    return None if requests < _MIN_REQUESTS else 1 - errors / requests
