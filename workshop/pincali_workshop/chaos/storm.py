"""A storm: a course that nobody disturbs, the same with all the blows, and the two compared."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pincali_workshop.chaos.course import Act, site_for, variables_for
from pincali_workshop.chaos.divergence import Divergence, divergences
from pincali_workshop.chaos.facts import Facts, read_facts
from pincali_workshop.chaos.kinds import Blow, Kind, blows_for
from pincali_workshop.chaos.play import NoRestError, Play
from pincali_workshop.demo.stage import Stage
from pincali_workshop.stack.ports import free_port
from pincali_workshop.standin.options import StandinOptions

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What a storm is made of."""

    seed: int
    kills: int
    kinds: Sequence[Kind]
    acts: Sequence[Act]
    listings: int
    nodes: int = 2  # 0: jobs are processes of this machine, without Scrapyd
    transport: str = "http"
    silence: int = 12  # seconds without a sign of life after which others take over


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """How an undisturbed course ended: what storms on the same site are held against."""

    site: StandinOptions
    port: int  # the site's: it is in every link
    pages: Sequence[int]  # answered in each run
    facts: Facts
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What came of it."""

    weather: Weather
    blows: Sequence[Blow]
    divergences: Sequence[Divergence]
    seconds: tuple[float, float]  # undisturbed, disturbed

    @property
    def struck(self) -> list[Blow]:
        """Those that found somebody to hit."""
        return [blow for blow in self.blows if blow.struck_at]

    def recoveries(self, kind: Kind) -> list[float]:
        """Seconds until it was quiet again after blows of a kind."""
        return [b.quiet_after for b in self.struck if b.kind is kind and b.quiet_after is not None]

    def as_data(self) -> dict[str, Any]:
        """For `--json`."""
        kinds = {kind: self.recoveries(kind) for kind in self.weather.kinds}
        return {
            "seed": self.weather.seed,
            "kills": len(self.struck),
            "transport": self.weather.transport,
            "kinds": {
                str(kind): {"kills": len(all_), "median": median(all_), "most": max(all_)}
                for kind, all_ in kinds.items()
                if all_
            },
            "seconds": self.seconds,
            "blows": [
                {
                    "kind": blow.kind,
                    "moment": blow.moment,
                    "whom": blow.whom,
                    "quiet_after": blow.quiet_after,
                }
                for blow in self.struck
            ],
            "found_nobody": len(self.blows) - len(self.struck),
            "divergences": self.divergences,
        }


def calm_course(weather: Weather, say: Say) -> Calm:
    """Plays the course that nobody disturbs."""
    port, began = free_port(), time.monotonic()
    site = site_for(weather.seed, weather.listings)
    with _stage(weather, site, port, transport="http") as stage:
        play = Play(stage, weather.acts, weather.silence, say=say)
        play.play()
        return Calm(
            site=site,
            port=port,
            pages=play.pages,
            facts=read_facts(stage.database_url),
            seconds=time.monotonic() - began,
        )


def storm(weather: Weather, calm: Calm, say: Say) -> Storm:
    """Plays the same course with all the blows, and compares the ends."""
    blows = blows_for(weather.seed, weather.kills, weather.kinds, weather.acts, calm.pages)
    began = time.monotonic()
    with _stage(weather, calm.site, calm.port, transport=weather.transport) as stage:
        found = _played_through(stage, weather, blows, calm.facts, say)
    return Storm(
        weather=weather,
        blows=blows,
        divergences=found,
        seconds=(round(calm.seconds, 1), round(time.monotonic() - began, 1)),
    )


def _played_through(
    stage: Stage, weather: Weather, blows: Sequence[Blow], undisturbed: Facts, say: Say
) -> list[Divergence]:
    play = Play(stage, weather.acts, weather.silence, blows, say)
    found: list[Divergence] = []
    try:
        play.play()
    except NoRestError as error:
        found.append(
            Divergence(what="end", name="of the course", undisturbed="rest", disturbed=str(error))
        )
    if orphans := play.left_behind():
        found.append(
            Divergence(what="process", name="left behind", undisturbed=[], disturbed=orphans)
        )
    return found + divergences(undisturbed, read_facts(stage.database_url))


@contextmanager
def _stage(weather: Weather, site: StandinOptions, port: int, *, transport: str) -> Iterator[Stage]:
    home = Path(tempfile.mkdtemp(prefix="pincali-chaos-"))
    stage = Stage(
        home,
        site,
        nodes=weather.nodes,
        port=port,
        variables=variables_for(weather.silence, transport),
    )
    try:
        stage.set_up()
        yield stage
    finally:
        stage.strike()
        shutil.rmtree(home, ignore_errors=True)
