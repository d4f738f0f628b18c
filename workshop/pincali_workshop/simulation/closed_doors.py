"""A site that challenges every page for weeks, while its sitemap goes on answering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from pincali_sync.config import Config
from pincali_sync.db.repositories.listings.ages import AGES
from pincali_sync.db.repositories.removal.transition import LIKELY, LISTED, REMOVED
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.identity import property_id_of
from pincali_sync.domain.tiers import ListingSource, Tier
from pincali_workshop.simulation.month import Month
from pincali_workshop.standin.faults import FaultKind
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.sitemap import lists
from pincali_workshop.standin.world.removal import RemovalMode, way_of
from pincali_workshop.standin.world.state import ListingState

_PAGES = "/en/"
_LISTED_FOR = timedelta(days=1)  # then a newcomer must be known
_AS_RECENT = timedelta(hours=34)  # a day, a tick, and the age of an edition
_TRIES = 7  # a person tries once in so many days
_EDITION = timedelta(hours=6)  # the sitemap is made anew so often
_OK = 200
_ALERTS = {"SitePaused", "TierOverdue", "TierFailed", "ErrorRateHigh", "ScanFoundTooFew"}
_LIKELY_ROWS = f"SELECT count(*) AS rows FROM properties_live WHERE listing_status = {LIKELY}"
_REMOVED_SINCE = """
SELECT count(*) AS rows FROM property_changes
 WHERE change_type = 'removed' AND created_at >= :since
"""
_KNOWN = f"""
SELECT n.computed_id, m.property_id IS NOT NULL AS is_known,
       l.property_id IS NULL OR l.listing_status IN {LISTED} AS is_there,
       l.property_id IS NULL OR ages.presence_as_of >= :since AS is_recent
  FROM unnest(CAST(:computed_ids AS text[])) AS n (computed_id)
  LEFT JOIN property_aliases a ON a.alias = n.computed_id
  LEFT JOIN property_manifest m ON m.property_id = coalesce(a.property_id, n.computed_id)
  LEFT JOIN properties_live l ON l.property_id = coalesce(a.property_id, n.computed_id)
  {AGES}
"""
_ROWS = f"""
SELECT l.public_id, l.listing_status IN {LISTED} AS is_listed,
       l.listing_status IN {REMOVED} AS is_removed, ages.presence_as_of
  FROM properties_live l {AGES} WHERE l.public_id IS NOT NULL
"""


@dataclass
class ClosedFindings:
    """What the weeks behind closed doors came to; lists name records."""

    listed: int = 0  # by the sitemap, of what is there, summed over the days
    wrong: list[str] = field(default_factory=list)  # of these: not known as there, as of a day ago
    newcomers: int = 0  # listed for more than a day
    unknown: list[str] = field(default_factory=list)
    removed_meanwhile: int = 0
    met: int = 0  # requests that met the refusal, on their way together
    most_a_day: int = 0  # requests for pages in a day after that
    tries: int = 0  # of a person
    likely: int = 0  # removed, when the doors opened
    days_to_truth: float | None = None  # from the opening to the first tier 3's end
    removed_falsely: list[str] = field(default_factory=list)  # by then
    present_falsely: list[str] = field(default_factory=list)  # as of a time when it was gone
    # Gone so shortly before the opening that one scan proves nothing; the row tells how old it is.
    dated: list[str] = field(default_factory=list)

    @property
    def right(self) -> float:
        """The share of what the sitemap lists whose presence is right."""
        return 1 - len(self.wrong) / self.listed if self.listed else 0.0

    @property
    def holds(self) -> bool:
        """Whether all that must hold does."""
        false = (self.unknown, self.removed_falsely, self.present_falsely)
        return (
            self.right >= 0.99
            and not any(false)
            and self.removed_meanwhile == 0
            and self.most_a_day <= 1
            and self.days_to_truth is not None
        )


class ClosedDoors(Month):
    """A month whose pages are challenged from one day to another; a person tries now and then.

    Args:
        closed: the first day of it and the first after it.
    """

    def __init__(
        self,
        config: Config,
        site: StandinProcess,
        options: StandinOptions,
        *,
        closed: tuple[int, int] = (9, 39),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(config, site, options, say=say)
        self.found = ClosedFindings()
        self._options = options
        self._closed = closed
        self._opened: datetime | None = None
        self._compared_at = options.start + timedelta(days=closed[0])
        self._asked_today = 0

    async def play_closed(self, days: int) -> ClosedFindings:
        """Plays so many days."""
        await self.play(days, self._weather)
        return self.found

    def _weather(self, day: int) -> set[str]:
        if day == self._closed[0]:
            self._site.add_fault(_PAGES, FaultKind.CHALLENGE)
            self._operator.waits = True
        elif day == self._closed[1]:
            self._site.clear_faults()
        return _ALERTS

    async def _keep_book(self) -> None:
        entries = self._site.log(after=self._requests)
        await super()._keep_book()
        if not self._operator.waits:
            await self._look_after_opening()
            return
        asked = sum(str(each["path"]).startswith(_PAGES) for each in entries)
        if not self.found.met:
            self.found.met = asked
            return
        self._asked_today += asked
        self.found.most_a_day = max(self.found.most_a_day, self._asked_today)
        if self._clock.now() - self._compared_at >= timedelta(days=1):
            await self._end_day(self._clock.now())

    async def _end_day(self, now: datetime) -> None:
        self._compared_at, self._asked_today = now, 0
        await self._compare(now)
        day = (now - self._options.start).days
        if day >= self._closed[1] or not (day - self._closed[0]) % _TRIES:
            await self._try(now)

    async def _compare(self, now: datetime) -> None:
        """The sitemap's listings of a day ago, which are there, with what is known of them."""
        before = int((self._site_time - _LISTED_FOR).timestamp())
        closed = int((self._options.start + timedelta(days=self._closed[0])).timestamp())
        listed = {
            property_id_of(f"/en/home/{_slug(each, before)}"): each
            for each in self._truth()
            if lists(self._options.seed, each.listing) and _listed_since(each, before) <= before
        }
        for row in await self._rows(_KNOWN, computed_ids=list(listed), since=now - _AS_RECENT):
            name = listed[row["computed_id"]].listing.public_id
            if not row["is_known"]:
                self.found.unknown.append(name)
            if not (row["is_known"] and row["is_there"] and row["is_recent"]):
                self.found.wrong.append(name)
        self.found.listed += len(listed)
        self.found.newcomers = sum(each.listing.life.birth > closed for each in listed.values())
        [removed] = await self._rows(_REMOVED_SINCE, since=_at(closed))
        self.found.removed_meanwhile = removed["rows"]

    async def _try(self, now: datetime) -> None:
        """As `resume` does."""
        self.found.tries += 1
        if await self._services.pauses.reopen(self._probe) is None:
            [likely] = await self._rows(_LIKELY_ROWS)
            self.found.likely = likely["rows"]
            self._operator.waits = False
            self._opened = now

    async def _probe(self) -> str | None:
        url = f"{self._config.pincali_base_url}{ListingSource.SALE.path}"
        answer = await self._fetcher.get(url)
        return None if answer.status == _OK else answer.failure

    async def _look_after_opening(self) -> None:
        if self._opened is None or self.found.days_to_truth is not None:
            return
        opened = self._opened
        if any(_is_tier_3_since(run, opened) for run in self._runs.values()):
            self.found.days_to_truth = (self._clock.now() - opened) / timedelta(days=1)
            await self._compare_rows()

    async def _compare_rows(self) -> None:
        there = {each.listing.public_id for each in self._truth()}
        left = self._left()
        for row in await self._rows(_ROWS):
            name = row["public_id"]
            if row["is_removed"] and name in there:
                self.found.removed_falsely.append(name)
            elif row["is_listed"] and name not in there:
                if way_of(self._options.seed, name) is RemovalMode.UNLISTED:
                    continue  # its page is there
                if row["presence_as_of"] > left[name] + _EDITION:
                    self.found.present_falsely.append(name)
                else:
                    self.found.dated.append(name)

    def _left(self) -> dict[str, datetime]:
        """When each listing left that is not there."""
        at = int(self._site_time.timestamp())
        return {
            state.listing.public_id: _at(
                max((end for _, end in state.listing.life.spells if end <= at), default=at)
            )
            for state in self._population.states(self._site_time)
            if not state.active
        }

    async def _rows(self, statement: str, **given: Any) -> list[dict[str, Any]]:
        async with self._services.db.transaction() as tx:
            found = await tx.connection.execute(text(statement), given)
            return [dict(row) for row in found.mappings()]


def _slug(state: ListingState, at: int) -> str:
    return state.listing.names.listed_at(at).slug


def _listed_since(state: ListingState, at: int) -> int:
    """From when on the sitemap has listed it under its present slug."""
    assert state.spell is not None
    names, begun = state.listing.names, state.listing.life.spells[state.spell][0]
    name = names.listed_at(at)
    return begun if name == names.all[0] else max(begun, name.listed_from)


def _is_tier_3_since(run: SyncRun, moment: datetime) -> bool:
    return (
        run.tier_level == Tier.WEEKLY_DEEP
        and run.status == "completed"
        and run.started_at >= moment
    )


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
