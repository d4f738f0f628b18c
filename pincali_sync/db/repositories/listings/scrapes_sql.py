"""The statements that stage and promote detail pages, built from one list of columns."""

from __future__ import annotations

from pincali_sync.db.repositories.removal.transition import count_changed, transition
from pincali_sync.domain.listing_status import OLDER_STATUS, Cause, ChangeType, ListingStatus

# Columns that staging and the live table share.
_SHARED = (
    "property_id",
    "source_url",
    "title",
    "description",
    "property_type",
    "operation_type",
    "address",
    "neighborhood",
    "city",
    "state",
    "postal_code",
    "latitude",
    "longitude",
    "gps_coordinates",
    "price",
    "currency",
    "price_per_m2",
    "bedrooms",
    "bathrooms",
    "half_bathrooms",
    "parking_spaces",
    "total_area_m2",
    "covered_area_m2",
    "lot_size_m2",
    "floor_number",
    "total_floors",
    "age_years",
    "construction_year",
    "features",
    "amenities",
    "main_image_url",
    "image_urls",
    "virtual_tour_url",
    "video_url",
    "agent_name",
    "agent_phone",
    "agent_email",
    "agency_name",
    "message_url",
    "is_featured",
    "is_premium",
    "listing_date",
)
_LIVE_ONLY = (
    "public_id",
    "title_original",
    "offers",
    "price_unit",
    "data_completeness_score",
    "verification_status",
)
SCRAPED_COLUMNS = (*_SHARED, *_LIVE_ONLY, "accepted", "computed_id")

# Values of the price, which a page with offers settles even where it now shows none ("on
# request"). Every other value that a page stopped showing is kept: an empty field is more often
# a selector that broke than news, and a live row must not be overwritten with nothing.
PRICED = {"operation_type", "price", "currency", "price_per_m2", "price_unit", "offers"}
# No news to anybody who reads the journal.
_NOT_JOURNALLED = {"property_id", "data_completeness_score", "verification_status"}


def _merged(column: str, page: str, live: str) -> str:
    """The value a live row gets: the page's, else its own."""
    if column in PRICED:
        return (
            f"CASE WHEN {page}.offers = '[]'::jsonb THEN {live}.{column} ELSE {page}.{column} END"
        )
    if column == "verification_status":  # a person's "verified" is not taken back by a scrape
        return (
            f"CASE WHEN {live}.{column} = 'verified' THEN {live}.{column} ELSE {page}.{column} END"
        )
    return f"coalesce({page}.{column}, {live}.{column})"


def _list(columns: tuple[str, ...], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{column}" for column in columns)


_TRACKED = tuple(column for column in (*_SHARED, *_LIVE_ONLY) if column not in _NOT_JOURNALLED)

LOCK_LEASED = """
SELECT id FROM scrape_queue
 WHERE id = ANY(:ids) AND lease_token = :lease_token AND status = 'in_progress'
 ORDER BY property_id FOR UPDATE
"""

CREATE_SCRAPED = f"""
CREATE TEMPORARY TABLE scraped ON COMMIT DROP AS
SELECT {_list((*_SHARED, *_LIVE_ONLY))}, NULL::boolean AS accepted,
       NULL::varchar AS computed_id, NULL::varchar AS change_type
  FROM properties_live LIMIT 0
"""

CLASSIFY = f"""
UPDATE scraped s
   SET change_type = CASE
           WHEN l.property_id IS NULL THEN 'new'
           WHEN ({_list(_TRACKED, "l.")})
                IS DISTINCT FROM ({", ".join(_merged(c, "p", "l") for c in _TRACKED)})
                THEN 'updated'
           ELSE 'unchanged' END
  FROM scraped p LEFT JOIN properties_live l ON l.property_id = p.property_id
 WHERE s.property_id = p.property_id
"""

INSERT_STAGING = f"""
INSERT INTO property_scrapes_staging
       (session_id, {_list(_SHARED)}, status, scraped_at, created_at, processing_status,
        change_type)
SELECT CAST(:session_id AS uuid), {_list(_SHARED)}, 'active', :now, :now,
       CASE WHEN accepted THEN 'processed' ELSE 'error' END, change_type
  FROM scraped ORDER BY property_id
ON CONFLICT (session_id, property_id) DO UPDATE SET
       {", ".join(f"{c} = excluded.{c}" for c in _SHARED if c != "property_id")},
       scraped_at = excluded.scraped_at, processing_status = excluded.processing_status,
       change_type = excluded.change_type
"""

# The first visit of an adopted row repairs it: what differs then is no news of the site.
REPAIR = "repair of an adopted row"
JOURNAL = f"""
INSERT INTO property_changes
       (property_id, session_id, change_type, field_name, old_value, new_value, change_reason,
        created_at)
SELECT s.property_id, CAST(:session_id AS uuid), change.type, change.field,
       change.old_value, change.new_value,
       CASE WHEN change.type = 'updated' AND l.visits = 0 THEN '{REPAIR}' END,
       CAST(:now AS timestamptz)
  FROM scraped s
  LEFT JOIN properties_live l ON l.property_id = s.property_id
 CROSS JOIN LATERAL (
        SELECT 'created' AS type, NULL AS field, NULL::jsonb AS old_value, NULL::jsonb AS new_value
         WHERE l.property_id IS NULL
        UNION ALL
        SELECT 'updated', field, old_value, new_value
          FROM (VALUES
               {
    ", ".join(f"('{c}', to_jsonb(l.{c}), to_jsonb({_merged(c, 's', 'l')}))" for c in _TRACKED)
}
               ) AS v (field, old_value, new_value)
         WHERE l.property_id IS NOT NULL AND old_value IS DISTINCT FROM new_value
       ) AS change
 WHERE s.accepted
 ORDER BY s.property_id, change.field
"""

UPSERT_LIVE = f"""
INSERT INTO properties_live AS l
       ({_list((*_SHARED, *_LIVE_ONLY))},
        status, listing_status, consecutive_missing_count,
        scraped_at, last_full_scrape_at, last_updated_at, first_seen_at, last_seen_at,
        last_manifest_seen_at,
        price_at_last_manifest, currency_at_last_manifest, unit_at_last_manifest, visits)
SELECT {_list((*_SHARED, *_LIVE_ONLY), "s.")},
       '{OLDER_STATUS[ListingStatus.ACTIVE]}', '{ListingStatus.ACTIVE}', 0,
       :now, :now,
       CASE WHEN s.change_type = 'unchanged' THEN old.last_updated_at ELSE :now END,
       coalesce(m.first_seen_at, :now), :now,
       m.last_seen_at,
       m.listing_page_price, m.currency, m.price_unit, 1
  FROM scraped s
  LEFT JOIN property_manifest m ON m.property_id = s.property_id
  LEFT JOIN properties_live old ON old.property_id = s.property_id
 WHERE s.accepted
 ORDER BY s.property_id
ON CONFLICT (property_id) DO UPDATE SET
       {
    ", ".join(
        f"{c} = {_merged(c, 'excluded', 'l')}"
        for c in (*_SHARED, *_LIVE_ONLY)
        if c != "property_id"
    )
},
       consecutive_missing_count = 0,
       scraped_at = excluded.scraped_at,
       last_full_scrape_at = excluded.last_full_scrape_at,
       last_updated_at = excluded.last_updated_at,
       last_seen_at = excluded.last_seen_at,
       last_manifest_seen_at =
           coalesce(excluded.last_manifest_seen_at, l.last_manifest_seen_at),
       price_at_last_manifest =
           CASE WHEN excluded.currency_at_last_manifest IS NULL
                THEN l.price_at_last_manifest ELSE excluded.price_at_last_manifest END,
       currency_at_last_manifest =
           coalesce(excluded.currency_at_last_manifest, l.currency_at_last_manifest),
       unit_at_last_manifest =
           coalesce(excluded.unit_at_last_manifest, l.unit_at_last_manifest),
       visits = l.visits + 1,
       visits_with_news = l.visits_with_news
           + (l.visits > 0 AND excluded.last_updated_at = excluded.last_full_scrape_at)::integer,
       observed_days = l.observed_days + CASE WHEN l.visits > 0 THEN greatest(0, coalesce(
           extract(epoch FROM excluded.last_full_scrape_at - l.last_full_scrape_at) / 86400.0, 0))
           ELSE 0 END
"""

# A good detail page proves that the listing is there: whatever was suspected of it ends here. After
# the upsert, which has locked the rows in their order.
REACTIVATE_LIVE = count_changed(
    transition(
        Cause.PAGE,
        f"""
      FROM scraped s JOIN properties_live l ON l.property_id = s.property_id
     WHERE s.accepted
       AND (l.listing_status <> '{ListingStatus.ACTIVE}'
            OR l.status IS DISTINCT FROM '{OLDER_STATUS[ListingStatus.ACTIVE]}')""",
        carried=["l.visits = 1 AS is_repair"],
        session=":session_id",
        reason=f"CASE WHEN r.is_repair AND r.entry = '{ChangeType.UPDATED}' THEN '{REPAIR}' END",
    )
)

# A page under a new slug: its form of the id leads to the record from now on.
INSERT_ALIASES = """
INSERT INTO property_aliases (alias, property_id, source_url, created_at)
SELECT DISTINCT ON (computed_id) computed_id, property_id, source_url, CAST(:now AS timestamptz)
  FROM scraped
 WHERE accepted AND computed_id <> property_id
   AND NOT EXISTS (SELECT 1 FROM properties_live o WHERE o.property_id = scraped.computed_id)
 ORDER BY computed_id
ON CONFLICT (alias) DO NOTHING
"""

# The EasyBroker id is taken over only where no other record has it, in the table or in the batch.
SETTLE_MANIFEST = """
UPDATE property_manifest m
   SET is_new = false, needs_full_scrape = false, price_changed = false,
       public_id = coalesce(m.public_id, s.free_public_id)
  FROM (SELECT property_id,
               CASE WHEN NOT EXISTS (SELECT 1 FROM property_manifest o
                                      WHERE o.public_id = scraped.public_id)
                     AND row_number() OVER (PARTITION BY public_id ORDER BY property_id) = 1
                    THEN public_id END AS free_public_id
          FROM scraped WHERE accepted ORDER BY property_id) s
 WHERE m.property_id = s.property_id
"""
