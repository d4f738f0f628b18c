"""What is told of a season's changes, and who counts as late."""

from __future__ import annotations

import pytest
from pincali_workshop.paper.truth import Delays

LIMIT = 10


@pytest.mark.parametrize(("now", "told"), [(9, (0, 0)), (10, (1, 1)), (13, (2, 3)), (14, (2, 4))])
def test_a_change_is_judged_once_it_had_the_time_whether_it_is_known_or_not(
    now: int, told: tuple[int, int]
) -> None:
    delays = Delays()
    for public_id, since in (("a", 0), ("b", 2), ("c", 3), ("d", 4)):
        delays.begin(public_id, since)
    delays.end("a", 1)
    delays.end("b", 14)
    delays.end("c", 8)
    assert delays.in_time(LIMIT, now) == told
