"""Figures beside those of the last report, and the handful that say most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.language import N_, _
from pincali_sync.moments import NOTHING
from pincali_sync.rendering.formats import number, share

_HEADLINES = (  # a figure, its label, and how it is said
    ("listings", N_("Listings"), "count"),
    ("scraped_within_30_days", N_("Visited within 30 days"), "share"),
    ("average_completeness", N_("Average completeness"), "share"),
    ("accuracy", N_("Right at a random visit"), "share"),
    ("false_removals", N_("Removed by mistake"), "share"),
    ("odd_values", N_("Odd values"), "count"),
    ("doubled_public_ids", N_("Doubled EasyBroker ids"), "count"),
    ("broken_rules", N_("Breaches of rules"), "count"),
)


class Comparison:
    """Two reports' figures, looked up by the same path; what either lacks is not compared."""

    def __init__(self, figures: Mapping[str, Any], previous: Mapping[str, Any] | None) -> None:
        self._figures = figures
        self._previous = previous

    def count(self, *path: str) -> str:
        """The difference of a count: "+1,204"."""
        change = self._change(path)
        return NOTHING if change is None else _signed(change, number(abs(change)))

    def share(self, *path: str) -> str:
        """The difference of a share, in percentage points: "+1.2 points"."""
        change = self._change(path)
        if change is None:
            return NOTHING
        points = round(change * 100, 1)
        return _signed(points, _("%(points)s points", points=abs(points)))

    def _change(self, path: tuple[str, ...]) -> float | None:
        now, before = _at(self._figures, path), _at(self._previous, path)
        return None if now is None or before is None else now - before


def _at(figures: Mapping[str, Any] | None, path: tuple[str, ...]) -> float | None:
    value: Any = figures
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) else None


def _signed(change: float, size: str) -> str:
    return f"{'+' if change > 0 else '−'}{size}" if change else _("no change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One figure: what it is, how much, and how that differs from the last report."""

    label: str
    value: str
    change: str
    note: str  # what it rests on


def headlines(report: QualityReport) -> list[Headline]:
    """From the figures alone."""
    figures, compared = report.figures, Comparison(report.figures, report.previous)
    notes = {
        "accuracy": interval_of(figures["samples"]["accuracy"]),
        "false_removals": interval_of(figures["removal_audit"]["false_positives"]),
    }
    says = {"count": (number, compared.count), "share": (share, compared.share)}
    return [
        Headline(
            label=_(label),
            value=says[kind][0](figures["in_short"][name]),
            change=says[kind][1]("in_short", name),
            note=notes.get(name, ""),
        )
        for name, label, kind in _HEADLINES
    ]


def interval_of(estimate: Mapping[str, Any]) -> str:
    """What an estimate rests on: its 95 % interval and its number of trials."""
    if not estimate["trials"]:
        return _("nothing was looked at yet")
    low, high = share(estimate["low"]), share(estimate["high"])
    return _(
        "95 %% interval %(low)s to %(high)s, %(trials)s looked at",
        low=low,
        high=high,
        trials=number(estimate["trials"]),
    )
