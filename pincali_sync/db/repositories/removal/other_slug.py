"""Who may be listed under another slug that nobody knows yet.

A changed slug is one URL less in the sitemap and another one more, and what the former answers
proves nothing of the listing. The new URL tells whose it is once its page was fetched or a card
shows it. A certified scan that missed the listing ends the doubt, too: cards show ids.
"""

from __future__ import annotations

from pincali_sync.db.repositories.removal.counting import UNLISTED_SCANS
from pincali_sync.db.repositories.site.listed import listed_in

# When the passes began whose newcomers are not all known. Asked once a statement.
_WITH_UNKNOWN_URLS = """ARRAY(
    SELECT DISTINCT p.started_at
      FROM property_manifest m JOIN sitemap_passes p ON p.session_id = m.seen_in_session_id
     WHERE m.needs_full_scrape AND m.sources = '{}' AND m.public_id IS NULL)"""

# Of a live row `l` with its manifest row `m`, missed by the session `s`: whether a URL that nobody
# knows came to the sitemap with the pass that listed the record last or after it, and before that
# session. With it: a sitemap of several files, each with an edition of its own, may list both.
MAY_HAVE_MOVED = f"""(
       EXISTS (SELECT FROM unnest({_WITH_UNKNOWN_URLS}) AS pass (began)
                WHERE pass.began >= {listed_in("l.property_id")} AND pass.began < s.started_at)
       AND {UNLISTED_SCANS} = 0)"""
