"""What changed today, yesterday and within a week, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.insights.news import NO_ID, CityNews, NewsEntry
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.news import NewsKind, Period, Span, span_of, yesterday_until
from pincali_sync.exceptions import UsageError
from pincali_sync.services.base import Service, in_transaction

_CITIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """Today beside yesterday, by kind."""

    today: Mapping[NewsKind, int]
    yesterday_by_now: Mapping[NewsKind, int]  # up to the time of day that it is
    yesterday: Mapping[NewsKind, int]
    week: Mapping[NewsKind, int]  # today and the six days before


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


class NewsService(Service):
    """Reads the journal by days of `DISPLAY_TIMEZONE`."""

    @in_transaction
    async def day_counts(self, tx: UnitOfWork, city: str | None = None) -> DayCounts:
        """Today beside yesterday; see `COUNTED` for where counting stops."""
        now, zone = self.clock.now(), self.config.display_zone
        today, yesterday, week = (span_of(period, now, zone) for period in Period)
        spans = (today, yesterday_until(now, zone), yesterday, week)
        of_today, by_now, of_yesterday, of_week = await tx.news.counts(spans, city=city)
        return DayCounts(
            today=of_today, yesterday_by_now=by_now, yesterday=of_yesterday, week=of_week
        )

    async def read(
        self,
        period: Period,
        *,
        kind: NewsKind | None = None,
        city: str | None = None,
        cursor: str | None = None,
        limit: int,
    ) -> News:
        """The changes of a period, the latest first, and how many there are.

        Args:
            cursor: of the part before; None: from the latest on.

        Raises:
            UsageError: for a cursor that is none.
        """
        span = span_of(period, self.clock.now(), self.config.display_zone)
        until, before = _place(cursor, span)
        counts = await self.day_counts(city)
        async with self.db.transaction() as tx:
            changes = await tx.news.latest(
                replace(span, until=until),
                kinds=tuple(NewsKind) if kind is None else (kind,),
                city=city,
                before=before,
                limit=limit + 1,
            )
            cities = await tx.news.cities(span, limit=_CITIES)
        shown = changes[:limit]
        return News(
            period=period,
            span=span,
            time_zone=self.config.display_timezone,
            counts=counts,
            cities=tuple(cities),
            changes=tuple(shown),
            next_cursor=_cursor(shown[-1]) if len(changes) > limit else None,
        )


def _cursor(entry: NewsEntry) -> str:
    return f"{entry.created_at.isoformat()}_{entry.id}"


def _place(cursor: str | None, span: Span) -> tuple[datetime, UUID]:
    if cursor is None:
        return span.until, NO_ID
    at, _, entry_id = cursor.partition("_")
    try:
        moment, place = datetime.fromisoformat(at), UUID(entry_id)
        return min(moment, span.until), place
    except (ValueError, TypeError):  # no time, none with a zone, or no id
        raise UsageError("there is no such place in the list: begin at its start") from None
