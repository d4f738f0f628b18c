"""How deep a scan of the newest pages must go to meet what the last one knew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# A scan that did not meet its frontier is followed by one twice as deep.
_DEEPER = 2


def next_depth(
    planned: int, source: str, last_run: Mapping[str, Any] | None, *, page_cap: int
) -> int:
    """How many pages of a source to read, given the details of the tier's last run.

    Args:
        planned: the tier's pages; 0: all.
        last_run: with "depths" by source and "frontiers" by source: the page from which on
            nothing was new, None where the scan did not get there.
    """
    if not planned or last_run is None:
        return planned
    frontiers = last_run.get("frontiers", {})
    if source not in frontiers or frontiers[source] is not None:
        return planned
    last = int(last_run.get("depths", {}).get(source, planned))
    return max(planned, min(_DEEPER * last, page_cap))
