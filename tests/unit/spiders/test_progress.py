"""The line that says how far a crawl is."""

from __future__ import annotations

import pytest

from pincali_sync.extensions.progress import progress_line


@pytest.mark.parametrize(
    ("done", "planned", "seconds", "line"),
    [
        (12, 40, 24.0, "12 of 40 pages, 30 a minute, about 56 s left"),
        (40, 40, 80.0, "40 of 40 pages, 30 a minute, about 0 s left"),
        (0, 40, 24.0, "0 of 40 pages, 0 a minute, no page yet"),
        (0, 0, 0.0, "0 of 0 pages, 0 a minute, no page yet"),
        (3, 0, 6.0, "3 of 0 pages, 30 a minute, about 0 s left"),
    ],
)
def test_the_line_says_how_far_how_fast_and_how_long_yet(
    done: int, planned: int, seconds: float, line: str
) -> None:
    assert progress_line(done, planned, seconds) == line
