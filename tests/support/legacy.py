"""The database of the scraper that came before, filled with rows in the shapes it left behind."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import psycopg

_MIGRATION = Path(__file__).parents[2] / "migrations/versions/0001_scraper_tables.py"

# What that database had besides its tables.
_SURROUNDINGS = """
CREATE MATERIALIZED VIEW property_stats AS
SELECT property_type, operation_type, city, count(*) AS total_count, avg(price) AS avg_price,
       min(price) AS min_price, max(price) AS max_price, avg(total_area_m2) AS avg_area,
       count(*) FILTER (WHERE status = 'active') AS active_count
  FROM properties_live GROUP BY property_type, operation_type, city;
CREATE UNIQUE INDEX property_stats_unique_idx
    ON property_stats (property_type, operation_type, city);
CREATE TABLE playlists (id serial PRIMARY KEY, property_id varchar(255) NOT NULL);
CREATE FUNCTION tell_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('property_changes', NEW.property_id);
    RETURN NEW;
END $$;
CREATE TRIGGER property_changes_trigger AFTER INSERT OR UPDATE ON properties_live
    FOR EACH ROW EXECUTE FUNCTION tell_of_changes();
ALTER TABLE properties_live ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_reads ON properties_live FOR SELECT USING (true);
CREATE POLICY everybody_writes ON properties_live FOR UPDATE USING (true);
"""

# Ids: new form, old form (the slug), Spanish URL, agent's URL, no-www with a query, several rows
# of one listing. Damage: city in the neighbourhood's column, areas cut at the comma, no prices.
_ROWS = """
INSERT INTO properties_live
       (property_id, title, neighborhood, city, price, currency, operation_type, status,
        source_url, main_image_url, image_urls, total_area_m2, scraped_at, last_seen_at)
SELECT CASE n % 5
           WHEN 0 THEN 'pincali_' || left(md5('https://www.pincali.com/en/home/casa-' || n), 16)
           WHEN 1 THEN 'pincali_casa-' || n
           ELSE 'pincali_' || left(md5('https://www.pincali.com/inmueble/casa-' || n), 16) END,
       'House ' || n || 'Casa ' || n, 'Tepic', NULL,
       CASE WHEN n % 11 = 0 THEN NULL ELSE 1000000 + n END, 'MXN',
       CASE n % 3 WHEN 0 THEN 'sale' WHEN 1 THEN 'for rent' ELSE 'new_construction' END,
       CASE n % 20 WHEN 7 THEN 'removed' WHEN 8 THEN 'inactive' WHEN 9 THEN 'sold'
                   WHEN 10 THEN 'rented' WHEN 11 THEN NULL ELSE 'active' END,
       CASE n % 5
           WHEN 0 THEN 'https://www.pincali.com/en/home/casa-' || n
           WHEN 1 THEN 'https://www.pincali.com/en/home/Casa-' || n || '/'
           WHEN 2 THEN 'https://www.pincali.com/inmueble/casa-' || n
           WHEN 3 THEN 'https://pincali.com/inmobiliarios/agente-12/inmueble/casa-' || n || '?x=1'
           ELSE 'https://www.pincali.com/pt/imovel/casa-' || n END,
       CASE n % 4 WHEN 0 THEN NULL
           ELSE 'https://assets.invalid/property_images/' || 5000000 + n || '/9000' || n
                || CASE n % 4 WHEN 1 THEN '/EB-SG' || lpad(n::text, 4, '0') || '.jpg?version=1'
                              ELSE '/photo.heic' END END,
       CASE WHEN n % 4 = 0 AND n % 8 = 0
            THEN jsonb_build_array('https://assets.invalid/property_images/' || 5000000 + n
                                   || '/7/EB-SG' || lpad(n::text, 4, '0') || '.png') END,
       225.25, now() - n % 90 * interval '1 day', now() - n % 30 * interval '1 day'
  FROM generate_series(1, {rows}) AS n
"""
# A listing that was scraped under its old and under its Spanish form, and one under two slugs: its
# image tells.
_DOUBLE = """
INSERT INTO properties_live (property_id, title, source_url, main_image_url, created_at,
                             last_seen_at)
SELECT 'pincali_doble', title, 'https://www.pincali.com/en/home/casa-2', NULL, now(),
       now() - interval '200 days'
  FROM properties_live WHERE source_url LIKE '%/casa-2'
UNION ALL
SELECT 'pincali_sin-alberca-6', 'Without pool', 'https://www.pincali.com/en/home/sin-alberca-6',
       main_image_url, now() - interval '300 days', now() - interval '200 days'
  FROM properties_live WHERE source_url LIKE '%/Casa-6/'
"""
# What somebody has who began to do as the specification says: no row has a value yet.
PARTIAL = """
ALTER TABLE properties_live
    ADD COLUMN last_manifest_seen_at timestamp, ADD COLUMN consecutive_missing_count integer,
    ADD COLUMN listing_status varchar(50)
        CHECK (listing_status IN ('active', 'likely_removed', 'confirmed_removed')),
    ADD COLUMN data_staleness_days integer, ADD COLUMN our_own_note text;
UPDATE properties_live SET our_own_note = 'kept';
CREATE INDEX idx_live_listing_status ON properties_live (listing_status);
CREATE TABLE property_manifest (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), property_id varchar NOT NULL,
    source_url text NOT NULL, listing_page_price decimal, listing_page_title varchar(500),
    first_seen_at timestamp DEFAULT now(), last_seen_at timestamp DEFAULT now(),
    seen_in_session_id uuid, is_new boolean, needs_full_scrape boolean, price_changed boolean,
    our_own_column integer);
CREATE TABLE scrape_queue (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), property_id varchar NOT NULL,
    source_url text NOT NULL, priority integer NOT NULL,
    queue_reason varchar(100) CHECK (queue_reason IN ('new_property', 'price_change')),
    queued_at timestamp DEFAULT now(), claimed_at timestamp, completed_at timestamp,
    status varchar(50) DEFAULT 'pending' CHECK (status IN ('pending', 'in_progress', 'completed')),
    attempt_count integer, last_error text, session_id uuid);
CREATE TABLE sync_runs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tier_level integer NOT NULL,
    tier_name varchar(50), started_at timestamp DEFAULT now(), completed_at timestamp,
    status varchar(50) DEFAULT 'running');
INSERT INTO property_manifest (property_id, source_url, our_own_column)
VALUES ('a', 'https://www.pincali.com/en/home/a', 1), ('a', 'https://www.pincali.com/en/home/a', 2);
INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason, status)
VALUES ('a', 'x', 4, 'new_property', 'pending'), ('a', 'x', 1, 'new_property', 'pending'),
       ('b', 'x', 1, 'new_property', 'in_progress');
INSERT INTO sync_runs (tier_level) VALUES (1), (1);
"""


def create_legacy(url: str, *, rows: int = 1_000) -> None:
    """Fills an empty database; the tables are those of the first migration."""
    spec = importlib.util.spec_from_file_location("scraper_tables", _MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    with psycopg.connect(url) as connection:
        for statement in (*tables.TABLES, *tables.INDEXES, tables.TOUCH_FUNCTION):
            connection.execute(statement)
        connection.execute(tables.TOUCH_TRIGGER)
        connection.execute(tables.RULES)
        connection.execute(_SURROUNDINGS)
        connection.execute(_ROWS.replace("{rows}", str(rows)))
        connection.execute(_DOUBLE)
        connection.execute(
            "INSERT INTO playlists (property_id) SELECT property_id FROM properties_live LIMIT 5"
        )
