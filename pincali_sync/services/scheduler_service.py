"""Starts what is due and moves what is open: what one tick of the tier runner does."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from pincali_sync.clock import TOLERATED_SECONDS
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import Pause
from pincali_sync.domain.schedule import IN_ORDER, Cadence, backoff, tiers_serving
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import (
    DatabaseUnavailableError,
    LockedError,
    PausedError,
    in_one_line,
)
from pincali_sync.services.base import Service
from pincali_sync.services.insights.alerts import Watch
from pincali_sync.services.ports import SiteProbe
from pincali_sync.services.runs.runner_lock import RunnerLock, runner_lock
from pincali_sync.services.runs.standing_drain import StandingDrain
from pincali_sync.services.site.pauses import PauseService
from pincali_sync.services.site.sitemap_reading import SitemapReading
from pincali_sync.services.tier_orchestrator import TierOrchestrator

logger = logging.getLogger(__name__)

# These exclude each other while one of them scans; tier 1 may run beside any.
_EXCLUSIVE = frozenset({Tier.DAILY_SYNC, Tier.WEEKLY_DEEP, Tier.MONTHLY_REFRESH})
_RUNS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TierSchedule:
    """One tier's last and next run."""

    tier: Tier
    enabled: bool
    latest: SyncRun | None
    next_run_at: datetime | None  # None: it is not enabled

    @property
    def last_run_at(self) -> datetime | None:
        """When its latest run began."""
        return self.latest.started_at if self.latest else None

    @property
    def is_running(self) -> bool:
        """Whether that run is open."""
        return self.latest is not None and self.latest.status == "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStatus:
    """All tiers, and what is paused."""

    tiers: tuple[TierSchedule, ...]
    pauses: tuple[Pause, ...]

    @property
    def running(self) -> tuple[Tier, ...]:
        """The tiers that run now."""
        return tuple(each.tier for each in self.tiers if each.is_running)


@dataclass(frozen=True, kw_only=True)
class SchedulerService(Service):
    """One tick at a time, under the runner's lock."""

    orchestrator: TierOrchestrator
    pauses: PauseService
    sitemap: SitemapReading
    drain: StandingDrain
    probe: SiteProbe
    watch: Watch

    async def run_scheduled_tiers(self) -> list[SyncRun]:
        """One tick: moves every open run on and starts what is due. Raises as `tick` does."""
        return await self.tick()

    async def tick(
        self, *, start_due: bool = True, unseen: list[Exception] | None = None
    ) -> list[SyncRun]:
        """Moves every open run one step on, starts what is due, keeps the queue going.

        Args:
            start_due: whether runs are started.
            unseen: takes what went wrong where alerts and webhooks are looked after. That fails no
                tick: its work is done.

        Returns:
            The runs that were open or were started, as they now stand.

        Raises:
            LockedError: when another runner is at work, or took over because this one stood still.
            RunnerError: when a run is due and no node takes jobs.
            Exception: the first that kept one part of the tick, at its end: the others are done.
        """
        async with runner_lock(self.db, self.clock, self.config.job_silence_seconds) as lock:
            runs: list[SyncRun] = []
            faults: list[Exception] = []
            try:
                await self._work(lock, runs, faults, start_due=start_due)
            except Exception:
                # Whatever keeps the tiers from running, people are told of it.
                await self.watch.look(runs)
                raise
            found = await self.watch.look(runs)
            if unseen is not None:
                unseen[:] = found
            if faults:
                raise faults[0]
            return runs

    async def _work(
        self, lock: RunnerLock, runs: list[SyncRun], faults: list[Exception], *, start_due: bool
    ) -> None:
        """Does each part, whatever became of the others."""
        with _kept(faults):
            await self.pauses.try_again(self.probe)
        for run in await self.orchestrator.open_runs():
            with _kept(faults):
                runs.append(await self.orchestrator.advance(run, lock))
        for tier in IN_ORDER if start_due else ():
            with _kept(faults):
                runs += await self._start_if_due(tier, lock)
        await lock.assert_held()
        with _kept(faults):
            await self.sitemap.keep_going()
        for part in (self.drain.top_up, self.drain.keep_going):
            with _kept(faults):
                await part(runs)

    async def start_now(self, tier: Tier) -> SyncRun:
        """Opens a run of this tier, due or not.

        Raises:
            LockedError: when another runner is at work or a run of this tier is open.
            PausedError: when the tier is paused.
        """
        async with runner_lock(self.db, self.clock, self.config.job_silence_seconds):
            return await self.orchestrator.start(tier)

    async def should_run_tier(self, tier_level: int) -> bool:
        """Whether a tier is due, enabled, not paused and not held up by another."""
        tier = Tier(tier_level)
        if not self._is_enabled(tier) or await self.pauses.of_tier(tier) is not None:
            return False
        open_runs = await self.orchestrator.open_runs()
        if any(run.tier_level == tier for run in open_runs) or _is_excluded(tier, open_runs):
            return False
        rests_until = await self._end_of_backoff(tier)
        if rests_until is not None and self.clock.now() < rests_until:
            return False
        return await self._due_slot(tier) is not None

    async def get_next_scheduled_run(self, tier_level: int) -> datetime:
        """When the tier is due next; now, when it is due already."""
        tier, now = Tier(tier_level), self.clock.now()
        rests_until = await self._end_of_backoff(tier)
        if rests_until is not None and rests_until > now:
            return rests_until
        return Cadence.of(tier, self.config).next_run(now, await self._last_served(tier))

    async def get_schedule_status(self) -> ScheduleStatus:
        """Every tier's last and next run, what runs now, and what is paused."""
        async with self.db.transaction() as tx:
            latest = {tier: await tx.runs.latest(tier.value) for tier in Tier}
        tiers = [
            TierSchedule(
                tier=tier,
                enabled=self._is_enabled(tier),
                latest=latest[tier],
                next_run_at=(
                    await self.get_next_scheduled_run(tier) if self._is_enabled(tier) else None
                ),
            )
            for tier in Tier
        ]
        return ScheduleStatus(tiers=tuple(tiers), pauses=tuple(await self.pauses.in_force()))

    def _is_enabled(self, tier: Tier) -> bool:
        return tier.value in self.config.tiers_enabled

    async def _start_if_due(self, tier: Tier, lock: RunnerLock) -> list[SyncRun]:
        if not await self.should_run_tier(tier):
            return []
        await lock.assert_held()
        try:
            run = await self.orchestrator.start(tier, slot_at=await self._due_slot(tier))
        except (LockedError, PausedError):
            return []  # a program opened one, or a person paused it, meanwhile
        return [await self.orchestrator.advance(run, lock)]

    async def _due_slot(self, tier: Tier) -> datetime | None:
        return Cadence.of(tier, self.config).due_slot(
            self.clock.now(), await self._last_served(tier)
        )

    async def _last_served(self, tier: Tier) -> datetime | None:
        """The latest slot or start of a run that counts: its own, or a wider tier's."""
        cadence, now = Cadence.of(tier, self.config), self.clock.now()
        served: list[datetime] = []
        async with self.db.transaction() as tx:
            for each in tiers_serving(tier):
                runs = await tx.runs.recent(tier_level=each.value, limit=_RUNS_LOOKED_AT)
                counting = (run for run in runs if cadence.may_have_begun(run.started_at, now))
                counted = next((run for run in counting if run.status != "failed"), None)
                if counted is not None:
                    served += filter(None, (counted.slot_at, counted.started_at))
        return max(served, default=None)

    async def _end_of_backoff(self, tier: Tier) -> datetime | None:
        """A failed run is not started again at once."""
        async with self.db.transaction() as tx:
            runs = await tx.runs.recent(tier_level=tier.value, limit=_RUNS_LOOKED_AT)
        # One that ended in the future did so before the clock was set back.
        latest = self.clock.now() + timedelta(seconds=TOLERATED_SECONDS)
        past = (run for run in runs if (run.completed_at or run.started_at) <= latest)
        failed = list(takewhile(lambda run: run.status == "failed", past))
        if not failed or failed[0].completed_at is None:
            return None
        return failed[0].completed_at + backoff(len(failed))


@contextmanager
def _kept(faults: list[Exception]) -> Iterator[None]:
    """What goes wrong in one part of a tick is kept for its end, so that the others do theirs.

    Nothing can be done without the database, nor once another runner took over.
    """
    try:
        yield
    except (DatabaseUnavailableError, LockedError):
        raise
    except Exception as error:
        if str(error) not in map(str, faults):
            faults.append(error)
            if len(faults) > 1:  # the first is raised
                logger.error("beside that: %s", in_one_line(error), exc_info=error)


def _is_excluded(tier: Tier, open_runs: Sequence[SyncRun]) -> bool:
    return tier in _EXCLUSIVE and any(
        run.step == "scan" and Tier(run.tier_level) in _EXCLUSIVE for run in open_runs
    )
