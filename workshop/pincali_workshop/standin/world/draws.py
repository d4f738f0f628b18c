"""Numbers that look random and depend on nothing but their name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from struct import unpack
from typing import TypeVar

T = TypeVar("T")

_DIGEST = 64
_WORDS = f">{_DIGEST // 4}I"
_RANGE = 2**32


class Draws:
    """The stream of numbers called by this name, such as `Draws(seed, 17, "rooms")`."""

    __slots__ = ("_block", "_name", "_numbers")

    def __init__(self, *name: object) -> None:
        self._name = ":".join(map(str, name))
        self._block = 0
        self._numbers: list[int] = []

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._numbers:
            digest = blake2b(f"{self._name}#{self._block}".encode(), digest_size=_DIGEST).digest()
            self._numbers = list(unpack(_WORDS, digest))
            self._block += 1
        return self._numbers.pop() / _RANGE

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self.unit() < share

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """A number in this range."""
        return low + self.unit() * (high - low)

    def exponential(self, mean: float) -> float:
        """A waiting time with this mean."""
        return exponential_quantile(mean, self.unit())

    def pick(self, options: Sequence[T]) -> T:
        """One of these, each as likely as the others."""
        return options[int(self.unit() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of (option, weight) by its weight."""
        left = self.unit() * sum(weight for _, weight in options)
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]

    def hexadecimal(self, digits: int) -> str:
        """So many hex digits."""
        return "".join("0123456789abcdef"[int(self.unit() * 16)] for _ in range(digits))


def exponential_quantile(mean: float, share: float) -> float:
    """The value below which this share, in [0, 1), of an exponential distribution lies."""
    return -mean * math.log(1 - share)
