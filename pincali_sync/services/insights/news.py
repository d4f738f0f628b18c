"""What changed today, yesterday and within a week, for people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from pincali_sync.db.repositories.insights.news import NO_ID, NewsEntry, Tally
from pincali_sync.db.repositories.listings.ages import KnownByUrl
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.news import NewsKind, Period, Span, span_of, yesterday_until
from pincali_sync.exceptions import UsageError
from pincali_sync.language import N_, _
from pincali_sync.services.base import Service, in_transaction
from pincali_sync.visible import visible

_CITIES = 20
_END = datetime.max.replace(tzinfo=UTC)  # of time
_NO_PLACE = N_("there is no such place in the list: begin at its start")
_WEEK = 3  # its place among the spans that are counted


Counts = Mapping[NewsKind, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """Today beside yesterday, by kind."""

    today: Counts
    yesterday_by_now: Counts  # up to the time of day that it is
    yesterday: Counts
    week: Counts | None  # today and the six days before; None: it was not asked for

    def as_figures(self) -> dict[str, dict[str, int]]:
        """By the names of these days, and of the kinds."""
        asked = {"today": self.today, "yesterday_by_now": self.yesterday_by_now}
        asked |= {"yesterday": self.yesterday, "week": self.week or {}}
        return {
            days: {kind.value: count for kind, count in counts.items()}
            for days, counts in asked.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CityNews:
    """How much happened in one city."""

    city: str
    new: int
    down: int
    up: int
    gone: int
    back: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened within a period."""

    period: Period
    span: Span
    time_zone: str  # whose days these are
    counts: DayCounts
    cities: tuple[CityNews, ...]  # those in which most happened, whatever is asked for
    changes: tuple[NewsEntry, ...]
    next_cursor: str | None  # of the changes that follow; None: these are the last
    known_by_url: int  # newcomers whose page waits; more than `MOST_BY_URL` is one more


@dataclass(frozen=True, slots=True, kw_only=True)
class ByUrl:
    """Newcomers that the sitemap lists and whose page was not read yet."""

    known_by_url: int  # all of them, as `News` has it
    listings: tuple[KnownByUrl, ...]
    next_cursor: str | None


class NewsService(Service):
    """Reads the journal by days of `DISPLAY_TIMEZONE`."""

    @in_transaction
    async def day_counts(self, tx: UnitOfWork) -> DayCounts:
        """Today beside yesterday; see `COUNTED` for where counting stops."""
        return await count_days(tx, self.clock.now(), self.config.display_zone)

    async def read(
        self,
        period: Period,
        *,
        kind: NewsKind | None = None,
        city: str | None = None,
        cursor: str | None = None,
        limit: int,
        week: bool = False,
    ) -> News:
        """The changes of a period, the latest first, and how many there are.

        Args:
            cursor: of the part before; None: from the latest on.
            week: whether the week is counted where it is not the period.

        Raises:
            UsageError: for a cursor that is none.
        """
        now, zone = self.clock.now(), self.config.display_zone
        spans = _spans(now, zone, week=week or period is Period.WEEK)
        span = span_of(period, now, zone)
        until, before = _place(cursor, span)
        async with self.db.transaction() as tx:
            tallies = await tx.news.tallies(spans, by_city=True)
            changes = await tx.news.latest(
                replace(span, until=until),
                kinds=tuple(NewsKind) if kind is None else (kind,),
                city=city,
                before=before,
                limit=limit + 1,
            )
            known_by_url = await tx.ages.some_by_url()
        shown = changes[:limit]
        return News(
            period=period,
            span=span,
            time_zone=self.config.display_timezone,
            counts=_counts_of(tallies, city),
            cities=_cities_of(tallies, spans.index(span)),
            changes=tuple(shown),
            next_cursor=_cursor(shown[-1]) if len(changes) > limit else None,
            known_by_url=known_by_url,
        )

    async def by_url(self, *, cursor: str | None = None, limit: int) -> ByUrl:
        """What is known by its URL alone, the latest first.

        Raises:
            UsageError: for a cursor that is none.
        """
        until, before = _place_by_url(cursor)
        async with self.db.transaction() as tx:
            found = await tx.ages.latest_by_url(until, before, limit=limit + 1)
            known = await tx.ages.some_by_url()
        shown, last = tuple(found[:limit]), found[:limit][-1:]
        following = [f"{each.first_seen_at.isoformat()}_{each.property_id}" for each in last]
        return ByUrl(
            known_by_url=known,
            listings=shown,
            next_cursor=following[0] if len(found) > limit else None,
        )


async def count_days(
    tx: UnitOfWork, now: datetime, zone: tzinfo, *, week: bool = False
) -> DayCounts:
    """Today beside yesterday, and the week if it is wanted; see `COUNTED` for its end."""
    return _counts_of(await tx.news.tallies(_spans(now, zone, week=week), by_city=False), None)


def _spans(now: datetime, zone: tzinfo, *, week: bool) -> list[Span]:
    """Those of `DayCounts`, in its order."""
    today, yesterday, seven_days = (span_of(period, now, zone) for period in Period)
    return [today, yesterday_until(now, zone), yesterday, *([seven_days] if week else [])]


def _counts_of(tallies: Sequence[Tally], city: str | None) -> DayCounts:
    asked = None if city is None else city.lower()
    meant = [each for each in tallies if asked is None or (each.city or "").lower() == asked]

    def of(place: int) -> Counts:
        sums = Counter(dict.fromkeys(NewsKind, 0))
        for each in meant:
            sums[each.kind] += each.counts[place]
        return sums

    has_week = bool(tallies) and len(tallies[0].counts) > _WEEK
    return DayCounts(
        today=of(0),
        yesterday_by_now=of(1),
        yesterday=of(2),
        week=of(_WEEK) if has_week or not tallies else None,
    )


def _cities_of(tallies: Sequence[Tally], place: int) -> tuple[CityNews, ...]:
    """The cities in which most happened within one of the spans."""
    cities: dict[str, Counter[NewsKind]] = defaultdict(Counter)
    for each in tallies:
        if each.city and each.counts[place]:
            cities[each.city][each.kind] += each.counts[place]
    first = sorted(cities.items(), key=lambda found: (-found[1].total(), found[0]))[:_CITIES]
    return tuple(
        CityNews(city=city, **{kind.value: sums[kind] for kind in NewsKind}) for city, sums in first
    )


def _cursor(entry: NewsEntry) -> str:
    return f"{entry.created_at.isoformat()}_{entry.id}"


def _place(cursor: str | None, span: Span) -> tuple[datetime, UUID]:
    if cursor is None:
        return span.until, NO_ID
    at, __, entry_id = cursor.partition("_")
    try:
        moment, place = datetime.fromisoformat(at), UUID(entry_id)
        return min(moment, span.until), place
    except (ValueError, TypeError):  # no time, none with a zone, or no id
        raise UsageError(_(_NO_PLACE)) from None


def _place_by_url(cursor: str | None) -> tuple[datetime, str]:
    if cursor is None:
        return _END, ""
    at, __, property_id = cursor.partition("_")
    try:
        return min(datetime.fromisoformat(at), _END), visible(property_id)
    except (ValueError, TypeError):
        raise UsageError(_(_NO_PLACE)) from None
