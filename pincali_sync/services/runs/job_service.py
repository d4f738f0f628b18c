"""The life of one spider job, as its rows tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import SupersededError
from pincali_sync.services.base import Service, in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTicket:
    """What a running job needs to write: under which job, session and run."""

    job_id: UUID
    session_id: UUID
    run_id: UUID | None

    async def assert_current(self, tx: UnitOfWork) -> None:
        """Raises:
        SupersededError: when this attempt was given up meanwhile.
        """
        if not await tx.jobs.is_current(self.job_id):
            raise SupersededError(
                f"job {self.job_id} was given up or has ended: what it still sends is refused"
            )


class JobService(Service):
    """Begins, keeps alive and ends jobs, whoever started them."""

    @in_transaction
    async def begin(
        self, tx: UnitOfWork, job_id: UUID, *, spider: str, source: str | None
    ) -> JobTicket:
        """Starts the job that a run scheduled under this id, else one of its own.

        Raises:
            SupersededError: when the job was started before or was given up: a node that takes
                the same order twice must not do the work twice.
        """
        now = self.clock.now()
        job = await tx.jobs.begin(job_id, now=now)
        session_id = job.session_id if job and job.session_id else uuid4()
        await tx.sessions.create(
            session_id,
            name=f"{spider} of a run" if job and job.run_id else f"{spider} by hand",
            base_url=self.config.pincali_base_url,
            now=now,
        )
        if job is not None:
            await tx.jobs.set_session(job_id, session_id)
        elif not await tx.jobs.add(
            Job(
                id=job_id,
                session_id=session_id,
                spider=spider,
                source=source,
                status="running",
                scheduled_at=now,
                started_at=now,
                heartbeat_at=now,
            )
        ):
            raise SupersededError(f"job {job_id} was started before or was given up")
        return JobTicket(job_id=job_id, session_id=session_id, run_id=job.run_id if job else None)

    @in_transaction
    async def heartbeat(self, tx: UnitOfWork, ticket: JobTicket) -> bool:
        """Whether the job may go on."""
        return await tx.jobs.heartbeat(ticket.job_id, now=self.clock.now())

    @in_transaction
    async def finish(
        self,
        tx: UnitOfWork,
        ticket: JobTicket,
        *,
        succeeded: bool,
        reason: str,
        stats: Mapping[str, Any],
    ) -> bool:
        """Ends the job and its session, but a run's; False when it was given up before."""
        status = "completed" if succeeded else "failed"
        return await tx.jobs.finish(
            ticket.job_id, status=status, reason=reason, stats=stats, now=self.clock.now()
        )
