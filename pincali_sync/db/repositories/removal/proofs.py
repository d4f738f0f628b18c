"""Which checks prove that a listing is gone, and how long: the one place of the rule. And which of
them are kept past their term.

A proof ends with the first sighting. Without one its page is asked again only after
`ASKED_AGAIN_DAYS`, if it was not carried out by then: certified scans and sitemaps have said again
and again that nothing lists it. If no scan asks, it proves nothing after `VOID_DAYS`.
"""

from __future__ import annotations

from pincali_sync.db.repositories.removal.transition import PRESENT

ASKED_AGAIN_DAYS = 42
VOID_DAYS = 2 * ASKED_AGAIN_DAYS

# A check `c`: that a job looked for a scan that missed the listing. What pages say by the way comes
# without listings that must be there beside it, and proves nothing.
PROVES = f"""(c.verdict IN ('gone', 'sold') AND c.missed_session_id IS NOT NULL
              AND c.checked_at > CAST(:now AS timestamptz) - interval '{VOID_DAYS} days')"""
IS_FRESH = f"c.checked_at > CAST(:now AS timestamptz) - interval '{ASKED_AGAIN_DAYS} days'"

# A check `old` that is needed yet: what removed a listing, a person's word, what a batch waits
# with; all since anything showed a listing that is there or may be, for it is asked how often its
# page was looked at, and what it said; and of what is removed the last. An audit is as old as what
# it waits for.
STILL_TELLS = f"""(old.applied_at IS NOT NULL
    OR (old.http_status IS NULL AND old.session_id IS NULL)
    OR EXISTS (SELECT FROM removal_batches b
                WHERE b.id = old.batch_id AND b.status IN ('open', 'held'))
    OR EXISTS (SELECT FROM properties_live l
                 LEFT JOIN property_manifest m ON m.property_id = l.property_id
                WHERE l.property_id = old.property_id
                  AND CASE WHEN l.listing_status IN {PRESENT}
                           THEN old.checked_at >= least(
                                coalesce(m.last_seen_at, '-infinity'), greatest(
                                l.last_full_scrape_at, l.last_manifest_seen_at, '-infinity'))
                           ELSE NOT EXISTS (
                                SELECT FROM removal_checks later
                                 WHERE later.property_id = old.property_id
                                   AND later.checked_at > old.checked_at) END))"""
