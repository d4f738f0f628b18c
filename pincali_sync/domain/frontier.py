"""How deep a scan of the newest pages must go to meet what the last one knew."""

from __future__ import annotations

from pincali_sync.domain.run_notes import RunNotes

# A scan that did not meet its frontier is followed by one twice as deep.
_DEEPER = 2


def next_depth(planned: int, source: str, last_run: RunNotes | None, *, page_cap: int) -> int:
    """How many pages of a source to read (0: all), given what the tier's last run noted."""
    if not planned or last_run is None:
        return planned
    if last_run.frontiers.get(source, planned) is not None:
        return planned  # it got there, or there was none to get to
    return max(planned, min(_DEEPER * last_run.depths.get(source, planned), page_cap))
