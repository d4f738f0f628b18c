"""How many listing pages a second the stand-in serves: it must never be the bottleneck."""

from __future__ import annotations

import asyncio
from time import perf_counter

import httpx
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

_CLIENTS = 4
_SECONDS = 3.0
_PAGES = 20


def measure() -> dict[str, float]:
    """Pages a second over loopback, from one server process with a warm cache."""
    with StandinProcess(StandinOptions(listings=1000)) as site:
        pages = asyncio.run(_fetch_for(_SECONDS, site.base_url))
    return {"standin_listing_pages_per_s": pages / _SECONDS}


async def _fetch_for(seconds: float, base_url: str) -> int:
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=30) as client:
        urls = [f"/en/properties/properties-for-sale?page={n}" for n in range(1, _PAGES + 1)]
        for url in urls:  # renders each card once
            (await client.get(url)).raise_for_status()
        end = perf_counter() + seconds
        return sum(await asyncio.gather(*(_client(client, urls, end) for _ in range(_CLIENTS))))


async def _client(client: httpx.AsyncClient, urls: list[str], end: float) -> int:
    fetched = 0
    while perf_counter() < end:
        (await client.get(urls[fetched % len(urls)])).raise_for_status()
        fetched += 1
    return fetched
