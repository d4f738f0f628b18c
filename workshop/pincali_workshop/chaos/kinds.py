"""Ways to be hit, and the moments: who, in which run, when it has come how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import cycle, islice
from random import Random

from pincali_sync.services.tier_orchestrator import WORKFLOWS
from pincali_workshop.chaos.course import Act


class Kind(StrEnum):
    """Who is hit, and how."""

    RUNNER = "runner"
    RUNNER_STOPPED = "runner, stopped"  # and woken after another took over
    SPIDER = "spider"
    GROUP = "spider and all below it"
    SPIDER_STOPPED = "spider, stopped"  # and woken after its job was given up
    BROWSER = "browser"
    SCRAPYD = "Scrapyd"  # its jobs live on as orphans
    POSTGRES = "PostgreSQL"
    BACKEND = "a backend of PostgreSQL"


# These have something to do between requests, too: half of them are hit in a step of the run.
_OF_STEPS = frozenset({Kind.RUNNER, Kind.RUNNER_STOPPED, Kind.POSTGRES, Kind.BACKEND})


@dataclass(slots=True, kw_only=True)
class Blow:
    """One hit: planned, struck, and recovered from."""

    number: int
    kind: Kind
    act: int  # from 1
    pages: int = 0  # answered in this run by the site
    step: str = ""  # that the run has reached
    chance: Random = field(repr=False)
    whom: str = ""
    struck_at: datetime | None = None
    quiet_after: float | None = None  # seconds

    @property
    def moment(self) -> str:
        """When it strikes."""
        return f"run {self.act}, " + (f"step {self.step}" if self.step else f"page {self.pages}")


def blows_for(
    seed: int, kills: int, kinds: Sequence[Kind], acts: Sequence[Act], pages: Sequence[int]
) -> list[Blow]:
    """As many of each kind, at moments that follow from the seed.

    Args:
        pages: what the site answers in each run when nobody is hit.
    """
    chance = Random(seed)  # noqa: S311  # a storm is repeatable, not a secret
    order = chance.sample(kinds, len(kinds))
    return [
        _blow(Random(f"{seed}:{number}"), number, kind, acts, pages)  # noqa: S311
        for number, kind in enumerate(islice(cycle(order), kills), 1)
    ]


def _blow(
    chance: Random, number: int, kind: Kind, acts: Sequence[Act], pages: Sequence[int]
) -> Blow:
    # Every run is hit as often: in long ones most of the time nothing happens but the same.
    act = chance.randrange(len(acts))
    blow = Blow(number=number, kind=kind, act=act + 1, chance=chance)
    if kind in _OF_STEPS and chance.random() < 0.5:
        blow.step = chance.choice(WORKFLOWS[acts[act].tier])
    else:
        blow.pages = chance.randint(1, max(1, pages[act]))
    return blow
