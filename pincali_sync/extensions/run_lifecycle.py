"""The job's row: begun when the spider opens, ended with what the counts say when it closes."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from twisted.python.failure import Failure

from pincali_sync.crawl_job import (
    ERROR,
    FLUSH_FAILED,
    NO_DATABASE,
    UNEXPECTED_ERRORS,
    Component,
    CrawlJob,
    note_error,
)
from pincali_sync.exceptions import ExitStatus, PincaliSyncError, SupersededError
from pincali_sync.services.ports import DRY_RUN_REPORT
from pincali_sync.services.runs.run_jobs import RESTING

logger = logging.getLogger(__name__)

EXIT_STATUS = "sync/exit_status"
_SAYS_LITTLE = {
    **{each: each for each in ("shutdown", "flush_failed", NO_DATABASE)},
    "finished": "errors",
}
# Stats kept with the job's row, for people and for the certificate.
_KEPT_PREFIXES = (
    "manifest/",
    "detail/",
    "verification/",
    "sitemap/",
    "sync/",
    "blocking/",
    "politeness/",
    "robotstxt/forb",
)


class RunLifecycle(Component):
    """Claims the job and reports its outcome. A job that may not run ends before any request."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._is_dry = bool(crawler.settings[DRY_RUN_REPORT])
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)
        crawler.signals.connect(self.unexpected_error, signals.spider_error)
        crawler.signals.connect(self.unexpected_error, signals.item_error)

    async def spider_opened(self) -> None:
        """Claims the job."""
        job = self._job
        if self._is_dry:
            return  # no row, no session: it leaves nothing behind
        try:
            await job.begin()
        except SupersededError as error:
            logger.error("%s", error)
            raise CloseSpider("superseded") from error
        except Exception as error:
            logger.error("the job could not begin: %s", error)
            raise CloseSpider("could_not_begin") from error
        if objection := job.services.db.clock.objection:
            logger.warning("take care: %s", objection)

    def unexpected_error(self, failure: Failure) -> None:
        """A callback or pipeline broke: Scrapy logs it and goes on, but something is missing."""
        note_error(self._crawler, failure.value)
        self._stats.inc_value(UNEXPECTED_ERRORS)

    async def spider_closed(self, reason: str) -> None:
        """Ends the job, and sets the exit status of the process."""
        job = self._job
        status = ExitStatus.FAILED
        try:
            status = await self._end(job, reason)
        except PincaliSyncError as error:
            # The row stays open and silent: the runner will notice and start the job again.
            logger.error("the job's end could not be written down: %s", error)
        finally:
            self._stats.set_value(EXIT_STATUS, int(status))
            await job.services.db.dispose()

    async def _end(self, job: CrawlJob, reason: str) -> ExitStatus:
        # Scrapy says "finished" also when something was lost on the way: the counts decide.
        losses = any(map(self._stats.get_value, (FLUSH_FAILED, UNEXPECTED_ERRORS)))
        succeeded = reason == "finished" and not losses
        if not (self._is_dry or job.has_begun):
            return ExitStatus.LOCKED if reason == "superseded" else ExitStatus.FAILED
        in_time = self._is_dry or await self._finish(job, reason, succeeded=succeeded)
        if reason in RESTING:
            return ExitStatus.PAUSED_OR_BLOCKED
        return ExitStatus.DONE if succeeded and in_time else ExitStatus.FAILED

    async def _finish(self, job: CrawlJob, reason: str, *, succeeded: bool) -> bool:
        if job.role.is_worker:
            await job.services.db.run(lambda tx: tx.queue.release(job.lease_token))
        elif job.ticket.run_id is None and job.role.reads_everything:
            await job.services.scans.mark_live_as_seen(job.ticket.session_id)
        return await job.services.jobs.finish(
            job.ticket,
            succeeded=succeeded,
            reason=reason if succeeded else self._with_error(reason),
            stats=self._kept_stats(),
        )

    def _with_error(self, reason: str) -> str:
        """Reasons that say little, and what stands behind them."""
        error = self._stats.get_value(ERROR)
        if error is None or reason not in _SAYS_LITTLE:
            return reason
        return f"{_SAYS_LITTLE[reason]}: {error}"

    def _kept_stats(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self._stats.get_stats().items()
            if name.startswith(_KEPT_PREFIXES) and isinstance(value, int | float | str)
        }
