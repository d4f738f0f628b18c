"""Spider jobs, of runs and by hand, and locks. These rows decide what runs, not Scrapyd."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pincali_sync.clock import TOLERATED
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.runs.sessions import SessionRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt at one spider job."""

    id: UUID  # also the job id that Scrapyd is given
    run_id: UUID | None = None  # None: of no run
    session_id: UUID | None = None
    spider: str
    source: str | None = None
    node: str | None = None  # None: started by hand
    attempt: int = 1
    status: str = "scheduled"  # then running, completed, failed, lost, cancelled
    scheduled_at: datetime
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    finish_reason: str | None = None
    stats: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it may still write."""
        return self.status in {"scheduled", "running"}

    def worked_for(self) -> timedelta:
        """How long it was known to be at work."""
        return self.last_heard() - self.started_at if self.started_at else timedelta()

    def last_heard(self) -> datetime:
        """When the job last showed that it is alive."""
        return self.heartbeat_at or self.started_at or self.scheduled_at


COLUMNS = ", ".join(Job.__dataclass_fields__)
_JOBS = f"SELECT {COLUMNS} FROM sync_run_jobs"
_STANDING = f"""{_JOBS} WHERE run_id IS NULL AND node IS NOT NULL AND spider = :spider
    AND scheduled_at {{}} :latest ORDER BY scheduled_at DESC LIMIT 1"""
# One of the future, from before the clock was set back, comes after all others.
LATEST_STANDING = f"""
SELECT * FROM (({_STANDING.format("<=")}) UNION ALL ({_STANDING.format(">")})) latest
 ORDER BY scheduled_at > :latest LIMIT 1"""
_OF_RUN = """run_id IS NOT DISTINCT FROM CAST(:run_id AS uuid)
    AND (run_id IS NOT NULL OR node IS NOT NULL)"""  # those by hand have no node
HEARD_BEFORE = """status IN ('scheduled', 'running')
    AND coalesce(heartbeat_at, started_at, scheduled_at) < {}"""


def _end(condition: str, *, also: str = "") -> str:
    """Ends jobs. It waits for whatever they still write, which heartbeats do not: what they write
    holds the key of the job's row, which only the strongest lock asks for."""
    return f"""
UPDATE sync_run_jobs j
   SET status = :status, finish_reason = :reason, finished_at = :now{also}
  FROM (SELECT id FROM sync_run_jobs WHERE {condition} ORDER BY id FOR UPDATE) ended
 WHERE j.id = ended.id
RETURNING {", ".join(f"j.{name}" for name in Job.__dataclass_fields__)}
"""


class JobRepository(Repository):
    """SQL of `sync_run_jobs`. Every change of state names the state it expects."""

    async def add(self, job: Job) -> bool:
        """Writes a job down before anybody starts it; False when its id was used before, another
        runner wrote down this attempt of its run, or the run is over."""
        if job.run_id is not None and not await self._is_open(job.run_id):
            return False
        statement = """
INSERT INTO sync_run_jobs (id, run_id, session_id, spider, source, node, attempt, status,
                           scheduled_at, started_at, heartbeat_at)
VALUES (:id, :run_id, :session_id, :spider, :source, :node, :attempt, :status,
        :scheduled_at, :started_at, :heartbeat_at)
ON CONFLICT DO NOTHING
"""
        return await self._count(statement, **asdict(job)) > 0

    async def _is_open(self, run_id: UUID) -> bool:
        """Whether a run goes on; holds that answer true until the transaction ends."""
        statement = "SELECT true FROM sync_runs WHERE id = :id AND status = 'running' FOR SHARE"
        return bool(await self._scalar(statement, id=run_id))

    async def begin(self, job_id: UUID, *, now: datetime) -> Job | None:
        """Starts a scheduled job; None when it is unknown, was started before or given up."""
        statement = f"""UPDATE sync_run_jobs
               SET status = 'running', started_at = :now, heartbeat_at = :now
            WHERE id = :id AND status = 'scheduled' RETURNING {COLUMNS}"""
        return await self._first(Job, statement, id=job_id, now=now)

    async def set_session(self, job_id: UUID, session_id: UUID) -> None:
        """Says which session the job's work is filed under."""
        statement = "UPDATE sync_run_jobs SET session_id = :session_id WHERE id = :id"
        await self._run(statement, id=job_id, session_id=session_id)

    async def is_current(self, job_id: UUID) -> bool:
        """Whether the job may still write; holds that answer true until the transaction ends."""
        statement = """SELECT 1 FROM sync_run_jobs
            WHERE id = :id AND status = 'running' FOR KEY SHARE"""
        return await self._scalar(statement, id=job_id) is not None

    async def heartbeat(self, job_id: UUID, *, now: datetime) -> bool:
        """Notes that the job is alive, and waits for nothing that it writes; False when it was
        given up meanwhile."""
        statement = """
UPDATE sync_run_jobs SET heartbeat_at = :now WHERE id = :id AND status = 'running'
"""
        return await self._count(statement, id=job_id, now=now) > 0

    async def bring_back(self, *, now: datetime) -> None:
        """Open jobs that were heard of in the future are heard of now: the clock was set back."""
        statement = """UPDATE sync_run_jobs
               SET heartbeat_at = :now, scheduled_at = least(scheduled_at, :now)
             WHERE status IN ('scheduled', 'running')
               AND coalesce(heartbeat_at, started_at, scheduled_at) > :now + :tolerated"""
        await self._run(statement, now=now, tolerated=TOLERATED)

    async def finish(
        self, job_id: UUID, *, status: str, reason: str, stats: Mapping[str, Any], now: datetime
    ) -> bool:
        """Ends a running job; False when it was given up meanwhile."""
        running = "id = :id AND status = 'running'"
        statement = _end(running, also=", stats = CAST(:stats AS jsonb)")
        given = {"status": status, "reason": reason, "stats": json.dumps(stats), "now": now}
        return bool(await self._ended(statement, id=job_id, **given))

    async def give_up(self, job_id: UUID, *, status: str, reason: str, now: datetime) -> None:
        """Takes the right to write from an open job: "lost", "failed" or "cancelled"."""
        statement = _end("id = :id AND status IN ('scheduled', 'running')")
        await self._ended(statement, id=job_id, status=status, reason=reason, now=now)

    async def give_up_all(
        self, run_id: UUID | None, *, reason: str, but: str | None = None, now: datetime
    ) -> list[Job]:
        """Takes the right to write from a run's open jobs, or (None) from those that ticks started
        outside of any, those of the spider `but` left out; returns them."""
        statement = _end(
            f"{_OF_RUN} AND status IN ('scheduled', 'running') "
            "AND spider IS DISTINCT FROM CAST(:but AS text)"
        )
        given = {"run_id": run_id, "status": "cancelled", "reason": reason, "but": but, "now": now}
        return await self._ended(statement, **given)

    async def get(self, job_id: UUID) -> Job | None:
        """One job by its id."""
        return await self._first(Job, f"{_JOBS} WHERE id = :id", id=job_id)

    async def of_run(self, run_id: UUID) -> list[Job]:
        """All attempts of a run's jobs, in the order they were scheduled."""
        statement = f"{_JOBS} WHERE run_id = :run_id ORDER BY scheduled_at, source, attempt"
        return await self._all(Job, statement, run_id=run_id)

    async def latest_standing(self, spider: str, *, now: datetime) -> Job | None:
        """The latest job that a tick started outside of any run."""
        return await self._first(Job, LATEST_STANDING, spider=spider, latest=now + TOLERATED)

    async def give_up_silent(
        self,
        *,
        running_before: datetime,
        scheduled_before: datetime,
        down: Collection[str],
        down_before: datetime,
        now: datetime,
    ) -> list[Job]:
        """Takes the right to write from jobs that were last heard of before a time and that no open
        run watches; returns them. One that left its verification behind watches that no more.

        Args:
            down: nodes that do not answer; what they were given is held to `down_before`.
        """
        return await self._ended(
            _end(
                f"""NOT EXISTS (SELECT FROM sync_runs r
                             WHERE r.id = sync_run_jobs.run_id AND r.status = 'running'
                               AND (r.step = 'verify' OR spider <> 'verification'))
                AND (status = 'running' AND coalesce(heartbeat_at, started_at) < :running_before
                     OR status = 'scheduled' AND scheduled_at < :scheduled_before
                     OR {HEARD_BEFORE.format(":down_before")} AND node = ANY(:down))"""
            ),
            down=list(down),
            down_before=down_before,
            running_before=running_before,
            scheduled_before=scheduled_before,
            status="lost",
            reason="no heartbeat",
            now=now,
        )

    async def give_up_forgotten(self, *, heard_before: datetime, now: datetime) -> list[Job]:
        """Takes the right to write from jobs that were last heard of before a time, whoever should
        have watched them; returns them."""
        statement = _end(HEARD_BEFORE.format(":heard_before"))
        given = {"status": "lost", "reason": "no heartbeat", "now": now}
        return await self._ended(statement, heard_before=heard_before, **given)

    async def _ended(self, statement: str, **given: Any) -> list[Job]:
        """The jobs that a statement ended; their sessions end with them."""
        ended = await self._all(Job, statement, **given)
        await SessionRepository(self._connection).end_with([job.id for job in ended])
        return ended


class LockRepository(Repository):
    """Leases by name, which outlive a connection and cannot be left behind: rows with an end.

    Each is held under a token.
    """

    async def acquire(
        self, name: str, *, token: UUID, owner: str, lease: timedelta, now: datetime
    ) -> bool:
        """Whether the lock is now ours, until `now + lease`.

        Another's ends a lease from now at the latest, whatever its row says: after the database's
        clock was set back a holder renews it, and one that was killed is not waited for.
        """
        statement = """
INSERT INTO service_locks AS l (name, token, owner, expires_at)
VALUES (:name, :token, :owner, :expires_at)
ON CONFLICT (name) DO UPDATE
   SET token = CASE WHEN l.expires_at < :now THEN excluded.token ELSE l.token END,
       owner = CASE WHEN l.expires_at < :now THEN excluded.owner ELSE l.owner END,
       expires_at = CASE WHEN l.expires_at < :now THEN excluded.expires_at
                         ELSE least(l.expires_at, excluded.expires_at) END
RETURNING token
"""
        given = {"token": token, "owner": owner, "expires_at": now + lease, "now": now}
        holder: UUID = await self._scalar(statement, name=name, **given)
        return holder == token

    async def extend(self, name: str, *, token: UUID, lease: timedelta, now: datetime) -> bool:
        """Whether the lock is still ours, also where its time was over; until `now + lease`."""
        statement = """
UPDATE service_locks SET expires_at = :expires_at WHERE name = :name AND token = :token
"""
        return await self._count(statement, name=name, token=token, expires_at=now + lease) > 0

    async def release(self, name: str, *, token: UUID) -> None:
        """Frees the lock if it is still ours."""
        statement = "DELETE FROM service_locks WHERE name = :name AND token = :token"
        await self._run(statement, name=name, token=token)

    async def owner(self, name: str) -> str | None:
        """Who took the lock last and did not free it."""
        owner: str | None = await self._scalar(
            "SELECT owner FROM service_locks WHERE name = :name", name=name
        )
        return owner
