"""The weather of a season follows from its seed, however long it is played."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pincali_workshop.paper.weather import Weather

from tests.support.paper import BEGIN, then

LONGEST = 120


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("days", [3, 10, 29, 30, 31, 47, 60, 90])
def test_a_shorter_season_is_the_beginning_of_a_longer_one(seed: int, days: int) -> None:
    shorter, longer = (Weather.of(seed, BEGIN, each) for each in (days, LONGEST))
    assert shorter.blocks == tuple(each for each in longer.blocks if each < then(days))
    for hour in range(24 * days):
        now = BEGIN + timedelta(hours=hour)
        assert shorter.is_down(now) == longer.is_down(now)
        assert shorter.is_bad(now) == longer.is_bad(now)
        assert shorter.cuts_sitemap(now) == longer.cuts_sitemap(now)


def test_a_long_season_has_weather_of_each_kind() -> None:
    weather = Weather.of(1, BEGIN, LONGEST)
    assert all((weather.outages, weather.blocks, weather.bad_weeks, weather.cut_days))
