"""Reads the present in one go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter

from pincali_sync.clock import Clock
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.insights.figures import AgeGroup, RunTotals
from pincali_sync.db.repositories.insights.figures_sql import QUEUE_FINISHED, RUN_TOTALS, RUNS_ENDED
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.schedule import tiers_serving
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.insights.snapshot import (
    PRESENT,
    InsightsPolicy,
    LiveFigures,
    QueueFigures,
    Snapshot,
    TierFigures,
)
from pincali_sync.services.runs.success_rate import success_rate
from pincali_sync.services.scan.scan_yield import SourceYield, drop_of, yields_of

_RUNS_LOOKED_AT = 20
# Ages by which the live table is divided, in days.
_AGE_EDGES = (1, 7, 14, 30, 45, 60, 90)


class SnapshotReader:
    """Reads snapshots."""

    def __init__(self, db: Database, clock: Clock, policy: InsightsPolicy) -> None:
        self._db = db
        self._clock = clock
        self._policy = policy

    async def read(self, *, whole: bool = True) -> Snapshot:
        """The present; not `whole`, it lacks what costs a walk over all rows of a large table."""
        started, now = perf_counter(), self._clock.now()
        # Of one moment: rows that retention deletes meanwhile would be found neither among the
        # retired nor among the present, and a counter would fall.
        async with self._db.repeatable_read() as tx:
            retired = await tx.figures.retired()
            return Snapshot(
                taken_at=now,
                tiers=tuple([each async for each in self._tiers(tx, retired, now)]),
                queue=await self._queue(tx, retired, now, whole=whole),
                pauses=tuple(await tx.pauses.in_force()),
                certificates=tuple(await tx.figures.certificates()),
                removals=await tx.figures.removals(now=now),
                audit=await tx.figures.audited(now=now),
                pace=await tx.figures.pace(self._policy.host),
                heartbeats=await tx.figures.heartbeats(),
                decisions=await tx.figures.open_decisions(),
                live=await self._live(tx, now) if whole else None,
                seconds=perf_counter() - started,
            )

    async def _tiers(
        self, tx: UnitOfWork, retired: Mapping[tuple[str, str], int], now: datetime
    ) -> AsyncIterator[TierFigures]:
        totals = await tx.figures.run_totals()
        open_runs = await tx.runs.open_runs()
        for tier in Tier:
            runs = await tx.runs.recent(tier_level=tier.value, limit=_RUNS_LOOKED_AT)
            scanned = _latest_scanned(runs)
            yields: tuple[SourceYield, ...] = ()
            if scanned is not None:
                yields = yields_of(
                    scanned,
                    runs[runs.index(scanned) + 1 :],
                    await tx.removals.expected(scanned.session_id),
                )
            yield TierFigures(
                tier=tier,
                enabled=tier in self._policy.tiers_enabled,
                latest=runs[0] if runs else None,
                last_ended=next((run for run in runs if run.status != "running"), None),
                last_success_at=_last_success(tier, totals),
                overdue=self._overdue(tier, totals, open_runs, now),
                failures_in_a_row=_failures_in_a_row(runs),
                error_ratio=_error_ratio(runs),
                yields=yields,
                scan_drop=drop_of(yields) if tier is Tier.WEEKLY_DEEP else None,
                anomalies=len(scanned.details.anomalies) if scanned else 0,
                runs_ended=_runs_ended(tier, totals, retired),
                sums=_sums(tier, totals, retired),
            )

    def _overdue(
        self, tier: Tier, totals: Sequence[RunTotals], open_runs: Sequence[SyncRun], now: datetime
    ) -> timedelta:
        if tier not in self._policy.tiers_enabled:
            return timedelta(0)
        served = [
            total.last_served_at
            for total in totals
            if total.status in {"completed", "cancelled"}  # a person's word ends the matter
            and total.tier_level in tiers_serving(tier)
            and total.last_served_at is not None
        ]
        # Never completed: counted from its first attempt. Never begun: nothing is expected yet.
        tried = [total.first_started_at for total in totals if total.tier_level == tier]
        first_try = min(filter(None, tried), default=None)
        since = max(served) if served else first_try
        if since is None:
            return timedelta(0)
        running = [
            (Tier(run.tier_level), max(filter(None, (run.slot_at, run.started_at))))
            for run in open_runs
            if run.tier_level in tiers_serving(tier)
        ]
        return self._policy.cadences[tier].overdue(now, since, running)

    async def _queue(
        self,
        tx: UnitOfWork,
        retired: Mapping[tuple[str, str], int],
        now: datetime,
        *,
        whole: bool,
    ) -> QueueFigures:
        return QueueFigures(
            groups=tuple(await tx.figures.queue()),
            finished=tuple(await tx.figures.finished(now=now)),
            finished_ever=_ever(await tx.figures.finished_ever(), retired) if whole else {},
            waiting_outside=await tx.figures.waiting_outside(),
            backlog_limit=self._policy.backlog_limit,
            max_pending=self._policy.max_pending,
        )

    async def _live(self, tx: UnitOfWork, now: datetime) -> LiveFigures:
        days = sorted({*map(float, _AGE_EDGES), self._policy.stale_days}, reverse=True)
        edges = [now - timedelta(days=each) for each in days]  # ascending times
        groups = await tx.figures.ages(edges)
        present = [group for group in groups if group.listing_status in PRESENT]
        within = {
            each: sum(g.rows for g in present if g.bucket is not None and g.bucket > index)
            for index, each in enumerate(days)
        }
        total = sum(group.rows for group in present)
        return LiveFigures(
            by_status=_by_status(groups),
            present=total,
            scraped_within=dict(sorted(within.items())),
            never_scraped=sum(group.rows for group in present if group.bucket is None),
            stale=total - within[self._policy.stale_days],
            stale_days=self._policy.stale_days,
            oldest_scrape_at=min(filter(None, (g.oldest for g in present)), default=None),
        )


def _latest_scanned(runs: Sequence[SyncRun]) -> SyncRun | None:
    """The latest run whose scan was added up, whatever became of it then."""
    return next((run for run in runs if run.details.is_scanned), None)


def _last_success(tier: Tier, totals: Sequence[RunTotals]) -> datetime | None:
    ended = [
        total.last_completed_at
        for total in totals
        if total.tier_level == tier and total.status == "completed"
    ]
    return max(filter(None, ended), default=None)


def _failures_in_a_row(runs: Sequence[SyncRun]) -> int:
    failures = 0
    for run in runs:
        if run.status == "failed":
            failures += 1
        elif run.status == "completed":
            break
    return failures


def _error_ratio(runs: Sequence[SyncRun]) -> float | None:
    rates = (success_rate([run]) for run in runs)
    return next((1 - rate for rate in rates if rate is not None), None)


def _runs_ended(
    tier: Tier, totals: Sequence[RunTotals], retired: Mapping[tuple[str, str], int]
) -> dict[str, int]:
    return {
        status: sum(t.runs for t in totals if t.tier_level == tier and t.status == status)
        + retired.get((RUNS_ENDED, f"{tier.value}|{status}"), 0)
        for status in ("completed", "failed", "cancelled")
    }


def _sums(
    tier: Tier, totals: Sequence[RunTotals], retired: Mapping[tuple[str, str], int]
) -> dict[str, int]:
    return {
        name: sum(total.sums[name] for total in totals if total.tier_level == tier)
        + retired.get((name, str(tier.value)), 0)
        for name in RUN_TOTALS
    }


def _ever(
    present: Mapping[tuple[str, str], int], retired: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """Finished rows by reason and state, deleted ones included."""
    ever = dict(present)
    for (series, label), value in retired.items():
        if series == QUEUE_FINISHED:
            reason, _, status = label.partition("|")
            ever[reason, status] = ever.get((reason, status), 0) + value
    return ever


def _by_status(groups: Sequence[AgeGroup]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for group in groups:
        counts[group.listing_status] = counts.get(group.listing_status, 0) + group.rows
    return dict(sorted(counts.items()))
