"""What goes wrong on some days of a simulated month."""

from __future__ import annotations

import re

from pincali_sync.domain.tiers import ListingSource
from pincali_workshop.standin.process import StandinProcess

_SALES = re.escape(f"{ListingSource.SALE.path}?page=")


def order_trouble(site: StandinProcess, day: int) -> None:
    """Orders the day's faults; those of the day before are over."""
    site.clear_faults()
    if day % 5 == 1:  # a hiccup: the next attempt gets through
        site.add_fault(f"{_SALES}[23]$", "503", times=3)
    if day % 6 == 3:  # one page is unreadable all day: the run goes on, nothing is certified
        site.add_fault(f"{_SALES}4$", "500")
    if day % 4 == 2:  # some detail pages fail and are tried again
        site.add_fault("/en/home/c", "500", times=20)
