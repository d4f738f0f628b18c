"""What makes one record of several that are one listing. For one migration; it changes no more.

`double_records` holds which record goes into which; a step takes some listings of it, in one
transaction. Nothing is lost: all that names a record that goes names the one that stays, the row
that went is in the journal, and its id becomes an alias.
"""

from __future__ import annotations

from migrations.tolerant_ddl import normal_public_id

REASON = "two records of one listing, merged at the upgrade"
CANCELLED = "the record was merged into another"
_CHUNK = 200  # listings

# The older one stays: other tables refer to it. One that was live before one that was not. Where a
# record's card is named otherwise than its page, the page is right.
FIND = f"""
CREATE UNLOGGED TABLE IF NOT EXISTS double_records (goes varchar(255), stays varchar(255));
DELETE FROM double_records;
UPDATE property_manifest m SET public_id = NULL
  FROM properties_live l
 WHERE l.property_id = m.property_id AND m.public_id IS NOT NULL
   AND {normal_public_id("l.public_id")} <> coalesce({normal_public_id("m.public_id")}, '');
WITH records AS MATERIALIZED (
    SELECT coalesce(l.property_id, m.property_id) AS property_id, l.property_id IS NULL AS is_card,
           coalesce({normal_public_id("l.public_id")}, {normal_public_id("m.public_id")}) AS named,
           coalesce(l.created_at, m.first_seen_at) AS since
      FROM properties_live l FULL JOIN property_manifest m ON m.property_id = l.property_id
), listings AS (
    SELECT r.property_id, r.is_card, r.since,
           -- A record whose id is another form of a record's is that one, unless it is named
           -- otherwise.
           coalesce(r.named, t.named, t.property_id, r.property_id) AS listing
      FROM records r
      LEFT JOIN property_aliases a ON a.alias = r.property_id
      LEFT JOIN records t ON t.property_id = a.property_id
), placed AS (
    SELECT property_id, first_value(property_id) OVER (
               PARTITION BY listing ORDER BY is_card, since, property_id) AS stays
      FROM listings
)
INSERT INTO double_records SELECT property_id, stays FROM placed WHERE property_id <> stays
"""
COUNT = "SELECT count(*), count(DISTINCT stays) FROM double_records"
LEFT = "EXISTS (SELECT FROM double_records)"

_TAKE = f"""
CREATE TEMPORARY TABLE merged ON COMMIT DROP AS
WITH taken AS (
    DELETE FROM double_records
     WHERE stays IN (SELECT DISTINCT stays FROM double_records ORDER BY stays LIMIT {_CHUNK})
    RETURNING goes, stays)
SELECT goes, stays FROM taken;
CREATE TEMPORARY TABLE members ON COMMIT DROP AS
SELECT goes AS property_id, stays FROM merged UNION SELECT stays, stays FROM merged;
ANALYZE merged;
ANALYZE members
"""
# Queue, live, manifest, as everywhere.
_LOCK = "; ".join(
    f"PERFORM FROM {table} WHERE property_id IN (SELECT property_id FROM members) "
    "ORDER BY property_id FOR UPDATE"
    for table in ("scrape_queue", "properties_live", "property_manifest")
)

# What only a page tells; where the newer one leaves a value out, that of the older one stays.
FACTS = (
    *("title", "title_original", "description", "property_type", "address", "neighborhood"),
    *("city", "state", "postal_code", "latitude", "longitude", "gps_coordinates", "bedrooms"),
    *("bathrooms", "half_bathrooms", "parking_spaces", "total_area_m2", "covered_area_m2"),
    *("lot_size_m2", "floor_number", "total_floors", "age_years", "construction_year", "features"),
    *("amenities", "main_image_url", "image_urls", "virtual_tour_url", "video_url", "agent_name"),
    *("agent_phone", "agent_email", "agency_name", "message_url", "is_featured", "is_premium"),
    *("source_url", "listing_date", "scraped_at", "last_full_scrape_at"),
)
# These belong together.
PRICED = (
    *("operation_type", "price", "currency", "price_per_m2", "price_unit", "offers"),
    *("price_at_last_manifest", "currency_at_last_manifest", "unit_at_last_manifest"),
)
_SHOWS_PRICE = "(n.price IS NOT NULL OR n.offers <> '[]'::jsonb)"
# Marks of the visit are no news.
_NEWS = [each for each in (*FACTS, *PRICED) if not each.endswith(("_at", "_manifest"))]
_NOT_KEPT = "- 'search_vector' - 'agent_name' - 'agent_phone' - 'agent_email'"

# Of each listing the row whose page was read last, and what holds for all its rows.
_PAGES = f"""
CREATE TEMPORARY TABLE pages ON COMMIT DROP AS
SELECT stays, min(property_id) FILTER (WHERE place = 1) AS newest,
       max(since) AS since, min(since) AS first_seen_at, max(last_seen_at) AS last_seen_at,
       max(last_manifest_seen_at) AS last_manifest_seen_at,
       max({normal_public_id("public_id")}) AS public_id,
       min(consecutive_missing_count) AS missing, min(scrape_priority) AS scrape_priority,
       bool_or(verification_status = 'verified') AS verified, sum(visits) AS visits,
       sum(visits_with_news) AS visits_with_news, sum(observed_days) AS observed_days,
       bool_or(listing_status NOT IN ('confirmed_removed', 'sold')) AS is_there,
       bool_or(listing_status IN ('active', 'relisted')) AS is_certain
  FROM (SELECT b.stays, l.*, coalesce(l.first_seen_at, l.created_at) AS since,
               row_number() OVER (
                   PARTITION BY b.stays
                   ORDER BY coalesce(l.last_full_scrape_at, l.scraped_at) DESC NULLS LAST,
                            l.property_id = b.stays DESC, l.property_id) AS place
          FROM members b JOIN properties_live l ON l.property_id = b.property_id) l
 GROUP BY stays HAVING count(*) > 1;
CREATE TEMPORARY TABLE replaced ON COMMIT DROP AS
SELECT p.stays, p.newest, p.since, {_SHOWS_PRICE} AS shows_price,
       to_jsonb(l) - 'search_vector' AS old_row, to_jsonb(n) - 'search_vector' AS new_row
  FROM pages p
  JOIN properties_live l ON l.property_id = p.stays
  JOIN properties_live n ON n.property_id = p.newest
 WHERE p.newest <> p.stays
"""


def _value(record: str, row: str) -> str:
    """What a record had in a field when the later of the two began."""
    return f"""coalesce(
        (SELECT coalesce(c.old_value, 'null') FROM property_changes c
          WHERE c.property_id = {record} AND c.field_name = f.name AND c.created_at > r.since
          ORDER BY c.created_at, c.id LIMIT 1),
        {row} -> f.name)"""


# The journals become one, which prices over time are read from: where the newer row began, its
# values took the place of the older one's.
_JOURNAL = f"""
INSERT INTO property_changes
       (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
SELECT stays, 'updated', name, nullif(old_value, 'null'), nullif(new_value, 'null'),
       '{REASON}', since
  FROM (SELECT r.stays, r.since, f.name, {_value("r.stays", "r.old_row")} AS old_value,
               {_value("r.newest", "r.new_row")} AS new_value
          FROM replaced r CROSS JOIN unnest(ARRAY{_NEWS}) AS f (name)
         WHERE CASE WHEN f.name = ANY (ARRAY{list(PRICED)}) THEN r.shows_price
                    ELSE r.new_row -> f.name <> 'null' END) change
 WHERE old_value IS DISTINCT FROM new_value
 ORDER BY stays, name;
INSERT INTO property_changes
       (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
SELECT m.stays, 'updated', 'property_id', to_jsonb(l) {_NOT_KEPT}, to_jsonb(m.stays), '{REASON}',
       now()
  FROM merged m JOIN properties_live l ON l.property_id = m.goes ORDER BY m.stays, m.goes;
INSERT INTO property_changes
       (property_id, change_type, field_name, old_value, new_value, change_reason, created_at)
SELECT p.stays, 'reactivated', 'listing_status', to_jsonb(l.listing_status), '"relisted"',
       '{REASON}', now()
  FROM pages p JOIN properties_live l ON l.property_id = p.stays
 WHERE p.is_there AND l.listing_status IN ('confirmed_removed', 'sold') ORDER BY p.stays;
UPDATE property_changes c SET property_id = m.stays FROM merged m WHERE c.property_id = m.goes
"""

# What failed is tried anew under the one record; a result that is still under way is refused.
_QUEUE = f"""
UPDATE scrape_queue q
   SET status = 'cancelled', completed_at = coalesce(q.completed_at, now()),
       last_error = concat_ws(': ', '{CANCELLED}', q.last_error)
  FROM members b
 WHERE q.property_id = b.property_id
   AND (q.status = 'failed' OR q.status IN ('pending', 'in_progress') AND b.property_id <> b.stays);
UPDATE scrape_queue q SET property_id = m.stays FROM merged m WHERE q.property_id = m.goes
"""

_RELISTED = "p.is_there AND l.listing_status IN ('confirmed_removed', 'sold')"
_BACK = "p.is_certain AND l.listing_status = 'likely_removed'"
_LIVE = f"""
UPDATE properties_live l
   SET {", ".join(f"{each} = coalesce(n.{each}, l.{each})" for each in FACTS)},
       {", ".join(f"{c} = CASE WHEN {_SHOWS_PRICE} THEN n.{c} ELSE l.{c} END" for c in PRICED)},
       public_id = p.public_id,
       data_completeness_score = n.data_completeness_score,
       verification_status = CASE WHEN p.verified THEN 'verified' ELSE n.verification_status END,
       first_seen_at = p.first_seen_at, last_seen_at = p.last_seen_at,
       last_manifest_seen_at = p.last_manifest_seen_at, last_updated_at = now(),
       consecutive_missing_count = p.missing, scrape_priority = p.scrape_priority,
       visits = p.visits, visits_with_news = p.visits_with_news, observed_days = p.observed_days,
       listing_status = CASE WHEN {_RELISTED} THEN 'relisted' WHEN {_BACK} THEN 'active'
                             ELSE l.listing_status END,
       status = CASE WHEN {_RELISTED} OR {_BACK} THEN 'active' ELSE l.status END
  FROM pages p JOIN properties_live n ON n.property_id = p.newest
 WHERE l.property_id = p.stays
"""

# Tables that are not ours follow. Where one may name a listing once only and names both, what it
# said of the one that goes is kept in the journal.
_REFERENCES = f"""
FOR referring IN
    SELECT c.conrelid::regclass AS child, quote_ident(a.attname) AS field,
           quote_ident(r.attname) AS target
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
      JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = c.confkey[1]
     WHERE c.contype = 'f' AND c.confrelid = 'properties_live'::regclass
       AND c.conparentid = 0 AND cardinality(c.conkey) = 1
LOOP
    FOR each IN EXECUTE
        'SELECT c.tableoid, c.ctid AS place, m.stays, to_jsonb(c) AS row FROM merged m '
        || 'JOIN properties_live g ON g.property_id = m.goes '
        || 'JOIN ' || referring.child || ' c ON c.' || referring.field
        || ' = g.' || referring.target
    LOOP
        BEGIN
            EXECUTE 'UPDATE ' || referring.child || ' SET ' || referring.field || ' = (SELECT '
                || referring.target || ' FROM properties_live WHERE property_id = $1) '
                || 'WHERE tableoid = $2 AND ctid = $3' USING each.stays, each.tableoid, each.place;
        EXCEPTION WHEN unique_violation THEN
            INSERT INTO property_changes
                   (property_id, change_type, field_name, old_value, change_reason)
            VALUES (each.stays, 'updated', left(referring.child::text, 100), each.row, '{REASON}');
            EXECUTE 'DELETE FROM ' || referring.child || ' WHERE tableoid = $1 AND ctid = $2'
                USING each.tableoid, each.place;
        END;
    END LOOP;
END LOOP
"""

_CARDS = f"""
CREATE TEMPORARY TABLE cards ON COMMIT DROP AS
SELECT stays, min(property_id) FILTER (WHERE place = 1) AS newest, bool_and(is_new) AS is_new,
       min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at,
       bool_or(needs_full_scrape) AS needs_full_scrape, bool_or(price_changed) AS price_changed,
       max({normal_public_id("public_id")}) AS public_id
  FROM (SELECT b.stays, m.*, row_number() OVER (
                   PARTITION BY b.stays
                   ORDER BY m.sources <> '{{}}' DESC, m.last_seen_at DESC, m.property_id) AS place
          FROM members b JOIN property_manifest m ON m.property_id = b.property_id) m
 GROUP BY stays;
CREATE TEMPORARY TABLE origins ON COMMIT DROP AS
SELECT b.stays, array_agg(DISTINCT source ORDER BY source) AS sources
  FROM members b JOIN property_manifest m ON m.property_id = b.property_id
 CROSS JOIN unnest(m.sources) AS source GROUP BY b.stays;
DELETE FROM property_manifest m USING members b
 WHERE m.property_id = b.property_id
   AND NOT EXISTS (SELECT FROM cards c WHERE c.newest = m.property_id);
UPDATE property_manifest m
   SET property_id = c.stays, first_seen_at = c.first_seen_at, last_seen_at = c.last_seen_at,
       is_new = c.is_new AND l.property_id IS NULL,
       needs_full_scrape = c.needs_full_scrape OR l.listing_status = 'relisted' IS TRUE
           OR EXISTS (SELECT FROM scrape_queue q
                       WHERE q.property_id = c.stays
                         AND starts_with(q.last_error, '{CANCELLED}')),
       price_changed = c.price_changed, public_id = coalesce(l.public_id, c.public_id),
       sources = coalesce(o.sources, '{{}}')
  FROM cards c
  LEFT JOIN properties_live l ON l.property_id = c.stays
  LEFT JOIN origins o ON o.stays = c.stays
 WHERE m.property_id = c.newest
"""

_ALIASES = """
INSERT INTO property_aliases (alias, property_id, source_url)
SELECT m.goes, m.stays, coalesce(l.source_url, c.source_url)
  FROM merged m
  LEFT JOIN properties_live l ON l.property_id = m.goes
  LEFT JOIN property_manifest c ON c.property_id = m.goes
 ORDER BY m.goes
ON CONFLICT (alias) DO UPDATE SET property_id = excluded.property_id;
UPDATE property_aliases a SET property_id = m.stays FROM merged m WHERE a.property_id = m.goes;
DELETE FROM property_aliases a USING members b WHERE a.alias = b.stays
"""


def _repoint(table: str, also_same: str) -> str:
    """Rows of a table that says a thing of a record once: what is said of both is said once."""
    return f"""DELETE FROM {table} t USING members b
 WHERE t.property_id = b.property_id
   AND EXISTS (SELECT FROM {table} o JOIN members ob ON ob.property_id = o.property_id
                WHERE ob.stays = b.stays AND {also_same}
                  AND (o.property_id = b.stays, o.ctid) > (t.property_id = b.stays, t.ctid));
UPDATE {table} t SET property_id = m.stays FROM merged m WHERE t.property_id = m.goes"""


# A verdict is about the page of one of them: it counts against the other no more.
_REST = f"""
{
    _repoint(
        "property_sightings",
        "(o.session_id, o.source, o.part, o.page_number)"
        " = (t.session_id, t.source, t.part, t.page_number)",
    )
};
{_repoint("property_scrapes_staging", "o.session_id = t.session_id")};
{_repoint("removal_audits", "o.week = t.week")};
UPDATE removal_checks c
   SET property_id = b.stays, batch_id = CASE WHEN c.applied_at IS NOT NULL THEN c.batch_id END
  FROM members b WHERE c.property_id = b.property_id;
UPDATE price_reviews v SET status = 'superseded', settled_at = now(), settled_by = 'the upgrade'
  FROM pages p JOIN members b ON b.stays = p.stays
 WHERE v.property_id = b.property_id AND v.status = 'open' AND v.property_id <> p.newest;
UPDATE price_reviews v SET property_id = m.stays FROM merged m WHERE v.property_id = m.goes;
UPDATE identity_candidates c
   SET status = 'confirmed', settled_at = now(), settled_by = 'the upgrade'
  FROM members n JOIN members e ON e.stays = n.stays
 WHERE c.status = 'open' AND c.property_id = n.property_id
   AND c.earlier_property_id = e.property_id;
CREATE TEMPORARY TABLE pairs ON COMMIT DROP AS
SELECT *, row_number() OVER (PARTITION BY property_id, earlier_property_id
                             ORDER BY is_moved, created_at, id) AS place
  FROM (SELECT c.id, c.created_at, coalesce(n.stays, c.property_id) AS property_id,
               coalesce(e.stays, c.earlier_property_id) AS earlier_property_id,
               n.goes IS NOT NULL OR e.goes IS NOT NULL AS is_moved
          FROM identity_candidates c
          LEFT JOIN merged n ON n.goes = c.property_id
          LEFT JOIN merged e ON e.goes = c.earlier_property_id) moved
 WHERE property_id <> earlier_property_id;
DELETE FROM identity_candidates c USING pairs p
 WHERE c.id = p.id AND p.is_moved AND p.place > 1 AND c.status = 'open';
UPDATE identity_candidates c
   SET property_id = p.property_id, earlier_property_id = p.earlier_property_id
  FROM pairs p WHERE c.id = p.id AND p.is_moved AND p.place = 1
"""
_GO = "DELETE FROM properties_live l USING merged m WHERE l.property_id = m.goes"

MERGE = ";\n".join(
    each.strip()
    for each in (
        *(_TAKE, _LOCK, _QUEUE, _PAGES, _JOURNAL, _LIVE, _REFERENCES, _ALIASES, _CARDS, _REST),
        _GO,
    )
)
