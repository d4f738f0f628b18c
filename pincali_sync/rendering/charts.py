"""Charts as accessible inline SVG: no script, no inline style, text that does not shrink.

Lines are drawn in a stretched inner drawing of 1000 by 1000; everything with text is placed by
percentages in the outer one, so that it keeps its size on a phone.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from markupsafe import Markup

from pincali_sync.language import N_, _
from pincali_sync.moments import day, instant, shown_zone
from pincali_sync.rendering.formats import environment, number
from pincali_sync.rendering.scales import TimeScale, height, round_ticks, short, time_scale

MAX_SERIES = 4  # as many as dash patterns tell apart
_LONGEST_LABEL = 34  # what fits above a bar on a phone, beside its value
_TEMPLATES = environment("pincali_sync.rendering")

_SERIES = N_(
    "%(name)s: first %(first)s on %(first_at)s, last %(last)s on %(last_at)s, "
    "lowest %(lowest)s on %(lowest_at)s, highest %(highest)s on %(highest_at)s."
)
_BARS = N_(
    "First %(first_at)s with %(first)s, last %(last_at)s with %(last)s, "
    "lowest %(lowest_at)s with %(lowest)s, highest %(highest_at)s with %(highest)s."
)

Point = tuple[datetime, float | None]
_Telling = Callable[[datetime], str]
_Line = tuple[str, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values over time; None is a gap, through which no line is drawn."""

    name: str
    points: Sequence[Point]


def line_chart(
    series: Sequence[Series], *, title: str, unit: str = "", by_day: bool = False
) -> Markup:
    """Up to four series over one axis of time.

    Args:
        title: the caption; no two charts of a page may share one.
        unit: what the values count, such as "listings" or "%".
        by_day: each point stands for a whole day, at its midnight in UTC; its time is not told.

    Raises:
        ValueError: for more than four series.
    """
    if len(series) > MAX_SERIES:
        raise ValueError(
            f"{title}: {len(series)} series, more than {MAX_SERIES} are not told apart"
        )
    cleaned = [Series(name=each.name, points=_sorted(each.points)) for each in series]
    values = [value for each in cleaned for _, value in each.points if value is not None]
    if not values:
        return _render("no_chart.html", title=title)
    told, zone = (day, UTC) if by_day else (instant, shown_zone())
    known = [at for each in cleaned for at, value in each.points if value is not None]
    times = time_scale(known, zone)
    ticks = round_ticks(values)
    return _render(
        "line_chart.html",
        id=_id(title),
        title=title,
        unit=unit,
        description=" ".join(_described(each, unit, told) for each in cleaned),
        levels=[(_percent(1 - height(tick, ticks)), short(tick)) for tick in ticks],
        dates=[(_percent(times.place(at)), times.label(at)) for at in times.ticks],
        lines=[_line(each.points, times, ticks) for each in cleaned],
        names=[each.name for each in cleaned],
        rows=_rows(cleaned, told),
    )


def bar_chart(bars: Sequence[tuple[str, float]], *, title: str, unit: str = "") -> Markup:
    """Horizontal bars in the order given, each with its label and value written out.

    Args:
        bars: labels and values; a bar below zero has no length.
        title: the caption; no two charts of a page may share one.
        unit: what the values count, such as "listings"; with "%", a full bar is 100.
    """
    if not bars:
        return _render("no_chart.html", title=title)
    # The caption names the unit; only the sign of percent is worth repeating at each bar.
    whole, beside = (100.0, unit) if unit == "%" else (0.0, "")
    longest = max(whole, *(value for _, value in bars)) or 1.0
    return _render(
        "bar_chart.html",
        id=_id(title),
        title=title,
        unit=unit,
        description=_(_BARS, **_extremes(bars, unit)),
        bars=[
            (_shortened(label), _amount(value, beside), _percent(max(value, 0) / longest))
            for label, value in bars
        ],
        rows=[(label, number(value)) for label, value in bars],
    )


def _line(points: Sequence[Point], times: TimeScale, ticks: Sequence[float]) -> _Line:
    """A path in the stretched drawing; dots at the last value and at those without a neighbour."""
    stretches = [
        [(times.place(at), 1 - height(value, ticks)) for at, value in each if value is not None]
        for is_known, each in groupby(points, key=lambda point: point[1] is not None)
        if is_known
    ]
    lonely = [each[0] for each in stretches if len(each) == 1]
    ends = [each[-1] for each in stretches[-1:]]
    path = " ".join(
        "M" + " L".join(f"{x * 1000:.1f} {y * 1000:.1f}" for x, y in each) for each in stretches
    )
    return path, [(_percent(x), _percent(y)) for x, y in dict.fromkeys(lonely + ends)]


def _sorted(points: Sequence[Point]) -> list[Point]:
    """By time; what is no number is a gap."""
    return [
        (at, value if value is not None and math.isfinite(value) else None)
        for at, value in sorted(points, key=lambda point: point[0])
    ]


def _rows(series: Sequence[Series], told: _Telling) -> list[tuple[str, list[str]]]:
    """The figures as a table: an instant, and each series' value at it."""
    by_time = [dict(each.points) for each in series]
    instants = sorted({at for each in by_time for at in each})
    return [(told(at), [number(each.get(at)) for each in by_time]) for at in instants]


def _described(series: Series, unit: str, told: _Telling) -> str:
    """A series in a sentence, for those who do not see it."""
    known = [(told(at), value) for at, value in series.points if value is not None]
    if not known:
        return _("%(name)s: no figures yet.", name=series.name)
    return _(_SERIES, name=series.name, **_extremes(known, unit))


def _extremes(values: Sequence[tuple[str, float]], unit: str) -> dict[str, str]:
    """What a chart is described by: each extreme, and where it is."""
    found = {
        "first": values[0],
        "last": values[-1],
        "lowest": min(values, key=lambda each: each[1]),
        "highest": max(values, key=lambda each: each[1]),
    }
    amounts = {name: _amount(value, unit) for name, (place, value) in found.items()}
    return amounts | {f"{name}_at": place for name, (place, value) in found.items()}


def _amount(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".rstrip()


def _shortened(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _percent(part: float) -> str:
    return f"{part * 100:.2f}%"


def _id(title: str) -> str:
    """The same for the same title: no two charts of a page share theirs."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40]
    return f"chart-{words}-{zlib.crc32(title.encode()):08x}"


def _render(template: str, **values: object) -> Markup:
    return Markup(_TEMPLATES.get_template(template).render(values))  # noqa: S704 - escaped there
