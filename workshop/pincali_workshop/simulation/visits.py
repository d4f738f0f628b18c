"""How often each page was fetched, by the site's own log."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from pincali_sync.domain.identity import slug_of
from pincali_sync.exceptions import PageError
from pincali_workshop.standin.world.life import DAY
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.population import Population

# Visits without news in so many days, for each listing that had the slug: each is a record.
_MOST, _DAYS = 2, 7


class Visits:
    """Who was visited when; what the site answered wrongly on order does not count."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._times: dict[str, list[int]] = defaultdict(list)  # slug -> seconds
        self._listings: dict[str, dict[str, Listing]] = defaultdict(dict)
        self.number = 0  # of detail pages fetched

    def note(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Takes in a part of the site's log."""
        for entry in entries:
            if entry["fault"] is None:
                self._note(str(entry["path"]), datetime.fromisoformat(str(entry["site_time"])))

    def _note(self, path: str, at: datetime) -> None:
        try:
            slug = slug_of(path)
        except PageError:
            return
        holder = self._population.find(slug, at)
        if holder is None:
            return
        self.number += 1
        self._times[slug].append(int(at.timestamp()))
        self._listings[slug][holder.state.listing.public_id] = holder.state.listing

    def too_many(self) -> list[str]:
        """The slugs that were fetched oftener than they should, with the days of their visits."""
        return [
            f"{'/'.join(self._listings[slug])} {slug}: "
            + ", ".join(f"{(time - times[0]) / DAY:.1f}" for time in times)
            for slug, times in self._times.items()
            if _is_too_often(times, self._listings[slug].values())
        ]


def _news_of(listings: Iterable[Listing]) -> list[int]:
    """Whatever may be a reason to look at a page again."""
    news: set[int] = set()
    for listing in listings:
        life = listing.life
        news |= {life.birth, *(edge for spell in life.spells for edge in spell)}
        for name in listing.names.all:
            news |= {name.shown_from, name.listed_from}
        until = min(life.spells[-1][1], life.birth + 400 * DAY)
        news |= {*life.price_changes.until(until), *life.reactivations.until(until)}
    return sorted(news)


def _is_too_often(times: Sequence[int], listings: Collection[Listing]) -> bool:
    news, most = _news_of(listings), _MOST * len(listings)
    idle = [
        time
        for before, time in pairwise(times)
        if bisect_right(news, before) == bisect_right(news, time)
    ]
    return any(
        later - earlier < _DAYS * DAY for earlier, later in zip(idle, idle[most:], strict=False)
    )
