"""The statements of absence: counting it, proving it, acting on it."""

from __future__ import annotations

from pincali_sync.db.repositories.removal.transition import (
    LIKELY,
    PRESENT,
    REMOVED,
    count_changed,
    transition,
    words,
)
from pincali_sync.domain.listing_status import (
    INACTIVE_AFTER,
    LIKELY_AFTER,
    Cause,
    ListingStatus,
)

EXPECTED = """
SELECT DISTINCT ON (source) source, distinct_properties FROM scan_certificates
 WHERE certified AND session_id IS DISTINCT FROM CAST(:session_id AS uuid)
 ORDER BY source, issued_at DESC
"""

ISSUE = """
INSERT INTO scan_certificates
       (session_id, source, certified, proves_absence, reasons, pages_declared, pages_read,
        pages_lost, total_at_start, total_at_end, distinct_properties, expected_properties,
        started_at, issued_at)
VALUES (:session_id, :source, :certified, :proves_absence, CAST(:reasons AS jsonb),
        :pages_declared, :pages_read, :pages_lost, :total_at_start, :total_at_end,
        :distinct_properties, :expected_properties, :started_at, :issued_at)
ON CONFLICT (session_id, source) DO NOTHING
"""

# Who was not seen by anyone since the scan began, although every source it was ever seen in was
# looked through. A record of unknown origin (an adopted one) may be in any of them.
_ABSENT = f"""
      FROM properties_live l
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     CROSS JOIN (SELECT coalesce(array_agg(source::text), '{{}}') AS sources
                   FROM scan_certificates
                  WHERE session_id = CAST(:session_id AS uuid) AND proves_absence) complete
     WHERE l.listing_status IN {PRESENT}
       AND l.missing_session_id IS DISTINCT FROM CAST(:session_id AS uuid)
       AND coalesce(m.last_seen_at, '-infinity') < :began
       AND coalesce(l.last_full_scrape_at, '-infinity') < :began
       AND CASE WHEN coalesce(m.sources, '{{}}') = '{{}}'
                THEN complete.sources @> CAST(:all_sources AS text[])
                ELSE m.sources <@ complete.sources END
"""

# Not named by this complete sitemap although an earlier complete one had it, and not seen by anyone
# since the first that lacked it. Most of what a sitemap lacks is alive: it lacks a tenth always.
_DELISTED = f"""
      FROM sitemap_passes this
      JOIN sitemap_urls u ON u.session_id <> this.session_id AND u.listed_at < this.dated_at
      JOIN sitemap_passes had ON had.session_id = u.session_id AND had.is_complete
      LEFT JOIN property_aliases a ON a.alias = u.computed_id
      JOIN properties_live l ON l.property_id = coalesce(a.property_id, u.computed_id)
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     CROSS JOIN LATERAL (SELECT min(dated_at) AS lacked_at FROM sitemap_passes
                          WHERE is_complete AND dated_at > u.listed_at) first
     WHERE this.session_id = CAST(:session_id AS uuid) AND this.is_complete
       AND l.listing_status IN {PRESENT}
       AND l.missing_session_id IS DISTINCT FROM CAST(:session_id AS uuid)
       AND coalesce(m.last_seen_at, '-infinity') < first.lacked_at
       AND coalesce(l.last_full_scrape_at, '-infinity') < first.lacked_at
"""


def _count(absent: str) -> str:
    """Once a session, however often it is repeated: `missing_session_id` says who counted last."""
    missing = "l.consecutive_missing_count + 1"
    return count_changed(
        transition(
            Cause.MISSING,
            absent,
            targets={ListingStatus.LIKELY_REMOVED: f"{missing} >= {LIKELY_AFTER}"},
            missing=missing,
            also=["missing_session_id = CAST(:session_id AS uuid)"],
            session=":session_id",
        )
    )


COUNT_MISSING = _count(_ABSENT)
COUNT_DELISTED = _count(_DELISTED)

# The same question without an answer being written: what a dry run reports. Its own sightings are
# in a temporary table.
CREATE_SEEN = "CREATE TEMPORARY TABLE seen (property_id varchar(255)) ON COMMIT DROP"
PREVIEW_MISSING = f"""
SELECT count(*) AS missing,
       count(*) FILTER (WHERE l.consecutive_missing_count + 1 >= {LIKELY_AFTER}) AS likely
  FROM properties_live l
  LEFT JOIN property_manifest m ON m.property_id = l.property_id
 WHERE l.listing_status IN {PRESENT}
   AND coalesce(m.last_seen_at, '-infinity') < :began
   AND coalesce(l.last_full_scrape_at, '-infinity') < :began
   AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.property_id = l.property_id)
   AND CASE WHEN coalesce(m.sources, '{{}}') = '{{}}'
            THEN CAST(:complete AS text[]) @> CAST(:all_sources AS text[])
            ELSE m.sources <@ CAST(:complete AS text[]) END
"""

CANDIDATES = f"""
SELECT l.property_id, coalesce(m.source_url, l.source_url) AS source_url,
       coalesce(m.last_seen_at, l.last_seen_at) AS last_seen_at, l.consecutive_missing_count
  FROM properties_live l LEFT JOIN property_manifest m ON m.property_id = l.property_id
 WHERE l.missing_session_id = CAST(:session_id AS uuid)
   AND l.listing_status = {LIKELY} AND l.consecutive_missing_count >= {LIKELY_AFTER}
 ORDER BY l.property_id
"""

OPEN_BATCH = """
INSERT INTO removal_batches AS b (session_id, run_id, candidates, created_at)
VALUES (:session_id, CAST(:run_id AS uuid), :candidates, :now)
ON CONFLICT (session_id) DO UPDATE SET candidates = greatest(b.candidates, excluded.candidates)
RETURNING id
"""

_BATCH_COLUMNS = """id, session_id, run_id, status, candidates, would_remove, removal_limit,
       removed, created_at, decided_at, decided_by"""
GET_BATCH = f"SELECT {_BATCH_COLUMNS} FROM removal_batches WHERE id = :id"
LOCK_BATCH = f"{GET_BATCH} FOR UPDATE"
BATCH_OF_SESSION = f"SELECT {_BATCH_COLUMNS} FROM removal_batches WHERE session_id = :session_id"
BATCHES = f"""SELECT {_BATCH_COLUMNS} FROM removal_batches
 WHERE CAST(:status AS text) IS NULL OR status = CAST(:status AS text)
 ORDER BY created_at DESC LIMIT :limit"""

# A check belongs to the batch of the scan that missed the record, while that one is open.
RECORD_CHECK = """
INSERT INTO removal_checks
       (property_id, batch_id, session_id, verdict, http_status, redirect_url, shown_public_id,
        evidence, url, checked_at)
VALUES (CAST(:property_id AS text),
        (SELECT b.id FROM removal_batches b JOIN properties_live l
                     ON l.missing_session_id = b.session_id
          WHERE l.property_id = CAST(:property_id AS text) AND b.status = 'open'),
        CAST(:session_id AS uuid), :verdict, :http_status, :redirect_url, :shown_public_id,
        :evidence, :url, :now)
"""

# What of a batch may still be removed: nobody saw the record since, under its own slug or another.
_REMOVABLE = f"""
      FROM removal_batches b
      JOIN scraping_sessions s ON s.id = b.session_id
      JOIN LATERAL (SELECT DISTINCT ON (property_id) property_id, verdict, evidence, id
                      FROM removal_checks WHERE batch_id = b.id
                     ORDER BY property_id, checked_at DESC) c ON c.verdict IN ('gone', 'sold')
      JOIN properties_live l ON l.property_id = c.property_id
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     WHERE b.id = :batch_id
       AND l.listing_status = {LIKELY} AND l.missing_session_id = b.session_id
       AND coalesce(m.last_seen_at, '-infinity') < s.started_at
       AND coalesce(l.last_full_scrape_at, '-infinity') < s.started_at
       AND NOT EXISTS (SELECT 1 FROM property_manifest other
                        WHERE other.public_id = coalesce(l.public_id, m.public_id)
                          AND other.property_id <> l.property_id
                          AND other.last_seen_at >= s.started_at)
"""

COUNT_REMOVABLE = f"SELECT count(*) {_REMOVABLE}"

# The breaker: more than this at once is held for a person.
REMOVAL_LIMIT = f"""
SELECT greatest(
    50,
    3 * coalesce((SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY removed)
                    FROM (SELECT removed FROM removal_batches WHERE status = 'applied'
                           ORDER BY decided_at DESC LIMIT 4) recent), 0),
    0.01 * (SELECT count(*) FROM properties_live WHERE listing_status IN {PRESENT})
)::integer
"""

_APPLIED = transition(
    Cause.BATCH,
    _REMOVABLE,
    targets={
        ListingStatus.SOLD: "c.verdict = 'sold'",
        ListingStatus.CONFIRMED_REMOVED: "c.verdict = 'gone'",
    },
    carried=[
        "c.evidence",
        "c.id AS check_id",
        "b.session_id",
        "coalesce(l.public_id, m.public_id) AS public_id",
    ],
    also=["public_id = r.public_id", "last_updated_at = :now"],
    session="r.session_id",
    reason="r.evidence",
)
APPLY = f"""{_APPLIED}, noted AS (
    UPDATE removal_checks c SET applied_at = :now FROM changed r WHERE c.id = r.check_id
)
SELECT count(*) FROM changed
"""

# Before `APPLY`, in the lock order queue, live: what is removed need not be fetched.
CANCEL_QUEUED = f"""
UPDATE scrape_queue q
   SET status = 'cancelled', completed_at = :now, last_error = 'the listing is gone'
  FROM (SELECT l.property_id {_REMOVABLE} ORDER BY l.property_id) r
 WHERE q.property_id = r.property_id AND q.status = 'pending'
"""

DECIDE = """
UPDATE removal_batches
   SET status = CAST(:status AS text), would_remove = coalesce(:would_remove, would_remove),
       removal_limit = coalesce(:removal_limit, removal_limit), removed = :removed,
       decided_at = CASE WHEN CAST(:status AS text) = 'held' THEN decided_at
                         ELSE CAST(:now AS timestamptz) END,
       decided_by = :decided_by
 WHERE id = :id
"""

# A rejected batch says that the scan was wrong: its rows start again from nothing.
REJECT = count_changed(
    transition(
        Cause.REJECTION,
        f"""
      FROM properties_live l JOIN removal_batches b ON b.session_id = l.missing_session_id
     WHERE b.id = :batch_id AND l.listing_status = {LIKELY}""",
        missing="0",
        reason="'removal rejected by ' || :decided_by",
    )
)


def decide_one(target: ListingStatus) -> str:
    """One record, by a person's or a program's word; kept, it starts again from nothing."""
    kept = target is ListingStatus.ACTIVE
    return count_changed(
        transition(
            Cause.DECISION,
            f"""
      FROM properties_live l
     WHERE l.property_id = :property_id
       AND (l.listing_status <> '{target}' OR {kept} AND l.consecutive_missing_count > 0)""",
            targets={target: "true"},
            missing="0" if kept else "l.consecutive_missing_count",
            also=[
                "last_updated_at = CASE WHEN r.entry IS NULL THEN l.last_updated_at ELSE :now END"
            ],
            reason=":reason",
        )
    )


# The removal stays known from the live row: what a listing page showed last is not needed again.
CLEAN_MANIFEST = f"""
DELETE FROM property_manifest m
 USING properties_live l
 WHERE l.property_id = m.property_id AND l.listing_status IN {REMOVED}
   AND m.last_seen_at < :before
"""

CHECKS_OF_BATCH = """
SELECT property_id, verdict, http_status, redirect_url, shown_public_id, evidence, url, checked_at,
       applied_at
  FROM removal_checks WHERE batch_id = :batch_id ORDER BY verdict, property_id LIMIT :limit
"""
CHECKS_OF_PROPERTY = """
SELECT property_id, verdict, http_status, redirect_url, shown_public_id, evidence, url, checked_at,
       applied_at
  FROM removal_checks WHERE property_id = :property_id ORDER BY checked_at DESC LIMIT :limit
"""

# Missing three times without a verdict: only a person can tell.
UNSETTLED = f"""
SELECT l.property_id, l.source_url, l.last_seen_at, l.consecutive_missing_count
  FROM properties_live l
 WHERE l.listing_status = {LIKELY} AND l.consecutive_missing_count >= {INACTIVE_AFTER}
 ORDER BY l.consecutive_missing_count DESC, l.property_id LIMIT :limit
"""

_CERTAIN = words((ListingStatus.ACTIVE, ListingStatus.RELISTED))
CANARY = f"""
SELECT m.property_id, m.source_url, m.public_id
  FROM property_manifest m JOIN properties_live l ON l.property_id = m.property_id
 WHERE m.public_id IS NOT NULL AND l.listing_status IN {_CERTAIN}
   AND m.last_seen_at >= :since
 ORDER BY m.last_seen_at DESC LIMIT :limit
"""
