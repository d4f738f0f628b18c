"""Who acts in a season: the ticks, the jobs they start, a person, and who keeps the books."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.schedule import next_slot
from pincali_sync.domain.tiers import Tier
from pincali_sync.services.insights.alerts import Watch
from pincali_sync.services.ports import JobSpec, NodeLook
from pincali_sync.services.scheduler_service import SchedulerService
from pincali_workshop.paper.bookkeeping import Bookkeeper
from pincali_workshop.paper.course import Day
from pincali_workshop.paper.reading import PaperReader, PaperSite
from pincali_workshop.paper.timeline import Timeline
from pincali_workshop.paper.weather import Weather
from pincali_workshop.simulation.clock import VirtualClock
from pincali_workshop.simulation.jobs import SimulatedJobs

if TYPE_CHECKING:
    from pincali_workshop.paper.season import Season

# And at the full minute after a job, and when the time for something, has ended: in between a tick
# finds nothing to do.
_TICK = timedelta(minutes=30)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_LOOK = timedelta(hours=1)  # whether a tier is due
_WATCH = timedelta(hours=24)  # figures and alerts are read so often; a real tick always does
_READERS = {"manifest", "sitemap"}
_FOR_A_PERSON = {"refused", "rate"}
# As many as a busy spider stores together, and three times as many details as it does: a minute of
# the site's time.
_PAGES_PER_BATCH, _DETAILS_PER_BATCH = 100, 50


class Play:
    """One season as it is played; a `JobRunner`."""

    def __init__(self, season: Season, weather: Weather, *, until: datetime) -> None:
        self._season = season
        self._weather = weather
        self._until = until
        self._clock, self._services = season.clock, season.services
        self._course, self._truth = season.course, season.truth
        self._timeline = Timeline(self._clock)
        self._site = PaperSite(season.site, self._services, self._timeline, weather)
        self._jobs = SimulatedJobs(
            self._services,
            lambda spec: PaperReader(self._site, spec, self._services),
            pages_per_batch=_PAGES_PER_BATCH,
            details_per_batch=_DETAILS_PER_BATCH,
        )
        scheduler = self._services.scheduler(self)
        watch = _SparseWatch(scheduler.watch, self._clock)
        self._scheduler: SchedulerService = replace(
            scheduler, probe=self._site.probe, watch=cast(Watch, watch)
        )
        self._books = Bookkeeper(
            self._services.db, season.site.population, self._truth, season.begin
        )
        self._look_at, self._news = season.begin, True
        self._stands: set[tuple[UUID, str, bool]] = set()
        self._alarm: asyncio.Future[None] | None = None  # of the next tick
        self._day_began, self._day_requests = time.monotonic(), 0
        self._day_pending = self._day_outside = 0

    async def to_the_end(self) -> None:
        """Raises whatever a job raises that no product could bear."""
        try:
            await self._timeline.spawn(self._tick_on())
        finally:
            await self._timeline.stop()
        self._course.requests = self._timeline.requests

    async def look(self) -> tuple[NodeLook]:
        """One node, always ready."""
        return (NodeLook(node="paper"),)

    async def start(self, spec: JobSpec, node: str) -> None:
        """At once."""
        self._timeline.spawn(self._run(spec))

    async def is_in_line(self, job_id: object, node: str) -> bool:
        """Never."""
        return False

    def where_logged(self, spider: str, job_id: object, node: str) -> str:
        """Nowhere: these jobs write to the caller's log."""
        return node

    async def cancel(self, job_id: object, node: str) -> None:
        """It finds out when it writes."""

    async def _run(self, spec: JobSpec) -> None:
        await self._jobs.run(spec)
        now = self._clock.now()
        if spec.spider in _READERS:
            self._course.read_at = now
        if self._alarm is not None:
            self._timeline.ring_at(now.replace(second=0, microsecond=0) + _MINUTE, self._alarm)

    async def _tick_on(self) -> None:
        day_ends = self._season.begin + _DAY
        while True:
            runs = await self._tick()
            if self._clock.now() >= day_ends:
                await self._close_day()
                day_ends += _DAY
            if self._clock.now() >= self._until:
                return
            self._alarm = self._timeline.alarm(min(next_tick(self._clock.now(), runs), day_ends))
            await self._timeline.wait(self._alarm)
            if self._timeline.failure is not None:
                raise self._timeline.failure

    async def _tick(self) -> Sequence[SyncRun]:
        await self._jobs.beat()
        runs = await self._scheduler.tick(start_due=self._is_anything_due())
        for run in runs:
            self._note(run)
        stands = {(run.id, run.status, run.step == "scan") for run in runs}
        self._news, self._stands = stands != self._stands, stands
        self._site.is_paused = await self._services.pauses.of_tier(None) is not None
        pending, outside = await self._books.waiting()
        self._day_pending = max(self._day_pending, pending)
        self._day_outside = max(self._day_outside, outside)
        return runs

    def _is_anything_due(self) -> bool:
        """Looking is what costs most of a quiet tick: a slot has passed, or runs have moved."""
        now = self._clock.now()
        if not self._news and now < self._look_at:
            return False
        slots = [next_slot(tier, now) for tier in Tier]
        self._look_at = min(*slots, now + _LOOK)  # runs that failed are tried again
        return True

    def _note(self, run: SyncRun) -> None:
        now = self._clock.now()
        is_disturbed = (
            self._site.is_paused or self._weather.is_bad(now) or self._weather.is_down(now)
        )
        if self._course.note_run(run, now, is_disturbed=is_disturbed) and run.status != "completed":
            self._season.say(f"    tier {run.tier_level} {run.status}: {run.error_summary}")

    async def _act_as_a_person(self) -> None:
        """Once a day somebody looks: goes on after a refusal, and approves what is held."""
        for pause in await self._services.pauses.in_force():
            if pause.kind in _FOR_A_PERSON:
                await self._services.pauses.resume(pause.scope)
                self._season.say(f"    resumed {pause.scope}: {pause.reason}")
        for batch in await self._services.db.run(lambda tx: tx.batches.latest(status="held")):
            settled = await self._services.removals.settle(
                batch.id, approve=True, decided_by="simulation"
            )
            self._course.approved.append(settled.removed)
            self._season.say(f"    {settled.removed} removals were held, and approved")

    async def _close_day(self) -> None:
        self._site.move()
        await self._act_as_a_person()
        now, truth = self._clock.now(), self._truth
        await self._books.read(now)
        self._course.note_falsely_off(self._books.falsely_off)
        day = Day(
            number=len(self._course.days) + 1,
            ended_at=now,
            seconds=time.monotonic() - self._day_began,
            requests=self._timeline.requests - self._day_requests,
            oldest_days=await self._books.oldest(now) / _DAY,
            most_pending=self._day_pending,
            most_outside=self._day_outside,
            newcomers_unknown=len(truth.new.open),
            gone_unknown=len(truth.gone.open),
            prices_unknown=len(truth.prices.open),
            present=await self._books.present(),
            falsely_off=len(self._books.falsely_off),
        )
        self._course.days.append(day)
        self._season.say(_line(day))
        self._day_began, self._day_requests = time.monotonic(), self._timeline.requests
        self._day_pending = self._day_outside = 0


class _SparseWatch:
    """Looks now and then."""

    def __init__(self, watch: Watch, clock: VirtualClock) -> None:
        self._watch = watch
        self._clock = clock
        self._due = clock.now()

    async def look(self, runs: Any = ()) -> list[Exception]:
        """Looks, if it is time."""
        if self._clock.now() < self._due:
            return []
        self._due = self._clock.now() + _WATCH
        return await self._watch.look()


def next_tick(now: datetime, runs: Sequence[SyncRun]) -> datetime:
    """When at the latest a tick may find something to do although no job has ended."""
    windows = [run.details.verifies_until for run in runs if run.step == "verify"]
    return min([now + _TICK, *(each for each in windows if each is not None and each > now)])


def _line(day: Day) -> str:
    return (
        f"day {day.number:>3} {day.seconds:6.1f} s {day.requests:>6,} requests  "
        f"oldest {day.oldest_days:4.1f} days  "
        f"queue {day.most_pending:>6,}, outside {day.most_outside:>6,}  "
        f"unknown: {day.newcomers_unknown:,} new, {day.gone_unknown:,} gone, "
        f"{day.prices_unknown:,} prices"
    )
