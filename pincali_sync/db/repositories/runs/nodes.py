"""`sync_nodes`: how each node was when the runner last looked, and what its jobs get done."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.runs.jobs import COLUMNS, Job
from pincali_sync.domain.drain_crew import DrainCrew


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node as the last look showed it."""

    node: str
    objection: str | None  # why it is given no jobs; None: it takes them
    is_down: bool  # it gave no answer at all
    since: datetime  # when it began to take jobs, or to be left out
    version: str | None
    running: int
    pending: int
    looked_at: datetime
    before: str | None = None  # the objection at the look before

    @property
    def is_full(self) -> bool:
        """Whether jobs wait there already."""
        return self.pending > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLoad:
    """What to weigh a node by."""

    node: str
    open: int  # our jobs there, those included that it has lost sight of
    ordered: int  # those of them that it was given since it was looked at
    pages_a_minute: float | None  # of each of its detail workers of late; None: it has none


_NODES = """
SELECT node, objection, is_down, since, version, running, pending, looked_at FROM sync_nodes
"""
_RECORD = """
WITH before AS (SELECT node, objection FROM sync_nodes)
INSERT INTO sync_nodes AS n (node, objection, is_down, since, version, running, pending, looked_at)
VALUES (:node, :objection, :is_down, :now, :version, :running, :pending, :now)
ON CONFLICT (node) DO UPDATE
   SET objection = excluded.objection, is_down = excluded.is_down, running = excluded.running,
       pending = excluded.pending, looked_at = excluded.looked_at,
       version = CASE WHEN excluded.is_down THEN n.version ELSE excluded.version END,
       since = CASE WHEN (n.objection IS NULL) = (excluded.objection IS NULL) THEN n.since
                    ELSE excluded.since END
RETURNING node, objection, is_down, since, version, running, pending, looked_at,
          (SELECT objection FROM before WHERE before.node = n.node) AS before
"""
_LOADS = """
WITH done AS (
    SELECT session_id, count(*) AS pages FROM scrape_queue WHERE completed_at > :since GROUP BY 1
), jobs AS (
    SELECT j.node, j.scheduled_at, j.spider = 'detail' AND j.started_at < :measured AS is_measured,
           coalesce(done.pages, 0) AS pages,
           extract(epoch FROM :now - greatest(j.started_at, :since)) / 60 AS minutes
      FROM sync_run_jobs j LEFT JOIN done USING (session_id)
     WHERE j.status IN ('scheduled', 'running')
)
SELECT n.node, count(j.node) AS open,
       count(j.node) FILTER (WHERE j.scheduled_at >= n.looked_at) AS ordered,
       CAST(sum(j.pages) FILTER (WHERE j.is_measured)
            / sum(j.minutes) FILTER (WHERE j.is_measured) AS double precision) AS pages_a_minute
  FROM sync_nodes n LEFT JOIN jobs j USING (node)
 GROUP BY n.node
"""
# What the youngest of them brought: the pages of as long before it began as are counted now.
_CREW = """
WITH open AS (
    SELECT count(*) AS workers, bool_and(status = 'running') AS have_begun,
           max(coalesce(started_at, scheduled_at)) AS youngest
      FROM sync_run_jobs
     WHERE spider = 'detail' AND node IS NOT NULL AND status IN ('scheduled', 'running')
)
SELECT workers, coalesce(have_begun AND youngest <= :since, false) AS is_measured,
       (SELECT count(*) FROM scrape_queue WHERE completed_at > :since) AS pages,
       (SELECT count(*) FROM scrape_queue
         WHERE completed_at > youngest - CAST(:window AS interval)
           AND completed_at <= youngest) AS pages_before
  FROM open
"""


class NodeRepository(Repository):
    """SQL of `sync_nodes`."""

    async def all(self) -> list[Node]:
        """The nodes that the runner looks at."""
        return await self._all(Node, f"{_NODES} ORDER BY node")

    async def record(self, looks: Sequence[Mapping[str, Any]], *, now: datetime) -> list[Node]:
        """Notes a look at all nodes, each with what was objected to it before."""
        nodes = [await self._one(Node, _RECORD, now=now, **look) for look in looks]
        await self._run(
            "DELETE FROM sync_nodes WHERE node <> ALL(:nodes)", nodes=[each.node for each in nodes]
        )
        return nodes

    async def loads(self, *, now: datetime, window: timedelta) -> list[NodeLoad]:
        """What to weigh the nodes by; pages count that were fetched within the window."""
        measured = now - window / 10
        return await self._all(NodeLoad, _LOADS, now=now, since=now - window, measured=measured)

    async def crew(self, *, now: datetime, window: timedelta) -> DrainCrew:
        """The detail workers that nodes were given, and what they fetched within the window."""
        return await self._one(DrainCrew, _CREW, since=now - window, window=window)

    async def waits_for_a_slot(self, *, scheduled_before: datetime) -> set[str]:
        """The nodes where a run's job has waited since before a time."""
        statement = """SELECT DISTINCT node FROM sync_run_jobs
             WHERE status = 'scheduled' AND run_id IS NOT NULL AND scheduled_at < :before"""
        rows = await self._run(statement, before=scheduled_before)
        return set(rows.scalars())

    async def youngest_standing(self, nodes: Collection[str]) -> list[Job]:
        """Of each of these nodes the job of no run that it was given last, if it is open."""
        statement = f"""SELECT DISTINCT ON (node) {COLUMNS} FROM sync_run_jobs
             WHERE run_id IS NULL AND node = ANY(:nodes) AND status IN ('scheduled', 'running')
             ORDER BY node, scheduled_at DESC"""
        return await self._all(Job, statement, nodes=list(nodes))
