"""Tells the database every few seconds that this job and its leases are alive, and get on."""

from __future__ import annotations

import logging
import os
from time import monotonic

from scrapy import signals
from scrapy.crawler import Crawler

from pincali_sync.crawl_job import Component, CrawlJob, close_soon
from pincali_sync.exceptions import ExitStatus
from pincali_sync.repeating import Repeating

logger = logging.getLogger(__name__)

# Several beats fit into a lease, so one that is late costs nothing.
_BEATS_PER_LEASE = 4
_MISSED = "sync/heartbeats_missed"
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

    A worker that does not get on is ended: its leases and its job lapse, and others go on. So is a
    job that could not beat for that long, whatever the reason.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._beating: Repeating | None = None
        self._is_ending = False
        self._last_step = monotonic()
        for step in _STEPS:
            crawler.signals.connect(self.step, step)
        crawler.signals.connect(self.engine_started, signals.engine_started)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    def engine_started(self) -> None:
        """Begins to beat."""
        interval = self._longest_silence / _BEATS_PER_LEASE
        self._beating = Repeating(
            self._beat,
            every=interval,
            patience=interval,
            failing="no heartbeat",
            mended="the heart beats again",
            failed=self._failed,
        )
        self._beating.start()

    def step(self) -> None:
        """The crawl gets on."""
        self._last_step = monotonic()

    async def spider_closed(self) -> None:
        """Beats no more."""
        if self._beating is not None:
            await self._beating.stop()

    @property
    def _longest_silence(self) -> float:
        """Seconds after which others have this job's work."""
        config = self._job.services.config
        return min(config.queue_lease_seconds, config.job_silence_seconds)

    def _end_if_stuck(self, job: CrawlJob) -> None:
        if job.resting:
            self.step()
        config = job.services.config
        still = monotonic() - self._last_step
        if still > config.request_timeout_seconds + config.job_silence_seconds:
            logger.critical("job %s has not got on for %d s: it is ended", job.job_id, still)
            # Whatever it hangs in would hold up an orderly end as well.
            os._exit(ExitStatus.FAILED)

    async def _beat(self) -> bool:
        job = self._job
        if job.role.is_worker:
            self._end_if_stuck(job)
        if not job.has_begun:
            return True
        if await job.services.jobs.heartbeat(job.ticket):
            await job.services.queue.extend_leases(job.lease_token)
            return True
        logger.error("job %s was given up: another attempt has its work", job.job_id)
        close_soon(self._crawler, "superseded")
        return False

    def _failed(self, seconds: float) -> None:
        """Ends a job that nobody heard of for so long that others have its work."""
        self._stats.inc_value(_MISSED)
        if seconds > self._longest_silence and not self._is_ending:
            self._is_ending = True
            logger.error(
                "job %s could not show for %d s that it is alive: it ends, for others have its "
                "work by now",
                self._job.job_id,
                seconds,
            )
            close_soon(self._crawler, "no_heartbeat")
