"""What the charts show, from figures and changes that were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from pincali_sync.db.repositories.insights.dossier import Change
from pincali_sync.db.repositories.insights.history import DayCount, HistoryPoint
from pincali_sync.domain.listing_status import PRESENT, REMOVED
from pincali_sync.language import N_, _
from pincali_sync.rendering.charts import Point, Series
from pincali_sync.services.insights.snapshot import LiveFigures

DAYS = 30
# Kept figures are thinned to one in so long: more points than pixels tell nothing more.
_STEP = timedelta(hours=6)


def listings_over_time(history: Sequence[HistoryPoint]) -> list[Series]:
    """Present listings, and those of them that are stale."""
    present = (f"pincali_live_listings status={status}" for status in PRESENT)
    return [
        _kept(_("present"), history, *present),
        _kept(_("stale"), history, "pincali_live_stale"),
    ]


def queue_over_time(history: Sequence[HistoryPoint]) -> list[Series]:
    """Detail pages that wait."""
    return [_kept(_("pending"), history, "pincali_queue_pending ")]


def by_day(counts: Sequence[DayCount], now: datetime, zone: tzinfo) -> list[Series]:
    """What changed in the zone's last days; a day without any is zero."""
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    midnights = {day: datetime.combine(day, time(), tzinfo=UTC) for day in days}
    by_date = {(each.series, each.day): float(each.count) for each in counts}
    return [
        Series(
            name=_(name),
            points=[(at, by_date.get((name, day), 0)) for day, at in midnights.items()],
        )
        for name in (N_("price changes"), N_("removals"))
    ]


def freshness(live: LiveFigures) -> list[tuple[str, float]]:
    """Present listings by when their page was last fetched, the freshest first."""
    bars: list[tuple[str, float]] = []
    younger, before = 0.0, 0
    for days, rows in live.scraped_within.items():
        if younger:
            label = _("%(least)g to %(most)g d", least=younger, most=days)
        else:
            label = _("within %(days)g d", days=days)
        bars.append((label, rows - before))
        younger, before = days, rows
    bars.append((_("over %(days)g d", days=younger), live.present - live.never_scraped - before))
    bars.append((_("never fetched"), live.never_scraped))
    return bars


def price_line(
    changes: Sequence[Change], live: Mapping[str, Any] | None, now: datetime
) -> list[Point]:
    """Steps from price to price up to now; empty where there is no price.

    A price in another currency, of another unit or operation is another thing: the line begins
    after the last such change.

    Args:
        changes: of price, currency, unit and operation, the latest first.
    """
    current = _number(live["price"]) if live else None
    if live is None or current is None:
        return []
    of_terms = (each.created_at for each in changes if each.field_name != "price")
    terms_changed = max(of_terms, default=None)
    steps = [
        each
        for each in sorted(changes, key=lambda each: each.created_at)
        if each.field_name == "price" and (not terms_changed or each.created_at > terms_changed)
    ]
    line: list[Point] = []
    if start := terms_changed or live["first_seen_at"]:
        line.append((start, _number(steps[0].old_value) if steps else current))
    for step in steps:
        line += [(step.created_at, _number(value)) for value in (step.old_value, step.new_value)]
    end = live["last_seen_at"] if live["listing_status"] in REMOVED else now
    if end is not None and (not line or end >= line[-1][0]):
        line.append((end, current))
    return line


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]  # whatever the journal kept
    except (TypeError, ValueError):
        return None


def _kept(name: str, history: Sequence[HistoryPoint], *keys: str) -> Series:
    """Figures that were kept, by how their keys begin; a gap where nothing of them was."""
    # The last point of each step; the latest of all is always kept.
    thinned = {each.taken_at.timestamp() // _STEP.total_seconds(): each for each in history}
    points: list[Point] = []
    for each in thinned.values():
        parts = [value for key, value in each.figures.items() if key.startswith(keys)]
        points.append((each.taken_at, sum(parts) if parts else None))
    return Series(name=name, points=points)
