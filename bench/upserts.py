"""Batches of listing pages into the database beside a bare COPY of the same cards.

`python -m bench.upserts [LISTINGS] [PAGES]`. By turns, batch after batch, PAGES pages go by COPY
into a table without an index, which is the least that anybody could do, and through
`upsert_manifest_entries`; each commits, on a durable server. The first scan finds all new. Before
the second all are live; its cards say what they said before, as those of the third. Then what it
costs the tables: the share of HOT updates in the last two scans, copying the times to live rows
included, and what the third adds to the manifest.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from hashlib import md5
from operator import attrgetter
from statistics import median
from time import perf_counter
from uuid import uuid4

import psycopg

from bench.own_database import own_database
from pincali_sync.bootstrap import Services, build_services
from pincali_sync.clock import SystemClock
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.scan.manifest_batch import OPTIONAL_FIELDS
from pincali_sync.domain.identity import canonical_url, property_id_of
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.prices import Currency, Offer, Operation, offers_as_json
from pincali_sync.items import ListingPage, ManifestEntry, ManifestPage
from pincali_sync.pipelines.manifest import ManifestPipeline

_CARDS = 24
_TABLES = ("property_manifest", "properties_live")

_BARE = f"""
CREATE TABLE bare AS
SELECT source, part, page_number, m.property_id, source_url, public_id, offers,
       listing_page_title AS title, {", ".join(OPTIONAL_FIELDS)}
  FROM property_manifest m CROSS JOIN property_sightings WITH NO DATA
"""
# What their detail pages bring, which are not fetched in the order of the cards.
_ALL_LIVE = (
    """
INSERT INTO properties_live
       (property_id, title, description, source_url, public_id, operation_type, price, currency,
        offers, property_type, total_area_m2, neighborhood, city, state, latitude, longitude,
        image_urls, features, first_seen_at, last_seen_at, last_manifest_seen_at,
        last_full_scrape_at, visits)
SELECT property_id, listing_page_title,
       (SELECT string_agg('palabra' || (abs(hashtext(m.property_id)) % 30000 + g * g) % 30000, ' ')
          FROM generate_series(1, 150) AS g),  -- as many different words as real ones have
       source_url, public_id, operation_type, listing_page_price, currency, offers, property_type,
       total_area_m2, neighborhood, city, 'Jalisco', latitude, longitude,
       '["https://assets.invalid/1.jpg", "https://assets.invalid/2.jpg"]', '["3 bedrooms"]',
       first_seen_at, last_seen_at, last_seen_at, now(), 1
  FROM property_manifest m ORDER BY random()
""",
    "UPDATE scrape_queue SET status = 'completed', completed_at = now()",
    "UPDATE property_manifest SET is_new = false, needs_full_scrape = false",
)


def _entry(n: int) -> ManifestEntry:
    code = md5(str(n).encode(), usedforsecurity=False).hexdigest()[:6]
    path = f"/en/home/house-in-colonia-{n % 3000}-{code}-{n}"
    price = Offer(
        operation=Operation.RENT if n % 4 == 0 else Operation.SALE,
        amount=Decimal(1_000_000 + n % 5_000 * 1_000),
        currency=Currency.MXN,
    )
    return ManifestEntry(
        property_id=property_id_of(path),
        source_url=canonical_url(path),
        public_id=f"EB-{chr(65 + n // 260_000)}{chr(65 + n // 10_000 % 26)}{n % 10_000:04}",
        offers=(price,),
        listing_page_title=f"House with a garden in Colonia {n % 3000}, number {n}",
        latitude=20 + n % 1000 / 1000,
        longitude=-103 - n // 1000 % 1000 / 1000,
        exact_location=n % 3 == 0,
        property_type="house",
        neighborhood=f"Colonia {n % 3000}",
        city=f"City {n % 300}",
        bedrooms=n % 6,
        bathrooms=n % 4,
        total_area_m2=Decimal(60 + n % 400),
        main_image_url=f"https://assets.invalid/property_images/{n}/{code}/1.jpg",
    )


def _batches(listings: int, pages: int) -> Iterator[list[ManifestPage]]:
    batch = []
    for number in range(1, -(-listings // _CARDS) + 1):
        first = (number - 1) * _CARDS
        entries = tuple(map(_entry, range(first, min(first + _CARDS, listings))))
        url = f"https://www.pincali.com/en/properties/properties-for-sale?page={number}"
        shown = ListingPage(
            total_listings=listings, total_pages=100, next_page="x", entries=entries
        )
        facts = PageFacts(total=listings, pages=100, cards=len(entries), has_next=True)
        batch.append(
            ManifestPage(
                url=url,
                source="sale",
                page_number=number % 100 + 1,
                page=shown,
                partition=f"{number // 100}",
                facts=facts,
            )
        )
        if len(batch) == pages:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class _Table:
    """What a table looks like: MB with its indexes, updates so far, and the HOT ones."""

    megabytes: float
    updates: int
    hot: int

    def hot_since(self, before: _Table) -> float:
        return (self.hot - before.hot) / (self.updates - before.updates)


def _look(url: str) -> dict[str, _Table]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            """SELECT relname, pg_total_relation_size(relid) / 1048576.0, n_tup_upd, n_tup_hot_upd
                 FROM pg_stat_user_tables WHERE relname = ANY(%s)""",
            (list(_TABLES),),
        )
        return {name: _Table(float(size), updates, hot) for name, size, updates, hot in found}


def _run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@asynccontextmanager
async def _services(url: str) -> AsyncIterator[Services]:
    database = Database(url)
    yield build_services(load_config(database_url=url), clock=SystemClock(), db=database)
    await database.dispose()


async def _scan(url: str, listings: int, pages: int) -> tuple[float, float]:
    """All cards once, both ways: the median ratio of their times, and cards stored a second."""
    ratios, seconds = [], 0.0
    async with _services(url) as services, await psycopg.AsyncConnection.connect(url) as bare:
        await bare.execute("TRUNCATE bare")
        ticket = await services.jobs.begin(uuid4(), spider="manifest", source="sale")
        for batch in _batches(listings, pages):
            began = perf_counter()
            await _copy(bare, batch)
            copied = perf_counter()
            await services.scans.upsert_manifest_entries(batch, ticket)
            stored = perf_counter() - copied
            ratios.append((copied - began) / stored)
            seconds += stored
        await services.scans.mark_live_as_seen(ticket.session_id)
    return median(ratios), listings / seconds


async def _copy(connection: psycopg.AsyncConnection, batch: Sequence[ManifestPage]) -> None:
    optional = attrgetter(*OPTIONAL_FIELDS)
    async with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
        for page in batch:
            for card in page.page.entries:
                await copy.write_row(
                    (
                        *(page.source, page.partition, page.page_number, card.property_id),
                        *(card.source_url, card.public_id, offers_as_json(card.offers)),
                        *(card.listing_page_title, *optional(card)),
                    )
                )
    await connection.commit()


def _measure(url: str, listings: int, pages: int) -> dict[str, float]:
    _run(url, _BARE)
    first, first_rate = asyncio.run(_scan(url, listings, pages))
    _run(url, *_ALL_LIVE, *(f"VACUUM (ANALYZE) {table}" for table in _TABLES))
    before = _look(url)
    again, again_rate = asyncio.run(_scan(url, listings, pages))
    between = _look(url)
    asyncio.run(_scan(url, listings, pages))
    after = _look(url)
    grown = after["property_manifest"].megabytes / between["property_manifest"].megabytes
    return {
        "upsert_first_to_copy": first,
        "upsert_again_to_copy": again,
        "upsert_first_cards_per_s": first_rate,
        "upsert_again_cards_per_s": again_rate,
        "manifest_hot_share": after["property_manifest"].hot_since(before["property_manifest"]),
        "live_hot_share": after["properties_live"].hot_since(before["properties_live"]),
        "manifest_mb": after["property_manifest"].megabytes,
        "manifest_grown_by_a_scan": grown,
    }


def measure(listings: int = 60_000, pages: int = ManifestPipeline.batch_size) -> dict[str, float]:
    """Ratios, cards a second, and what the tables are like then."""
    with own_database() as (_, url):
        return _measure(url, listings, pages)


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:])), indent=1))
