"""A tier run as a resumable step machine.

Each call to `advance` moves a run on as far as it can go without waiting. Every step may be
repeated: a tick after a crash does it again and ends where an undisturbed one would have.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from pincali_sync.clock import goes_on
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.names import words
from pincali_sync.domain.run_notes import FaultNote, RunNotes
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import (
    DatabaseUnavailableError,
    LockedError,
    UsageError,
    in_one_line,
)
from pincali_sync.language import _
from pincali_sync.services.base import Service
from pincali_sync.services.runs.local_jobs import LocalJobs, QueueProcessResult
from pincali_sync.services.runs.run_ends import RunEnds
from pincali_sync.services.runs.run_jobs import RunJobs, State
from pincali_sync.services.runs.runner_lock import RunnerLock, runner_lock
from pincali_sync.services.runs.steps.base import Step
from pincali_sync.services.site.pauses import PauseService

logger = logging.getLogger(__name__)

_TICK_SECONDS = 1.0
# A step that raises is tried again after a minute, then two, four, eight; the fifth time is enough.
_MOST_FAULTS = 5
_REST_AFTER_FAULT = timedelta(minutes=1)
_LONGEST_REST = _REST_AFTER_FAULT * 2 ** (_MOST_FAULTS - 2)
# A scan that rested longer shows a site that is no more: nobody would be missing who went since.
_SCAN_KEEPS = timedelta(days=1)
_TOO_OLD = "its scan rested for more than a day; another begins when the pause is over"

# What each tier does, in order. Tier 2 removes what the sitemap dropped, tier 3 also what its own
# pages lack. Tier 4 scans nothing: it refreshes what is old.
_SCAN_AND_REMOVE = (
    "scan",
    "certify",
    "removals",
    "verify",
    "apply",
    "queue",
    "drain",
    "report",
)
WORKFLOWS: Mapping[Tier, tuple[str, ...]] = {
    Tier.HOT_LISTINGS: ("scan", "certify", "queue", "drain", "report"),
    Tier.DAILY_SYNC: _SCAN_AND_REMOVE,
    Tier.WEEKLY_DEEP: _SCAN_AND_REMOVE,
    Tier.MONTHLY_REFRESH: ("refresh", "drain", "report"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierResult:
    """What one run that is over came to, as a value for callers."""

    tier_level: int
    tier_name: str
    success: bool
    pages_scanned: int
    new_properties: int
    price_changes: int
    removals_confirmed: int
    properties_scraped: int
    duration_seconds: float
    errors: tuple[str, ...]

    @classmethod
    def of(cls, run: SyncRun) -> TierResult:
        """The result of a run as it is stored."""
        return cls(
            tier_level=run.tier_level,
            tier_name=run.tier_name,
            success=run.status == "completed",
            pages_scanned=run.pages_scanned,
            new_properties=run.new_properties_found,
            price_changes=run.price_changes_detected,
            removals_confirmed=run.details.removed,
            properties_scraped=run.properties_scraped,
            duration_seconds=(run.execution_time_ms or 0) / 1000,
            errors=(run.error_summary,) if run.error_summary else (),
        )


@dataclass(frozen=True, kw_only=True)
class TierOrchestrator(Service):
    """Starts tier runs and moves them on."""

    local: LocalJobs
    jobs: RunJobs
    steps: Mapping[str, Step]
    pauses: PauseService
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def _ends(self) -> RunEnds:
        return RunEnds(self.db, self.clock, self.config, jobs=self.jobs, pauses=self.pauses)

    async def run_tier_1_hot_listings(self) -> TierResult:
        """The newest pages; returns when the run is over. Raises as `start` does."""
        return await self.run_to_end(Tier.HOT_LISTINGS)

    async def run_tier_2_daily_sync(self) -> TierResult:
        """The first hundred pages; returns when the run is over. Raises as `start` does."""
        return await self.run_to_end(Tier.DAILY_SYNC)

    async def run_tier_3_weekly_deep(self) -> TierResult:
        """All pages, removals included; returns when the run is over. Raises as `start` does."""
        return await self.run_to_end(Tier.WEEKLY_DEEP)

    async def run_tier_4_monthly_refresh(self) -> TierResult:
        """What is old; returns when the run is over. Raises as `start` does."""
        return await self.run_to_end(Tier.MONTHLY_REFRESH)

    async def process_scrape_queue(
        self, max_items: int, rate_limit_seconds: float | None = None
    ) -> QueueProcessResult:
        """Fetches queued detail pages in a process of this machine. Raises as `LocalJobs.run` does.

        Args:
            rate_limit_seconds: between pages, where it is longer than `DETAIL_DELAY_SECONDS`.
        """
        began = self.clock.now()
        least = max(rate_limit_seconds or 0, self.config.detail_delay_seconds)
        stats = await self.local.run(
            "detail", {"max_items": str(max_items)}, settings={"DETAIL_DELAY_SECONDS": str(least)}
        )
        return QueueProcessResult.of(stats, self.clock.now() - began)

    async def run_to_end(self, tier: Tier) -> TierResult:
        """Starts a run and moves it on until it is over.

        Raises:
            PausedError: also when the tier is paused meanwhile; the run stays open.
        """
        run = await self.start(tier)
        while run.status == "running":
            await self.pauses.check(tier)
            with suppress(LockedError):  # another runner moves this run on as well
                silence = self.config.job_silence_seconds
                async with runner_lock(self.db, self.clock, silence) as lock:
                    await self.advance(run, lock)
            run = await self.get(run.id)
            if run.status == "running":
                await self.sleep(_TICK_SECONDS)  # jobs report to the database
        return TierResult.of(run)

    async def start(self, tier: Tier, *, slot_at: datetime | None = None) -> SyncRun:
        """Opens a run; nothing is written when it cannot be carried out.

        Raises:
            PausedError: when the tier is paused.
            RunnerError: when no node takes jobs.
            LockedError: when a run of this tier is open.
        """
        await self.pauses.check(tier)
        await self.jobs.nodes.check()
        run_id, session_id, now = uuid4(), uuid4(), self.clock.now()
        async with self.db.transaction() as tx:
            await tx.sessions.create(
                session_id,
                name=f"{tier.label} {now:%Y-%m-%d %H:%M}",
                base_url=self.config.pincali_base_url,
                now=now,
            )
            opened = await tx.runs.create(
                run_id,
                tier,
                session_id=session_id,
                slot_at=slot_at,
                step=WORKFLOWS[tier][0],
                now=now,
            )
            if not opened:
                raise LockedError(
                    f"a run of tier {tier.value} is open: `pincali-sync status` shows it, "
                    "`.venv/bin/python scripts/tier_runner.py --open --wait` carries it on"
                )
        logger.info("run %s of tier %s started", run_id, tier.value)
        return await self.get(run_id)

    async def open_runs(self) -> list[SyncRun]:
        """Those that are not over, the oldest first."""
        return await self.db.run(lambda tx: tx.runs.open_runs())

    async def advance(self, run: SyncRun, lock: RunnerLock) -> SyncRun:
        """Moves one run on until it has to wait or is over; a paused one rests.

        A step that raises keeps only its own run from going on: it is tried again a few times, with
        growing rests, then the run has failed.

        Raises:
            DatabaseUnavailableError: when there is no database to note anything in.
            LockedError: before the next step, when another runner took over.
        """
        try:
            if await self._rests(run):
                return await self.get(run.id)
            waits_for = await self._move_on(run, lock)
        except (DatabaseUnavailableError, LockedError):
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, other runs go on
            await self._count_fault(run.id, error)
        else:
            if (run.details.fault, run.details.waits_for) != (None, waits_for):
                notes = RunNotes(fault=None, waits_for=waits_for)
                await self.db.run(lambda tx: tx.runs.note(run.id, notes))
        return await self.get(run.id)

    async def _rests(self, run: SyncRun) -> bool:
        pause = await self.pauses.of_tier(Tier(run.tier_level))
        if pause is not None:
            await self.jobs.cancel_all(run.id, reason="paused")
            if run.step == "scan" and self.clock.now() - pause.paused_at > _SCAN_KEEPS:
                await self._ends.end(run, "failed", _TOO_OLD, step=run.step)
            return True
        fault = run.details.fault
        return fault is not None and goes_on(
            fault.rests_until, now=self.clock.now(), longest=_LONGEST_REST
        )

    async def _move_on(self, run: SyncRun, lock: RunnerLock) -> str | None:
        """Why it waits, if not for its own work."""
        while run.status == "running":
            await lock.assert_held()
            outcome = await self.steps[run.step](run)
            match outcome.state:
                case State.WAITING:
                    return outcome.error
                case State.DONE:
                    await self._go_on(run, WORKFLOWS[Tier(run.tier_level)])
                case State.FAILED:
                    await self._ends.end(run, "failed", outcome.error or "unknown", step=run.step)
            run = await self.get(run.id)
        return None

    async def _count_fault(self, run_id: UUID, error: Exception) -> None:
        run = await self.get(run_id)
        times = run.details.fault.times + 1 if run.details.fault else 1
        said = f"the step {run.step!r} broke {times} times in a row, last: {in_one_line(error)}"
        if times >= _MOST_FAULTS:
            await self._ends.end_in_any_case(run, "failed", said, step=run.step)
            return
        logger.error("run %s: %s", run_id, said, exc_info=error if times == 1 else None)
        rests_until = self.clock.now() + _REST_AFTER_FAULT * 2 ** (times - 1)
        noted = FaultNote(times=times, error=said, rests_until=rests_until)
        await self.db.run(lambda tx: tx.runs.note(run_id, RunNotes(fault=noted)))

    async def cancel(self, run_id: UUID) -> SyncRun:
        """Ends a run and stops its jobs; what it queued stays queued.

        Raises:
            UsageError: when there is no such run, or it is over.
        """
        run = await self.get(run_id)
        is_cancelled = await self._ends.end_in_any_case(run, "cancelled", "cancelled by request")
        run = await self.get(run_id)
        if not is_cancelled:
            raise UsageError(
                _(
                    "run %(id)s is %(state)s: there is nothing to cancel",
                    id=run_id,
                    state=words(run.status),
                )
            )
        return run

    async def _go_on(self, run: SyncRun, workflow: tuple[str, ...]) -> None:
        following = workflow[workflow.index(run.step) + 1 :]
        if not following:
            await self._ends.end(run, "completed", None, step=run.step)
            return
        async with self.db.transaction() as tx:
            await tx.runs.move(run.id, step=run.step, to=following[0], now=self.clock.now())

    async def get(self, run_id: UUID) -> SyncRun:
        """Raises: UsageError: when there is no such run."""
        run = await self.db.run(lambda tx: tx.runs.get(run_id))
        if run is None:
            raise UsageError(f"there is no run {run_id}")
        return run
