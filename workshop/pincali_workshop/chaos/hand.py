"""The hand that strikes, and that afterwards does what an operator's machine does by itself."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from pincali_sync.exceptions import PincaliSyncError
from pincali_workshop.chaos.kinds import Blow, Kind
from pincali_workshop.chaos.look import Look
from pincali_workshop.chaos.runner import Cron
from pincali_workshop.chaos.victims import (
    backends,
    browsers,
    family_of,
    process_of_job,
    send,
)
from pincali_workshop.demo.stage import Stage
from pincali_workshop.stack import embedded
from pincali_workshop.stack.scrapyd import ScrapydNode

# Three attempts at the same work end a run, as they should: nobody is made to fail that often.
_LOSSES_BORNE = 2
_DOWN_SECONDS = (0.5, 4.0)
_ASLEEP_SILENCES = (1.5, 2.5)


@dataclass(frozen=True, slots=True)
class _Revival:
    blow: Blow
    due_at: float
    act: Callable[[], object]


class Hand:
    """Strikes on one stage.

    Args:
        silence: seconds without a sign of life after which others take over.
    """

    def __init__(self, stage: Stage, cron: Cron, silence: int) -> None:
        self._asleep = tuple(silence * each for each in _ASLEEP_SILENCES)
        self._stage = stage
        self._cron = cron
        self._revivals: list[_Revival] = []
        self.families: set[int] = set()  # of those that were hit: browsers among them

    @property
    def is_busy(self) -> bool:
        """Whether something is down or stands still."""
        return bool(self._revivals)

    def is_down(self, blow: Blow) -> bool:
        """Whether what was hit is still to be started again. Who stands still is not waited for."""
        is_asleep = blow.kind in {Kind.RUNNER_STOPPED, Kind.SPIDER_STOPPED}
        return not is_asleep and any(each.blow is blow for each in self._revivals)

    def strike(self, blow: Blow, look: Look) -> str:
        """Hits somebody; says whom, or nothing where there is nobody."""
        if any(job["losses"] >= _LOSSES_BORNE for job in look.jobs):
            return ""
        match blow.kind:
            case Kind.RUNNER | Kind.RUNNER_STOPPED:
                whom = self._strike_runner(blow)
            case Kind.BROWSER:
                whom = _kill(blow, browsers(self._stage.home))
            case Kind.BACKEND:
                whom = _kill(blow, backends(self._stage.database_url))
            case Kind.SCRAPYD:
                whom = self._strike_node(blow)
            case Kind.POSTGRES:
                whom = self._strike_server(blow)
            case _:
                whom = self._strike_job(blow, look)
        return whom

    def revive(self) -> None:
        """Starts again what was down for long enough, and wakes who slept for long enough."""
        for each in [each for each in self._revivals if each.due_at <= time.monotonic()]:
            with suppress(PincaliSyncError):  # a busy machine may need another try
                each.act()
                self._revivals.remove(each)

    def wake_all(self) -> None:
        """Whoever stands still goes on."""
        for each in self._revivals:
            if each.blow.kind in {Kind.RUNNER_STOPPED, Kind.SPIDER_STOPPED}:
                each.act()
        self._revivals.clear()

    def _later(self, blow: Blow, seconds: tuple[float, ...], act: Callable[[], object]) -> None:
        due_at = time.monotonic() + blow.chance.uniform(min(seconds), max(seconds))
        self._revivals.append(_Revival(blow, due_at, act))

    def _strike_job(self, blow: Blow, look: Look) -> str:
        running = [job for job in look.jobs if job["status"] == "running"]
        job = blow.chance.choice(running) if running else None
        pid = process_of_job(self._stage.home, job["id"]) if job else None
        if job is None or pid is None:
            return ""
        family = family_of(pid)
        self.families.update(family)
        match blow.kind:
            case Kind.SPIDER:
                send(signal.SIGKILL, [pid])
            case Kind.GROUP:
                send(signal.SIGKILL, family)
            case _:
                send(signal.SIGSTOP, family)
                self._later(blow, self._asleep, lambda: send(signal.SIGCONT, family))
        return f"{job['spider']} {job['source']} attempt {job['attempt']}".replace("  ", " ")

    def _strike_runner(self, blow: Blow) -> str:
        if self._cron.runner is None:
            return ""
        if blow.kind is Kind.RUNNER:
            return _kill(blow, [self._cron.runner])
        pid = self._cron.stop()
        self._later(blow, self._asleep, lambda: send(signal.SIGCONT, [pid]))
        return "stopped"

    def _strike_node(self, blow: Blow) -> str:
        up = [node for node in self._stage.nodes if node.process()]
        if not up:
            return ""
        node: ScrapydNode = blow.chance.choice(up)
        self._later(blow, _DOWN_SECONDS, lambda: self._stage.start_node(node))
        return _kill(blow, [pid for pid in [node.process()] if pid])

    def _strike_server(self, blow: Blow) -> str:
        home = self._stage.home
        self._later(blow, _DOWN_SECONDS, lambda: embedded.ensure_running(home))
        return _kill(blow, [embedded.server_process(home)])


def _kill(blow: Blow, pids: list[int]) -> str:
    if not pids:
        return ""
    send(signal.SIGKILL, [blow.chance.choice(pids)])
    return "killed"
