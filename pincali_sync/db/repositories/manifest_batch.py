"""A batch of listing pages on its way into the manifest.

The batch lives in two temporary tables of the transaction: `incoming` holds every card as it was
read, `batch` one row a record with what was known of it before. The statements below work on
those, in the lock order that holds everywhere: queue, live, manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from pincali_sync.db.copying import copy_rows
from pincali_sync.db.offers import offers_as_json
from pincali_sync.db.repositories.price_sql import PRICE_CHANGE_KIND
from pincali_sync.items import ManifestEntry, ManifestPage


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCounts:
    """What one batch of pages turned out to hold."""

    records: int
    new_properties: int
    price_changes: int
    relisted: int
    conflicts: int  # cards whose slug belongs to another EasyBroker id


class ManifestBatchRepository:
    """Stages a batch, compares it with what is known, and stores it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def stage(self, pages: Iterable[ManifestPage]) -> None:
        """Copies the cards of the pages into `incoming` and finds each one's record.

        A card belongs to the record with its EasyBroker id, else to the one its URL is an alias
        of, else to the one its URL computes to.
        """
        await self._run(_CREATE_INCOMING)
        await copy_rows(self._connection, "incoming", _COLUMNS, _card_rows(pages))
        # The planner must know that these are few, or it reads a million rows to join them.
        await self._run("ANALYZE incoming")
        await self._run(_RESOLVE)

    async def compare(self) -> BatchCounts:
        """Fills `batch`: one row a record, with its offer, its history and what changed."""
        await self._run(_CREATE_BATCH)
        await self._run("ANALYZE batch")
        row = (await self._run(_COUNT)).one()
        return BatchCounts(
            records=row.records,
            new_properties=row.new_properties,
            price_changes=row.price_changes,
            relisted=row.relisted,
            conflicts=row.conflicts,
        )

    async def apply_to_live(self, *, session_id: UUID, now: datetime) -> None:
        """What a sighting alone proves of live rows: present again, or shown at another price.

        Rows that need no change are not touched: live rows are wide, indexed and have triggers.
        """
        await self._run(_JOURNAL_REACTIVATIONS, session_id=session_id, now=now)
        await self._run(_UPDATE_LIVE)

    async def store(
        self, pages: Sequence[ManifestPage], *, session_id: UUID, job_id: UUID, now: datetime
    ) -> None:
        """Upserts the manifest and records sightings, aliases and the pages themselves."""
        await self._run(_UPSERT_MANIFEST, session_id=session_id, now=now)
        await self._run(_INSERT_ALIASES, now=now)
        await self._run(_INSERT_SIGHTINGS, session_id=session_id, now=now)
        await self._connection.execute(
            text(_UPSERT_PAGE), [_page_row(page, session_id, job_id, now) for page in pages]
        )
        await self._run(_COUNT_BY_PAGE, session_id=session_id)

    async def _run(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.execute(text(statement), parameters)


_COLUMNS = (
    "line",
    "source",
    "page_number",
    "computed_id",
    "source_url",
    "public_id",
    "offers",
    "title",
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


def _card_rows(pages: Iterable[ManifestPage]) -> Iterator[Sequence[Any]]:
    line = 0
    for page in pages:
        for entry in page.page.entries:
            line += 1
            yield (line, page.source, page.page_number, *_card_values(entry))


def _card_values(entry: ManifestEntry) -> Sequence[Any]:
    return (
        entry.property_id,
        entry.source_url,
        entry.public_id,
        offers_as_json(entry.offers),
        entry.listing_page_title,
        entry.latitude,
        entry.longitude,
        entry.exact_location,
        entry.property_type,
        entry.neighborhood,
        entry.city,
        entry.bedrooms,
        entry.bathrooms,
        entry.total_area_m2,
        entry.main_image_url,
    )


def _page_row(page: ManifestPage, session_id: UUID, job_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "source": page.source,
        "page_number": page.page_number,
        "url": page.url,
        "job_id": job_id,
        "declared_total": page.page.total_listings,
        "declared_pages": page.page.total_pages,
        "entries": len(page.page.entries),
        "dropped": len(page.page.unreadable_cards),
        "now": now,
    }


_CREATE_INCOMING = """
CREATE TEMPORARY TABLE incoming (
    line            integer PRIMARY KEY,
    source          varchar(50) NOT NULL,
    page_number     integer NOT NULL,
    computed_id     varchar(255) NOT NULL,
    property_id     varchar(255),
    conflict        boolean NOT NULL DEFAULT false,
    source_url      text NOT NULL,
    public_id       varchar(20),
    offers          jsonb NOT NULL,
    title           text,
    latitude        numeric(10,8),
    longitude       numeric(11,8),
    exact_location  boolean,
    property_type   varchar(100),
    neighborhood    varchar(255),
    city            varchar(255),
    bedrooms        integer,
    bathrooms       integer,
    total_area_m2   numeric(10,2),
    main_image_url  text
) ON COMMIT DROP
"""

# Two cards of one unknown listing under two slugs: the smaller computed id becomes the record,
# the other its alias. A card whose slug or alias leads to a record with another EasyBroker id is
# somebody else's listing under a reused slug: merging them would put one's price on the other.
_RESOLVE = """
WITH found AS (
    SELECT i.line,
           coalesce(
               m.property_id, l.property_id, a.property_id,
               min(i.computed_id) OVER (PARTITION BY coalesce(i.public_id, i.computed_id))
           ) AS property_id
      FROM incoming i
      LEFT JOIN property_manifest m ON m.public_id = i.public_id
      LEFT JOIN LATERAL (
          SELECT property_id FROM properties_live
           WHERE public_id = i.public_id ORDER BY created_at, property_id LIMIT 1
      ) l ON true
      LEFT JOIN property_aliases a ON a.alias = i.computed_id
), judged AS (
    SELECT f.line, f.property_id,
           i.public_id <> coalesce(m.public_id, l.public_id) IS TRUE AS conflict
      FROM found f
      JOIN incoming i USING (line)
      LEFT JOIN property_manifest m ON m.property_id = f.property_id
      LEFT JOIN properties_live l ON l.property_id = f.property_id
)
UPDATE incoming i SET property_id = j.property_id, conflict = j.conflict
  FROM judged j WHERE j.line = i.line
"""

# The offer of the live row's operation, else sale, else rent: like is compared with like.
_CREATE_BATCH = f"""
CREATE TEMPORARY TABLE batch ON COMMIT DROP AS
WITH known AS (
    SELECT DISTINCT ON (i.property_id)
           i.*,
           array_agg(i.source) OVER (PARTITION BY i.property_id) AS sources,
           l.property_id IS NOT NULL AS is_live,
           m.property_id IS NOT NULL AS in_manifest,
           m.operation_type AS manifest_operation,
           l.listing_status,
           l.consecutive_missing_count,
           CASE WHEN l.operation_type IN ('rent', 'for rent') THEN 'rent'
                WHEN l.property_id IS NOT NULL THEN 'sale' END AS live_operation,
           l.price AS live_amount,
           coalesce(l.currency, 'MXN') AS live_currency,
           l.price_unit AS live_unit,
           l.price_at_last_manifest AS last_amount,
           l.currency_at_last_manifest AS last_currency,
           l.unit_at_last_manifest AS last_unit
      FROM incoming i
      LEFT JOIN properties_live l ON l.property_id = i.property_id
      LEFT JOIN property_manifest m ON m.property_id = i.property_id
     WHERE NOT i.conflict
     ORDER BY i.property_id, i.line DESC
), offered AS (
    SELECT k.*, o.operation, o.amount, o.currency, o.unit
      FROM known k
      LEFT JOIN LATERAL (
          SELECT e ->> 'operation' AS operation,
                 (e ->> 'amount')::numeric(15, 2) AS amount,
                 e ->> 'currency' AS currency,
                 CASE WHEN (e ->> 'per_m2')::boolean THEN 'm2' ELSE 'total' END AS unit
            FROM jsonb_array_elements(k.offers) AS e
           ORDER BY (e ->> 'operation' = k.live_operation) IS TRUE DESC,
                    e ->> 'operation' = 'sale' DESC
           LIMIT 1
      ) o ON true
)
SELECT o.*,
       o.listing_status IN ('confirmed_removed', 'sold') IS TRUE AS is_relisted,
       -- Scalar look-ups, one index probe a record: joins with a queue whose statistics are
       -- older than its growth were planned as scans of all of it, for each record.
       (SELECT q.priority FROM scrape_queue q
         WHERE q.property_id = o.property_id AND q.status IN ('pending', 'in_progress')
       ) AS queued_priority,
       (SELECT true FROM scrape_queue q
         WHERE q.property_id = o.property_id AND q.status = 'failed' LIMIT 1) AS is_set_aside,
       {PRICE_CHANGE_KIND} AS price_change
  FROM offered o
"""

_COUNT = """
SELECT count(*) AS records,
       count(*) FILTER (WHERE NOT is_live AND NOT in_manifest) AS new_properties,
       count(*) FILTER (WHERE price_change IS NOT NULL) AS price_changes,
       count(*) FILTER (WHERE is_relisted) AS relisted,
       (SELECT count(*) FROM incoming WHERE conflict) AS conflicts
  FROM batch
"""

_JOURNAL_REACTIVATIONS = """
INSERT INTO property_changes
       (property_id, session_id, change_type, field_name, old_value, new_value, created_at)
SELECT property_id, CAST(:session_id AS uuid), 'reactivated', 'listing_status',
       to_jsonb(listing_status), to_jsonb('relisted'::text), :now
  FROM batch WHERE is_relisted
 ORDER BY property_id
"""

_UPDATE_LIVE = """
UPDATE properties_live l
   SET listing_status = CASE WHEN b.is_relisted THEN 'relisted'
                             WHEN l.listing_status = 'likely_removed' THEN 'active'
                             ELSE l.listing_status END,
       status = CASE WHEN b.is_relisted OR l.listing_status = 'likely_removed'
                     THEN 'active' ELSE l.status END,
       consecutive_missing_count = 0,
       price_at_last_manifest =
           CASE WHEN b.price_change IS NULL THEN l.price_at_last_manifest ELSE b.amount END,
       currency_at_last_manifest =
           CASE WHEN b.price_change IS NULL THEN l.currency_at_last_manifest ELSE b.currency END,
       unit_at_last_manifest =
           CASE WHEN b.price_change IS NULL THEN l.unit_at_last_manifest ELSE b.unit END
  FROM (SELECT * FROM batch
         WHERE is_live AND (is_relisted OR listing_status = 'likely_removed'
                            OR consecutive_missing_count > 0 OR price_change IS NOT NULL)
         ORDER BY property_id) b
 WHERE l.property_id = b.property_id
"""

_UPSERT_MANIFEST = """
INSERT INTO property_manifest AS m
       (property_id, source_url, listing_page_price, listing_page_title,
        first_seen_at, last_seen_at, seen_in_session_id,
        is_new, needs_full_scrape, price_changed,
        public_id, offers, operation_type, currency, price_unit,
        latitude, longitude, exact_location, property_type, neighborhood, city,
        bedrooms, bathrooms, total_area_m2, main_image_url, sources)
SELECT property_id, source_url, amount, left(title, 500),
       :now, :now, CAST(:session_id AS uuid),
       NOT is_live, NOT is_live OR is_relisted OR price_change IS NOT NULL,
       price_change IS NOT NULL,
       public_id, offers, operation, currency, coalesce(unit, 'total'),
       latitude, longitude, exact_location, property_type, neighborhood, city,
       bedrooms, bathrooms, total_area_m2, main_image_url,
       ARRAY(SELECT DISTINCT s FROM unnest(sources) AS s ORDER BY s)
  FROM batch
 ORDER BY property_id
ON CONFLICT (property_id) DO UPDATE SET
    source_url = excluded.source_url,
    listing_page_price = excluded.listing_page_price,
    listing_page_title = excluded.listing_page_title,
    last_seen_at = greatest(m.last_seen_at, excluded.last_seen_at),
    seen_in_session_id = excluded.seen_in_session_id,
    is_new = excluded.is_new,
    needs_full_scrape = m.needs_full_scrape OR excluded.needs_full_scrape,
    price_changed = m.price_changed OR excluded.price_changed,
    public_id = coalesce(m.public_id, excluded.public_id),
    offers = excluded.offers,
    operation_type = excluded.operation_type,
    currency = excluded.currency,
    price_unit = excluded.price_unit,
    latitude = coalesce(excluded.latitude, m.latitude),
    longitude = coalesce(excluded.longitude, m.longitude),
    exact_location = coalesce(excluded.exact_location, m.exact_location),
    property_type = coalesce(excluded.property_type, m.property_type),
    neighborhood = coalesce(excluded.neighborhood, m.neighborhood),
    city = coalesce(excluded.city, m.city),
    bedrooms = coalesce(excluded.bedrooms, m.bedrooms),
    bathrooms = coalesce(excluded.bathrooms, m.bathrooms),
    total_area_m2 = coalesce(excluded.total_area_m2, m.total_area_m2),
    main_image_url = coalesce(excluded.main_image_url, m.main_image_url),
    sources = CASE WHEN excluded.sources <@ m.sources THEN m.sources
                   ELSE ARRAY(SELECT DISTINCT s FROM unnest(m.sources || excluded.sources) AS s
                              ORDER BY s) END
"""

_INSERT_ALIASES = """
INSERT INTO property_aliases (alias, property_id, source_url, created_at)
SELECT DISTINCT ON (computed_id) computed_id, property_id, source_url, CAST(:now AS timestamptz)
  FROM incoming
 WHERE NOT conflict AND computed_id <> property_id
 ORDER BY computed_id
ON CONFLICT (alias) DO NOTHING
"""

_INSERT_SIGHTINGS = """
INSERT INTO property_sightings (session_id, source, page_number, property_id, seen_at)
SELECT DISTINCT CAST(:session_id AS uuid), source, page_number, property_id,
       CAST(:now AS timestamptz)
  FROM incoming WHERE NOT conflict
ON CONFLICT DO NOTHING
"""

_UPSERT_PAGE = """
INSERT INTO manifest_pages AS p
       (session_id, source, page_number, url, status, job_id,
        declared_total, declared_pages, entries, dropped, fetched_at)
VALUES (:session_id, :source, :page_number, :url, 'read', :job_id,
        :declared_total, :declared_pages, :entries, :dropped, :now)
ON CONFLICT (session_id, source, page_number) DO UPDATE SET
    url = excluded.url, status = excluded.status, job_id = excluded.job_id, error = NULL,
    declared_total = excluded.declared_total, declared_pages = excluded.declared_pages,
    entries = excluded.entries, dropped = excluded.dropped, fetched_at = excluded.fetched_at
"""

# Added up, not overwritten: a page read again after a crash finds only what is new since.
_COUNT_BY_PAGE = """
UPDATE manifest_pages p
   SET new_entries = p.new_entries + b.new_entries,
       changed_entries = p.changed_entries + b.changed_entries
  FROM (SELECT source, page_number,
               count(*) FILTER (WHERE NOT is_live AND NOT in_manifest) AS new_entries,
               count(*) FILTER (WHERE price_change IS NOT NULL OR is_relisted) AS changed_entries
          FROM batch GROUP BY source, page_number) b
 WHERE p.session_id = CAST(:session_id AS uuid)
   AND p.source = b.source AND p.page_number = b.page_number
"""
