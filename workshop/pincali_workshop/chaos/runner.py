"""What cron would do: a tier runner at work, and another as soon as there is none."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from pincali_sync.domain.tiers import Tier
from pincali_workshop.chaos.nursery import RUNNER, order
from pincali_workshop.chaos.victims import is_alive, send

_BETWEEN_STARTS_SECONDS = 1.0


class Cron:
    """Starts runners, one at a time unless one stands still.

    Args:
        home: where the nursery is.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._runner = 0
        self._stopped: list[int] = []
        self._started_at = 0.0

    @property
    def runner(self) -> int | None:
        """The process of the runner at work."""
        return self._runner if is_alive(self._runner) else None

    @property
    def is_idle(self) -> bool:
        """Whether no runner is left, not even one that was stopped."""
        return not any(map(is_alive, (self._runner, *self._stopped)))

    def keep_going(self, begin: Tier | None) -> None:
        """Starts a runner where there is none: to begin a run, or (None) to go on."""
        if self.runner or time.monotonic() < self._started_at + _BETWEEN_STARTS_SECONDS:
            return
        orders = ["--tier", str(begin.value)] if begin else []
        self._started_at = time.monotonic()
        log = self._home / "runners.log"
        self._runner = order(self._home, RUNNER, [*orders, "--wait"], log)

    def stop(self) -> int:
        """Has the runner stand still; the next one is started beside it."""
        send(signal.SIGSTOP, [self._runner])
        self._stopped.append(self._runner)
        pid, self._runner = self._runner, 0
        return pid

    def end(self) -> None:
        """Kills whoever is left."""
        send(signal.SIGKILL, filter(is_alive, (self._runner, *self._stopped)))
