"""What parsing costs: CPU per page, and how many times a bare parse of the markup that is."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

import httpx
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from selectolax.lexbor import LexborHTMLParser

from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page

_ROUNDS = 60


def measure() -> dict[str, float]:
    """Milliseconds of CPU (medians) and ratios to a bare parse."""
    with StandinProcess(StandinOptions(listings=100, form="2025")) as site:
        listing_url = f"{site.base_url}/en/properties/properties-for-sale"
        listing = httpx.get(listing_url, trust_env=False).text
        detail_url = f"{site.base_url}/en/home/{site.truth()['listings'][0]['slug']}"
        detail = httpx.get(detail_url, trust_env=False).text
    bare = _cpu_ms(lambda: LexborHTMLParser(listing))
    parsed = _cpu_ms(lambda: parse_listing_page(listing, listing_url))
    return {
        "listing_page_kilobytes": len(listing) / 1000,
        "listing_page_cards": len(parse_listing_page(listing, listing_url).entries),
        "listing_page_cpu_ms": parsed,
        "listing_page_to_bare_parse": parsed / bare,
        "detail_page_cpu_ms": _cpu_ms(lambda: parse_detail_page(detail, detail_url)),
    }


def _cpu_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        start = process_time()
        work()
        times.append(process_time() - start)
    return median(times) * 1000
