"""What the sitemap lists, as other statements ask for it.

A URL that its shard goes on listing is not written again: that it is there, and since when at the
latest, is told by the shard's row (see decision 40).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import PRESENT, REMOVED, transition
from pincali_sync.domain.coverage import Overlap
from pincali_sync.domain.listing_status import Cause, ListingStatus

# Every URL that the sitemap ever listed, with when it did so last and in which pass.
LISTED_URLS = """(
    SELECT u.computed_id, u.source_url, u.first_listed_at,
           greatest(u.listed_at, s.dated_at) AS listed_at,
           coalesce(s.session_id, u.session_id) AS session_id
      FROM sitemap_urls u LEFT JOIN sitemap_shards s ON s.url = u.shard_url)"""

# Whether a complete pass other than `this` had the URL `u`, which the pass `had` read last: that
# one, or another since the URL came. Incomplete ones that read its shard meanwhile change nothing.
IN_A_COMPLETE_ONE = """(had.is_complete OR EXISTS (
    SELECT FROM sitemap_passes p
     WHERE p.is_complete AND p.session_id <> this.session_id
       AND p.started_at < had.started_at AND p.dated_at >= u.first_listed_at))"""


def listed_at(record: str) -> str:
    """When the sitemap listed a record last, under any of its forms; NULL where it never did.

    A slug that is an alias stands for its record. For some records: it looks them up one by one.
    """
    return f"""(
    SELECT max(greatest(u.listed_at, s.dated_at))
      FROM sitemap_urls u LEFT JOIN sitemap_shards s ON s.url = u.shard_url
     WHERE {_is_of(record)})"""


def listed_in(record: str) -> str:
    """When the pass began in which the sitemap listed a record last, likewise."""
    return f"""(
    SELECT max(p.started_at)
      FROM sitemap_urls u LEFT JOIN sitemap_shards s ON s.url = u.shard_url
      JOIN sitemap_passes p ON p.session_id = coalesce(s.session_id, u.session_id)
     WHERE {_is_of(record)})"""


def _is_of(record: str) -> str:
    return f"""u.computed_id = ANY(ARRAY(
           SELECT alias FROM property_aliases a WHERE a.property_id = {record}
           UNION ALL
           SELECT {record} WHERE NOT EXISTS (SELECT FROM property_aliases a
                                              WHERE a.alias = {record})))"""


# Of what is missing, or shares its EasyBroker id with that, what the sitemap listed later than
# anything else did, or than the scan that missed it. All other presence in the sitemap is looked up
# where it is asked for.
_MISSING_BUT_LISTED = f"""
WITH missing AS (
    SELECT l.property_id, coalesce(l.public_id, m.public_id) AS public_id, s.started_at
      FROM properties_live l
      LEFT JOIN property_manifest m USING (property_id)
      LEFT JOIN scraping_sessions s ON s.id = l.missing_session_id
     WHERE l.consecutive_missing_count > 0 AND l.listing_status IN {PRESENT}
), records AS (
    SELECT property_id, max(started_at) AS missed_since
      FROM (SELECT property_id, started_at FROM missing
             UNION ALL
            SELECT o.property_id, NULL FROM missing JOIN property_manifest o USING (public_id)) r
     GROUP BY property_id
)
SELECT r.property_id
  FROM records r LEFT JOIN property_manifest m USING (property_id)
 WHERE {listed_at("r.property_id")}
       > least(coalesce(m.last_seen_at, '-infinity'), r.missed_since)
 ORDER BY r.property_id
"""

# Missing until now, and listed since the scan that missed it.
_RESTORE_LIVE = transition(
    Cause.SITEMAP,
    f"""
      FROM properties_live l
      JOIN scraping_sessions s ON s.id = l.missing_session_id
     WHERE l.property_id = ANY(:records)
       AND l.consecutive_missing_count > 0 AND l.listing_status IN {PRESENT}
       AND {listed_at("l.property_id")} > s.started_at""",
    missing="0",
    session=":session_id",
    reason="'the sitemap lists it'",
)

# Removed, lacked by a complete pass that began after that, and listed anew by an edition younger
# than that pass: of the shard in `listed`, before it is taken in. A URL that the current pass finds
# in another shard was dropped by none.
_REVIVE = transition(
    Cause.SITEMAP,
    f"""
      FROM properties_live l
     WHERE l.listing_status IN {REMOVED}
       AND l.property_id IN (
           SELECT coalesce(a.property_id, n.computed_id)
             FROM listed n
             LEFT JOIN property_aliases a ON a.alias = n.computed_id
             LEFT JOIN sitemap_urls u ON u.computed_id = n.computed_id
             LEFT JOIN sitemap_passes had ON had.session_id = u.session_id
            CROSS JOIN LATERAL (
                  SELECT max(p.started_at) AS at FROM sitemap_passes p
                   WHERE p.is_complete AND p.session_id <> :session_id
                     AND p.started_at < :dated_at) lacked
            WHERE u.shard_url IS NULL
              AND (u.computed_id IS NULL
                   OR lacked.at > greatest(had.started_at, u.listed_at))
              AND lacked.at > coalesce(
                  (SELECT max(c.created_at) FROM property_changes c
                    WHERE c.property_id = coalesce(a.property_id, n.computed_id)
                      AND c.change_type = 'removed'), '-infinity'))""",
    targets={ListingStatus.RELISTED: "true"},
    missing="0",
    session=":session_id",
    reason="'the sitemap lists it again'",
    then="SELECT property_id FROM changed",
)

_TOUCH_MANIFEST = f"""
UPDATE property_manifest m SET last_seen_at = r.listed_at
  FROM (SELECT property_id, {listed_at("o.property_id")} AS listed_at
          FROM property_manifest o WHERE property_id = ANY(:records)
         ORDER BY property_id FOR UPDATE) r
 WHERE m.property_id = r.property_id AND m.last_seen_at < r.listed_at
"""

# What was last seen long before the sitemap listed it last.
_LAGGING = f"""
SELECT m.property_id
  FROM (SELECT coalesce(a.property_id, u.computed_id) AS property_id, max(listed_at) AS listed_at
          FROM {LISTED_URLS} u LEFT JOIN property_aliases a ON a.alias = u.computed_id
         GROUP BY 1) r
  JOIN property_manifest m USING (property_id)
 WHERE m.last_seen_at < r.listed_at - CAST(:lag AS interval)
 ORDER BY m.property_id
"""

# For capture and recapture: who was on pages, who in the sitemap, who in both.
_OVERLAP = f"""
WITH on_pages AS (
    SELECT DISTINCT property_id FROM property_sightings
     WHERE session_id = :session_id
), listed AS (
    SELECT DISTINCT coalesce(a.property_id, u.computed_id) AS property_id
      FROM {LISTED_URLS} u LEFT JOIN property_aliases a ON a.alias = u.computed_id
     WHERE u.session_id = :session_id
)
SELECT (SELECT count(*) FROM on_pages) AS on_pages,
       (SELECT count(*) FROM listed) AS listed,
       (SELECT count(*) FROM on_pages JOIN listed USING (property_id)) AS both
"""


class ListedRepository(Repository):
    """SQL of presence in the sitemap. Every statement may be repeated."""

    async def missing_but_listed(self) -> list[str]:
        """Records that are missing, and listed later than anybody saw them."""
        await self._set_work_mem()
        return [row.property_id for row in await self._run(_MISSING_BUT_LISTED)]

    async def lagging(self, lag: timedelta) -> list[str]:
        """Records whose presence in the sitemap the manifest lags behind by more than this."""
        await self._set_work_mem()
        return [row.property_id for row in await self._run(_LAGGING, lag=lag)]

    async def restore(self, session_id: UUID, records: Sequence[str], *, now: datetime) -> None:
        """Those of these records are no longer missing that were listed since they were missed."""
        listed = list(records)
        await self._run(_RESTORE_LIVE, session_id=session_id, records=listed, now=now)
        await self.touch(listed)

    async def revive(self, session_id: UUID, *, dated_at: datetime, now: datetime) -> list[str]:
        """Relists what was removed, dropped, and is in `listed` again; returns the records."""
        given = {"session_id": session_id, "dated_at": dated_at, "now": now}
        return [row.property_id for row in await self._run(_REVIVE, **given)]

    async def want(self, records: Sequence[str]) -> None:
        """Has the pages of these records fetched."""
        await self._run(
            """UPDATE property_manifest m SET needs_full_scrape = true
                 FROM (SELECT unnest(CAST(:records AS text[])) AS property_id ORDER BY 1) r
                WHERE m.property_id = r.property_id""",
            records=list(records),
        )

    async def touch(self, records: Sequence[str]) -> None:
        """Writes down of these records in the manifest when the sitemap listed them last."""
        await self._run(_TOUCH_MANIFEST, records=list(records))

    async def overlap(self, session_id: UUID) -> Overlap:
        """Who the session saw on pages, who in the sitemap, who in both."""
        await self._set_work_mem()
        return await self._one(Overlap, _OVERLAP, session_id=session_id)
