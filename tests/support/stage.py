"""A tier run with nodes that take orders and do nothing: the tests do the jobs' work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from pincali_sync.bootstrap import build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.runs.jobs import Job
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import RunnerError
from pincali_sync.items import Ending, ScrapeResult
from pincali_sync.services.ports import JobRunner, JobSpec, NodeLook
from pincali_sync.services.runs.job_service import JobTicket
from pincali_sync.services.runs.runner_lock import runner_lock
from pincali_sync.services.tier_orchestrator import TierOrchestrator
from tests.support.builders import SITE, Workshop, detail, entry, page, rows
from tests.support.clock import FixedClock

SILENCE = timedelta(minutes=2)
WINDOW = timedelta(minutes=60)


@dataclass
class FakeRunner:
    """Takes orders and does nothing: the tests do the jobs' work."""

    ordered: list[JobSpec] = field(default_factory=list)
    cancelled: list[UUID] = field(default_factory=list)
    answers: bool = True
    looks: dict[str, NodeLook] = field(default_factory=dict)  # of nodes that are not just idle
    given: dict[UUID, str] = field(default_factory=dict)  # each order's node
    in_line: set[UUID] = field(default_factory=set)  # orders that wait for a slot

    async def look(self) -> list[NodeLook]:
        nodes = ("node-a", "node-b")
        if not self.answers:
            lost = "does not answer"
            return [NodeLook(node=node, objection=f"{node} {lost}", is_down=True) for node in nodes]
        return [self.looks.get(node, NodeLook(node=node)) for node in nodes]

    async def start(self, spec: JobSpec, node: str) -> None:
        if not self.answers:
            raise RunnerError("node-a does not answer")
        self.ordered.append(spec)
        self.given[spec.job_id] = node

    async def is_in_line(self, job_id: UUID, node: str) -> bool:
        return job_id in self.in_line

    def where_logged(self, spider: str, job_id: UUID, node: str) -> str:
        return f"{node}/{job_id}.log"

    async def cancel(self, job_id: UUID, node: str) -> None:
        self.cancelled.append(job_id)
        self.ordered = [spec for spec in self.ordered if spec.job_id != job_id]

    def take(self, spider: str) -> list[JobSpec]:
        """The orders for a spider, which are thereby accepted."""
        taken = [spec for spec in self.ordered if spec.spider == spider]
        self.ordered = [spec for spec in self.ordered if spec.spider != spider]
        return taken


@dataclass
class Stage:
    """One orchestrator, its fake nodes, and what spiders would do."""

    db: Database
    clock: FixedClock
    runner: FakeRunner = field(default_factory=FakeRunner)

    def __post_init__(self) -> None:
        self.shop = Workshop(db=self.db, clock=self.clock)
        config = load_config(pincali_base_url=SITE)
        self.services = build_services(config, clock=self.clock, db=self.db)
        self.runs = self.orchestrator(self.runner)

    def orchestrator(self, runner: JobRunner) -> TierOrchestrator:
        return self.services.orchestrator(runner)

    async def start(self, tier: Tier = Tier.HOT_LISTINGS) -> SyncRun:
        return await self.runs.start(tier)

    async def tick(self) -> SyncRun:
        """Moves the only run on."""
        [run] = await self.advance_all()
        return run

    async def advance_all(self) -> list[SyncRun]:
        """Moves all open runs on, as a tick does."""
        async with runner_lock(self.db, self.clock, 120) as lock:
            return [await self.runs.advance(run, lock) for run in await self.runs.open_runs()]

    async def begin(self, spec: JobSpec) -> JobTicket:
        return await self.shop.jobs.begin(
            spec.job_id, spider=spec.spider, source=spec.arguments.get("source")
        )

    async def end(self, ticket: JobTicket, reason: str = "finished") -> bool:
        return await self.shop.jobs.finish(
            ticket, succeeded=reason == "finished", reason=reason, stats={}
        )

    async def scan_all(self, *, per_source: int = 2) -> None:
        """Does the manifest jobs that were ordered."""
        for spec in self.runner.take("manifest"):
            source = spec.arguments["source"]
            ticket = await self.begin(spec)
            cards = [entry(f"{source}-house-{n}") for n in range(per_source)]
            await self.shop.scan(page(*cards, source=source), ticket=ticket)
            await self.end(ticket)
        await self.end_all("no_sitemap_index", "sitemap")

    async def fetch_all(self) -> None:
        """Does the detail jobs that were ordered."""
        slugs = {entry(s).property_id: s for s in await self.slugs()}
        for spec in self.runner.take("detail"):
            ticket = await self.begin(spec)
            results = [
                ScrapeResult(queued=each, scraped=detail(slugs[each.property_id]))
                for each in await self.shop.claim(100)
            ]
            await self.shop.save(*results, ticket=ticket)
            await self.end(ticket)

    async def fail_all(self) -> None:
        """Begins the ordered detail jobs and has every page fail for good."""
        for spec in self.runner.take("detail"):
            ticket = await self.begin(spec)
            failures = [
                ScrapeResult(queued=each, scraped=None, error="HTTP 500", ending=Ending.FAILED)
                for each in await self.shop.claim(1_000)
            ]
            await self.shop.save(*failures, ticket=ticket)
            await self.end(ticket)

    async def end_all(self, reason: str, spider: str = "manifest") -> None:
        """Begins a spider's ordered jobs and ends each for a reason."""
        for spec in self.runner.take(spider):
            await self.end(await self.begin(spec), reason)

    async def slugs(self) -> list[str]:
        found = await rows(self.db, "SELECT source_url FROM property_manifest")
        return [row["source_url"].rpartition("/")[2] for row in found]

    async def jobs(self, run: SyncRun, source: str | None = None) -> list[Job]:
        async with self.db.transaction() as tx:
            jobs = await tx.jobs.of_run(run.id)
        return [job for job in jobs if source is None or job.source == source]
