"""kill -9 at seeded moments: the end is that of an undisturbed course. `make chaos` does more."""

from __future__ import annotations

import pytest
from pincali_workshop.chaos.course import SHORT
from pincali_workshop.chaos.kinds import Kind
from pincali_workshop.chaos.storm import Weather, calm_course, storm

pytestmark = pytest.mark.timeout(600)

_WEATHER = Weather(
    seed=1,
    kills=4,
    kinds=[Kind.RUNNER, Kind.SPIDER, Kind.SPIDER_STOPPED, Kind.POSTGRES],
    acts=SHORT,
    listings=16,
    nodes=0,
    silence=5,
)


def test_whoever_is_killed_the_end_is_that_of_an_undisturbed_course() -> None:
    ended = storm(_WEATHER, calm_course(_WEATHER, print), print)
    assert ended.divergences == []
    assert len(ended.struck) >= 3  # a step may pass before anybody looks
