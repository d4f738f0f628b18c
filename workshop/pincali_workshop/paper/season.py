"""Months at the site's pace, on paper: the real services and SQL on a database of full size."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import Config
from pincali_workshop.paper.course import Course
from pincali_workshop.paper.playing import Play
from pincali_workshop.paper.report import PaperReport, report_of
from pincali_workshop.paper.start import BEFORE, Adopted, adopted, fill
from pincali_workshop.paper.timeline import second
from pincali_workshop.paper.truth import Truth
from pincali_workshop.paper.weather import Weather
from pincali_workshop.simulation.clock import VirtualClock
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.site import Site


class Season:
    """Plays a season. The database must be empty and at the current schema."""

    def __init__(
        self,
        config: Config,
        options: StandinOptions,
        *,
        say: Callable[[str], None] = lambda _: None,
        services: Callable[[Services], None] = lambda _: None,
    ) -> None:
        """Wires it.

        Args:
            say: is told each day.
            services: may replace some before they are used, to try what a broken one leads to.
        """
        self.options = options
        self.begin = options.start + BEFORE
        self.clock = VirtualClock(self.begin)
        self.site = Site(options)
        self.truth = Truth(options.seed, self.begin)
        self.course = Course()
        self.say = say
        assert config.database_url is not None
        self._url = config.database_url.get_secret_value()
        self.services = build_services(config, clock=self.clock, notifier=_Nobody(self.course))
        services(self.services)

    async def play(self, days: int, weather: Weather) -> None:
        """Fills the tables and plays so many days."""
        self.site.clock.move_to(self.begin)
        board = self.site.board()
        await asyncio.to_thread(self._fill)
        board.on_change = self.truth.on_change
        try:
            await Play(self, weather, until=self.begin + timedelta(days=days)).to_the_end()
        finally:
            await self.services.db.dispose()

    def report(self) -> PaperReport:
        """What it came to."""
        return report_of(
            self.course,
            self.truth,
            self.clock.now(),
            listings=self.options.listings,
            seed=self.options.seed,
            page_size=self.options.page_size,
            ceiling=self.services.config.queue_max_pending,
        )

    def _fill(self) -> None:
        started = time.monotonic()
        self.course.records = fill(self._url, self._adopted())
        self.course.filling_seconds = time.monotonic() - started
        self.say(f"{self.course.records:,} records after {self.course.filling_seconds:.0f} s")

    def _adopted(self) -> Iterator[Adopted]:
        stock = self.site.board().known()
        for record in adopted(stock, self.options.seed, second(self.begin)):
            self.truth.note_adopted(record.now)
            yield record


class _Nobody:
    """Whom alerts reach."""

    def __init__(self, course: Course) -> None:
        self._course = course

    async def tell(self, title: str, body: str) -> bool:
        """Remembers it."""
        self._course.told += body.splitlines()
        return True
