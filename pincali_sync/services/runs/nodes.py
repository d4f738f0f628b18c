"""Which node is given a job: the one with the least to do of those that take any."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import timedelta

from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.nodes import Node
from pincali_sync.exceptions import RunnerError
from pincali_sync.services.base import Service
from pincali_sync.services.ports import JobRunner

logger = logging.getLogger(__name__)

# Nodes are looked at once in so long, whoever asks.
_LOOKED_AT_EVERY = timedelta(seconds=10)
_SPEED_OF = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class NodeService(Service):
    """Looks at the nodes, tells what changed, and chooses among them."""

    runner: JobRunner

    async def look(self) -> list[Node]:
        """Looks at all nodes now. Who drops out is told once, and who is back."""
        looks = [asdict(each) for each in await self.runner.look()]
        now = self.clock.now()
        nodes = await self.db.run(lambda tx: tx.nodes.record(looks, now=now))
        for node in nodes:
            _tell(node)
        return nodes

    async def states(self) -> list[Node]:
        """The nodes as a look of this moment, or of a few seconds ago, shows them."""
        nodes = await self.db.run(lambda tx: tx.nodes.all())
        now = self.clock.now()  # which may have been set back since they were looked at
        if nodes and all(now - _LOOKED_AT_EVERY <= node.looked_at <= now for node in nodes):
            return nodes
        return await self.look()

    async def check(self) -> None:
        """Looks whether there is a node that takes jobs.

        Raises:
            RunnerError: when there is none; says what is wrong with each.
        """
        nodes = await self.look()
        if all(node.objection for node in nodes):
            raise RunnerError("; ".join(str(node.objection) for node in nodes))

    async def down(self) -> frozenset[str]:
        """Those that give no answer."""
        return frozenset(node.node for node in await self.states() if node.is_down)

    async def has_in_line(self, job: Job) -> bool:
        """Whether a job has not begun because others take all slots of its node, as that says."""
        if job.status != "scheduled" or job.node is None or job.node in await self.down():
            return False
        try:
            return await self.runner.is_in_line(job.id, job.node)
        except RunnerError as error:
            logger.warning("whether job %s waits in line is not known: %s", job.id, error)
            return False

    async def stop(self, job: Job) -> None:
        """Asks its node to stop a job that was given up."""
        if job.node is None or job.node in await self.down():
            return  # on a node that comes back it finds that it was given up
        try:
            await self.runner.cancel(job.id, job.node)
        except RunnerError as error:
            # Its row no longer lets it write: stopping it only saves work.
            logger.warning("job %s could not be stopped: %s", job.id, error)

    async def choose(self, *, with_a_slot: bool = False) -> str | None:
        """Who is to have the next job; None where nobody takes any.

        By what a node has to do, for how fast it is: one that gets twice as much done is given
        twice as many.

        Args:
            with_a_slot: only among those where no job waits.
        """
        nodes = [node for node in await self.states() if node.objection is None]
        if with_a_slot:
            nodes = [node for node in nodes if not node.is_full]
        now = self.clock.now()
        loads = await self.db.run(lambda tx: tx.nodes.loads(now=now, window=_SPEED_OF))
        of_ours = {each.node: each for each in loads}
        nodes = [node for node in nodes if node.node in of_ours]
        speeds = {each.node: each.pages_a_minute for each in loads if each.pages_a_minute}
        usual = max(speeds.values(), default=1.0)  # of whom nothing is known, the best is thought

        def burden(node: Node) -> tuple[bool, float]:
            ours = of_ours[node.node]
            jobs = max(node.running + node.pending + ours.ordered, ours.open) + 1
            return node.is_full, jobs / speeds.get(node.node, usual)

        return min(nodes, key=burden).node if nodes else None


def _tell(node: Node) -> None:
    if node.objection is not None and node.objection != node.before:
        logger.warning("a node is given no jobs: %s", node.objection)
    elif node.objection is None and node.before is not None:
        logger.warning("the node %s takes jobs again", node.node)
