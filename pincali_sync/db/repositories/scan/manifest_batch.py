"""A batch of listing pages, staged and compared with what is known.

The batch lives in two temporary tables of the transaction: `incoming` holds every card as it was
read, `batch` one row a record with what was known of it before. The statements here and in
`manifest_store` work on those, in the lock order that holds everywhere: queue, live, manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count, repeat
from operator import attrgetter
from typing import Any

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.identity.resolving import SIGHTING, RecordRepository
from pincali_sync.db.repositories.prices.price_change import (
    LIVE_OFFER,
    PRICE_CHANGE_KIND,
    PRICE_IS_SETTLED,
)
from pincali_sync.db.repositories.queue.rest import VAIN_ROW
from pincali_sync.db.repositories.removal.transition import REMOVED
from pincali_sync.domain.prices import MAIN_OPERATION, Operation, offers_as_json
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.items import ManifestPage

# What a card may tell or leave out: fields of `ManifestEntry`, columns of the manifest.
OPTIONAL_FIELDS = (
    "latitude",
    "longitude",
    "exact_location",
    "property_type",
    "neighborhood",
    "city",
    "bedrooms",
    "bathrooms",
    "total_area_m2",
    "main_image_url",
)
_PLACE = ("line", "accepted", "is_elsewhere", "source", "part", "page_number", "computed_id")
_CARD = ("source_url", "public_id", "offers", "title")
_COLUMNS = (*_PLACE, *_CARD, *OPTIONAL_FIELDS, "card_digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCounts:
    """What one batch of pages turned out to hold."""

    records: int = 0
    new_properties: int = 0
    price_changes: int = 0
    relisted: int = 0
    takeovers: int = 0  # records whose slug is now another listing's
    queued: int = 0  # detail pages that it added to the queue


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChanges:
    """What one page of a batch was the last to show."""

    source: str
    part: str
    page_number: int
    new_entries: int
    changed_entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedRecord:
    """What a batch would mean to one record."""

    property_id: str
    is_new: bool
    price_changed: bool
    is_relisted: bool
    would_be_queued: bool


_CREATE_INCOMING = f"""
CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS
SELECT {SIGHTING}, s.source, s.part, s.page_number, m.property_id,
       m.source_url, m.public_id, m.offers, CAST(m.listing_page_title AS text) AS title,
       {", ".join(f"m.{name}" for name in OPTIONAL_FIELDS)}, m.card_digest
  FROM property_manifest m CROSS JOIN property_sightings s
  WITH NO DATA
"""

# What has no operation of its own, new construction, proves of none that it ended.
_OF_SOURCE = {
    ListingSource.SALE: Operation.SALE,
    ListingSource.FORECLOSURE: Operation.SALE,
    ListingSource.RENT: Operation.RENT,
}
_WHENS = " ".join(f"WHEN '{source}' THEN '{own}'" for source, own in _OF_SOURCE.items())
_SOURCE_OPERATION = f"CASE i.source {_WHENS} END"

# The offer of the live row's operation, else the main one: like is compared with like. Of a listing
# of both, the cards of a source may show that source's price alone: such a one says nothing of the
# live operation, and has no offer here.
_CREATE_BATCH = f"""
CREATE TEMPORARY TABLE batch ON COMMIT DROP AS
WITH last AS (
    SELECT property_id, max(line) AS line, array_agg(DISTINCT source ORDER BY source) AS sources
      FROM incoming GROUP BY property_id
), known AS (
    SELECT i.*, last.sources,
           l.property_id IS NOT NULL AS is_live, l.source_url AS live_url,
           -- Not known, or to the sitemap of a run that is not over: so a run counts a newcomer
           -- once, whichever of sitemap, card and page came first, and no other run does.
           CASE WHEN m.property_id IS NULL THEN l.property_id IS NULL
                ELSE m.sources = '{{}}' AND EXISTS (
                     SELECT FROM scraping_sessions s
                      WHERE s.id = m.seen_in_session_id AND s.status = 'running')
           END AS is_newcomer,
           m.operation_type AS manifest_operation,
           l.listing_status,
           l.consecutive_missing_count,
           l.offers AS live_offers, {_SOURCE_OPERATION} AS source_operation,
           {LIVE_OFFER}
      FROM last JOIN incoming i USING (line)
      LEFT JOIN properties_live l ON l.property_id = i.property_id
      LEFT JOIN property_manifest m ON m.property_id = i.property_id
), offered AS (
    SELECT k.*, o.operation, o.amount, o.currency, o.unit
      FROM known k
      LEFT JOIN LATERAL (
          SELECT e ->> 'operation' AS operation,
                 (e ->> 'amount')::numeric(15, 2) AS amount,
                 e ->> 'currency' AS currency,
                 CASE WHEN (e ->> 'per_m2')::boolean THEN 'm2' ELSE 'total' END AS unit
            FROM jsonb_array_elements(k.offers) AS e
           WHERE NOT k.is_live OR e ->> 'operation' = k.live_operation
                 OR k.source_operation = k.live_operation
                 OR NOT k.live_offers @> jsonb_build_array(
                        jsonb_build_object('operation', e ->> 'operation'))
           ORDER BY k.is_live AND e ->> 'operation' = k.live_operation DESC,
                    e ->> 'operation' = '{MAIN_OPERATION}' DESC
           LIMIT 1
      ) o ON true
)
SELECT o.*,
       o.listing_status IN {REMOVED} IS TRUE AS is_relisted,
       -- Scalar look-ups, one index probe a record: joins with a queue whose statistics are
       -- older than its growth were planned as scans of all of it, for each record.
       (SELECT q.priority FROM scrape_queue q
         WHERE q.property_id = o.property_id AND q.status IN ('pending', 'in_progress')
       ) AS queued_priority,
       (SELECT true FROM scrape_queue q
         WHERE q.property_id = o.property_id AND q.source_url = o.source_url AND {VAIN_ROW}
         LIMIT 1) AS is_set_aside,
       {PRICE_CHANGE_KIND} AS price_change, {PRICE_IS_SETTLED} AS is_settled
  FROM offered o
"""

# Of what statements choose rows by: all columns would take longer than what they are chosen for.
_ANALYZE_BATCH = """
ANALYZE batch (property_id, is_live, is_relisted, price_change, is_settled, queued_priority,
               is_set_aside)
"""

_COUNT = """
SELECT count(*) AS records,
       count(*) FILTER (WHERE is_newcomer) AS new_properties,
       count(*) FILTER (WHERE price_change IS NOT NULL) AS price_changes,
       count(*) FILTER (WHERE is_relisted) AS relisted,
       (SELECT count(DISTINCT had_by) FROM incoming) AS takeovers
  FROM batch
"""

_COUNT_BY_PAGE = """
SELECT source, part, page_number,
       count(*) FILTER (WHERE is_newcomer) AS new_entries,
       count(*) FILTER (WHERE (price_change IS NOT NULL OR is_relisted) AND NOT is_newcomer)
           AS changed_entries
  FROM batch GROUP BY source, part, page_number
"""

_PREVIEW = """
SELECT property_id, is_newcomer AS is_new,
       price_change IS NOT NULL AS price_changed, is_relisted,
       queued_priority IS NULL
           AND (is_relisted OR price_change IS NOT NULL OR (NOT is_live AND is_set_aside IS NULL))
           AS would_be_queued
  FROM batch
"""


class ManifestBatchRepository(Repository):
    """Stages a batch and compares it with what is known."""

    async def stage(
        self,
        pages: Iterable[ManifestPage],
        *,
        digests: Iterable[int | None] = repeat(None),
        now: datetime,
    ) -> None:
        """Copies the cards of the pages into `incoming` and finds each one's record.

        A card belongs to the record with its EasyBroker id, else to the one its slug leads to; a
        slug that another listing has taken over leads to a record of its own. Without their
        digests, what is stored of the cards is not familiar the next time.
        """
        await self._run(_CREATE_INCOMING)
        await self._load("incoming", _COLUMNS, _card_rows(pages, iter(digests)))
        await RecordRepository(self._connection).find_records("incoming", now=now)

    async def compare(self) -> BatchCounts:
        """Fills `batch`: one row a record, with its offer, its history and what changed."""
        await self._run(_CREATE_BATCH)
        await self._run(_ANALYZE_BATCH)
        return await self._one(BatchCounts, _COUNT)

    async def by_page(self) -> dict[tuple[str, str, int], PageChanges]:
        """New and changed records by source, partition and page number."""
        pages = await self._all(PageChanges, _COUNT_BY_PAGE)
        return {(each.source, each.part, each.page_number): each for each in pages}

    async def preview(self) -> list[PreviewedRecord]:
        """What the compared batch found of each record."""
        return await self._all(PreviewedRecord, _PREVIEW)


def _card_rows(
    pages: Iterable[ManifestPage], digests: Iterator[int | None]
) -> Iterator[tuple[Any, ...]]:
    lines, optional_values = count(1), attrgetter(*OPTIONAL_FIELDS)
    for page in pages:
        for card in page.page.entries:
            found = (page.source, page.partition, page.page_number, card.property_id)
            offers, title = offers_as_json(card.offers), card.listing_page_title
            yield (
                next(lines),
                True,
                False,
                *found,
                card.source_url,
                card.public_id,
                offers,
                title,
                *optional_values(card),
                next(digests),
            )
