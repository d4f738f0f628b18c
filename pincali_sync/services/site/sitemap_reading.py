"""The sitemap is read while pages are refused: it tells who is there, and who is new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pincali_sync.clock import is_fresh
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.site.pace import PAGES
from pincali_sync.domain.schedule import Cadence
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.base import Service
from pincali_sync.services.ports import WantedJob
from pincali_sync.services.runs.run_jobs import NO_INDEX, RESTING, RunJobs
from pincali_sync.services.site.pauses import PauseService

_READ_BY = {Tier.DAILY_SYNC, Tier.WEEKLY_DEEP}
_REST_AFTER_FAILURE = timedelta(hours=1)
_NEXT_EDITION = timedelta(hours=6)  # what could not be read whole may be whole then


@dataclass(frozen=True, kw_only=True)
class SitemapReading(Service):
    """What a tick does for the sitemap while no run may read it.

    A job of no run, once a slot of tier 2, oftener where shards were lost: it takes part in nothing
    that asks for pages.
    """

    jobs: RunJobs
    pauses: PauseService

    async def keep_going(self) -> None:
        """Starts the reading that is due."""
        if not await self._is_ours() or await self.pauses.of_sitemap() is not None:
            return
        now = self.clock.now()
        async with self.db.transaction() as tx:
            latest = await tx.jobs.latest_standing("sitemap", now=now)
            read_at = await tx.sitemap.read_at()
        if latest is not None and (latest.is_open or self._rests(latest)):
            return
        cadence = Cadence.of(Tier.DAILY_SYNC, self.config)
        readings = filter(None, (read_at, _served_by(latest)))
        served = max((each for each in readings if cadence.may_have_begun(each, now)), default=None)
        if cadence.due_slot(now, served) is not None:
            await self.jobs.start_standing(WantedJob(spider="sitemap"))

    async def _is_ours(self) -> bool:
        if not _READ_BY.intersection(map(Tier, self.config.tiers_enabled)):
            return False
        return await self.pauses.refusal_of(PAGES) is not None

    def _rests(self, latest: Job) -> bool:
        if latest.status == "cancelled" or latest.finish_reason in RESTING:
            return False
        rest = _NEXT_EDITION if latest.status == "completed" else _REST_AFTER_FAILURE
        return is_fresh(latest.last_heard(), now=self.clock.now(), within=rest)


def _served_by(latest: Job | None) -> datetime | None:
    """The slot of a job without an index: there is none before the next."""
    is_over = latest is not None and latest.finish_reason == NO_INDEX
    return latest.scheduled_at if latest is not None and is_over else None
