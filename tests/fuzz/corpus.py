"""What the inputs are made from: the tests' pages, and the stand-in's of both years."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from functools import lru_cache
from pathlib import Path

import httpx
from pincali_workshop.standin.app import create_app
from pincali_workshop.standin.control_routes import CONTROL
from pincali_workshop.standin.options import FORMS, StandinOptions

from pincali_sync.domain.tiers import ListingSource

_SAVED = Path(__file__).parents[1] / "pages"
_ROOT = "https://www.pincali.com"
_SHARD = re.compile(r"/marketplace_sitemaps/propert\S+?\.xml\.gz")


@lru_cache(maxsize=1)
def corpus() -> tuple[bytes, ...]:
    """Always the same pages in the same order."""
    saved = (path.read_bytes() for path in sorted(_SAVED.glob("*.html")))
    return (*saved, *asyncio.run(_served()))


async def _served() -> list[bytes]:
    return [page for form in FORMS async for page in _pages_of(form)]


async def _pages_of(form: str) -> AsyncIterator[bytes]:
    """Few listings, so that the pages are short and their edits hit something."""
    app = create_app(StandinOptions(listings=8, form=form))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=_ROOT) as client:
        for source in ListingSource:
            yield (await client.get(source.path)).content
        for listing in (await client.get(f"{CONTROL}/truth")).json()["listings"][:3]:
            for language in ("/en/home/", "/inmueble/"):
                yield (await client.get(language + listing["slug"])).content
        index = await client.get("/sitemap.xml")
        yield index.content
        for shard in sorted(set(_SHARD.findall(index.text))):
            yield gzip.decompress((await client.get(shard)).content)
