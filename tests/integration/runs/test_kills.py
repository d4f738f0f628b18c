"""Whatever transaction of a month a process dies at, all ends as if nothing had happened.

The runner and its jobs are processes of their own. All four tiers run, with the sitemap, removals,
their verification, a held batch that a person decides, and what tidies up. At one transaction in
some dozens its process dies: before it is committed, or after it and before anybody knows. The rest
goes on, and the next ticks find what is left. `make kills` plays more of such months.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest
from pincali_workshop.simulation.jobs import SimulatedJobs, SimulatedNode

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.queue.queue import QueueRepository
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import LockedError, OutdatedError
from pincali_sync.services.insights.alerts import Watch
from pincali_sync.services.runs.run_jobs import _PATIENCE_BEFORE_START
from tests.support.builders import SITE, rows
from tests.support.clock import FixedClock
from tests.support.dying import Fate, KilledError, MortalDatabase
from tests.support.postgres import Databases
from tests.support.stored import differences, stored
from tests.support.tiny_site import House, TinySite

_MOST_TICKS = 60


class _NoWatch:
    """Who is told what: figures are only read for that."""

    async def look(self, runs: object) -> list[Exception]:
        """Nobody is told."""
        return []


@dataclass
class Month:
    """One database, its site, and the processes that come and go."""

    db: Database
    fate: Fate
    clock: FixedClock = field(default_factory=FixedClock)
    site: TinySite = field(default_factory=TinySite)
    node: SimulatedNode = field(default_factory=SimulatedNode)
    _ails: bool = False

    def __post_init__(self) -> None:
        self.began = self.clock.now()
        self.config = load_config(pincali_base_url=SITE, drain_window_minutes=24 * 60)

    def process(self) -> Services:
        """A new process: it knows nothing but what the database holds."""
        db = MortalDatabase(self.db, self.fate)
        return build_services(self.config, clock=self.clock, db=db)

    async def dies_of(self, work: Awaitable[object]) -> bool:
        """Whether the work came to no end."""
        try:
            await work
        except KilledError:
            self._ails = True
            return True
        return False

    async def until_done(self, work: Any) -> None:
        """As a person who tries again."""
        while await self.dies_of(work()):
            self._recover()

    async def run(self, day: float, tier: Tier) -> None:
        """A run of a tier on some day, to its end and until nobody works any more."""
        until = self.began + timedelta(days=day) - self.clock.now()
        self.clock.advance(seconds=until.total_seconds())
        await self.until_done(lambda: self._start(tier))
        for _ in range(_MOST_TICKS):
            self._recover()
            await self.dies_of(self._tick())
            orders, self.node._waiting = self.node._waiting, []
            for spec in orders:
                jobs = SimulatedJobs(self.process(), lambda _: self.site)
                await self.dies_of(jobs.run(spec))
            self.clock.advance(minutes=2)
            if not orders and not self._ails and await self._is_quiet():
                return
        raise TimeoutError(f"the run of tier {tier} comes to no end")

    async def _start(self, tier: Tier) -> None:
        try:
            await self.process().scheduler(self.node).start_now(tier)
        except LockedError:
            if await rows(self.db, "SELECT FROM sync_runs WHERE status = 'running'"):
                return  # it is open already
            raise

    async def _tick(self) -> None:
        scheduler = self.process().scheduler(self.node)
        await replace(scheduler, watch=cast(Watch, _NoWatch())).tick(start_due=False)

    async def _is_quiet(self) -> bool:
        return not await rows(
            self.db,
            """SELECT FROM sync_runs WHERE status = 'running' UNION ALL
               SELECT FROM sync_run_jobs WHERE status IN ('scheduled', 'running') UNION ALL
               SELECT FROM scrape_queue WHERE status IN ('in_progress', 'pending')""",
        )

    def _recover(self) -> None:
        """So long until whatever a dead process held is free, and what it was silent about told."""
        if self._ails:
            self.clock.advance(seconds=_PATIENCE_BEFORE_START * self.config.job_silence_seconds + 1)
        self._ails = False


HOUSES = {n: House(public_id=f"EB-AA{n:04d}", slug=f"house-{n}") for n in range(1, 24)}
# So many removals go at once without a person, at each point of the month.
LIMIT = ContextVar[int]("LIMIT")


def shows(
    month: Month,
    houses: dict[int, House],
    *,
    unlisted: Any = (),
    left: Any = (),
    unmapped: Any = (),
) -> None:
    """What the site shows from now on; what has left has no page either."""
    lists = [house for n, house in houses.items() if n not in {*unlisted, *left}]
    month.site.lists = lists
    month.site.sitemap = [house.slug for n, house in houses.items() if n not in unmapped]
    month.site.pages = {house.slug: house for n, house in houses.items() if n not in left}


async def play(db: Database, fate: Fate) -> dict[str, Any]:
    """A month; returns all that is stored in the end, but for ids and times."""
    month, houses = Month(db, fate), dict(HOUSES)
    shows(month, houses)
    await month.run(0, Tier.WEEKLY_DEEP)

    # Another price, another slug; and a new one that looks like number 1.
    houses[5] = replace(houses[5], price=1_500_000)
    houses[6] = replace(houses[6], slug="house-6-renamed")
    houses[24] = House(public_id="EB-AA0024", slug="house-24", like=1)
    shows(month, houses)
    await month.run(1, Tier.HOT_LISTINGS)

    # 1 is gone, and the sitemap says so. 2 and 9 are gone, 3 is there and nowhere listed, 4 cannot
    # be told. 7 has a new slug.
    houses[7] = replace(houses[7], slug="house-7-renamed")
    away: dict[str, Any] = {"unlisted": [3, 4], "left": [1, 2, 9], "unmapped": [1]}
    month.site.broken = frozenset({"house-4"})
    shows(month, houses, **away)
    await month.run(6, Tier.DAILY_SYNC)
    LIMIT.set(0)
    # The sitemap alone knows 25.
    houses[25] = House(public_id="EB-AA0025", slug="house-25")
    away |= {"unlisted": [3, 4, 25], "unmapped": [1, 2, 3, 4, 9]}
    shows(month, houses, **away)
    await month.run(8.5, Tier.WEEKLY_DEEP)
    await month.until_done(lambda: decide(month))

    # What is held is joined by another, which left later, and carried out with it. Beside that, a
    # new listing and another price.
    houses[10] = replace(houses[10], price=2_500_000)
    houses[26] = House(public_id="EB-AA0026", slug="house-26")
    away |= {"left": [1, 2, 8, 9], "unmapped": [1, 2, 3, 4, 8, 9]}
    shows(month, houses, **away)
    await month.run(17, Tier.WEEKLY_DEEP)
    LIMIT.set(3)
    await month.run(26, Tier.WEEKLY_DEEP)

    # 1 comes back, 4 is listed again.
    month.site.broken = frozenset()
    shows(month, houses, unlisted=[3, 25], left=[2, 8, 9])
    await month.run(27, Tier.HOT_LISTINGS)
    await month.run(69, Tier.MONTHLY_REFRESH)
    return await stored(db)


async def decide(month: Month) -> None:
    """A person carries out what was held."""
    [batch] = await rows(
        month.db, "SELECT id FROM removal_batches ORDER BY created_at DESC LIMIT 1"
    )
    try:
        await month.process().removals.settle(batch["id"], approve=True, decided_by="Operator 1")
    except OutdatedError:
        return  # it was, before anybody knew


@pytest.fixture
async def twin(db: Database, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The month that nothing disturbs."""
    limit = "pincali_sync.services.removal.application.removal_limit"
    monkeypatch.setattr(limit, lambda _: LIMIT.get())
    # Which canaries are asked is drawn by the time: none of their pages rests.
    monkeypatch.setattr(QueueRepository, "note_canaries", AsyncMock())
    return await play(db, Fate())


SEEDS = range(int(os.environ.get("SEED", "1")), 10**6)


async def test_a_month_ends_alike_whatever_transactions_processes_die_at(
    twin: dict[str, Any], databases: Databases
) -> None:
    states = {each["listing_status"] for each in twin["live"]}
    assert states == {"active", "confirmed_removed", "likely_removed"}
    assert {each["status"] for each in twin["batches"]} == {"applied", "joined"}
    assert twin["open"] == []
    for seed in SEEDS[: int(os.environ.get("MONTHS", "2"))]:
        fate = Fate(seed)
        async with databases.lend() as lent:
            disturbed = await play(lent.db, fate)
        assert fate.kills > 10
        wrong = differences(twin, disturbed)
        assert not wrong, "\n".join([f"SEED={seed}", *wrong])
