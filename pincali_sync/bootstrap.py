"""The only wiring: configuration in, services out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from pincali_sync.clock import Clock, SystemClock
from pincali_sync.config import Config
from pincali_sync.db import embedded
from pincali_sync.db.engine import Database
from pincali_sync.domain.schedule import Cadence
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.notify.apprise_notifier import AppriseNotifier
from pincali_sync.reports.quality_report import write_report
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.runner.probe import SiteProbe
from pincali_sync.services.change_detection_service import ChangeDetectionService
from pincali_sync.services.data_quality_service import DataQualityService
from pincali_sync.services.data_sync_service import DataSyncService
from pincali_sync.services.export.change_feed import ChangeFeedService
from pincali_sync.services.export.live_table import ExportService
from pincali_sync.services.identity.candidates import IdentityService
from pincali_sync.services.insights.alerts import AlertService
from pincali_sync.services.insights.watch import Watch
from pincali_sync.services.insights_service import InsightsService
from pincali_sync.services.manifest_scan_service import ManifestScanService
from pincali_sync.services.ports import Fetcher, JobRunner, Notifier
from pincali_sync.services.prices.reviews import ReviewService
from pincali_sync.services.property_diff_service import PropertyDiffService
from pincali_sync.services.property_sync_orchestrator import PropertySyncOrchestrator
from pincali_sync.services.queue.refresh import RefreshService
from pincali_sync.services.removal.application import ApplyStep, RemovalService
from pincali_sync.services.removal.audit import RemovalAuditService
from pincali_sync.services.removal.counting import MissingService, RemovalsStep
from pincali_sync.services.removal.verification import VerificationService, VerifyStep
from pincali_sync.services.runs.job_service import JobService
from pincali_sync.services.runs.retention import RetentionService
from pincali_sync.services.runs.run_jobs import RunJobs, page_worker
from pincali_sync.services.runs.run_lock import RunLock
from pincali_sync.services.runs.standing_drain import StandingDrain
from pincali_sync.services.runs.steps.base import RunRecord, Step
from pincali_sync.services.runs.steps.queue import DrainStep, QueueStep, RefreshStep
from pincali_sync.services.runs.steps.report import ReportStep
from pincali_sync.services.runs.steps.scan import CertifyStep, ScanStep
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_sync.services.scrape_queue_service import ScrapeQueueService
from pincali_sync.services.site.pace import PaceService
from pincali_sync.services.site.pauses import PauseService
from pincali_sync.services.site.sitemap import SitemapService
from pincali_sync.services.tier_orchestrator import TierOrchestrator


class Services:
    """Everything that works on one database, for one event loop. Nothing connects yet."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        db: Database,
        *,
        fetcher: Fetcher | None = None,
        notifier: Notifier | None = None,
    ) -> None:
        self.config, self.clock, self.db = config, clock, db
        self._wire_runs()
        self._wire_pages(fetcher)
        self._wire_readers(notifier)

    def _wire_runs(self) -> None:
        config, clock, db = self.config, self.clock, self.db
        self.lock = RunLock(db, clock)
        self.jobs = JobService(db, clock, config.pincali_base_url)
        self.retention = RetentionService(db, clock, config)
        self.pauses = PauseService(db, clock)
        self.pace = PaceService(db, config.site_host, min_gap_seconds=config.site_min_gap_seconds)

    def _wire_pages(self, fetcher: Fetcher | None) -> None:
        """What works on listing pages, detail pages and the queue between them."""
        config, clock, db = self.config, self.clock, self.db
        self.scans = ManifestScanService(db, clock, queue_max_pending=config.queue_max_pending)
        self.sitemap = SitemapService(db, clock)
        self.queue = ScrapeQueueService(db, clock, config)
        self.refresh = RefreshService(db, clock, config)
        self.sync = DataSyncService(db, clock, config)
        self.missing = MissingService(db, clock)
        self.verification = VerificationService(db, clock, self.sync, config.pincali_base_url)
        self.removals = RemovalService(db, clock)
        self.diff = PropertyDiffService(db, self.missing, self.verification, self.removals, fetcher)
        self.audit = RemovalAuditService(
            db, clock, size=config.removal_audit_size, max_pending=config.queue_max_pending
        )
        self.reviews = ReviewService(db, clock)
        self.identities = IdentityService(db, clock)

    def _wire_readers(self, notifier: Notifier | None) -> None:
        """What reads, counts and tells."""
        config, clock, db = self.config, self.clock, self.db
        self.changes = ChangeDetectionService(db, self.diff)
        self.feed = ChangeFeedService(db)
        self.exports = ExportService(db)
        self.quality = DataQualityService(db, clock)
        self.report_files = partial(write_report, config.home / "reports")
        self.insights = InsightsService(db, clock, config)
        self.alerts = AlertService(db, clock, notifier or AppriseNotifier(config.alert_targets))

    def run_jobs(self, runner: JobRunner) -> RunJobs:
        """The jobs of runs, on the given runner."""
        silence = timedelta(seconds=self.config.job_silence_seconds)
        return RunJobs(db=self.db, clock=self.clock, runner=runner, silence=silence)

    def steps(self, jobs: RunJobs) -> dict[str, Step]:
        """The steps of tier runs by the names that `WORKFLOWS` calls them."""
        plans = {tier: TierPlan.of(tier, self.config) for tier in Tier}
        record = RunRecord(self.db, self.clock, plans)
        window = timedelta(minutes=self.config.drain_window_minutes)
        return {
            "scan": ScanStep(record, jobs, self.config.site_page_cap),
            "certify": CertifyStep(record, self.scans),
            "removals": RemovalsStep(record, self.missing, self.audit),
            "verify": VerifyStep(record, jobs, self.queue),
            "apply": ApplyStep(record, self.removals),
            "queue": QueueStep(record, self.queue, self.refresh, self.identities),
            "refresh": RefreshStep(record, self.refresh),
            "drain": DrainStep(record, jobs, self.queue, window),
            "report": ReportStep(
                record, self.sync, self.quality, self.retention, self.report_files
            ),
        }

    def orchestrator(self, runner: JobRunner) -> TierOrchestrator:
        """The tier runs, on the given runner."""
        jobs = self.run_jobs(runner)
        return TierOrchestrator(
            db=self.db,
            clock=self.clock,
            runner=runner,
            jobs=jobs,
            steps=self.steps(jobs),
            pauses=self.pauses,
            base_url=self.config.pincali_base_url,
        )

    def scheduler(self, runner: JobRunner) -> SchedulerService:
        """What a tick of the tier runner does."""
        return SchedulerService(
            db=self.db,
            clock=self.clock,
            orchestrator=self.orchestrator(runner),
            lock=self.lock,
            pauses=self.pauses,
            drain=self._standing_drain(runner),
            probe=SiteProbe(self.config, self.pace),
            watch=Watch(self.db, self.clock, self.insights, self.alerts, self.feed),
            enabled=frozenset(map(Tier, self.config.tiers_enabled)),
            cadences={tier: Cadence.of(tier, self.config) for tier in Tier},
        )

    def _standing_drain(self, runner: JobRunner) -> StandingDrain:
        return StandingDrain(
            db=self.db,
            clock=self.clock,
            jobs=self.run_jobs(runner),
            job_rows=self.jobs,
            queue=self.queue,
            refresh=self.refresh,
            pauses=self.pauses,
            worker=page_worker("detail", self.config.detail_delay_seconds),
            silence=timedelta(seconds=self.config.job_silence_seconds),
        )

    def property_sync(self, runner: JobRunner) -> PropertySyncOrchestrator:
        """The entrance for programs."""
        return PropertySyncOrchestrator(
            clock=self.clock,
            tiers=self.orchestrator(runner),
            scheduler=self.scheduler(runner),
            queue=self.queue,
            pauses=self.pauses,
            jobs=LocalJobRunner(self.config),
            max_pending=self.config.queue_max_pending,
        )


def database_url(config: Config) -> str:
    """The configured database, else the embedded one, started if it is down."""
    if config.database_url is not None:
        return config.database_url.get_secret_value()
    return embedded.ensure_running(config.home)


def build_services(
    config: Config,
    *,
    clock: Clock | None = None,
    db: Database | None = None,
    fetcher: Fetcher | None = None,
    notifier: Notifier | None = None,
    application_name: str = "pincali-sync",
) -> Services:
    """Wires the services, on the configured database unless another is handed in.

    Nothing connects yet.

    Raises:
        DatabaseUnavailableError: when the embedded server cannot be started.
    """
    db = db or Database(database_url(config), application_name=application_name)
    return Services(config, clock or SystemClock(), db, fetcher=fetcher, notifier=notifier)


def build_runner(config: Config) -> JobRunner:
    """Scrapyd nodes, or detached processes on this machine."""
    if config.runs_locally:
        return LocalJobRunner(config)
    # Its client loads all of Scrapy, which only those who give nodes orders need.
    from pincali_sync.runner.scrapyd import ScrapydJobRunner  # noqa: PLC0415

    password = config.scrapyd_password
    return ScrapydJobRunner(
        config.scrapyd_urls,
        username=config.scrapyd_username,
        password=password.get_secret_value() if password else None,
    )


@asynccontextmanager
async def open_services(config: Config, *, clock: Clock | None = None) -> AsyncIterator[Services]:
    """Services on a database that was checked, closed at the end of the block.

    Raises:
        DatabaseUnavailableError: when the database cannot be reached.
        SchemaVersionError: when it is at another schema version.
    """
    services = await asyncio.to_thread(build_services, config, clock=clock)
    try:
        await services.db.check_schema()
        yield services
    finally:
        await services.db.dispose()
