"""Tells the database every few seconds that this job and its leases are alive, and get on."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from time import monotonic

from scrapy import signals
from scrapy.crawler import Crawler

from pincali_sync.crawl_job import Component, CrawlJob, close_soon
from pincali_sync.exceptions import DatabaseUnavailableError, ExitStatus

logger = logging.getLogger(__name__)

# Several beats fit into a lease, so one that is late costs nothing.
_BEATS_PER_LEASE = 4
# Whichever of these comes, a worker gets on.
_STEPS = (
    signals.request_reached_downloader,
    signals.request_left_downloader,
    signals.item_scraped,
    signals.item_error,
    signals.spider_error,
)


class Heartbeat(Component):
    """Extends the leases; closes the spider when the job was given to somebody else.

    A worker that does not get on is ended: its leases and its job lapse, and others go on.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._task: asyncio.Task[None] | None = None
        self._last_step = monotonic()
        for step in _STEPS:
            crawler.signals.connect(self.step, step)
        crawler.signals.connect(self.engine_started, signals.engine_started)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    def engine_started(self) -> None:
        """Begins to beat."""
        self._task = asyncio.get_running_loop().create_task(self._beat_until_cancelled())

    def step(self) -> None:
        """The crawl gets on."""
        self._last_step = monotonic()

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
            if job.role.is_worker:
                self._end_if_stuck(job)
            if job.has_begun and not await self._beat(job):
                return

    def _end_if_stuck(self, job: CrawlJob) -> None:
        if job.resting:
            self.step()
        config = job.services.config
        still = monotonic() - self._last_step
        if still > config.request_timeout_seconds + config.job_silence_seconds:
            logger.critical("job %s has not got on for %d s: it is ended", job.job_id, still)
            # Whatever it hangs in would hold up an orderly end as well.
            os._exit(ExitStatus.FAILED)

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
