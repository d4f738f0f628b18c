"""The person who looks after the simulated months: is told, approves, and lets work go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from pincali_sync.bootstrap import Services
from pincali_sync.clock import Clock
from pincali_sync.db.repositories.site.pace import PAGES
from pincali_workshop.simulation.findings import Findings
from pincali_workshop.standin.process import StandinProcess

_REST = timedelta(hours=5)  # how long a site is left alone that refused
_ALWAYS_MEANT = {"RemovalsHeld"}  # a person decides, and the simulated one does so at once
_ENDED_BY_A_PERSON = {"refused", "rate"}


class People:
    """Whom alerts reach."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.told: list[str] = []  # one line each, in order
        self.unexplained: list[str] = []
        self._explained: dict[date, set[str]] = {}

    def expect(self, alerts: set[str]) -> None:
        """These have a reason from now on until tomorrow's end."""
        today = self._clock.now().date()
        for day in (today, today + timedelta(days=1)):
            self._explained.setdefault(day, {*_ALWAYS_MEANT}).update(alerts)

    async def tell(self, title: str, body: str) -> bool:
        """Remembers it."""
        now = self._clock.now()
        for line in body.splitlines():
            said = f"{now:%d %b %H:%M} {line}"
            self.told.append(said)
            severity, _, alert = line.partition(":")[0].partition(" ")
            if severity != "OVER" and alert not in self._explained.get(now.date(), _ALWAYS_MEANT):
                self.unexplained.append(said)
        return True


class Operator:
    """Does by hand what is left to people."""

    def __init__(
        self,
        services: Services,
        site: StandinProcess,
        clock: Clock,
        findings: Findings,
        say: Callable[[str], None],
    ) -> None:
        self._services = services
        self._site = site
        self._clock = clock
        self._findings = findings
        self._say = say
        self.waits = False  # the site refuses pages for long: they rest until somebody says so

    async def look_after(self) -> bool:
        """Decides what waits for a person; whether everything still rests."""
        await self._approve_held_removals()
        return await self._resume_what_rested()

    async def _approve_held_removals(self) -> None:
        """The first batch of a young database is always a large one."""
        for batch in await self._services.db.run(lambda tx: tx.batches.latest(status="held")):
            approved = await self._services.removals.settle(
                batch.id, approve=True, decided_by="simulation"
            )
            self._findings.batches_held += 1
            self._say(f"    {approved.removed} removals were held, and approved")

    async def _resume_what_rested(self) -> bool:
        """The wall has gone by then."""
        pauses = await self._services.pauses.in_force()
        if self.waits:
            pauses = [pause for pause in pauses if pause.scope != PAGES]
        for pause in pauses:
            rested = self._clock.now() - pause.paused_at
            if pause.kind in _ENDED_BY_A_PERSON and rested >= _REST:
                self._site.clear_faults()
                await self._services.pauses.resume(pause.scope)
                self._findings.pauses += 1
                self._say(f"    resumed {pause.scope} after {rested}: {pause.reason}")
        return bool(pauses)
