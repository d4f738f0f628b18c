"""The statements of the sitemap: what it lists, what that proves, what it no longer lists."""

from __future__ import annotations

from pincali_sync.db.repositories.removal.transition import PRESENT, count_changed, transition
from pincali_sync.domain.listing_status import Cause

BEGIN = """
INSERT INTO sitemap_passes (session_id, started_at, shards)
VALUES (CAST(:session_id AS uuid), :now, :shards)
ON CONFLICT (session_id) DO UPDATE SET shards = excluded.shards
"""

CREATE_LISTED = """
CREATE TEMPORARY TABLE listed (computed_id varchar(255) NOT NULL, source_url text NOT NULL)
ON COMMIT DROP
"""
UPSERT_URLS = """
INSERT INTO sitemap_urls AS u
       (computed_id, source_url, shard_url, first_listed_at, listed_at, session_id)
SELECT DISTINCT ON (computed_id) computed_id, source_url, CAST(:shard_url AS text),
       CAST(:dated_at AS timestamptz), CAST(:dated_at AS timestamptz), CAST(:session_id AS uuid)
  FROM listed ORDER BY computed_id
ON CONFLICT (computed_id) DO UPDATE
   SET shard_url = excluded.shard_url, listed_at = greatest(u.listed_at, excluded.listed_at),
       session_id = excluded.session_id
"""
# A shard that did not change lists what it listed.
TOUCH_SHARD = """
UPDATE sitemap_urls
   SET listed_at = greatest(listed_at, CAST(:dated_at AS timestamptz)),
       session_id = CAST(:session_id AS uuid)
 WHERE shard_url = :shard_url
   AND session_id = (SELECT session_id FROM sitemap_shards WHERE url = :shard_url)
"""
UPSERT_SHARD = """
INSERT INTO sitemap_shards (url, session_id, etag, last_modified, urls, read_at)
VALUES (:shard_url, CAST(:session_id AS uuid), :etag, :last_modified, :urls, :now)
ON CONFLICT (url) DO UPDATE
   SET session_id = excluded.session_id, etag = excluded.etag,
       last_modified = excluded.last_modified, urls = excluded.urls, read_at = excluded.read_at
"""
SHARDS = "SELECT url, session_id, etag, last_modified, urls FROM sitemap_shards"

TOTALS = """
SELECT (SELECT count(*) FROM sitemap_urls WHERE session_id = CAST(:session_id AS uuid)) AS urls,
       (SELECT min(listed_at) FROM sitemap_urls
         WHERE session_id = CAST(:session_id AS uuid)) AS dated_at,
       (SELECT count(*) FROM sitemap_shards
         WHERE session_id = CAST(:session_id AS uuid)) AS shards_read,
       (SELECT shards FROM sitemap_passes WHERE session_id = CAST(:session_id AS uuid)) AS shards,
       (SELECT urls FROM sitemap_passes
         WHERE is_complete AND session_id <> CAST(:session_id AS uuid)
         ORDER BY started_at DESC LIMIT 1) AS expected
"""

# A slug that is an alias stands for its record.
_LISTED_RECORDS = """
    SELECT coalesce(a.property_id, u.computed_id) AS property_id,
           min(u.source_url) AS source_url, max(u.listed_at) AS listed_at
      FROM sitemap_urls u LEFT JOIN property_aliases a ON a.alias = u.computed_id
     WHERE u.session_id = CAST(:session_id AS uuid)
     GROUP BY 1
"""

# Missing until now, and listed since the scan that missed it.
RESTORE_LIVE = count_changed(
    transition(
        Cause.SITEMAP,
        f"""
      FROM ({_LISTED_RECORDS}) r
      JOIN properties_live l ON l.property_id = r.property_id
      JOIN scraping_sessions s ON s.id = l.missing_session_id
     WHERE l.consecutive_missing_count > 0 AND l.listing_status IN {PRESENT}
       AND r.listed_at > s.started_at""",
        missing="0",
        session=":session_id",
        reason="'the sitemap lists it'",
    )
)
TOUCH_MANIFEST = f"""
UPDATE property_manifest m SET last_seen_at = r.listed_at
  FROM ({_LISTED_RECORDS}) r
 WHERE m.property_id = r.property_id AND m.last_seen_at < r.listed_at
"""
# Known to the sitemap only: of unknown origin, so that it is missing only where all sources were
# looked through. It is fetched after what pages showed.
INSERT_MANIFEST = f"""
INSERT INTO property_manifest
       (property_id, source_url, first_seen_at, last_seen_at, is_new, needs_full_scrape)
SELECT r.property_id, r.source_url, r.listed_at, r.listed_at, l.property_id IS NULL,
       l.property_id IS NULL
  FROM ({_LISTED_RECORDS}) r
  LEFT JOIN properties_live l ON l.property_id = r.property_id
 WHERE NOT EXISTS (SELECT 1 FROM property_manifest m WHERE m.property_id = r.property_id)
 ORDER BY r.property_id
ON CONFLICT (property_id) DO NOTHING
"""
FINISH = """
UPDATE sitemap_passes
   SET finished_at = :now, dated_at = :dated_at, urls = :urls, new_urls = :new_urls,
       is_complete = :is_complete, reasons = CAST(:reasons AS jsonb)
 WHERE session_id = CAST(:session_id AS uuid)
"""
OF_SESSION = """
SELECT session_id, shards, urls, new_urls, dated_at, is_complete, reasons FROM sitemap_passes
 WHERE session_id = CAST(:session_id AS uuid)
"""

# For capture and recapture: who was on pages, who in the sitemap, who in both.
OVERLAP = f"""
WITH on_pages AS (
    SELECT DISTINCT property_id FROM property_sightings
     WHERE session_id = CAST(:session_id AS uuid)
), listed AS ({_LISTED_RECORDS})
SELECT (SELECT count(*) FROM on_pages) AS on_pages,
       (SELECT count(*) FROM listed) AS listed,
       (SELECT count(*) FROM on_pages JOIN listed USING (property_id)) AS both
"""
