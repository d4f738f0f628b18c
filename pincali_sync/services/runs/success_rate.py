"""How many of a tier's requests bear fruit; below nine in ten the tier is paused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from pincali_sync.db.repositories.runs.runs import SyncRun

# The spec: "Track success rate per tier and auto-pause if <90%".
MIN_RATE = 0.90
# Over this many runs, so that one bad hour is told from a bad day; few requests tell nothing.
RUNS_JUDGED = 5
_MIN_REQUESTS = 50


def success_rate(runs: Sequence[SyncRun]) -> float | None:
    """Good requests by all requests of the runs; None for fewer than fifty."""
    lost = sum(run.details.pages_lost for run in runs)
    read = sum(run.pages_scanned for run in runs)
    errors = sum(run.error_count for run in runs)  # lost pages and failed details
    requests = read + lost + sum(run.properties_scraped for run in runs) + max(0, errors - lost)
    return None if requests < _MIN_REQUESTS else 1 - errors / requests


def not_judged_yet(runs: Sequence[SyncRun]) -> list[SyncRun]:
    """Of a tier's runs, the latest first, those since its last automatic pause."""
    return list(takewhile(lambda run: not run.details.paused_tier, runs))
