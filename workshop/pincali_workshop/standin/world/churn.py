"""How fast the stock changes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """Rates per day as shares of the stock; what leaves equals what comes."""

    births: float = 0.048
    price_changes: float = 0.015
    reactivations: float = 0.01
    relisted_share: float = 0.15  # of removed listings, those that return after some days
    longest_absence_days: float = 6.0  # of those that return

    @property
    def mean_days_online(self) -> float:
        """How long a listing stays up at a time, so that the stock keeps its size."""
        return (1 - self.relisted_share) / self.births
