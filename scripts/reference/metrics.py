"""The metrics that `/metrics` shows."""

from __future__ import annotations

from pincali_sync.services.insights.metrics import METRICS
from scripts.reference.markdown import NOTICE, cell, code, table

PAGE = (
    NOTICE
    + """# Metrics

What `pincali-sync web` shows under `/metrics` ([monitoring](../how-to/monitoring.md)). Counters
end in `_total` and never fall, also when old rows are deleted. All others are gauges; one that
has no value, such as the drop of a first scan, is left out.

"""
)
# What the endpoint says of itself.
_OUTSIDE = (
    ("pincali_snapshot_up", "", "1; 0 when the figures are too old, and left out."),
    ("pincali_snapshot_age_seconds", "", "How old the last figures are, shown or not."),
    ("pincali_build_info", "version", "1; the version is in the label."),
)


def page() -> str:
    """The page of the reference."""
    shown = [*((each.name, ", ".join(each.labels), each.help) for each in METRICS), *_OUTSIDE]
    rows = [(code(name), labels, cell(help_)) for name, labels, help_ in shown]
    return PAGE + table(["metric", "labels", "meaning"], rows)
