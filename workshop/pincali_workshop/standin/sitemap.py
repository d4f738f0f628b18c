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
from pincali_workshop.standin.sitemap_dirt import Dirt
from pincali_workshop.standin.world.draws import Draws
from pincali_workshop.standin.world.listing import Listing
from pincali_workshop.standin.world.population import Population
from pincali_workshop.standin.world.state import ListingState

SHARDS_PATH = "/marketplace_sitemaps/"

_LISTED = 0.88  # of the stock, as measured on the site
_HOURS = 6
_URLS_PER_SHARD = 10_000
_SHARDS_WITH_DIRT = 4  # at least, so that one can be missing
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_NESTED = "properties_nested.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A file of the sitemap, compressed where its name says so, with its validators."""

    name: str
    body: bytes
    etag: str
    last_modified: str


class Sitemap:
    """The files of one edition."""

    def __init__(self, population: Population, seed: int, dirt: float = 0.0) -> None:
        self._population = population
        self._seed = seed
        self._dirt = dirt
        self._made_at: datetime | None = None
        self._made_for = ""
        self._shards: dict[str, Shard] = {}

    def shards(self, now: datetime, base_url: str) -> dict[str, Shard]:
        """The files of the current edition, by name."""
        made_at = now.replace(hour=now.hour // _HOURS * _HOURS, minute=0, second=0, microsecond=0)
        if (made_at, base_url) != (self._made_at, self._made_for):
            self._made_at, self._made_for = made_at, base_url
            self._shards = {shard.name: shard for shard in self._make(made_at, base_url)}
        return self._shards

    def index(self, now: datetime, base_url: str) -> bytes:
        """The index: the listings' shards, and one of agents."""
        names = list(self.shards(now, base_url))
        assert self._made_at is not None
        if _NESTED in names:  # it names the last two itself
            names = [_NESTED, *names[:-3]]
        blank = b"\n" if self._dirt_of(self._made_at).is_blank_first("index") else b""
        return blank + _index(("agents.xml.gz", *names), base_url, self._made_at)

    def _make(self, made_at: datetime, base_url: str) -> list[Shard]:
        dirt, at = self._dirt_of(made_at), int(made_at.timestamp())
        slugs = [
            slug
            for state in self._population.states(made_at)
            if lists(self._seed, state.listing)
            for slug in slugs_listed(state, at, dirt.lag)
        ]
        size = min(_URLS_PER_SHARD, -(-len(slugs) // _SHARDS_WITH_DIRT) or 1)
        size = size if self._dirt else _URLS_PER_SHARD
        shards = [
            self._shard(number, slugs[start : start + size], base_url, made_at)
            for number, start in enumerate(range(0, max(1, len(slugs)), size))
        ]
        if dirt.nests and len(shards) > 2:
            nested = _index([shard.name for shard in shards[-2:]], base_url, made_at)
            shards.append(_file(_NESTED, nested, made_at))
        return shards

    def _shard(self, number: int, slugs: Sequence[str], base_url: str, made_at: datetime) -> Shard:
        name, dirt = f"properties{number or ''}.xml.gz", self._dirt_of(made_at)
        if dirt.is_error(name):
            return _file(name, b"<Error><Code>InternalError</Code></Error>", made_at)
        urls = [base_url + SPANISH.prefix + slug for slug in slugs]
        entries = "".join(f"<url><loc>{escape(url)}</loc></url>\n" for url in urls)
        text = f"{_XML}<urlset {_NAMESPACE}>\n{entries}{dirt.entries(name)}</urlset>\n"
        return _file(name, ("\n" if dirt.is_blank_first(name) else "") + text, made_at)

    def _dirt_of(self, made_at: datetime) -> Dirt:
        return Dirt(self._seed, made_at, self._dirt)


def lists(seed: int, listing: Listing) -> bool:
    """Whether the sitemap ever names a listing."""
    return Draws(seed, listing.index, "sitemap").chance(_LISTED)


def slugs_listed(state: ListingState, at: int, lag: int = 0) -> list[str]:
    """The slug that leads to a listing.

    Args:
        lag: seconds for which former slugs and removed listings stay.
    """
    names = state.listing.names
    if state.active and len(names.all) == 1:
        return [names.all[0].slug]
    ended = max((end for _, end in state.listing.life.spells if end <= at), default=0)
    slugs = [names.listed_at(at).slug] if state.active or ended > at - lag else []
    if state.active:
        slugs += [
            old.slug
            for old, new in zip(names.all, names.all[1:], strict=False)
            if new.listed_from <= at < new.listed_from + lag and old.slug not in slugs
        ]
    return slugs


def _index(names: Sequence[str], base_url: str, made_at: datetime) -> bytes:
    lastmod = made_at.isoformat()
    entries = "".join(
        f"<sitemap><loc>{escape(f'{base_url}{SHARDS_PATH}{name}')}</loc>"
        f"<lastmod>{lastmod}</lastmod></sitemap>\n"
        for name in names
    )
    return f"{_XML}<sitemapindex {_NAMESPACE}>\n{entries}</sitemapindex>\n".encode()


def _file(name: str, text: str | bytes, made_at: datetime) -> Shard:
    body = text.encode() if isinstance(text, str) else text
    return Shard(
        name=name,
        body=gzip.compress(body, mtime=0) if name.endswith(".gz") else body,
        etag=f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
        last_modified=format_datetime(made_at, usegmt=True),
    )
