"""A month of all four tiers: virtual days over real HTTP, held to the truth as they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import Config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_workshop.simulation.clock import VirtualClock
from pincali_workshop.simulation.fetching import LoopbackFetcher
from pincali_workshop.simulation.findings import Findings
from pincali_workshop.simulation.jobs import SimulatedJobs, SimulatedNode
from pincali_workshop.simulation.journal import JournalBook
from pincali_workshop.simulation.ledger import Ledger
from pincali_workshop.simulation.operator import Operator, People
from pincali_workshop.simulation.reading import HttpReader
from pincali_workshop.simulation.visits import Visits
from pincali_workshop.standin.options import RemovalMode, StandinOptions
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.population import Population
from pincali_workshop.standin.world.state import ListingState

_TICK = timedelta(minutes=1)
_MOST_TICKS = 2_000  # a run that needs more than a day of ticks is stuck
_TICK_OF_REST = timedelta(minutes=20)
_TICK_WHILE_REFUSED = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """What a simulated month came to."""

    days: int
    runs: tuple[SyncRun, ...]
    findings: Findings
    requests: int
    full_scrapes_saved: float  # requests of one full scrape a day, by ours
    alerts: tuple[str, ...]  # what people would have been told, in order
    false_positive_rate: float | None  # of removals, as the weekly audits measured it


class Month:
    """Plays days. The database must be empty and at the current schema."""

    def __init__(
        self,
        config: Config,
        site: StandinProcess,
        options: StandinOptions,
        *,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._site = site
        self._config = config
        self._say = say
        self._site_time = options.start
        self._clock = VirtualClock(options.start)
        self._population = Population(
            options.seed, options.listings, options.start, options.churn, options.traps
        )
        self._fetcher = LoopbackFetcher(config.pincali_base_url)
        self._people = People(self._clock)
        self._services: Services = build_services(
            config, clock=self._clock, fetcher=self._fetcher, notifier=self._people
        )
        self._node = SimulatedNode()
        reader = HttpReader(config, self._fetcher)
        self._jobs = SimulatedJobs(self._services, lambda _: reader)
        self._scheduler: SchedulerService = self._services.scheduler(self._node)
        self._findings = Findings()
        self._ledger = Ledger(self._services.db, options.page_size, options.seed, self._findings)
        self._journal = JournalBook(
            self._services.db, self._population, options.seed, self._findings
        )
        self._operator = Operator(self._services, site, self._clock, self._findings, say)
        self._visits = Visits(self._population)
        self._requests = 0
        self._runs: dict[str, SyncRun] = {}
        self._last_hot_scan = self._clock.now()
        self._stock = 0

    async def play(
        self, days: int, disturb: Callable[[int], set[str]] | None = None
    ) -> MonthReport:
        """Plays so many days, tick by tick where something is under way, slot by slot where not.

        Args:
            disturb: told the number of each day that begins, to order faults; says which
                alerts have a reason then.
        """
        try:
            end = self._clock.now() + timedelta(days=days)
            self._site.set_removal_mode(RemovalMode.MIXED)
            day = -1
            while self._clock.now() < end:
                today = days - (end - self._clock.now()).days - 1
                if today != day and disturb is not None:
                    self._people.expect(disturb(today))
                day = today
                await self._work_until_quiet()
                self._move_to(min(end, await self._next_slot()))
            return await self._report(days)
        finally:
            await self._fetcher.close()
            await self._services.db.dispose()

    async def _report(self, days: int) -> MonthReport:
        await self._journal.close(self._site_time)
        self._findings.alerts_unexplained = self._people.unexplained
        self._findings.visits = self._visits.number
        self._findings.visited_too_often = self._visits.too_many()
        return MonthReport(
            days=days,
            runs=tuple(self._runs.values()),
            findings=self._findings,
            requests=self._requests,
            full_scrapes_saved=days * self._stock / max(1, self._requests),
            alerts=tuple(self._people.told),
            false_positive_rate=await self._false_positive_rate(),
        )

    async def _false_positive_rate(self) -> float | None:
        audit = (await self._services.insights.snapshot(whole=False)).audit
        checked = audit.alive + audit.gone
        return audit.alive / checked if checked else None

    async def _work_until_quiet(self) -> None:
        """Ticks until no run is open and nobody works.

        The site stands still meanwhile, so that there is one truth to compare with.
        """
        truth = self._truth()
        self._stock = max(self._stock, len(truth))
        self._ledger.note_truth(truth, self._clock.now())
        for _ in range(_MOST_TICKS):
            runs = await self._scheduler.tick()
            await self._ledger.note_queue()
            worked = await self._node.work(self._jobs)
            await self._ledger.note_queue()
            for run in runs:
                await self._note(run, truth)
            rests = await self._operator.look_after()
            is_open = any(run.status == "running" for run in runs) and not self._operator.waits
            if not worked and not rests and not is_open:
                await self._keep_book()
                return
            self._clock.advance(_TICK_OF_REST if rests else _TICK)
        raise TimeoutError("the simulated runs do not come to an end")

    async def _note(self, run: SyncRun, truth: Sequence[ListingState]) -> None:
        before = self._runs.get(str(run.id))
        self._runs[str(run.id)] = run
        if run.status == "running" or (before is not None and before.status == run.status):
            return
        self._say(_line(run))
        tier = Tier(run.tier_level)
        if run.status != "completed" or tier is Tier.MONTHLY_REFRESH:
            return
        await self._ledger.after_tier_1(truth, self._config.tier_1_pages, self._last_hot_scan)
        self._last_hot_scan = self._site_time
        if tier is not Tier.HOT_LISTINGS:
            await self._ledger.after_full_read(truth, run.session_id, self._clock.now())
        if tier is Tier.WEEKLY_DEEP:
            await self._ledger.after_weekly_scan(truth, run.session_id, self._site_time)

    async def _keep_book(self) -> None:
        entries = self._site.log(after=self._requests)
        self._requests += len(entries)
        self._visits.note(entries)
        await self._journal.read(self._clock.now(), self._site_time)

    def _truth(self) -> Sequence[ListingState]:
        """The site's state is a function of seed and time: nobody needs to be asked."""
        return tuple(self._population.board(self._site_time).active)

    async def _next_slot(self) -> datetime:
        slots = [
            await self._scheduler.get_next_scheduled_run(tier)
            for tier in self._config.tiers_enabled
        ]
        step = _TICK_WHILE_REFUSED if self._operator.waits else _TICK
        return max(min(slots), self._clock.now() + step)

    def _move_to(self, instant: datetime) -> None:
        self._clock.move_to(instant)
        self._site_time = self._site.set_clock(instant)


def _line(run: SyncRun) -> str:
    return (
        f"{run.started_at:%d %b %H:%M}  tier {run.tier_level} {run.status:<9} "
        f"{run.pages_scanned:>4} pages {run.new_properties_found:>5} new "
        f"{run.price_changes_detected:>4} prices {run.removals_detected:>4} missing "
        f"{run.details.removed:>4} removed {run.properties_scraped:>5} scraped"
        + (f"  {run.error_summary}" if run.error_summary else "")
    )
