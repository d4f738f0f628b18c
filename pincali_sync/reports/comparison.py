"""How figures differ from those of the last report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pincali_sync.rendering.formats import NOTHING, number

_NO_CHANGE = "no change"


class Comparison:
    """Two reports' figures, looked up by the same path; what either lacks is not compared."""

    def __init__(self, figures: Mapping[str, Any], previous: Mapping[str, Any] | None) -> None:
        self._figures = figures
        self._previous = previous

    def count(self, *path: str) -> str:
        """The difference of a count: "+1,204"."""
        change = self._change(path)
        if change is None:
            return NOTHING
        return f"{'+' if change > 0 else '−'}{number(abs(change))}" if change else _NO_CHANGE

    def share(self, *path: str) -> str:
        """The difference of a share, in percentage points: "+1.2 points"."""
        change = self._change(path)
        if change is None:
            return NOTHING
        points = round(change * 100, 1)
        return f"{'+' if points > 0 else '−'}{abs(points)} points" if points else _NO_CHANGE

    def _change(self, path: tuple[str, ...]) -> float | None:
        now, before = _at(self._figures, path), _at(self._previous, path)
        return None if now is None or before is None else now - before


def _at(figures: Mapping[str, Any] | None, path: tuple[str, ...]) -> float | None:
    value: Any = figures
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) else None
