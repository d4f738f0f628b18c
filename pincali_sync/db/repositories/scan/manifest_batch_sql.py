"""The statements that stage, compare and store a batch of listing pages."""

from __future__ import annotations

from pincali_sync.db.repositories.prices.price_change import LIVE_OFFER, PRICE_CHANGE_KIND
from pincali_sync.db.repositories.removal.transition import (
    LIKELY,
    REMOVED,
    count_changed,
    transition,
)
from pincali_sync.domain.listing_status import Cause
from pincali_sync.domain.prices import MAIN_OPERATION

CREATE_INCOMING = """
CREATE TEMPORARY TABLE incoming (
    line            integer PRIMARY KEY,
    source          varchar(50) NOT NULL,
    part            varchar(200) NOT NULL,
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
RESOLVE = """
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
           i.public_id <> coalesce(
               m.public_id, l.public_id, min(i.public_id) OVER (PARTITION BY f.property_id)
           ) IS TRUE AS conflict
      FROM found f
      JOIN incoming i USING (line)
      LEFT JOIN property_manifest m ON m.property_id = f.property_id
      LEFT JOIN properties_live l ON l.property_id = f.property_id
)
UPDATE incoming i SET property_id = j.property_id, conflict = j.conflict
  FROM judged j WHERE j.line = i.line
"""

# The offer of the live row's operation, else the main one: like is compared with like.
CREATE_BATCH = f"""
CREATE TEMPORARY TABLE batch ON COMMIT DROP AS
WITH known AS (
    SELECT DISTINCT ON (i.property_id)
           i.*,
           array_agg(i.source) OVER (PARTITION BY i.property_id) AS sources,
           l.property_id IS NOT NULL AS is_live,
           -- Known to the sitemap only: this page is the first to show it.
           (m.property_id IS NOT NULL AND m.sources <> '{{}}') AS in_manifest,
           m.operation_type AS manifest_operation,
           l.listing_status,
           l.consecutive_missing_count,
           {LIVE_OFFER}
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
         WHERE q.property_id = o.property_id AND q.status = 'failed' LIMIT 1) AS is_set_aside,
       {PRICE_CHANGE_KIND} AS price_change
  FROM offered o
"""

COUNT = """
SELECT count(*) AS records,
       count(*) FILTER (WHERE NOT is_live AND NOT in_manifest) AS new_properties,
       count(*) FILTER (WHERE price_change IS NOT NULL) AS price_changes,
       count(*) FILTER (WHERE is_relisted) AS relisted,
       (SELECT count(*) FROM incoming WHERE conflict) AS conflicts
  FROM batch
"""

PREVIEW = """
SELECT property_id, NOT is_live AND NOT in_manifest AS is_new,
       price_change IS NOT NULL AS price_changed, is_relisted,
       queued_priority IS NULL
           AND (is_relisted OR price_change IS NOT NULL OR (NOT is_live AND is_set_aside IS NULL))
           AS would_be_queued
  FROM batch
"""

UPDATE_LIVE = count_changed(
    transition(
        Cause.CARD,
        f"""
      FROM batch b JOIN properties_live l ON l.property_id = b.property_id
     WHERE b.is_relisted OR b.listing_status = {LIKELY}
        OR b.consecutive_missing_count > 0 OR b.price_change IS NOT NULL""",
        carried=["b.price_change", "b.amount", "b.currency", "b.unit"],
        missing="0",
        also=[
            f"{column}_at_last_manifest = CASE WHEN r.price_change IS NULL "
            f"THEN l.{column}_at_last_manifest ELSE r.{value} END"
            for column, value in {"price": "amount", "currency": "currency", "unit": "unit"}.items()
        ],
        session=":session_id",
    )
)

UPSERT_MANIFEST = """
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

INSERT_ALIASES = """
INSERT INTO property_aliases (alias, property_id, source_url, created_at)
SELECT DISTINCT ON (computed_id) computed_id, property_id, source_url, CAST(:now AS timestamptz)
  FROM incoming
 WHERE NOT conflict AND computed_id <> property_id
 ORDER BY computed_id
ON CONFLICT (alias) DO NOTHING
"""

INSERT_SIGHTINGS = """
INSERT INTO property_sightings (session_id, source, part, page_number, property_id, seen_at)
SELECT DISTINCT CAST(:session_id AS uuid), source, part, page_number, property_id,
       CAST(:now AS timestamptz)
  FROM incoming WHERE NOT conflict
ON CONFLICT DO NOTHING
"""
