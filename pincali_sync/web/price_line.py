"""A record's price over time, as far back as its prices can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pincali_sync.db.repositories.insights.dossier import Change
from pincali_sync.domain.listing_status import REMOVED
from pincali_sync.rendering.charts import Point


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
    terms_changed = max(
        (each.created_at for each in changes if each.field_name != "price"), default=None
    )
    steps = sorted(
        (
            each
            for each in changes
            if each.field_name == "price"
            and (terms_changed is None or each.created_at > terms_changed)
        ),
        key=lambda each: each.created_at,
    )
    start = terms_changed or live["first_seen_at"]
    line: list[Point] = []
    if start is not None:
        line.append((start, _number(steps[0].old_value) if steps else current))
    for step in steps:
        line += [
            (step.created_at, _number(step.old_value)),
            (step.created_at, _number(step.new_value)),
        ]
    end = live["last_seen_at"] if live["listing_status"] in REMOVED else now
    if end is not None and (not line or end >= line[-1][0]):
        line.append((end, current))
    return line


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]  # whatever the journal kept
    except (TypeError, ValueError):
        return None
