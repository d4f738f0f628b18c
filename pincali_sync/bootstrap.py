"""The only wiring: configuration in, services out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from pincali_sync.clock import Clock, SystemClock
from pincali_sync.config import Config
from pincali_sync.db import embedded
from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import Tier, TierPlan
from pincali_sync.runner.local import LocalJobRunner
from pincali_sync.runner.scrapyd import ScrapydJobRunner
from pincali_sync.services.data_quality_service import DataQualityService
from pincali_sync.services.data_sync_service import DataSyncService, QueuePolicy
from pincali_sync.services.insights_service import InsightsService
from pincali_sync.services.job_service import JobService
from pincali_sync.services.manifest_scan_service import ManifestScanService
from pincali_sync.services.pace_service import PaceService
from pincali_sync.services.ports import JobRunner
from pincali_sync.services.run_lock import RunLock
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_sync.services.scrape_queue_service import ScrapeQueueService
from pincali_sync.services.tier_orchestrator import RunPolicy, TierOrchestrator


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that works on one database, for one event loop."""

    config: Config
    clock: Clock
    db: Database
    jobs: JobService
    scans: ManifestScanService
    queue: ScrapeQueueService
    sync: DataSyncService
    quality: DataQualityService
    pace: PaceService
    insights: InsightsService
    lock: RunLock

    def orchestrator(self, runner: JobRunner) -> TierOrchestrator:
        """The tier runs, on the given runner."""
        return TierOrchestrator(
            self.db,
            runner,
            self.clock,
            plans={tier: TierPlan.of(tier, self.config) for tier in Tier},
            policy=RunPolicy(
                base_url=self.config.pincali_base_url,
                job_silence=timedelta(seconds=self.config.job_silence_seconds),
                drain_window=timedelta(minutes=self.config.drain_window_minutes),
            ),
            scans=self.scans,
            queue=self.queue,
        )

    def scheduler(self, runner: JobRunner) -> SchedulerService:
        """What a tick of the tier runner does."""
        return SchedulerService(
            self.db,
            self.clock,
            self.orchestrator(runner),
            self.lock,
            tiers_enabled=self.config.tiers_enabled,
            tier_1_every_hours=self.config.tier_1_frequency_hours,
        )


def database_url(config: Config) -> str:
    """The configured database, else the embedded one, started if it is down."""
    if config.database_url is not None:
        return config.database_url.get_secret_value()
    return embedded.ensure_running(config.home)


def build_services(
    config: Config, *, clock: Clock | None = None, application_name: str = "pincali-sync"
) -> Services:
    """Wires the services. Nothing connects yet.

    Raises:
        DatabaseUnavailableError: when the embedded server cannot be started.
    """
    clock = clock or SystemClock()
    db = Database(database_url(config), application_name=application_name)
    queue = ScrapeQueueService(
        db,
        clock,
        lease=timedelta(seconds=config.queue_lease_seconds),
        max_attempts=config.queue_max_attempts,
        max_pending=config.queue_max_pending,
    )
    retry_after = timedelta(seconds=config.queue_retry_seconds)
    return Services(
        config=config,
        clock=clock,
        db=db,
        jobs=JobService(db, clock, config.pincali_base_url),
        scans=ManifestScanService(db, clock, queue_max_pending=config.queue_max_pending),
        queue=queue,
        sync=DataSyncService(
            db, clock, QueuePolicy(max_attempts=config.queue_max_attempts, retry_after=retry_after)
        ),
        quality=DataQualityService(db),
        pace=PaceService(
            db,
            urlsplit(config.pincali_base_url).netloc,
            min_gap_seconds=config.site_min_gap_seconds,
        ),
        insights=InsightsService(db, clock),
        lock=RunLock(db, clock),
    )


def build_runner(config: Config) -> JobRunner:
    """Scrapyd nodes, or detached processes on this machine."""
    if config.runs_locally:
        return LocalJobRunner(config)
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
