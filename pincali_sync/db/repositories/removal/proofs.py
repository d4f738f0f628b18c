"""Which checks prove that a listing is gone, and how long: the one place of the rule.

A proof ends with the first sighting. Without one its page is asked again only after
`ASKED_AGAIN_DAYS`, if it was not carried out by then: certified scans and sitemaps have said again
and again that nothing lists it. If no scan asks, it proves nothing after `VOID_DAYS`.
"""

from __future__ import annotations

ASKED_AGAIN_DAYS = 42
VOID_DAYS = 2 * ASKED_AGAIN_DAYS

# A check `c`: that a job looked for a scan that missed the listing. What pages say by the way comes
# without listings that must be there beside it, and proves nothing.
PROVES = f"""(c.verdict IN ('gone', 'sold') AND c.missed_session_id IS NOT NULL
              AND c.checked_at > CAST(:now AS timestamptz) - interval '{VOID_DAYS} days')"""
IS_FRESH = f"c.checked_at > CAST(:now AS timestamptz) - interval '{ASKED_AGAIN_DAYS} days'"
