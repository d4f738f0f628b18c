"""A tier run as a resumable step machine: scan, certify, queue, drain, report, done.

Each call to `advance` moves a run on as far as it can go without waiting. Every step may be
repeated: a tick after a crash does it again and ends where an undisturbed one would have.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue import RunQueueCounts
from pincali_sync.db.repositories.runs import SyncRun
from pincali_sync.domain.coverage import reasons_to_distrust
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.exceptions import LockedError, UsageError
from pincali_sync.services.manifest_scan_service import ManifestScanService
from pincali_sync.services.ports import JobRunner
from pincali_sync.services.run_jobs import JobsReport, JobsState, RunJobs, WantedJob
from pincali_sync.services.scrape_queue_service import ScrapeQueueService

logger = logging.getLogger(__name__)

# Tiers that can be run so far; the others have no plan to hand out.
RUNNABLE_TIERS = frozenset({Tier.HOT_LISTINGS})
BLOCKED_PREFIX = "blocked: "


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPolicy:
    """Limits that hold for every run."""

    base_url: str
    job_silence: timedelta
    drain_window: timedelta


class TierOrchestrator:
    """Starts tier runs and moves them on."""

    def __init__(
        self,
        db: Database,
        runner: JobRunner,
        clock: Clock,
        *,
        plans: Mapping[Tier, TierPlan],
        policy: RunPolicy,
        scans: ManifestScanService,
        queue: ScrapeQueueService,
    ) -> None:
        self._db = db
        self._runner = runner
        self._clock = clock
        self._plans = plans
        self._policy = policy
        self._scans = scans
        self._queue = queue
        self._jobs = RunJobs(db, runner, clock, silence=policy.job_silence)

    async def start(self, tier: Tier, *, slot_at: datetime | None = None) -> SyncRun:
        """Opens a run; nothing is written when it cannot be carried out.

        Raises:
            UsageError: for a tier that cannot be run.
            RunnerError: when a node that should take the jobs does not answer.
            LockedError: when a run of this tier is open.
        """
        if tier not in RUNNABLE_TIERS:
            raise UsageError(f"tier {tier.value} ({tier.label}) cannot be run by this version")
        await self._runner.check()
        run_id, session_id, now = uuid4(), uuid4(), self._clock.now()
        async with self._db.transaction() as tx:
            await tx.sessions.create(
                session_id,
                name=f"{tier.label} {now:%Y-%m-%d %H:%M}",
                base_url=self._policy.base_url,
                now=now,
            )
            opened = await tx.runs.create(
                run_id,
                tier_level=tier.value,
                tier_name=tier.label,
                session_id=session_id,
                slot_at=slot_at,
                now=now,
            )
            if not opened:
                raise LockedError(
                    f"a run of tier {tier.value} is open: `pincali-sync status` shows it, "
                    "`scripts/tier_runner.py --wait` carries it on"
                )
        logger.info("run %s of tier %s started", run_id, tier.value)
        return await self._get(run_id)

    async def advance_all(self) -> list[SyncRun]:
        """Moves every open run on; returns them as they now stand."""
        async with self._db.transaction() as tx:
            open_runs = await tx.runs.open_runs()
        return [await self.advance(run) for run in open_runs]

    async def advance(self, run: SyncRun) -> SyncRun:
        """Moves one run on until it has to wait or is over."""
        steps = {
            "scan": self._scan,
            "certify": self._certify,
            "queue": self._fill_queue,
            "drain": self._drain,
            "report": self._report,
        }
        while run.status == "running":
            moved = await steps[run.step](run)
            run = await self._get(run.id)
            if not moved:
                break
        return run

    async def _scan(self, run: SyncRun) -> bool:
        """One manifest job per listing source."""
        plan = self._plans[Tier(run.tier_level)]
        report = await self._jobs.ensure_done(run, [_scan_job(plan, each) for each in plan.sources])
        if report.state is JobsState.UNDER_WAY:
            return False
        if report.state is not JobsState.DONE:
            return await self._fail_for(run, report)
        return await self._move(run, "certify")

    async def _certify(self, run: SyncRun) -> bool:
        """Adds up what the scan read, and fails the run where that is not to be trusted."""
        session_id = _session_of(run)
        async with self._db.transaction() as tx:
            await tx.sessions.count_pages(session_id)
            scans = await tx.manifest.scans_of(session_id)
            seen = await tx.manifest.distinct_seen(session_id)
        await self._scans.mark_live_as_seen(session_id)
        await self._move(
            run,
            "certify",
            details={"sources": [dataclasses.asdict(scan) for scan in scans]},
            pages_scanned=sum(scan.pages_read for scan in scans),
            properties_in_manifest=seen,
            new_properties_found=sum(scan.new_entries for scan in scans),
            price_changes_detected=sum(scan.changed_entries for scan in scans),
            error_count=sum(scan.pages_lost for scan in scans),
        )
        reasons = reasons_to_distrust(scans)
        if reasons:
            return await self._fail(run, "; ".join(reasons))
        return await self._move(run, "queue")

    async def _fill_queue(self, run: SyncRun) -> bool:
        """Queues what found no place during the scan, and opens the window for the drain."""
        await self._queue.top_up(run.id)
        counts = await self._counts(run)
        return await self._move(
            run,
            "drain",
            properties_queued=counts.queued,
            window_ends_at=self._clock.now() + self._policy.drain_window,
        )

    async def _drain(self, run: SyncRun) -> bool:
        """Keeps a detail worker going until what this run queued is fetched or the window ends."""
        await self._queue.reclaim_expired()
        counts = await self._counts(run)
        await self._move(run, "drain", properties_scraped=counts.completed)
        if counts.open == 0:
            return await self._move(run, "report")
        now = self._clock.now()
        if run.window_ends_at is not None and now > run.window_ends_at:
            note = f"the window ended with {counts.open} pages still queued"
            return await self._move(run, "report", details={"drain": note})
        return await self._keep_worker(run, now)

    async def _keep_worker(self, run: SyncRun, now: datetime) -> bool:
        async with self._db.transaction() as tx:
            claimable = await tx.queue.claimable(now=now)
            working = any(
                job.is_open for job in await tx.jobs.of_run(run.id) if job.spider == "detail"
            )
        if not claimable and not working:
            return False  # failed pages wait for their next attempt
        plan = self._plans[Tier(run.tier_level)]
        report = await self._jobs.ensure_worker(run, _detail_job(plan))
        if report.state in {JobsState.FAILED, JobsState.BLOCKED}:
            return await self._fail_for(run, report)
        return False

    async def _report(self, run: SyncRun) -> bool:
        """Writes the final counts and closes the run and its session."""
        counts = await self._counts(run)
        await self._move(
            run,
            "report",
            properties_queued=counts.queued,
            properties_scraped=counts.completed,
            error_count=_lost_pages(run) + counts.failed,
        )
        async with self._db.transaction() as tx:
            now = self._clock.now()
            await tx.sessions.close(_session_of(run), status="completed", error=None, now=now)
            await tx.runs.finish(run.id, status="completed", error=None, now=now)
        logger.info("run %s of tier %s completed", run.id, run.tier_level)
        return True

    async def _fail_for(self, run: SyncRun, report: JobsReport) -> bool:
        prefix = BLOCKED_PREFIX if report.state is JobsState.BLOCKED else ""
        return await self._fail(run, f"{prefix}{report.error}")

    async def _fail(self, run: SyncRun, error: str) -> bool:
        await self._jobs.cancel_all(run.id, reason="the run failed")
        async with self._db.transaction() as tx:
            now = self._clock.now()
            await tx.sessions.close(_session_of(run), status="failed", error=error, now=now)
            await tx.runs.finish(run.id, status="failed", error=error, now=now)
        logger.error("run %s of tier %s failed: %s", run.id, run.tier_level, error)
        return True

    async def _move(
        self, run: SyncRun, step: str, details: Mapping[str, Any] | None = None, **counters: Any
    ) -> bool:
        async with self._db.transaction() as tx:
            await tx.runs.move(
                run.id, step=step, now=self._clock.now(), details=details, **counters
            )
        return True

    async def _counts(self, run: SyncRun) -> RunQueueCounts:
        async with self._db.transaction() as tx:
            return await tx.queue.of_run(run.id)

    async def _get(self, run_id: UUID) -> SyncRun:
        async with self._db.transaction() as tx:
            run = await tx.runs.get(run_id)
        if run is None:
            raise UsageError(f"there is no run {run_id}")
        return run


def _session_of(run: SyncRun) -> UUID:
    if run.session_id is None:
        raise UsageError(f"run {run.id} has lost its session row: it cannot be carried on")
    return run.session_id


def _lost_pages(run: SyncRun) -> int:
    return sum(scan["pages_lost"] for scan in run.details.get("sources", []))


def _scan_job(plan: TierPlan, source: str) -> WantedJob:
    return WantedJob(
        spider="manifest",
        source=source,
        arguments={"source": source, "tier": str(plan.tier.value)},
        settings={
            "MANIFEST_MAX_PAGES": str(plan.max_pages),
            "PAGE_DELAY_SECONDS": str(plan.page_delay_seconds),
        },
    )


def _detail_job(plan: TierPlan) -> WantedJob:
    return WantedJob(
        spider="detail",
        source=None,
        settings={"DETAIL_DELAY_SECONDS": str(plan.detail_delay_seconds)},
    )
