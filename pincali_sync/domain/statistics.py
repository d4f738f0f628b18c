"""What a sample says of the whole."""

from __future__ import annotations

import math

_Z = 1.96  # of the normal distribution: 95 % lie within so many deviations of its middle


def wilson_interval(successes: int, trials: int) -> tuple[float, float] | None:
    """The interval that holds the true share with 95 % confidence, after Wilson ("Probable
    inference, the law of succession, and statistical inference", JASA 22, 1927).

    Unlike the plain normal approximation it stays within 0 and 1 and is sound for few trials and
    for shares near 0 or 1, which is where error rates are.

    Returns:
        The lower and the upper end; None without trials.

    Raises:
        ValueError: for successes that are negative or more than the trials.
    """
    if not 0 <= successes <= max(trials, 0):
        raise ValueError(f"{successes} successes of {trials} trials")
    if trials == 0:
        return None
    share = successes / trials
    denominator = 1 + _Z**2 / trials
    middle = (share + _Z**2 / (2 * trials)) / denominator
    half = _Z * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2)) / denominator
    # At 0 and at 1 the ends are exact; rounding must not move them.
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == trials else middle + half
    return low, high
