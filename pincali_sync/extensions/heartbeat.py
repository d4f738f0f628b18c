"""Tells the database every few seconds that this job and its leases are alive."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from scrapy import signals
from scrapy.crawler import Crawler

from pincali_sync.crawl_job import Component, CrawlJob, close_soon
from pincali_sync.exceptions import DatabaseUnavailableError

logger = logging.getLogger(__name__)

# Several beats fit into a lease, so one that is late costs nothing.
_BEATS_PER_LEASE = 4


class Heartbeat(Component):
    """Extends the leases; closes the spider when the job was given to somebody else."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._task: asyncio.Task[None] | None = None
        crawler.signals.connect(self.engine_started, signals.engine_started)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    def engine_started(self) -> None:
        """Begins to beat."""
        self._task = asyncio.get_running_loop().create_task(self._beat_until_cancelled())

    async def spider_closed(self) -> None:
        """Beats no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _beat_until_cancelled(self) -> None:
        job = self._job
        config = job.services.config
        interval = min(config.queue_lease_seconds, config.job_silence_seconds) / _BEATS_PER_LEASE
        while True:
            await asyncio.sleep(interval)
            if job.has_begun and not await self._beat(job):
                return

    async def _beat(self, job: CrawlJob) -> bool:
        try:
            current = await job.services.jobs.heartbeat(job.ticket)
            if current:
                await job.services.queue.extend_leases(job.lease_token)
        except DatabaseUnavailableError as error:
            logger.warning("no heartbeat: %s", error)
            return True  # the next one may get through before the lease ends
        if not current:
            logger.error("job %s was given up: another attempt has its work", job.job_id)
            close_soon(self._crawler, "superseded")
        return current
