"""The present, read in one go: what pages, metrics and alerts go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from time import perf_counter

from pincali_sync.config import Config
from pincali_sync.db.repositories.export.webhooks import WebhookState
from pincali_sync.db.repositories.insights.figures import (
    AuditFigures,
    CertificateFigures,
    Counts,
    FinishedGroup,
    PaceFigures,
    QueueGroup,
    RunTimes,
)
from pincali_sync.db.repositories.listings.ages import Age
from pincali_sync.db.repositories.runs.nodes import Node
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pace import Pause, refused_since
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.listing_status import PRESENT, ListingStatus
from pincali_sync.domain.schedule import Cadence, tiers_serving
from pincali_sync.domain.tiers import Tier
from pincali_sync.domain.webhooks import WebhookTarget, targets_of
from pincali_sync.services.runs.run_figures import SourceYield, drop_of, success_rate, yields_of

RUNNER = "tier_runner"  # the name of its heartbeat
# Cron calls the tier runner every minute; the alert RunnerSilent waits as long.
_SILENCE = timedelta(minutes=15)
_RUNS_LOOKED_AT = 20
# Ages by which the live table is divided, in days.
_AGE_EDGES = (1, 7, 14, 30, 45, 60, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierFigures:
    """One tier's runs."""

    tier: Tier
    enabled: bool
    latest: SyncRun | None
    last_ended: SyncRun | None
    last_success_at: datetime | None
    overdue: timedelta  # how long ago a run should have been completed; zero: none
    failures_in_a_row: int
    error_ratio: float | None  # of the latest run with requests enough to tell
    yields: tuple[SourceYield, ...]  # of the latest scan that is over
    scan_drop: float | None  # of the weekly tier: how far it fell short of what is usual
    anomalies: int  # of the latest run whose scan is over

    @property
    def is_running(self) -> bool:
        """Whether a run is open."""
        return self.latest is not None and self.latest.status == "running"

    @property
    def last_duration(self) -> timedelta | None:
        """How long the last run took that ended."""
        taken = self.last_ended.execution_time_ms if self.last_ended else None
        return None if taken is None else timedelta(milliseconds=taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """The live table by status and age."""

    by_status: Mapping[str, int]
    present: int
    scraped_within: Mapping[float, int]  # days -> present listings scraped within them
    never_scraped: int
    stale: int
    oldest_scrape_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The present, as it was at one moment."""

    taken_at: datetime
    config: Config
    counters: Mapping[tuple[str, str], int]  # see `FiguresRepository.counters`
    tiers: tuple[TierFigures, ...]
    queue: tuple[QueueGroup, ...]
    finished: tuple[FinishedGroup, ...]  # within a day
    counts: Counts
    pauses: tuple[Pause, ...]
    certificates: tuple[CertificateFigures, ...]
    audit: AuditFigures
    pace: PaceFigures | None
    nodes: tuple[Node, ...]
    runner_seen_at: datetime | None  # when the tier runner last did its work; None: never
    live: LiveFigures | None  # None: it was not asked for
    ages: tuple[Age, ...]  # likewise empty
    webhooks: tuple[tuple[WebhookTarget, WebhookState], ...]  # those that were ever sent to
    seconds: float  # that it took to read

    @property
    def pending(self) -> int:
        """Detail pages that wait."""
        return sum(group.pending for group in self.queue)

    @property
    def pages_refused_since(self) -> datetime | None:
        """Since when the site refuses pages; None: it does not."""
        return refused_since(self.pauses)

    @property
    def open_groups(self) -> list[QueueGroup]:
        """What of the queue waits or is under way."""
        return [group for group in self.queue if group.pending or group.in_progress]

    @property
    def backlog_ratio(self) -> float:
        """Waiting pages, of the number that is an alert."""
        return self.pending / self.config.queue_backlog_limit


def is_silent(seen: datetime | None, now: datetime) -> bool:
    """Whether nobody looks after the tiers: then no alert is judged, and none can be open.

    Args:
        seen: when the tier runner last did its work; None: never.
    """
    return seen is None or now - seen > _SILENCE


async def read_snapshot(tx: UnitOfWork, config: Config, now: datetime, *, whole: bool) -> Snapshot:
    """The present; not `whole`, it lacks what costs a walk over all rows of a large table.

    Args:
        tx: reads of one moment. Otherwise rows that retention deletes meanwhile are found neither
            among the retired nor among the present, and a counter falls.
    """
    started = perf_counter()
    return Snapshot(
        taken_at=now,
        config=config,
        counters=await tx.figures.counters(whole=whole),
        tiers=await _tiers(tx, config, now),
        queue=tuple(await tx.figures.queue()),
        finished=tuple(await tx.figures.finished(now=now)),
        counts=await tx.figures.counts(now=now),
        pauses=tuple(await tx.pauses.in_force()),
        certificates=tuple(await tx.figures.certificates()),
        audit=await tx.figures.audited(now=now),
        pace=await tx.figures.pace(config.site_host),
        nodes=tuple(await tx.nodes.all()),
        runner_seen_at=await tx.history.last_beat(RUNNER),
        live=await _live(tx, config.tier_4_stale_days, now) if whole else None,
        ages=tuple(await tx.ages.of_all()) if whole else (),
        webhooks=await _webhooks(tx, config),
        seconds=perf_counter() - started,
    )


async def _webhooks(
    tx: UnitOfWork, config: Config
) -> tuple[tuple[WebhookTarget, WebhookState], ...]:
    targets = {each.key: each for each in targets_of(config)}
    states = await tx.webhooks.known([*targets]) if targets else []
    return tuple((targets[each.target], each) for each in states)


async def _tiers(tx: UnitOfWork, config: Config, now: datetime) -> tuple[TierFigures, ...]:
    times = await tx.figures.run_times()
    open_runs = await tx.runs.open_runs()
    figures: list[TierFigures] = []
    for tier in Tier:
        runs = await tx.runs.recent(tier_level=tier.value, limit=_RUNS_LOOKED_AT)
        # Its scan was added up, whatever became of it then.
        scanned = next((run for run in runs if run.details.is_scanned), None)
        yields: tuple[SourceYield, ...] = ()
        if scanned is not None:
            expected = await tx.certificates.expected(scanned.session_id)
            yields = yields_of(scanned, runs[runs.index(scanned) + 1 :], expected)
        enabled = tier.value in config.tiers_enabled
        cadence = Cadence.of(tier, config)
        figures.append(
            TierFigures(
                tier=tier,
                enabled=enabled,
                latest=runs[0] if runs else None,
                last_ended=next((run for run in runs if run.status != "running"), None),
                last_success_at=times[tier].last_success_at if tier in times else None,
                overdue=_overdue(cadence, times, open_runs, now) if enabled else timedelta(0),
                failures_in_a_row=_failures_in_a_row(runs),
                error_ratio=_error_ratio(runs),
                yields=yields,
                scan_drop=drop_of(yields) if tier is Tier.WEEKLY_DEEP else None,
                anomalies=len(scanned.details.anomalies) if scanned else 0,
            )
        )
    return tuple(figures)


def _overdue(
    cadence: Cadence, times: Mapping[int, RunTimes], open_runs: Sequence[SyncRun], now: datetime
) -> timedelta:
    serving = tiers_serving(cadence.tier)
    served = filter(None, (times[tier].last_served_at for tier in serving if tier in times))
    # Never completed: counted from its first attempt. Never begun: nothing is expected yet.
    own = times.get(cadence.tier)
    since = max(served, default=own.first_started_at if own else None)
    if since is None:
        return timedelta(0)
    running = [
        (Tier(run.tier_level), max(filter(None, (run.slot_at, run.started_at))))
        for run in open_runs
        if run.tier_level in serving
    ]
    return cadence.overdue(now, since, running)


def _failures_in_a_row(runs: Sequence[SyncRun]) -> int:
    ended = [run.status for run in runs if run.status in {"failed", "completed"}]
    return len(list(takewhile(lambda status: status == "failed", ended)))


def _error_ratio(runs: Sequence[SyncRun]) -> float | None:
    rates = (success_rate([run]) for run in runs)
    return next((1 - rate for rate in rates if rate is not None), None)


async def _live(tx: UnitOfWork, stale_days: int, now: datetime) -> LiveFigures:
    days = sorted({*map(float, _AGE_EDGES), stale_days}, reverse=True)
    groups = await tx.figures.ages([now - timedelta(days=each) for each in days])
    by_status = Counter({status.value: 0 for status in ListingStatus})
    for group in groups:
        by_status[group.listing_status] += group.rows
    present = [group for group in groups if group.listing_status in PRESENT]
    within = {
        each: sum(group.rows for group in present if (group.bucket or 0) > index)
        for index, each in enumerate(days)
    }
    total = sum(group.rows for group in present)
    return LiveFigures(
        by_status=by_status,
        present=total,
        scraped_within=dict(sorted(within.items())),
        never_scraped=sum(group.rows for group in present if group.bucket is None),
        stale=total - within[stale_days],
        oldest_scrape_at=min(filter(None, (group.oldest for group in present)), default=None),
    )
