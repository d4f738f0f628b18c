"""One running stand-in: its population, clock, faults and memory of requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pincali_workshop.standin.clock import StandinClock
from pincali_workshop.standin.faults import Faults
from pincali_workshop.standin.habits import Beyond
from pincali_workshop.standin.options import RemovalMode, StandinOptions
from pincali_workshop.standin.pages.listing_page import PageSlot
from pincali_workshop.standin.renderer import Renderer
from pincali_workshop.standin.request_log import RequestLog
from pincali_workshop.standin.search import Search
from pincali_workshop.standin.sitemap import Sitemap
from pincali_workshop.standin.world.board import Board
from pincali_workshop.standin.world.population import Holder, Population
from pincali_workshop.standin.world.removal import way_of
from pincali_workshop.standin.world.state import ListingState

_MAX_HOSTS = 4


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a search."""

    slot: PageSlot
    states: tuple[ListingState, ...]


class Site:
    """What the routes share."""

    def __init__(self, options: StandinOptions) -> None:
        self.options = options
        self.clock = StandinClock(options.start, options.speed)
        self.population = Population(
            options.seed, options.listings, options.start, options.churn, options.traps
        )
        self.sitemap = Sitemap(self.population, options.seed, options.traps.sitemap_dirt)
        self.log = RequestLog()
        self.faults = Faults()
        self.unknown_mode = options.unknown_mode
        self._removal_mode = options.removal_mode
        self._removal_modes: dict[str, RemovalMode] = {}
        self._renderers: dict[str, Renderer] = {}

    def board(self) -> Board:
        """The stock now."""
        return self.population.board(self.clock.now())

    def search(self, search: Search, number: int, path: str, query: str) -> Results | None:
        """A page of a search; None beyond its end or, as a rule, beyond the site's page cap.

        A source without results has one empty page, a filter without results has none.
        """
        found = search.results(self.board())
        self.clock.advance(self.options.seconds_per_page)
        size, cap = self.options.page_size, self.options.page_cap
        pages = -(-len(found) // size) or (0 if search.has_filters else 1)
        if not 1 <= number <= pages:
            return None
        shown = tuple(found[(number - 1) * size : number * size])
        if number > cap:
            match self.options.habits.beyond_cap:
                case Beyond.NOT_FOUND:
                    return None
                case Beyond.EMPTY:
                    shown = ()
                case Beyond.REPEATED:
                    shown = tuple(found[(cap - 1) * size : cap * size])
        return Results(PageSlot(search.source, number, pages, len(found), path, query), shown)

    def find(self, slug: str, at: datetime) -> Holder | None:
        """Whom this slug leads to, active or removed; None if it never led anywhere."""
        return self.population.find(slug, at)

    def renderer(self, base_url: str) -> Renderer:
        """The renderer for the host that the client calls us by."""
        if base_url not in self._renderers:
            if len(self._renderers) >= _MAX_HOSTS:
                self._renderers.clear()
            self._renderers[base_url] = Renderer(
                self.options.form, base_url, self.options.traps.sponsored
            )
        return self._renderers[base_url]

    def removal_mode(self, public_id: str) -> RemovalMode:
        """What the page of this listing answers once it is removed."""
        mode = self._removal_modes.get(public_id, self._removal_mode)
        if mode is RemovalMode.MIXED:
            return way_of(self.options.seed, public_id)
        return mode

    def set_removal_mode(self, mode: RemovalMode, public_id: str | None = None) -> None:
        """For one listing, or for all that have none of their own."""
        if public_id is None:
            self._removal_mode = mode
        else:
            self._removal_modes[public_id] = mode
