"""A full walk on paper: the real walk through the stand-in's stock in this process, no HTTP.

`python -m bench.paper_walk [LISTINGS] [--cap 40] [--kills 5] [--seed 7] [--ignores bedroom] …`
The site's clock goes on by the pace with each page. What counts is the share found of the listings
that were there throughout, and the pages asked for in relation to the fewest possible.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pincali_workshop.paper.answers import listing_answer
from pincali_workshop.standin.habits import FILTERS, Beyond, Habits
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.world.churn import Churn
from pincali_workshop.standin.world.state import ListingState
from pincali_workshop.standin.world.traps import Traps

from pincali_sync.answers.listing import ListingAnswer
from pincali_sync.domain.listing_query import WantedPage
from pincali_sync.domain.listing_walk import ListingWalk
from pincali_sync.domain.page_facts import PageFacts, ReadPage
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.walk_summary import WalkSummary
from pincali_sync.items import ManifestEntry, ManifestPage

# The real site: 2,000 to 2,500 of 470,000 listings come and go a day.
REAL_CHURN = Churn(births=0.005, price_changes=0.015, reactivations=0.01)
SECONDS_PER_PAGE = 1.5  # the default pace
_UNSTORED = 10  # pages that are in nobody's batch when a scan is killed


class _KilledError(Exception):
    """Where a kill would have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWalk:
    """What the walk through one source found, and at which cost."""

    source: str
    listings: int  # there throughout
    missed: int
    pages: int  # asked for
    fewest: int
    extra: dict[str, int]  # pages that show nothing new, by why
    summary: WalkSummary


class PaperVisitor:
    """Reads the pages of one site, and may be killed."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.pages = 0
        self.seen: set[int] = set()
        self.extra: Counter[str] = Counter()
        self._stored: dict[tuple[str, int], PageFacts] = {}
        self._kills: set[int] = set()

    def walk(self, source: ListingSource, *, believed: int, kills: int) -> WalkSummary:
        """One scan of a source, taken up again as often as it is killed."""
        pages = -(-len(self.site.board().by_source[source]) // self.site.options.page_size)
        self._kills = {pages * number // (kills + 1) for number in range(1, kills + 1)}
        while True:
            try:
                walk = ListingWalk(source, self._reader(), page_cap=believed)
                return asyncio.run(walk.everything())
            except _KilledError:
                for key in list(self._stored)[-_UNSTORED:]:
                    del self._stored[key]
                for key, facts in self._stored.items():
                    self._stored[key] = replace(facts, was_read_before=True)

    def _reader(self) -> ReadPage:
        async def read(wanted: WantedPage) -> PageFacts | None:
            known = self._stored.get(wanted.key)
            if known is not None and known.was_read_before and not wanted.again:
                return known
            self.pages += 1
            if self.pages in self._kills:
                raise _KilledError
            answer = listing_answer(self.site, wanted, _card_of)
            self._count(wanted, answer)
            if isinstance(answer.item, ManifestPage) and answer.facts is not None:
                self._stored[wanted.key] = answer.facts
            return answer.facts

        return read

    def _count(self, wanted: WantedPage, answer: ListingAnswer) -> None:
        cards = answer.item.page.entries if isinstance(answer.item, ManifestPage) else ()
        found = {int(card.property_id) for card in cards}
        if not found - self.seen:
            why = "absent" if not cards else "again" if wanted.again else "seen before"
            self.extra[why] += 1
        self.seen |= found


def _card_of(state: ListingState) -> ManifestEntry:
    listing, rooms = state.listing, state.listing.rooms
    return ManifestEntry(
        property_id=str(listing.index),
        source_url="",
        public_id=None,
        offers=state.offers,
        listing_page_title=None,
        latitude=None,
        longitude=None,
        exact_location=None,
        property_type=listing.kind.english.lower(),
        neighborhood=listing.place.neighborhood,
        city=listing.place.city.name,
        bedrooms=rooms.bedrooms,
        bathrooms=rooms.bathrooms,
        total_area_m2=rooms.card_m2,
    )


def measure_one(
    site: Site, source: ListingSource, *, believed: int = 100, kills: int = 0
) -> PaperWalk:
    """Walks through a source once; the site's clock goes on meanwhile."""
    before = _spells(site, source)
    visitor = PaperVisitor(site)
    summary = visitor.walk(source, believed=believed, kills=kills)
    after = _spells(site, source)
    throughout = {index for index, spell in before.items() if after.get(index, -1) == spell}
    return PaperWalk(
        source=source.value,
        listings=len(throughout),
        missed=len(throughout - visitor.seen),
        pages=visitor.pages,
        fewest=-(-len(after) // site.options.page_size),
        extra=dict(visitor.extra),
        summary=summary,
    )


def _spells(site: Site, source: ListingSource) -> dict[int, int | None]:
    return {state.listing.index: state.spell for state in site.board().by_source[source]}


def show(walks: Iterable[PaperWalk], *, seconds: float) -> None:
    """Source by source, and all together."""
    walks = list(walks)
    for each in walks:
        summary = each.summary
        print(
            f"{each.source}: {each.pages} pages, {each.pages / each.fewest:.4f} of the fewest, "
            f"missed {each.missed} of {each.listings}; in {summary.parts} parts; {each.extra}; "
            f"on request {summary.unpriced_found} of {summary.unpriced_wanted}; {summary.gaps}"
        )
    missed, listings = sum(each.missed for each in walks), sum(each.listings for each in walks)
    ratio = sum(each.pages for each in walks) / sum(each.fewest for each in walks)
    print(f"found {1 - missed / listings:.5%} at {ratio:.4f} of the fewest pages, {seconds:.0f} s")


def main() -> None:
    """Prints one scan of all four sources."""
    parser = argparse.ArgumentParser()
    parser.add_argument("listings", type=int, nargs="?", default=60_000)
    parser.add_argument("--cap", type=int, default=100)
    parser.add_argument("--believed", type=int, default=100)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--bare", type=float, default=0.0)
    parser.add_argument("--ignores", action="append", choices=FILTERS, default=[])
    parser.add_argument("--unpriced-first", action="append", choices=("asc", "desc"), default=[])
    parser.add_argument("--beyond-cap", type=Beyond, default=Beyond.NOT_FOUND)
    said = parser.parse_args()
    habits = Habits(
        ignored=tuple(said.ignores),
        unpriced_first=tuple(said.unpriced_first),
        beyond_cap=said.beyond_cap,
    )
    options = StandinOptions(
        listings=said.listings,
        seed=said.seed,
        page_cap=said.cap,
        seconds_per_page=SECONDS_PER_PAGE,
        churn=REAL_CHURN,
        habits=habits,
        traps=Traps(bare=said.bare),
    )
    site = Site(options)
    site.board()
    started = time.monotonic()
    walks = [
        measure_one(site, source, believed=said.believed, kills=said.kills)
        for source in ListingSource
    ]
    show(walks, seconds=time.monotonic() - started)


if __name__ == "__main__":
    main()
