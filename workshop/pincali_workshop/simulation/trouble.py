"""What goes wrong on some days of a simulated month; all of it follows from the seed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.faults import FaultKind
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.draws import Draws

_SALES = re.escape(f"{ListingSource.SALE.path}?page=")
_DETAILS = "/en/home/"
_LISTS = "/en/properties/"
_WALLS = (
    FaultKind.WALL,
    FaultKind.WALL_403,
    FaultKind.CHALLENGE,
    FaultKind.CAPTCHA,
    FaultKind.LOGIN_STEP,
    FaultKind.LOGIN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A fault, and on which share of the days."""

    path: str
    kinds: tuple[FaultKind, ...]
    days: float
    times: int | None
    every: int = 1


_ORDERS = (
    # A hiccup: the next attempt gets through.
    _Order(path=f"{_SALES}[23]$", kinds=(FaultKind.UNAVAILABLE,), days=0.2, times=3),
    # One page is unreadable all day: the run goes on, nothing is certified.
    _Order(path=f"{_SALES}4$", kinds=(FaultKind.SERVER_ERROR,), days=0.15, times=None),
    # Some pages fail twice, each with its repetitions, and are there at the third attempt.
    _Order(path=f"{_DETAILS}c", kinds=(FaultKind.SERVER_ERROR,), days=0.25, times=8),
    # In the middle of whatever is asked for: pages that are about no listing.
    _Order(path=_DETAILS, kinds=(FaultKind.OUTAGE,), days=0.3, times=12, every=4),
    _Order(path=_DETAILS, kinds=(FaultKind.CAPTCHA_AS_404,), days=0.15, times=6, every=7),
    _Order(path=_DETAILS, kinds=(FaultKind.MAINTENANCE,), days=0.15, times=8, every=5),
    # Pages with something missing.
    _Order(
        path=_DETAILS,
        kinds=(FaultKind.CUT, FaultKind.CUT_GZIP, FaultKind.CUT_CHUNKED),
        days=0.3,
        times=10,
        every=6,
    ),
    _Order(path=_LISTS, kinds=(FaultKind.FEWER_CARDS,), days=0.15, times=3, every=9),
    _Order(path=_LISTS, kinds=(FaultKind.CUT, FaultKind.CUT_GZIP), days=0.15, times=2, every=11),
)
_WALL_DAYS = 0.12
_REFUSALS = {FaultKind.CAPTCHA_AS_404}
_OF_WALLS = {"SitePaused", "TierOverdue", "ErrorRateHigh"}


def order_trouble(site: StandinProcess, seed: int, day: int) -> set[str]:
    """Orders the day's faults; those of the day before are over.

    Returns:
        The alerts that have a reason on this day.
    """
    site.clear_faults()
    draws, reasons = Draws(seed, "trouble", day), set[str]()
    if draws.chance(_WALL_DAYS):
        site.add_fault("/en/", draws.pick(_WALLS), every=draws.integer(20, 200))
        reasons |= _OF_WALLS
    for order in _ORDERS:
        if draws.chance(order.days):
            kind = draws.pick(order.kinds)
            site.add_fault(order.path, kind, times=order.times, every=order.every)
            reasons |= _OF_WALLS if kind in _REFUSALS else {"ErrorRateHigh"}
    return reasons
