"""The only wiring: configuration in, services out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from pincali_sync.clock import Clock
from pincali_sync.config import Config
from pincali_sync.db import embedded
from pincali_sync.db.engine import Database
from pincali_sync.notify import AppriseNotifier
from pincali_sync.reports.quality_report import write_report
from pincali_sync.runner.credentials import credentials_of
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.runner.probe import SiteProbe
from pincali_sync.runner.webhook import post
from pincali_sync.services.change_detection_service import ChangeDetectionService
from pincali_sync.services.data_quality_service import DataQualityService
from pincali_sync.services.data_sync_service import DataSyncService
from pincali_sync.services.decisions import IdentityService, ReviewService
from pincali_sync.services.export.change_feed import ChangeFeedService
from pincali_sync.services.export.live_table import ExportService
from pincali_sync.services.export.webhooks import WebhookService
from pincali_sync.services.insights.alerts import AlertService, Watch
from pincali_sync.services.insights.news import NewsService
from pincali_sync.services.insights_service import InsightsService
from pincali_sync.services.manifest_scan_service import ManifestScanService
from pincali_sync.services.people.personal_data import PersonalDataService
from pincali_sync.services.ports import Fetcher, JobRunner, LogReader, Notifier
from pincali_sync.services.property_diff_service import PropertyDiffService
from pincali_sync.services.property_sync_orchestrator import PropertySyncOrchestrator
from pincali_sync.services.refresh_service import RefreshService
from pincali_sync.services.removal.application import ApplyStep, RemovalService
from pincali_sync.services.removal.audit import RemovalAuditService
from pincali_sync.services.removal.counting import MissingService, RemovalsStep
from pincali_sync.services.removal.settlement import SettlementService
from pincali_sync.services.removal.verification import VerificationService, VerifyStep
from pincali_sync.services.runs.job_service import JobService
from pincali_sync.services.runs.local_jobs import LocalJobs
from pincali_sync.services.runs.nodes import NodeService
from pincali_sync.services.runs.retention import RetentionService
from pincali_sync.services.runs.run_jobs import RunJobs
from pincali_sync.services.runs.standing_drain import StandingDrain
from pincali_sync.services.runs.steps.base import RunRecord, Step
from pincali_sync.services.runs.steps.details import DrainStep, QueueStep, RefreshStep, ReportStep
from pincali_sync.services.runs.steps.scan import CertifyStep, ScanStep
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_sync.services.scrape_queue_service import ScrapeQueueService
from pincali_sync.services.site.pace import PaceService
from pincali_sync.services.site.pauses import PauseService
from pincali_sync.services.site.sitemap import SitemapService
from pincali_sync.services.site.sitemap_reading import SitemapReading
from pincali_sync.services.tier_orchestrator import TierOrchestrator
from pincali_sync.variables import LOCAL_RUNNER

if TYPE_CHECKING:
    from pincali_sync.runner.scrapyd import ScrapydJobRunner


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
        self._own = own = (db, clock, config)
        self.jobs = JobService(*own)
        self.retention = RetentionService(*own)
        self.people = PersonalDataService(*own)
        self.pauses = PauseService(*own)
        self.pace = PaceService(db, config.site_host, min_gap_seconds=config.site_min_gap_seconds)
        self.probe = SiteProbe(config, self.pace)
        # What works on listing pages, detail pages and the queue between them.
        self.local = LocalJobs(*own, pauses=self.pauses, run_job=LocalJobRunner(config).run)
        self.scans = ManifestScanService(*own, local=self.local)
        self.sitemap = SitemapService(*own)
        self.queue = ScrapeQueueService(*own)
        self.refresh = RefreshService(*own)
        self.sync = DataSyncService(*own)
        self.missing = MissingService(*own)
        self.verification = VerificationService(*own, self.sync)
        self.removals = RemovalService(*own)
        self.settlements = SettlementService(*own)
        self.diff = PropertyDiffService(
            *own, self.missing, self.verification, self.settlements, fetcher
        )
        self.audit = RemovalAuditService(*own)
        self.reviews = ReviewService(*own)
        self.identities = IdentityService(*own)
        # What reads, counts and tells.
        self.changes = ChangeDetectionService(*own, self.diff)
        self.news = NewsService(*own)
        self.feed = ChangeFeedService(*own)
        self.exports = ExportService(*own)
        self.webhooks = WebhookService(*own, self.feed, post)
        self.quality = DataQualityService(*own)
        self.report_files = partial(write_report, config.home / "reports")
        self.insights = InsightsService(*own)
        self.alerts = AlertService(*own, notifier or AppriseNotifier(config.alert_targets))

    def run_jobs(self, runner: JobRunner) -> RunJobs:
        """The jobs of runs, on the given runner."""
        return RunJobs(*self._own, runner=runner, nodes=NodeService(*self._own, runner=runner))

    def steps(self, jobs: RunJobs) -> dict[str, Step]:
        """The steps of tier runs by the names that `WORKFLOWS` calls them."""
        record = RunRecord(*self._own)
        return {
            "scan": ScanStep(record, jobs),
            "certify": CertifyStep(record, self.scans),
            "removals": RemovalsStep(record, self.missing, self.audit),
            "verify": VerifyStep(record, jobs, self.queue),
            "apply": ApplyStep(record, self.removals),
            "queue": QueueStep(record, self.queue, self.refresh, self.identities),
            "refresh": RefreshStep(record, self.refresh),
            "drain": DrainStep(record, jobs, self.queue),
            "report": ReportStep(
                record, self.sync, self.quality, self.retention, self.people, self.report_files
            ),
        }

    def orchestrator(self, runner: JobRunner) -> TierOrchestrator:
        """The tier runs, on the given runner."""
        jobs = self.run_jobs(runner)
        return TierOrchestrator(
            *self._own,
            local=self.local,
            jobs=jobs,
            steps=self.steps(jobs),
            pauses=self.pauses,
        )

    def scheduler(self, runner: JobRunner) -> SchedulerService:
        """What a tick of the tier runner does."""
        return SchedulerService(
            *self._own,
            orchestrator=self.orchestrator(runner),
            pauses=self.pauses,
            sitemap=SitemapReading(*self._own, jobs=self.run_jobs(runner), pauses=self.pauses),
            drain=StandingDrain(
                *self._own,
                jobs=self.run_jobs(runner),
                queue=self.queue,
                refresh=self.refresh,
                pauses=self.pauses,
            ),
            probe=self.probe,
            watch=Watch(*self._own, self.insights, self.alerts, self.feed, self.webhooks),
        )

    def property_sync(self, runner: JobRunner) -> PropertySyncOrchestrator:
        """The entrance for programs."""
        return PropertySyncOrchestrator(
            *self._own,
            tiers=self.orchestrator(runner),
            scheduler=self.scheduler(runner),
            queue=self.queue,
            local=self.local,
        )


def database_url(config: Config, *, make: bool = False) -> str:
    """The configured database, else the embedded one, started if it is down.

    Args:
        make: an embedded one where there is none. Who only looks must not: in a wrong folder an
            empty database would seem to be the one that was meant.

    Raises:
        DatabaseUnavailableError: when there is none, or it cannot be started.
    """
    if config.database_url is not None:
        return config.database_url.get_secret_value()
    return embedded.ensure_running(config.home, make=make)


def build_services(
    config: Config,
    *,
    clock: Clock | None = None,
    db: Database | None = None,
    fetcher: Fetcher | None = None,
    notifier: Notifier | None = None,
    application_name: str = "pincali-sync",
    patience: float = 0.0,
) -> Services:
    """Wires the services, on the configured database unless another is handed in.

    Nothing connects yet. Their clock is the database's unless another is handed in.

    Args:
        patience: seconds for which they wait for a database that cannot serve them.

    Raises:
        DatabaseUnavailableError: when the embedded server cannot be started.
    """
    db = db or Database(database_url(config), application_name=application_name, patience=patience)
    return Services(config, clock or db.clock, db, fetcher=fetcher, notifier=notifier)


def build_runner(config: Config) -> JobRunner:
    """Scrapyd nodes, or detached processes on this machine."""
    return LocalJobRunner(config) if config.runs_locally else build_scrapyd_runner(config)


def build_scrapyd_runner(config: Config) -> ScrapydJobRunner:
    """The nodes of `SCRAPYD_URLS`."""
    # Its client loads all of Scrapy, which only those who give nodes orders need.
    from pincali_sync.runner.scrapyd import ScrapydJobRunner  # noqa: PLC0415

    return ScrapydJobRunner(config.scrapyd_urls, credentials=partial(credentials_of, config))


def build_log_reader(config: Config, node: str | None) -> LogReader:
    """Who reads the logs of jobs that ran on a node, or (None, local) on this machine."""
    is_here = node is None or node == LOCAL_RUNNER
    return LocalJobRunner(config) if is_here else build_scrapyd_runner(config)


@asynccontextmanager
async def open_services(config: Config, *, patience: float = 0.0) -> AsyncIterator[Services]:
    """Services on a database that was checked, closed at the end of the block.

    Raises:
        DatabaseUnavailableError: when the database cannot be reached.
        SchemaVersionError: when it is at another schema version.
    """
    services = await asyncio.to_thread(build_services, config, patience=patience)
    try:
        await services.db.check_schema()
        yield services
    finally:
        await services.db.dispose()
