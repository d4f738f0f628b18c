"""What the tables say of runs, jobs and the queue at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

_LOOK_SECONDS = 3
_RUNS = "SELECT tier_level, status, step FROM sync_runs ORDER BY started_at"
_JOBS = """
SELECT j.id::text, j.spider, coalesce(j.source, '') AS source, j.attempt, j.status,
       coalesce(j.heartbeat_at, j.started_at, j.scheduled_at) AS heard_at,
       (SELECT count(*) FROM sync_run_jobs l
         WHERE l.run_id = j.run_id AND l.spider = j.spider AND l.status IN ('lost', 'failed')
           AND l.source IS NOT DISTINCT FROM j.source) AS losses
  FROM sync_run_jobs j WHERE j.status IN ('scheduled', 'running')
 ORDER BY j.spider, source, j.attempt, j.id"""
_QUEUE = """
SELECT count(*) FILTER (WHERE status IN ('pending', 'in_progress')) AS open,
       count(*) FILTER (WHERE status = 'pending' AND available_at <= now()) AS claimable,
       min(lease_expires_at) FILTER (WHERE status = 'in_progress') AS first_lease_ends_at,
       (SELECT max(at) FROM service_heartbeats WHERE name = 'tier_runner') AS ticked_at
  FROM scrape_queue"""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the tables."""

    runs: list[Row]
    jobs: list[Row]  # open ones
    queue: Row

    def is_quiet_since(self, moment: datetime, lease: timedelta) -> bool:
        """Whether all work that was under way at a moment is under way again, or done.

        A runner has ended a tick since; every open job was heard of since, or is a later attempt
        that has begun; every lease was taken or renewed since; and where pages wait, somebody
        fetches them.
        """
        ticked_at, lease_ends_at = self.queue["ticked_at"], self.queue["first_lease_ends_at"]
        return (
            ticked_at is not None
            and ticked_at > moment
            and all(job["status"] == "running" and job["heard_at"] > moment for job in self.jobs)
            and (lease_ends_at is None or lease_ends_at > moment + lease)
            and (not self.queue["claimable"] or bool(self.jobs))
        )

    def is_at_rest(self, runs: int) -> bool:
        """Whether so many runs are over and nothing is left to do."""
        return (
            len(self.runs) >= runs
            and all(run["status"] != "running" for run in self.runs)
            and not self.jobs
            and not self.queue["open"]
        )


def look_at(url: str) -> Look | None:
    """What the tables say; None while the server is down."""
    try:
        with psycopg.connect(
            url, connect_timeout=_LOOK_SECONDS, row_factory=dict_row, application_name="chaos"
        ) as connection:
            [queue] = connection.execute(_QUEUE).fetchall()
            return Look(
                runs=list(connection.execute(_RUNS).fetchall()),
                jobs=list(connection.execute(_JOBS).fetchall()),
                queue=queue,
            )
    except psycopg.OperationalError:
        return None
