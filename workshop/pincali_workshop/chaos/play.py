"""Plays a course, hits whom the plan says, and has everything come to rest again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import PincaliSyncError
from pincali_workshop.chaos.course import Act
from pincali_workshop.chaos.hand import Hand
from pincali_workshop.chaos.kinds import Blow
from pincali_workshop.chaos.look import Look, look_at
from pincali_workshop.chaos.nursery import Nursery
from pincali_workshop.chaos.runner import Cron
from pincali_workshop.chaos.victims import is_alive, of_home
from pincali_workshop.demo.past import move_back
from pincali_workshop.demo.stage import Stage

_LOOK_EVERY_SECONDS = 0.2
_PATIENCE_SECONDS = 240  # for a run, beside what each blow in it may cost
_SILENCES_A_BLOW = 10
# More than the week within which a page may be fetched only so often.
_BETWEEN_RUNS = timedelta(days=8)


class NoRestError(PincaliSyncError):
    """Work did not come to an end; the message says what is left."""


class Play:
    """One course on one stage.

    Args:
        silence: seconds without a sign of life after which others take over.
        say: takes a line about what happens.
    """

    def __init__(
        self,
        stage: Stage,
        acts: Sequence[Act],
        silence: int,
        blows: Sequence[Blow] = (),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._stage = stage
        self._acts = acts
        self._waiting = list(blows)
        self._struck: list[Blow] = []
        self._say = say
        self._cron = Cron(stage.home)
        self._nursery = Nursery(stage.home)
        self._silence = silence
        self._hand = Hand(stage, self._cron, silence)
        self.pages: list[int] = []  # answered in each run

    def play(self) -> None:
        """Plays all runs.

        Raises:
            NoRestError: when one of them, or what it left behind, does not come to an end.
        """
        try:
            self._nursery.start(self._stage.environment())
            for number, act in enumerate(self._acts, 1):
                self._between(act)
                self._run(number, act.tier)
        finally:
            self._hand.wake_all()
            self._cron.end()
            self._nursery.stop()

    def left_behind(self) -> list[int]:
        """Processes of the product that should have ended."""
        meant = {self._nursery.process, *(node.process() for node in self._stage.nodes)}
        families = filter(is_alive, self._hand.families)
        return sorted({*of_home(self._stage.home), *families} - meant)

    def _between(self, act: Act) -> None:
        self._stage.site.advance(act.hours * 3600)
        move_back(self._stage.database_url, _BETWEEN_RUNS)

    def _run(self, number: int, tier: Tier) -> None:
        before = self._stage.site.requests()
        blows = sum(blow.act <= number for blow in self._waiting)
        give_up_at = time.monotonic() + _PATIENCE_SECONDS + blows * _SILENCES_A_BLOW * self._silence
        look: Look | None = None
        while not self._is_over(number, look):
            if time.monotonic() > give_up_at:
                raise NoRestError(f"run {number} does not come to rest: {look}")
            time.sleep(_LOOK_EVERY_SECONDS)
            look = look_at(self._stage.database_url)
            if look is not None:
                self._note_recoveries(look)
                self._strike(number, look, self._stage.site.requests() - before)
            self._hand.revive()
            if not self._is_quiet(number, look):
                # As long as no row says that the run has begun, it is to be begun.
                has_begun = look is not None and len(look.runs) >= number
                self._cron.keep_going(None if has_begun else tier)
        self.pages.append(self._stage.site.requests() - before)
        self._say(f"run {number}, tier {tier.value}: {self.pages[-1]} pages")

    def _is_quiet(self, number: int, look: Look | None) -> bool:
        """Whether a runner would find nothing to do."""
        return (
            look is not None
            and look.is_at_rest(number)
            and all(blow.quiet_after is not None for blow in self._struck)
        )

    def _is_over(self, number: int, look: Look | None) -> bool:
        return (
            self._is_quiet(number, look)
            and not self._hand.is_busy
            and self._cron.is_idle
            and not self.left_behind()
        )

    def _note_recoveries(self, look: Look) -> None:
        for blow in self._struck:
            assert blow.struck_at is not None
            if (
                blow.quiet_after is None
                and not self._hand.is_down(blow)
                and look.is_quiet_since(blow.struck_at, timedelta(seconds=self._silence))
            ):
                blow.quiet_after = (datetime.now(UTC) - blow.struck_at).total_seconds()
                self._say(f"  quiet {blow.quiet_after:.1f} s after {blow.number} ({blow.kind})")

    def _strike(self, number: int, look: Look, pages: int) -> None:
        """The next blow whose moment has come, if there is somebody to be hit."""
        for blow in self._waiting:
            if not _has_come(blow, number, look, pages):
                continue
            struck_at = datetime.now(UTC)
            if whom := self._hand.strike(blow, look):
                blow.whom, blow.struck_at = whom, struck_at
                self._waiting.remove(blow)
                self._struck.append(blow)
                self._say(f"  {blow.number}: {blow.kind} at {blow.moment}: {whom}")
                return


def _has_come(blow: Blow, number: int, look: Look, pages: int) -> bool:
    """Whether it is time; for one that found nobody in its run, it is from the next one's on."""
    if len(look.runs) < number or look.runs[number - 1]["status"] != "running":
        return False
    if blow.act != number:
        return blow.act < number
    return look.runs[number - 1]["step"] == blow.step if blow.step else pages >= blow.pages
