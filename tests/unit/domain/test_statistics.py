"""What a sample says of the whole."""

from __future__ import annotations

import pytest

from pincali_sync.domain.statistics import wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Published values: Newcombe, "Two-sided confidence intervals for the single proportion"
        # (Statistics in Medicine 17, 1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_all_or_nothing_is_never_certain() -> None:
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=5e-5)
    interval = wilson_interval(0, 10)
    assert interval is not None
    assert interval[0] == 0.0
    assert interval[1] > 0.2


def test_nothing_tried_says_nothing() -> None:
    assert wilson_interval(0, 0) is None


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (1, 0)])
def test_counts_that_cannot_be_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="trials"):
        wilson_interval(successes, trials)
