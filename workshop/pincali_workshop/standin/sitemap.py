"""The sitemap: made anew every six hours, and never of everything."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape

from pincali_workshop.standin.pages.language import SPANISH
from pincali_workshop.standin.pages.wording import path_of
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.population import Population
from pincali_workshop.standin.world.state import ListingState

SHARDS_PATH = "/marketplace_sitemaps/"

_LISTED = 0.88  # of the stock, as measured on the site
_HOURS = 6
_URLS_PER_SHARD = 10_000
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A compressed shard with its validators."""

    name: str
    body: bytes
    etag: str
    last_modified: str


class Sitemap:
    """The files of one edition."""

    def __init__(self, population: Population, seed: int) -> None:
        self._population = population
        self._seed = seed
        self._made_at: datetime | None = None
        self._shards: dict[str, Shard] = {}

    def shards(self, now: datetime, base_url: str) -> dict[str, Shard]:
        """The shards of the current edition, by name."""
        made_at = now.replace(hour=now.hour // _HOURS * _HOURS, minute=0, second=0, microsecond=0)
        if made_at != self._made_at:
            self._made_at = made_at
            self._shards = {shard.name: shard for shard in self._make(made_at, base_url)}
        return self._shards

    def index(self, now: datetime, base_url: str) -> bytes:
        """The index: the listings' shards, and one of agents."""
        shards = self.shards(now, base_url)
        assert self._made_at is not None
        lastmod = self._made_at.isoformat()
        entries = "".join(
            f"<sitemap><loc>{escape(f'{base_url}{SHARDS_PATH}{name}')}</loc>"
            f"<lastmod>{lastmod}</lastmod></sitemap>\n"
            for name in ("agents.xml.gz", *shards)
        )
        return f"{_XML}<sitemapindex {_NAMESPACE}>\n{entries}</sitemapindex>\n".encode()

    def _make(self, made_at: datetime, base_url: str) -> list[Shard]:
        listed = [
            state
            for state in self._population.states(made_at)
            if state.active and self._is_listed(state)
        ]
        return [
            _shard(number, listed[start : start + _URLS_PER_SHARD], base_url, made_at)
            for number, start in enumerate(range(0, max(1, len(listed)), _URLS_PER_SHARD))
        ]

    def _is_listed(self, state: ListingState) -> bool:
        return Draws(self._seed, state.listing.index, "sitemap").chance(_LISTED)


def _shard(number: int, states: Sequence[ListingState], base_url: str, made_at: datetime) -> Shard:
    entries = "".join(
        f"<url><loc>{escape(base_url + path_of(state.listing, SPANISH))}</loc></url>\n"
        for state in states
    )
    text = f"{_XML}<urlset {_NAMESPACE}>\n{entries}</urlset>\n".encode()
    return Shard(
        name=f"properties{number or ''}.xml.gz",
        body=gzip.compress(text, mtime=0),
        etag=f'"{hashlib.md5(text, usedforsecurity=False).hexdigest()}"',
        last_modified=format_datetime(made_at, usegmt=True),
    )
