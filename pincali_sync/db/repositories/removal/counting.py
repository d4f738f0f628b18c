"""Who is missing: live rows that a certified scan did not see, or that the sitemap dropped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.corners import may_be_in
from pincali_sync.db.repositories.removal.transition import LIKELY, PRESENT, transition
from pincali_sync.db.repositories.site.listed import IN_A_COMPLETE_ONE, LISTED_URLS, listed_at
from pincali_sync.domain.coverage import Certificate
from pincali_sync.domain.listing_status import (
    INACTIVE_AFTER,
    LIKELY_AFTER,
    UNLISTED,
    Cause,
    ListingStatus,
)
from pincali_sync.domain.liveness import Verdict
from pincali_sync.domain.tiers import ListingSource


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRemovalCandidate:
    """A listing that two certified scans in a row did not see."""

    property_id: str
    source_url: str
    last_seen_at: datetime | None
    consecutive_missing_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsettledListing(PropertyRemovalCandidate):
    """A listing that no certified list showed for long, and what its page answered last."""

    public_id: str | None
    title: str | None
    verdict: str | None  # alive: it is off the market; None: its page was not looked at
    evidence: str | None
    checked_at: datetime | None

    @property
    def is_off_market(self) -> bool:
        """Whether its page is there: that is known of it, and it waits for nobody."""
        return self.verdict == Verdict.ALIVE

    @property
    def state(self) -> str:
        """What is known of it, in a word or two."""
        return "off the market" if self.is_off_market else self.verdict or "not looked at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many listings are missing for long."""

    unsettled: int  # without a verdict: they wait for a person
    off_market: int  # their pages are there


# What was seen so shortly before a scan began counts as seen since: clocks differ, the site's too,
# which dates its sitemap, and no doubt removes a listing.
DOUBT = "5 minutes"
_ALL_SOURCES = "ARRAY[{}]".format(", ".join(f"'{each}'" for each in ListingSource))


def _covered_by(complete: str) -> str:
    """Whether sources are all that a record was seen in; of unknown origin, it may be in any."""
    return f"""CASE WHEN coalesce(m.sources, '{{}}') = '{{}}' THEN {complete} @> {_ALL_SOURCES}
                ELSE m.sources <@ {complete} END"""


# How many certified scans of all its sources there were since anything listed a record, that looked
# where it may be. The sitemap's word is not among them: it lacks a tenth always.
UNLISTED_SCANS = f"""(
    SELECT count(*) FROM (
        SELECT FROM scan_certificates c
         WHERE c.proves_absence AND c.started_at > coalesce(m.last_seen_at, '-infinity')
           AND NOT {may_be_in("c.holes")}
         GROUP BY c.session_id HAVING {_covered_by("array_agg(c.source::text)")}) scans)"""


def _absent(complete: str, besides: str) -> str:
    """Whom no page showed since a scan began, although it looked through their sources.

    Their own pages prove no presence here: those may stay long after a listing left the lists.
    """
    return f"""
      FROM properties_live l
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     CROSS JOIN ({complete}) complete
     WHERE l.listing_status IN {PRESENT} AND {besides}
       AND coalesce(m.last_seen_at, '-infinity') < :began - interval '{DOUBT}'
       AND {_covered_by("complete.sources")}"""


# Looked up record by record, of the few that are absent otherwise: in the statement that joins all
# records, it would keep the planner from doing so in parallel.
_FOR_CERTAIN = f"""
       AND NOT {may_be_in("complete.corners")}
       AND coalesce(greatest(m.last_seen_at, {listed_at("l.property_id")}), '-infinity')
           < :began - interval '{DOUBT}'"""


_NOT_COUNTED = "l.missing_session_id IS DISTINCT FROM CAST(:session_id AS uuid)"
_CERTIFIED = """
SELECT coalesce(array_agg(c.source::text), '{}') AS sources,
       jsonb_agg(corner || jsonb_build_object('source', c.source))
           FILTER (WHERE corner IS NOT NULL) AS corners
  FROM scan_certificates c LEFT JOIN jsonb_array_elements(c.holes) AS corner ON true
 WHERE c.session_id = CAST(:session_id AS uuid) AND c.proves_absence"""

# Not named by this complete sitemap although an earlier complete one had it, and not seen by anyone
# since the first that lacked it. Most of what a sitemap lacks is alive: it lacks a tenth always.
_DELISTED = f"""
      FROM sitemap_passes this
      JOIN {LISTED_URLS} u ON u.session_id <> this.session_id AND u.listed_at < this.dated_at
      JOIN sitemap_passes had ON had.session_id = u.session_id AND {IN_A_COMPLETE_ONE}
      LEFT JOIN property_aliases a ON a.alias = u.computed_id
      JOIN properties_live l ON l.property_id = coalesce(a.property_id, u.computed_id)
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     CROSS JOIN LATERAL (SELECT min(dated_at) AS lacked_at FROM sitemap_passes
                          WHERE is_complete AND dated_at > u.listed_at) first
     WHERE this.session_id = CAST(:session_id AS uuid) AND this.is_complete
       AND l.listing_status IN {PRESENT} AND {_NOT_COUNTED}
       AND (CAST(:most AS integer) IS NULL OR l.consecutive_missing_count < :most)
       AND greatest(m.last_seen_at, l.last_full_scrape_at, '-infinity')
           < first.lacked_at - interval '{DOUBT}'"""
_ONCE_MORE = "l.consecutive_missing_count + 1"
# Unseen for as long as so many weekly scans take, and not looked at, it would have been missing in
# each of them: none was made, since the site refused, or none was certified.
_AS_IF_SCANNED = f"""CASE WHEN l.consecutive_missing_count < {LIKELY_AFTER}
         AND greatest(m.last_seen_at, l.last_full_scrape_at)
             < :began - interval '{LIKELY_AFTER} weeks'
         AND NOT EXISTS (SELECT FROM removal_checks c WHERE c.property_id = l.property_id
                            AND c.checked_at > coalesce(m.last_seen_at, '-infinity'))
         THEN {LIKELY_AFTER} ELSE {_ONCE_MORE} END"""
# A person's word since anything listed it: see `settlement`.
_KEPT = f"""EXISTS (
    SELECT FROM removal_checks c
     WHERE c.property_id = l.property_id AND c.verdict = '{Verdict.ALIVE}'
       AND c.http_status IS NULL AND c.checked_at > coalesce(m.last_seen_at, '-infinity'))"""


def _count(absent: str, times: str = _ONCE_MORE) -> str:
    """How often each is missing from now on, once a session: `missing_session_id` says who counted
    last."""
    # Why what was active until now is no more: not for want of an answer.
    unlisted = f"""CASE WHEN {times} >= {INACTIVE_AFTER} THEN
    CASE WHEN l.last_full_scrape_at > coalesce(m.last_seen_at, '-infinity')
         THEN 'its page is there, but ' ELSE '' END
    || '{UNLISTED}'
    || coalesce(' since ' || to_char(m.last_seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), '')
END AS unlisted"""
    return transition(
        Cause.MISSING,
        f"{absent} AND l.property_id = ANY(:records)",
        targets={
            ListingStatus.LIKELY_REMOVED: f"{times} >= {INACTIVE_AFTER} "
            f"OR {times} >= {LIKELY_AFTER} AND NOT {_KEPT}"
        },
        carried=[unlisted, f"{times} AS times"],
        missing="r.times",
        also=["missing_session_id = CAST(:session_id AS uuid)"],
        session=":session_id",
        reason="r.unlisted",
    )


_ABSENT = _absent(_CERTIFIED, _NOT_COUNTED)
FIND_ABSENT = f"SELECT l.property_id {_ABSENT} ORDER BY l.property_id"
_COUNT_ABSENT = _count(_ABSENT + _FOR_CERTAIN, _AS_IF_SCANNED)
_FIND_DELISTED = f"SELECT DISTINCT l.property_id {_DELISTED} ORDER BY l.property_id"
_COUNT_DELISTED = _count(
    f"""{_DELISTED}
       AND greatest(m.last_seen_at, {listed_at("l.property_id")})
           < first.lacked_at - interval '{DOUBT}'"""
)
# The latest answer of a record's page since anything listed it.
LATEST_CHECK = """
  LEFT JOIN LATERAL (
      SELECT verdict, evidence, checked_at FROM removal_checks
       WHERE property_id = l.property_id
         AND checked_at > coalesce(m.last_seen_at, '-infinity')
       ORDER BY checked_at DESC, applied_at IS NULL LIMIT 1) c ON true"""
# Missing for long.
_UNSETTLED_ROWS = f"""
  FROM properties_live l
  LEFT JOIN property_manifest m ON m.property_id = l.property_id
  {LATEST_CHECK}
 WHERE l.listing_status = {LIKELY} AND l.consecutive_missing_count >= {INACTIVE_AFTER}"""
# What a count would find, without one being written: what a dry run reports.
_PREVIEW = f"""
SELECT count(*) AS missing, count(*) FILTER (WHERE {_AS_IF_SCANNED} >= {LIKELY_AFTER}) AS likely
{
    _absent(
        "SELECT CAST(:complete AS text[]) AS sources, CAST(:corners AS jsonb) AS corners",
        "NOT EXISTS (SELECT 1 FROM seen s WHERE s.property_id = l.property_id)",
    )
}{_FOR_CERTAIN}"""
_CANDIDATE = """
       l.property_id, coalesce(m.source_url, l.source_url) AS source_url,
       coalesce(m.last_seen_at, l.last_seen_at) AS last_seen_at, l.consecutive_missing_count"""
# Likely removed by a pass of no run, and not looked at since. Each tick asks; such a pass is rare.
_OF_NO_RUN = f"""
SELECT p.session_id FROM sitemap_passes p
 WHERE NOT EXISTS (SELECT FROM sync_runs r WHERE r.session_id = p.session_id)
   AND EXISTS (SELECT FROM properties_live l
                WHERE l.missing_session_id = p.session_id AND l.listing_status = {LIKELY}
                  AND l.consecutive_missing_count = {LIKELY_AFTER}
                  AND NOT EXISTS (SELECT FROM removal_checks c
                                   WHERE c.property_id = l.property_id
                                     AND c.missed_session_id = p.session_id))"""
_CANDIDATES = f"""
SELECT {_CANDIDATE}
  FROM properties_live l LEFT JOIN property_manifest m ON m.property_id = l.property_id
 WHERE l.listing_status = {LIKELY} AND l.missing_session_id = CAST(:session_id AS uuid)
   AND l.consecutive_missing_count >= {LIKELY_AFTER} ORDER BY l.property_id"""
_COUNTS = f"""
       count(*) FILTER (WHERE c.verdict = '{Verdict.ALIVE}' IS NOT TRUE) {{over}} AS unsettled,
       count(*) FILTER (WHERE c.verdict = '{Verdict.ALIVE}') {{over}} AS off_market"""
WAITING = f"SELECT {_COUNTS.format(over='')} {_UNSETTLED_ROWS}"
# What waits for a person first; of all of them, how many there are.
_UNSETTLED = f"""
SELECT {_CANDIDATE}, coalesce(l.public_id, m.public_id) AS public_id, l.title,
       c.verdict, c.evidence, c.checked_at, {_COUNTS.format(over="OVER ()")}
{_UNSETTLED_ROWS}
 ORDER BY c.verdict = '{Verdict.ALIVE}' IS TRUE, l.consecutive_missing_count DESC, l.property_id
 LIMIT :limit"""


class MissingRepository(Repository):
    """SQL of absence. Every statement may be repeated without counting anything twice."""

    async def absent(self, session_id: UUID, *, began: datetime) -> list[str]:
        """Listings that the session's certified scans did not see and that it did not count yet."""
        await self._set_work_mem()
        rows = await self._run(FIND_ABSENT, session_id=session_id, began=began)
        return list(rows.scalars())

    async def delisted(self, session_id: UUID, *, most: int | None = None) -> list[str]:
        """Listings that the session's sitemap dropped and that it did not count yet; of those
        missing fewer than `most` times."""
        await self._set_work_mem()
        found = await self._run(_FIND_DELISTED, session_id=session_id, most=most)
        return list(found.scalars())

    async def count_absent(
        self, session_id: UUID, records: Sequence[str], *, began: datetime, now: datetime
    ) -> int:
        """Adds one to the missing count of those of these listings that are still absent."""
        given = {"records": list(records), "began": began, "now": now}
        return await self._number(_COUNT_ABSENT, session_id=session_id, **given)

    async def count_delisted(
        self, session_id: UUID, records: Sequence[str], *, most: int | None = None, now: datetime
    ) -> int:
        """Likewise, of those that the sitemap still lacks."""
        given = {"records": list(records), "most": most, "now": now}
        return await self._number(_COUNT_DELISTED, session_id=session_id, **given)

    async def preview(
        self, seen: Sequence[str], certificates: Sequence[Certificate], *, began: datetime
    ) -> tuple[int, int]:
        """How many would be missing had only these been seen, and how many for the second time."""
        proving = [each for each in certificates if each.proves_absence]
        corners = [asdict(c) | {"source": each.source} for each in proving for c in each.corners]
        await self._run("CREATE TEMPORARY TABLE seen (property_id varchar(255)) ON COMMIT DROP")
        await self._load("seen", ("property_id",), ((each,) for each in seen))
        given = {"complete": [each.source for each in proving], "corners": json.dumps(corners)}
        row = (await self._run(_PREVIEW, began=began, **given)).one()
        return row.missing, row.likely

    async def candidates(self, session_id: UUID) -> list[PropertyRemovalCandidate]:
        """Whom the session missed, and one before it."""
        return await self._all(PropertyRemovalCandidate, _CANDIDATES, session_id=session_id)

    async def of_no_run(self) -> list[UUID]:
        """Sessions of sitemaps, read outside of runs, whose dropped listings wait for a look."""
        return list((await self._run(_OF_NO_RUN)).scalars())

    async def unsettled(self, limit: int = 100) -> list[UnsettledListing]:
        """The listings of a `survey`."""
        return (await self.survey(limit))[0]

    async def survey(self, limit: int = 100) -> tuple[list[UnsettledListing], Waiting]:
        """Listings missing for long, and how many there are: those first that nobody settled."""
        rows = await self._all(dict, _UNSETTLED, limit=limit)
        counts = [(row.pop("unsettled"), row.pop("off_market")) for row in rows] or [(0, 0)]
        waiting = Waiting(unsettled=counts[0][0], off_market=counts[0][1])
        return [UnsettledListing(**row) for row in rows], waiting

    async def waiting(self) -> Waiting:
        """How many those are."""
        return await self._one(Waiting, WAITING)
