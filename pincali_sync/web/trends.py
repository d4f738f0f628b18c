"""What the charts of the overview show, from figures that were read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from pincali_sync.db.repositories.insights.history import DayCount, HistoryPoint
from pincali_sync.domain.listing_status import PRESENT
from pincali_sync.domain.schedule import SITE_ZONE
from pincali_sync.rendering.charts import Point, Series
from pincali_sync.services.insights.snapshot import LiveFigures

DAYS = 30
# Kept figures are thinned to one in so long: more points than pixels tell nothing more.
_STEP = timedelta(hours=6)


def listings_over_time(history: Sequence[HistoryPoint]) -> list[Series]:
    """Present listings, and those of them that are stale."""
    thinned = _thinned(history)
    return [
        Series(name="present", points=_points(thinned, _present)),
        Series(name="stale", points=_points(thinned, _sum_of("pincali_live_stale"))),
    ]


def queue_over_time(history: Sequence[HistoryPoint]) -> list[Series]:
    """Detail pages that wait."""
    return [
        Series(name="pending", points=_points(_thinned(history), _sum_of("pincali_queue_pending")))
    ]


def by_day(series: Mapping[str, Sequence[DayCount]], now: datetime) -> list[Series]:
    """Counts of the last days of the site's country; a day without any is zero."""
    today = now.astimezone(SITE_ZONE).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    found: list[Series] = []
    for name, counts in series.items():
        by_date = {each.day: each.count for each in counts}
        points = [(_midnight(day), float(by_date.get(day, 0))) for day in days]
        found.append(Series(name=name, points=points))
    return found


def freshness(live: LiveFigures) -> list[tuple[str, float]]:
    """Present listings by when their page was last fetched, the freshest first."""
    bars: list[tuple[str, float]] = []
    younger, before = 0.0, 0
    for days, rows in live.scraped_within.items():
        label = f"within {days:g} d" if not younger else f"{younger:g} to {days:g} d"
        bars.append((label, rows - before))
        younger, before = days, rows
    bars.append((f"over {younger:g} d", live.present - live.never_scraped - before))
    bars.append(("never fetched", live.never_scraped))
    return bars


def _thinned(history: Sequence[HistoryPoint]) -> list[HistoryPoint]:
    """The last point of each step; the latest of all is always kept."""
    slots = {int(each.taken_at.timestamp() // _STEP.total_seconds()): each for each in history}
    return list(slots.values())


def _points(
    history: Sequence[HistoryPoint], value: Callable[[HistoryPoint], float | None]
) -> list[Point]:
    return [(each.taken_at, value(each)) for each in history]


def _sum_of(metric: str) -> Callable[[HistoryPoint], float | None]:
    """A metric's value, over all its labels; None where nothing of it was kept."""

    def value(point: HistoryPoint) -> float | None:
        parts = [v for key, v in point.figures.items() if key.partition(" ")[0] == metric]
        return sum(parts) if parts else None

    return value


def _present(point: HistoryPoint) -> float | None:
    keys = (f"pincali_live_listings status={status}" for status in PRESENT)
    parts = [point.figures[key] for key in keys if key in point.figures]
    return sum(parts) if parts else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
