"""Scans summed up by source, what differs from the live table, and the manifest as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import TypeAdapter

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.prices.price_change import LIVE_OFFER, PRICE_CHANGE_KIND
from pincali_sync.db.repositories.removal.transition import PRESENT
from pincali_sync.domain.coverage import SourceScan
from pincali_sync.domain.freshness import CardSignal
from pincali_sync.domain.listing_walk import END
from pincali_sync.domain.walk_summary import Hole


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyPriceChange:
    """A listing whose card shows another price than the live table."""

    property_id: str
    old_price: Decimal | None
    new_price: Decimal | None
    percent_change: float | None  # None: not comparable, see `kind`
    kind: str  # amount, currency, unit, operation


# Parts declare their own totals.
_PLAIN = f"p.part IN ('', '{END}')"
# Counted once, ahead: as a part of the join the sightings were sorted anew for every page.
_OF_SESSION = f"""
WITH seen AS MATERIALIZED (
    SELECT source, count(DISTINCT property_id) AS properties
      FROM property_sightings WHERE session_id = CAST(:session_id AS uuid) GROUP BY source
)
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
       coalesce((array_agg(w.gaps))[1], '[]'::jsonb) AS gaps,
       coalesce((array_agg(w.holes))[1], '[]'::jsonb) AS holes
  FROM manifest_pages p
  LEFT JOIN manifest_walks w ON w.session_id = p.session_id AND w.source = p.source
  LEFT JOIN seen s ON s.source = p.source
 WHERE p.session_id = CAST(:session_id AS uuid)
 GROUP BY p.source ORDER BY p.source
"""

# The session's pages of the plain query, with the source's scan before: looked up once a source.
_PAGES = """
    WITH began AS (
        SELECT min(fetched_at) AS at FROM manifest_pages
         WHERE session_id = CAST(:session_id AS uuid)
    ), scanned AS MATERIALIZED (
        SELECT s.source, before.session_id AS before
          FROM (SELECT DISTINCT source FROM manifest_pages
                 WHERE session_id = CAST(:session_id AS uuid)) s
         CROSS JOIN LATERAL (
               SELECT o.session_id FROM manifest_pages o
                WHERE o.source = s.source AND o.part = '' AND o.page_number = 1
                  AND o.status = 'read' AND o.session_id <> CAST(:session_id AS uuid)
                  AND o.fetched_at < (SELECT at FROM began)
                ORDER BY o.fetched_at DESC LIMIT 1) before
    )
    SELECT source, p.page_number, before
      FROM scanned JOIN manifest_pages p USING (source)
     WHERE p.session_id = CAST(:session_id AS uuid) AND p.part = '' AND p.status = 'read'
"""

# Two pages in a row of which the scan before showed every listing: from there on nothing came,
# returned or moved to the front.
FRONTIERS = f"""
WITH pages AS ({_PAGES}), judged AS (
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

# Known before, and not on the pages of the scan before, which went deeper: newcomers push down.
# A page that was visited meanwhile has told what there was to tell. The scan before is asked by
# index, listing by listing: joined, all sightings that are kept were read.
_MARK_MOVED = f"""
WITH pages AS ({_PAGES}), moved AS (
    SELECT m.property_id
      FROM pages p
      JOIN property_sightings s ON s.session_id = CAST(:session_id AS uuid) AND s.part = ''
                               AND s.source = p.source AND s.page_number = p.page_number
      JOIN property_manifest m ON m.property_id = s.property_id
      JOIN properties_live l ON l.property_id = s.property_id
     CROSS JOIN LATERAL (
           SELECT max(page_number) AS depth, min(fetched_at) AS began FROM manifest_pages o
            WHERE o.session_id = p.before AND o.source = p.source AND o.part = ''
              AND o.status = 'read') before
     WHERE s.page_number < before.depth AND m.first_seen_at < before.began
       AND l.last_full_scrape_at < s.seen_at
       AND (SELECT true FROM property_sightings o
             WHERE o.session_id = p.before AND o.source = s.source AND o.part = ''
               AND o.property_id = s.property_id LIMIT 1) IS NULL
     ORDER BY m.property_id FOR UPDATE OF m
)
UPDATE property_manifest m SET card_signals = m.card_signals | {CardSignal.MOVED.value}
  FROM moved WHERE m.property_id = moved.property_id
   AND m.card_signals & {CardSignal.MOVED.value} = 0
"""

# `seen_in_session_id` names only the last session: the sightings know all.
_SEEN = """(seen_in_session_id = CAST(:session_id AS uuid) OR EXISTS (
        SELECT 1 FROM property_sightings s WHERE s.session_id = CAST(:session_id AS uuid)
           AND s.property_id = found.property_id))"""

DETECT_NEW = f"""
SELECT property_id FROM property_manifest found
 WHERE is_new = true AND {_SEEN} ORDER BY property_id
"""

# Compared first and asked afterwards which of the few were seen: two tables of a million rows are
# joined once, and the sightings are looked up by index. That a kind is one of four tells the
# planner that they are few: so it joins them in parallel. A card that says what it said when it was
# flagged last is no change, whatever the long expression would say; nor is one that tells no price.
DETECT_PRICE_CHANGES = f"""
WITH found AS MATERIALIZED (
    SELECT o.property_id, o.live_amount AS old_price, o.amount AS new_price, o.seen_in_session_id,
           o.price_changed OR num_nonnulls(o.manifest_operation, o.amount) > 0 AS is_told,
           o.currency = o.live_currency AND o.unit = o.live_unit
               AND o.operation = o.live_operation AS is_comparable,
           {PRICE_CHANGE_KIND} AS kind
      FROM (SELECT m.property_id, true AS is_live, m.price_changed, m.seen_in_session_id,
                   coalesce(m.operation_type, 'sale') AS operation,
                   m.operation_type AS manifest_operation,
                   m.listing_page_price AS amount, coalesce(m.currency, 'MXN') AS currency,
                   m.price_unit AS unit, {LIVE_OFFER}
              FROM property_manifest m
              JOIN properties_live l USING (property_id)
             WHERE l.listing_status IN {PRESENT}) o
     WHERE o.price_changed
           OR (o.amount, o.currency, o.unit, o.operation)
              IS DISTINCT FROM (o.last_amount, o.last_currency, o.last_unit, o.live_operation)
              AND ({PRICE_CHANGE_KIND}) IN ('amount', 'currency', 'unit', 'operation')
)
SELECT property_id, old_price, new_price, coalesce(kind, 'amount') AS kind,
       CASE WHEN is_comparable AND old_price <> 0
            THEN round(100 * (new_price - old_price) / old_price, 2)::float8
       END AS percent_change
  FROM found WHERE is_told AND {_SEEN}
 ORDER BY property_id
"""

_STATS = """
SELECT count(*) AS total,
       count(*) FILTER (WHERE is_new) AS new,
       count(*) FILTER (WHERE needs_full_scrape) AS waiting_for_scrape,
       count(*) FILTER (WHERE price_changed) AS price_changed,
       count(public_id) AS with_public_id,
       count(*) FILTER (WHERE last_seen_at >= :now - interval '1 day') AS seen_last_day,
       min(last_seen_at) AS oldest_sighting, max(last_seen_at) AS newest_sighting,
       (SELECT coalesce(json_object_agg(source, rows ORDER BY source), '{}')
          FROM (SELECT unnest(sources) AS source, count(*) AS rows
                  FROM property_manifest GROUP BY source) ever) AS by_source
  FROM property_manifest
"""


_HOLES = TypeAdapter(tuple[Hole, ...])


class ManifestRepository(Repository):
    """What is known of scans and of the manifest as a whole."""

    async def scans_of(self, session_id: UUID) -> list[SourceScan]:
        """One summary a source that the session touched."""
        result = await self._run(_OF_SESSION, session_id=session_id)
        return [
            SourceScan(
                **{**row, "gaps": tuple(row["gaps"]), "holes": _HOLES.validate_python(row["holes"])}
            )
            for row in result.mappings()
        ]

    async def frontiers(self, session_id: UUID) -> dict[str, int | None]:
        """By source, the page from which on the scan before it knew everything; None: not met.

        A source that was never scanned before is left out.
        """
        return await self._pairs(FRONTIERS, session_id=session_id)

    async def mark_moved(self, session_id: UUID) -> int:
        """Notes which known listings stand further to the front than the scan before had them;
        returns their number."""
        return await self._count(_MARK_MOVED, session_id=session_id)

    async def distinct_seen(self, session_id: UUID) -> int:
        """How many records the session saw, over all sources."""
        statement = """
SELECT count(DISTINCT property_id) FROM property_sightings
 WHERE session_id = CAST(:session_id AS uuid)
"""
        return await self._number(statement, session_id=session_id)

    async def new_properties(self, session_id: UUID) -> list[str]:
        """Records that the session saw and that are not live."""
        await self._set_work_mem()
        return [row.property_id for row in await self._run(DETECT_NEW, session_id=session_id)]

    async def price_changes(self, session_id: UUID) -> list[PropertyPriceChange]:
        """Records that the session saw at another price than the live one."""
        await self._set_work_mem()
        return await self._all(PropertyPriceChange, DETECT_PRICE_CHANGES, session_id=session_id)

    async def stats(self, *, now: datetime) -> ManifestStats:
        """Counts over the whole manifest."""
        return await self._one(ManifestStats, _STATS, now=now)
