"""The handful of figures that say most: on top of each report, and on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pincali_sync.db.repositories.quality.quality import QualityReport
from pincali_sync.rendering.formats import number, share
from pincali_sync.reports.comparison import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One figure: what it is, how much, and how that differs from the last report."""

    label: str
    value: str
    change: str
    note: str = ""  # what it rests on


_SHARES = (
    ("scraped_within_30_days", "Visited within 30 days"),
    ("average_completeness", "Average completeness"),
)
_COUNTS = (
    ("odd_values", "Odd values"),
    ("doubled_public_ids", "Doubled EasyBroker ids"),
    ("broken_rules", "Breaches of rules"),
)


def headlines(report: QualityReport) -> list[Headline]:
    """From the figures alone."""
    figures, compared = report.figures, Comparison(report.figures, report.previous)

    def count(name: str, label: str) -> Headline:
        path = ("in_short", name)
        return Headline(
            label=label, value=number(figures["in_short"][name]), change=compared.count(*path)
        )

    def part(name: str, label: str, note: str = "") -> Headline:
        path = ("in_short", name)
        return Headline(
            label=label,
            value=share(figures["in_short"][name]),
            change=compared.share(*path),
            note=note,
        )

    accuracy = interval_of(figures["samples"]["accuracy"])
    removals = interval_of(figures["removal_audit"]["false_positives"])
    return [
        count("listings", "Listings"),
        *(part(*each) for each in _SHARES),
        part("accuracy", "Right at a random visit", accuracy),
        part("false_removals", "Removed by mistake", removals),
        *(count(*each) for each in _COUNTS),
    ]


def interval_of(estimate: Mapping[str, Any]) -> str:
    """What an estimate rests on: its 95 % interval and its number of trials."""
    if not estimate["trials"]:
        return "nothing was looked at yet"
    low, high = share(estimate["low"]), share(estimate["high"])
    return f"95 % interval {low} to {high}, {number(estimate['trials'])} looked at"
