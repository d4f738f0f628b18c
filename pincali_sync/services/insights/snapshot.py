"""Everything that is shown of the present, as it was at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pincali_sync.db.repositories.insights.figures import (
    AuditFigures,
    CertificateFigures,
    FinishedGroup,
    PaceFigures,
    QueueGroup,
    RemovalFigures,
)
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.repositories.site.pauses import Pause
from pincali_sync.domain.schedule import Cadence
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.scan.scan_yield import SourceYield

RUNNER = "tier_runner"  # the name of its heartbeat
# Listings that are there, or may be.
PRESENT = frozenset({"active", "relisted", "likely_removed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsPolicy:
    """What the configuration says about how figures are judged."""

    host: str  # of the site, for its pace
    backlog_limit: int
    max_pending: int
    stale_days: float
    tiers_enabled: frozenset[Tier]
    cadences: Mapping[Tier, Cadence]


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
    runs_ended: Mapping[str, int]  # by state, ever
    sums: Mapping[str, int]  # ever, by the names of `figures_sql.RUN_TOTALS`


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """The queue, and what came of it."""

    groups: tuple[QueueGroup, ...]
    finished: tuple[FinishedGroup, ...]  # within a day
    finished_ever: Mapping[tuple[str, str], int]  # by reason and state; empty: not asked for
    waiting_outside: int
    backlog_limit: int
    max_pending: int

    def count(self, status: str) -> int:
        """Rows in one state."""
        return sum(group.rows for group in self.groups if group.status == status)

    @property
    def pending(self) -> int:
        return self.count("pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """The live table by status and age."""

    by_status: Mapping[str, int]
    present: int
    scraped_within: Mapping[float, int]  # days -> present listings scraped within them
    never_scraped: int
    stale: int
    stale_days: float
    oldest_scrape_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The present, as it was at one moment."""

    taken_at: datetime
    seconds: float  # that it took to read
    tiers: tuple[TierFigures, ...]
    queue: QueueFigures
    pauses: tuple[Pause, ...]
    certificates: tuple[CertificateFigures, ...]
    removals: RemovalFigures
    audit: AuditFigures
    pace: PaceFigures | None
    heartbeats: Mapping[str, datetime]
    decisions: Mapping[str, int]  # what waits for a person, by kind
    live: LiveFigures | None  # None: it was not asked for
