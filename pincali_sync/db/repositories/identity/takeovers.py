"""Slugs that another listing has now: what that means for the record that had them.

It keeps its URL, which is evidence, and only verification asks for it: every other visit would
find the newcomer there, for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import PRESENT
from pincali_sync.items import ScrapeResult

# That the page of a live row `l` was another listing's, and no card or page showed it since.
SHOWED_ANOTHER = """EXISTS (
    SELECT 1 FROM removal_checks c
     WHERE c.property_id = l.property_id AND c.shown_public_id IS NOT NULL
       AND c.shown_public_id IS DISTINCT FROM l.public_id
       AND c.checked_at >= greatest(l.last_full_scrape_at, l.last_manifest_seen_at, '-infinity'))"""


def told_by_card(check: str) -> str:
    """Whether a check of this alias is none of a page: a card showed another under the slug."""
    return f"({check}.http_status IS NULL AND {check}.shown_public_id IS NOT NULL)"


# Of a batch of cards: who had its slug until now, and is not shown under another beside it.
_TAKEN = f"""
    SELECT DISTINCT ON (i.had_by) i.had_by AS property_id, i.source_url, i.public_id,
           coalesce(m.public_id, l.public_id) AS own_public_id,
           l.listing_status IN {PRESENT} AS is_there
      FROM incoming i
      LEFT JOIN property_manifest m ON m.property_id = i.had_by
      LEFT JOIN properties_live l ON l.property_id = i.had_by
     WHERE i.had_by IS NOT NULL AND coalesce(m.source_url, i.source_url) = i.source_url
       AND NOT EXISTS (SELECT 1 FROM incoming o WHERE o.property_id = i.had_by)
     ORDER BY i.had_by, i.line DESC
"""
_ITS_VISITS = f"""({_TAKEN}) t
 WHERE q.property_id = t.property_id
   AND q.queue_reason IN ('verification', 'removal_audit') IS NOT TRUE"""
# What nobody asked for yet was not asked for in vain: under its next slug it is queued at once.
_WITHDRAW = (
    f"""
DELETE FROM scrape_queue q USING {_ITS_VISITS} AND q.status = 'pending' AND q.attempt_count = 0
""",
    f"""
UPDATE scrape_queue q
   SET status = 'cancelled', completed_at = :now,
       last_error = 'the slug is now the one of ' || t.public_id
  FROM {_ITS_VISITS} AND q.status IN ('pending', 'failed')
""",
)
_NOTE = f"""
WITH taken AS MATERIALIZED ({_TAKEN}), settled AS (
    UPDATE property_manifest m SET needs_full_scrape = false
      FROM taken t WHERE m.property_id = t.property_id AND m.needs_full_scrape
)
INSERT INTO removal_checks
       (property_id, session_id, verdict, shown_public_id, evidence, url, checked_at)
SELECT property_id, CAST(:session_id AS uuid), 'unknown', public_id,
       'a listing page shows ' || public_id || ' under its slug, the record is ' || own_public_id,
       source_url, CAST(:now AS timestamptz)
  FROM taken WHERE is_there
"""
# No verdict of a batch: the page was not compared with what invented URLs are answered.
_NOTE_PAGES = """
INSERT INTO removal_checks
       (property_id, session_id, verdict, http_status, shown_public_id, evidence, url, checked_at)
SELECT property_id, CAST(:session_id AS uuid), 'unknown', 200, public_id, evidence, url,
       CAST(:now AS timestamptz)
  FROM unnest(CAST(:property_ids AS text[]), CAST(:public_ids AS text[]),
              CAST(:evidence AS text[]), CAST(:urls AS text[]))
       AS t (property_id, public_id, evidence, url)
"""
# On the pages of several records: a fault of the site.
EVERYWHERE = """
SELECT shown_public_id FROM removal_checks
 WHERE session_id = CAST(:session_id AS uuid) AND verdict IN ('gone', 'unknown')
   AND shown_public_id = ANY(CAST(:shown AS text[]))
 GROUP BY shown_public_id HAVING count(DISTINCT property_id) > 1
"""


class TakeoverRepository(Repository):
    """SQL of slugs that were taken over."""

    async def withdraw(self, *, now: datetime) -> None:
        """Takes the pages that `incoming` shows to be another listing's out of the queue."""
        for statement in _WITHDRAW:
            await self._run(statement, now=now)

    async def note(self, *, session_id: UUID, now: datetime) -> None:
        """Keeps as evidence what `incoming`, not stored yet, shows under the slugs of others."""
        await self._run(_NOTE, session_id=session_id, now=now)

    async def note_pages(
        self, results: Sequence[ScrapeResult], *, session_id: UUID, now: datetime
    ) -> None:
        """Keeps as evidence that the pages of records showed other listings."""
        pages = [(each, each.scraped) for each in results if each.scraped is not None]
        if not pages:
            return
        await self._run(
            _NOTE_PAGES,
            property_ids=[each.queued.property_id for each, _ in pages],
            public_ids=[page.public_id for _, page in pages],
            evidence=[each.error for each, _ in pages],
            urls=[each.queued.source_url for each, _ in pages],
            session_id=session_id,
            now=now,
        )

    async def seen_everywhere(self, shown: Sequence[str | None], *, session_id: UUID) -> set[str]:
        """Which of these EasyBroker ids the session found on the pages of several records."""
        if not shown:
            return set()
        rows = await self._run(EVERYWHERE, session_id=session_id, shown=list(shown))
        return set(rows.scalars())
