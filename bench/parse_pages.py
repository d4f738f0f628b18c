"""What parsing costs: CPU per page, and how many times a bare parse of the same bytes by lxml."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time

import httpx
from lxml import html
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.listing_page import parse_listing_page

_ROUNDS = 60


def measure() -> dict[str, float]:
    """Milliseconds of CPU (medians), and ratios to a bare parse in the same rounds."""
    with StandinProcess(StandinOptions(listings=100, form="2025")) as site:
        listing_url = f"{site.base_url}/en/properties/properties-for-sale"
        listing = httpx.get(listing_url, trust_env=False).content
        detail_url = f"{site.base_url}/en/home/{site.truth()['listings'][0]['slug']}"
        detail = httpx.get(detail_url, trust_env=False).content
    bare, whole = _cpu_ms(
        lambda: html.document_fromstring(listing), lambda: parse_listing_page(listing, listing_url)
    )
    bare_detail, whole_detail = _cpu_ms(
        lambda: html.document_fromstring(detail), lambda: parse_detail_page(detail, detail_url)
    )
    return {
        "listing_page_kilobytes": len(listing) / 1000,
        "listing_page_cards": len(parse_listing_page(listing, listing_url).entries),
        "listing_page_cpu_ms": whole,
        "listing_page_to_lxml": whole / bare,
        "detail_page_kilobytes": len(detail) / 1000,
        "detail_page_cpu_ms": whole_detail,
        "detail_page_to_lxml": whole_detail / bare_detail,
    }


def _cpu_ms(*works: Callable[[], object]) -> list[float]:
    """Medians; the works take turns, so that whatever else is running weighs on all of them."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(_ROUNDS):
        for work, spent in zip(works, times, strict=True):
            start = process_time()
            work()
            spent.append(process_time() - start)
    return [median(spent) * 1000 for spent in times]
