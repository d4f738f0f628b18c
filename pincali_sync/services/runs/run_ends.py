"""The end of a tier run: its own, its session's and its jobs', and the pause that may follow."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import DatabaseBusyError, DatabaseUnavailableError, in_one_line
from pincali_sync.services.base import Service
from pincali_sync.services.runs.run_jobs import RunJobs
from pincali_sync.services.site.pauses import PauseService

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunEnds(Service):
    """Ends runs, each once."""

    jobs: RunJobs
    pauses: PauseService

    async def end(
        self, run: SyncRun, status: str, error: str | None, *, step: str | None = None
    ) -> bool:
        """Ends a run, its session and its jobs, with the pause that may follow, in one; False when
        it is over, or past `step`."""

        async def close(tx: UnitOfWork) -> list[Job] | None:
            now = self.clock.now()
            if not await tx.runs.finish(run.id, status=status, error=error, now=now, step=step):
                return None
            jobs = await self.jobs.give_up_all(tx, run.id, f"the run is {status}")
            if run.session_id is not None:
                of_session = "completed" if status == "completed" else "failed"
                await tx.sessions.close(run.session_id, status=of_session, error=error, now=now)
            if status != "cancelled":
                await self.pauses.pause_if_fruitless(tx, run)
            return jobs

        jobs = await self.db.run(close)
        if jobs is None:
            return False
        await self.jobs.stop(jobs)
        _tell(run, status, error)
        return True

    async def end_in_any_case(
        self, run: SyncRun, status: str, error: str, *, step: str | None = None
    ) -> bool:
        """Likewise; where that breaks the run ends alone, so that its tier is free: its jobs are
        stopped if they can be, or end by themselves."""
        try:
            return await self.end(run, status, error, step=step)
        except (DatabaseUnavailableError, DatabaseBusyError):
            raise
        except Exception as fault:
            logger.exception("run %s is ended alone: %s", run.id, in_one_line(fault))
        now = self.clock.now()
        ended = await self.db.run(
            lambda tx: tx.runs.finish(run.id, status=status, error=error, now=now, step=step)
        )
        if ended:
            _tell(run, status, error)
            await self.jobs.cancel_all(run.id, f"the run is {status}")
        return ended


def _tell(run: SyncRun, status: str, error: str | None) -> None:
    # What a person asked for is no trouble.
    level = logging.ERROR if error and status != "cancelled" else logging.INFO
    why = f": {error}" if error else ""
    logger.log(level, "run %s of tier %s %s%s", run.id, run.tier_level, status, why)
