"""`property_manifest` and `manifest_pages` outside of a batch: losses, sums, statistics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.page_facts import facts_from_json
from pincali_sync.db.repositories.base import Repository
from pincali_sync.domain.coverage import SourceScan
from pincali_sync.domain.listing_walk import END, PageFacts, WalkSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestStats:
    """The manifest at a glance."""

    total: int
    new: int
    waiting_for_scrape: int
    price_changed: int
    with_public_id: int
    seen_last_day: int
    oldest_sighting: datetime | None
    newest_sighting: datetime | None
    by_source: dict[str, int]


# Price windows and cells declare their own totals.
_PLAIN = f"p.part IN ('', '{END}')"
_OF_SESSION = f"""
SELECT p.source,
       count(*) FILTER (WHERE p.status = 'read') AS pages_read,
       count(*) FILTER (WHERE p.status = 'lost') AS pages_lost,
       sum(p.entries) AS entries, sum(p.dropped) AS dropped,
       sum(p.new_entries) AS new_entries, sum(p.changed_entries) AS changed_entries,
       CASE WHEN bool_and(p.priced_entries IS NOT NULL) FILTER (WHERE p.status = 'read')
            THEN sum(p.priced_entries) END AS priced_entries,
       coalesce(max(s.properties), 0) AS distinct_properties,
       coalesce(max(w.total_at_end),
                (array_agg(p.declared_total ORDER BY p.fetched_at DESC, p.page_number DESC)
                    FILTER (WHERE {_PLAIN} AND p.declared_total IS NOT NULL))[1]
       ) AS declared_total,
       (array_agg(p.declared_pages ORDER BY p.fetched_at DESC)
           FILTER (WHERE {_PLAIN} AND p.declared_pages IS NOT NULL))[1] AS declared_pages,
       coalesce(max(w.total_at_start),
                (array_agg(p.declared_total ORDER BY p.fetched_at, p.page_number)
                    FILTER (WHERE {_PLAIN} AND p.declared_total IS NOT NULL))[1]
       ) AS total_at_start,
       min(p.fetched_at) AS started_at, max(p.fetched_at) AS ended_at,
       max(w.pages_wanted) AS pages_wanted, max(w.parts) AS parts,
       coalesce((array_agg(w.gaps))[1], '[]'::jsonb) AS gaps
  FROM manifest_pages p
  LEFT JOIN manifest_walks w ON w.session_id = p.session_id AND w.source = p.source
  LEFT JOIN (SELECT source, count(DISTINCT property_id) AS properties
               FROM property_sightings WHERE session_id = CAST(:session_id AS uuid)
              GROUP BY source) s ON s.source = p.source
 WHERE p.session_id = CAST(:session_id AS uuid)
 GROUP BY p.source ORDER BY p.source
"""

_STATS = """
SELECT count(*) AS total,
       count(*) FILTER (WHERE is_new) AS new,
       count(*) FILTER (WHERE needs_full_scrape) AS waiting_for_scrape,
       count(*) FILTER (WHERE price_changed) AS price_changed,
       count(public_id) AS with_public_id,
       count(*) FILTER (WHERE last_seen_at >= CAST(:now AS timestamptz) - interval '1 day')
           AS seen_last_day,
       min(last_seen_at) AS oldest_sighting, max(last_seen_at) AS newest_sighting
  FROM property_manifest
"""

# A page that was read once stays read: a later attempt's failure takes nothing away.
_INSERT_LOST = """
INSERT INTO manifest_pages AS p
       (session_id, source, part, page_number, url, status, job_id, error, fetched_at)
VALUES (:session_id, :source, :part, :page_number, :url, 'lost', :job_id, :error, :now)
ON CONFLICT (session_id, source, part, page_number) DO UPDATE
   SET error = excluded.error, fetched_at = excluded.fetched_at, job_id = excluded.job_id
 WHERE p.status = 'lost'
"""

# Two pages in a row of which the source's scan before showed every listing: from there on nothing
# came, returned or moved to the front.
_FRONTIERS = """
WITH pages AS (
    SELECT p.source, p.page_number, before.session_id AS before
      FROM manifest_pages p
     CROSS JOIN LATERAL (
           SELECT o.session_id FROM manifest_pages o
            WHERE o.source = p.source AND o.part = '' AND o.page_number = 1
              AND o.status = 'read' AND o.session_id <> p.session_id
              AND o.fetched_at < (SELECT min(fetched_at) FROM manifest_pages
                                   WHERE session_id = CAST(:session_id AS uuid))
            ORDER BY o.fetched_at DESC LIMIT 1) before
     WHERE p.session_id = CAST(:session_id AS uuid) AND p.part = '' AND p.status = 'read'
), judged AS (
    SELECT p.source, p.page_number, NOT EXISTS (
               SELECT 1 FROM property_sightings s
                WHERE s.session_id = CAST(:session_id AS uuid) AND s.source = p.source
                  AND s.part = '' AND s.page_number = p.page_number
                  AND NOT EXISTS (SELECT 1 FROM property_sightings o
                                   WHERE o.property_id = s.property_id
                                     AND o.session_id = p.before AND o.source = s.source)
           ) AS is_known
      FROM pages p
)
SELECT j.source, min(j.page_number) FILTER (WHERE j.is_known AND n.is_known) AS page
  FROM judged j
  LEFT JOIN judged n ON n.source = j.source AND n.page_number = j.page_number + 1
 GROUP BY j.source
"""

_PAGES_READ = """
SELECT part, page_number, facts FROM manifest_pages
 WHERE session_id = CAST(:session_id AS uuid) AND source = :source
   AND status = 'read' AND facts IS NOT NULL
"""

_UPSERT_WALK = """
INSERT INTO manifest_walks
       (session_id, source, parts, pages_wanted, total_at_start, total_at_end,
        unpriced_wanted, unpriced_found, gaps, finished_at)
VALUES (:session_id, :source, :parts, :pages_wanted, :total_at_start, :total_at_end,
        :unpriced_wanted, :unpriced_found, CAST(:gaps AS jsonb), :now)
ON CONFLICT (session_id, source) DO UPDATE SET
    parts = excluded.parts, pages_wanted = excluded.pages_wanted,
    total_at_start = excluded.total_at_start, total_at_end = excluded.total_at_end,
    unpriced_wanted = excluded.unpriced_wanted, unpriced_found = excluded.unpriced_found,
    gaps = excluded.gaps, finished_at = excluded.finished_at
"""


class ManifestRepository(Repository):
    """What is known of scans and of the manifest as a whole."""

    async def record_lost_page(
        self,
        *,
        session_id: UUID,
        job_id: UUID,
        source: str,
        part: str,
        page_number: int,
        url: str,
        error: str,
        now: datetime,
    ) -> None:
        """Writes down a page that could not be read."""
        await self._run(
            _INSERT_LOST,
            session_id=session_id,
            job_id=job_id,
            source=source,
            part=part,
            page_number=page_number,
            url=url,
            error=error,
            now=now,
        )

    async def scans_of(self, session_id: UUID) -> list[SourceScan]:
        """One summary a source that the session touched."""
        result = await self._run(_OF_SESSION, session_id=session_id)
        return [SourceScan(**{**row, "gaps": tuple(row["gaps"])}) for row in result.mappings()]

    async def pages_read(self, session_id: UUID, source: str) -> dict[tuple[str, int], PageFacts]:
        """What earlier attempts at this scan read, by part and page number."""
        result = await self._run(_PAGES_READ, session_id=session_id, source=source)
        return {(row.part, row.page_number): facts_from_json(row.facts) for row in result}

    async def frontiers(self, session_id: UUID) -> dict[str, int | None]:
        """By source, the page from which on the scan before it knew everything; None: not met.

        A source that was never scanned before is left out.
        """
        result = await self._run(_FRONTIERS, session_id=session_id)
        return {row.source: row.page for row in result}

    async def record_walk(self, session_id: UUID, walk: WalkSummary, *, now: datetime) -> None:
        """Writes down that a source's walk came to its end; the last one stands."""
        await self._run(
            _UPSERT_WALK,
            session_id=session_id,
            source=walk.source.value,
            parts=walk.parts,
            pages_wanted=walk.pages_wanted,
            total_at_start=walk.total_at_start,
            total_at_end=walk.total_at_end,
            unpriced_wanted=walk.unpriced_wanted,
            unpriced_found=walk.unpriced_found,
            gaps=json.dumps(walk.gaps),
            now=now,
        )

    async def rows(self, property_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The manifest rows of these records, by property_id."""
        result = await self._run(
            "SELECT * FROM property_manifest WHERE property_id = ANY(:ids)", ids=list(property_ids)
        )
        return {row["property_id"]: dict(row) for row in result.mappings()}

    async def distinct_seen(self, session_id: UUID) -> int:
        """How many records the session saw, over all sources."""
        result = await self._run(
            "SELECT count(DISTINCT property_id) FROM property_sightings "
            "WHERE session_id = CAST(:session_id AS uuid)",
            session_id=session_id,
        )
        return int(result.scalar_one())

    async def stats(self, *, now: datetime) -> ManifestStats:
        """Counts over the whole manifest."""
        counts = (await self._run(_STATS, now=now)).mappings().one()
        sources = await self._run(
            "SELECT source, count(*) AS rows FROM property_manifest, unnest(sources) AS source "
            "GROUP BY source ORDER BY source"
        )
        return ManifestStats(**counts, by_source={row.source: row.rows for row in sources})
