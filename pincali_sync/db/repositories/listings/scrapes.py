"""Detail pages on their way to `properties_live`, by way of the staging table.

One transaction carries a batch: rows are accepted by lease, staged, journalled and promoted, and
the queue rows finished (see `QueueRepository.finish`), in the lock order queue, live, manifest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from pincali_sync.db.models.listings import PropertyScrapesStaging
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.identity.resolving import SIGHTING, RecordRepository
from pincali_sync.db.repositories.listings.learning import FIRST_PRIORITY, LEARN_FROM_SAMPLE, LEARNT
from pincali_sync.db.repositories.listings.merged import merged
from pincali_sync.db.repositories.prices.price_change import KNOWN_AFTER_VISIT
from pincali_sync.db.repositories.removal.counting import UNLISTED_SCANS
from pincali_sync.db.repositories.removal.transition import LIKELY, REMOVED, transition
from pincali_sync.domain.identity import is_same_slug
from pincali_sync.domain.listing_status import (
    INACTIVE_AFTER,
    OLDER_STATUS,
    Cause,
    ListingStatus,
)
from pincali_sync.domain.prices import offers_as_json
from pincali_sync.items import Property, ScrapeResult

_PAGE = tuple(field.name for field in fields(Property))
_STAGED = tuple(name for name in _PAGE if name in PropertyScrapesStaging.__table__.columns)
_LIVE = (*_PAGE, "price_unit", "data_completeness_score", "verification_status")
_SIGHTED = ("line", "accepted", "computed_id", "asked", "is_elsewhere", "is_sample")
_SCRAPED = (*_LIVE, *_SIGHTED, "change_type")
# The others are no news to anybody who reads the journal.
_JOURNALLED = (*(name for name in _PAGE if name != "property_id"), "price_unit")

# The first visit of an adopted row repairs it: what differs then is no news of the site.
REPAIR = "repair of an adopted row"


def _list(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{column}" for column in columns)


_CREATE_SCRAPED = f"""
CREATE TEMPORARY TABLE scraped ON COMMIT DROP AS
SELECT {_list(_LIVE)}, {SIGHTING}, false AS is_sample,
       '' AS change_type, price AS rejected_price
  FROM properties_live LIMIT 0
"""

# Each is new where no live row says otherwise.
_CLASSIFY = f"""
UPDATE scraped s
   SET change_type = CASE
           WHEN ({_list(_JOURNALLED, "l.")})
                IS DISTINCT FROM ({", ".join(merged(c, "s", "l") for c in _JOURNALLED)})
           THEN 'updated' ELSE 'unchanged' END
  FROM properties_live l WHERE l.property_id = s.property_id
"""

# As shown, also where a person rejected the price.
_SHOWN = ", ".join("coalesce(rejected_price, price)" if c == "price" else c for c in _STAGED)
# A page that the session saw before was news then: its counts are made of these rows.
_INSERT_STAGING = f"""
INSERT INTO property_scrapes_staging AS p
       (session_id, {_list(_STAGED)}, status, scraped_at, created_at, processing_status,
        change_type)
SELECT CAST(:session_id AS uuid), {_SHOWN}, 'active', :now, :now,
       CASE WHEN accepted THEN 'processed' ELSE 'error' END, change_type
  FROM scraped ORDER BY property_id
ON CONFLICT (session_id, property_id) DO UPDATE SET
       {", ".join(f"{c} = excluded.{c}" for c in _STAGED if c != "property_id")},
       scraped_at = excluded.scraped_at, processing_status = excluded.processing_status,
       change_type = CASE WHEN p.processing_status = 'processed' AND p.change_type <> 'unchanged'
                          THEN p.change_type ELSE excluded.change_type END
"""

_JOURNAL = f"""
INSERT INTO property_changes
       (property_id, session_id, change_type, field_name, old_value, new_value, change_reason,
        created_at, city)
SELECT s.property_id, CAST(:session_id AS uuid), change.type, change.field,
       change.old_value, change.new_value,
       CASE WHEN change.type = 'updated' AND l.visits = 0 THEN '{REPAIR}' END,
       CAST(:now AS timestamptz),
       CASE WHEN change.type = 'created' OR change.field = 'price'
            THEN coalesce(s.city, l.city) END
  FROM scraped s
  LEFT JOIN properties_live l ON l.property_id = s.property_id
 CROSS JOIN LATERAL (
        SELECT 'created' AS type, NULL AS field, NULL::jsonb AS old_value, NULL::jsonb AS new_value
         WHERE l.property_id IS NULL
        UNION ALL
        SELECT 'updated', field, old_value, new_value
          FROM (VALUES
               {
    ", ".join(f"('{c}', to_jsonb(l.{c}), to_jsonb({merged(c, 's', 'l')}))" for c in _JOURNALLED)
}
               ) AS v (field, old_value, new_value)
         WHERE l.property_id IS NOT NULL AND old_value IS DISTINCT FROM new_value
       ) AS change
 WHERE s.accepted
 ORDER BY s.property_id, change.field
"""

# What a page or card that says nothing of it leaves as it was.
_KEPT = (
    "last_updated_at",
    "last_manifest_seen_at",
    "currency_at_last_manifest",
    "unit_at_last_manifest",
)
_UPSERT_LIVE = f"""
INSERT INTO properties_live AS l
       ({_list(_LIVE)},
        status, listing_status, consecutive_missing_count,
        scraped_at, last_full_scrape_at, last_seen_at, last_updated_at,
        first_seen_at, last_manifest_seen_at,
        price_at_last_manifest, currency_at_last_manifest, unit_at_last_manifest,
        visits, scrape_priority)
SELECT {_list(_LIVE, "s.")},
       '{OLDER_STATUS[ListingStatus.ACTIVE]}', '{ListingStatus.ACTIVE}', 0,
       :now, :now, :now, CASE WHEN s.change_type <> 'unchanged' THEN :now END,
       coalesce(m.first_seen_at, :now), m.last_seen_at,
       known.price, known.currency, known.unit,
       1, {FIRST_PRIORITY}
  FROM scraped s
  LEFT JOIN property_manifest m ON m.property_id = s.property_id
 CROSS JOIN LATERAL ({KNOWN_AFTER_VISIT}) known
 WHERE s.accepted
 ORDER BY s.property_id
ON CONFLICT (property_id) DO UPDATE SET
       {", ".join(f"{c} = {merged(c, 'excluded', 'l')}" for c in _LIVE if c != "property_id")},
       scraped_at = :now, last_full_scrape_at = :now, last_seen_at = :now,
       {", ".join(f"{c} = coalesce(excluded.{c}, l.{c})" for c in _KEPT)},
       price_at_last_manifest =
           CASE WHEN excluded.currency_at_last_manifest IS NULL
                THEN l.price_at_last_manifest ELSE excluded.price_at_last_manifest END,
       {", ".join(f"{c} = {learnt}" for c, learnt in LEARNT.items())}, updated_at = now()
"""

# A good detail page proves that the listing is there, and nothing of its being listed: what no
# certified list showed for long stays off the market, what was removed starts from nothing. After
# the upsert, which has locked the rows in their order. Only what was adopted as missing, and was
# counted so by no scan since, is repaired: of anything else the feed told that it was missing.
_REACTIVATE_LIVE = transition(
    Cause.PAGE,
    f"""
      FROM scraped s
      JOIN properties_live l ON l.property_id = s.property_id
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     CROSS JOIN LATERAL (
           SELECT CASE WHEN l.listing_status IN {REMOVED} THEN 0
                       ELSE least(l.consecutive_missing_count, {UNLISTED_SCANS})
                  END AS missing) page
     WHERE s.accepted
       AND (l.listing_status <> '{ListingStatus.ACTIVE}' OR l.consecutive_missing_count > 0
            OR l.status IS DISTINCT FROM '{OLDER_STATUS[ListingStatus.ACTIVE]}')""",
    targets={
        ListingStatus.ACTIVE: f"l.listing_status <> {LIKELY} OR page.missing < {INACTIVE_AFTER}"
    },
    carried=[
        f"l.visits = 1 AND l.listing_status = {LIKELY} AND l.missing_session_id IS NULL"
        " AS is_repair",
        "page.missing",
    ],
    missing="r.missing",
    session=":session_id",
    reason=f"CASE WHEN r.is_repair THEN '{REPAIR}' END",
)

# Under its former slug the record is not asked for, nor taken for the one that has it now. A card
# that goes on showing the former one is the later word again, and no familiar one.
_SETTLE_MANIFEST = """
UPDATE property_manifest m
   SET is_new = false, needs_full_scrape = false, price_changed = false, card_signals = 0,
       public_id = coalesce(m.public_id, s.public_id),
       card_digest = CASE WHEN s.public_id IS NULL OR s.source_url = m.source_url
                          THEN m.card_digest END,
       source_url = CASE WHEN s.public_id IS NULL THEN m.source_url ELSE s.source_url END
  FROM (SELECT property_id, public_id, source_url
          FROM scraped WHERE accepted ORDER BY property_id) s
 WHERE m.property_id = s.property_id
"""

# Two pages of one record, asked for under two slugs: one is enough.
_ONE_A_RECORD = """
DELETE FROM scraped s USING scraped o
 WHERE o.property_id = s.property_id AND (o.accepted, o.line) > (s.accepted, s.line)
"""

# Before anything is compared with them: what another worker saves, or a person decides, meanwhile
# would be journalled twice, or written over. In the order in which a person's decision takes them.
_LOCK = (
    """SELECT 1 FROM price_reviews r JOIN scraped s USING (property_id)
        WHERE r.status = 'open' ORDER BY r.property_id FOR UPDATE OF r""",
    """SELECT 1 FROM properties_live l JOIN scraped s USING (property_id)
        WHERE s.accepted ORDER BY l.property_id FOR NO KEY UPDATE OF l""",
)


class ScrapeRepository(Repository):
    """Staging and promotion."""

    async def load(self, results: Sequence[ScrapeResult], *, now: datetime) -> None:
        """Copies pages, judged, into the transaction's `scraped`, finds each one's record, and
        locks it.

        A page belongs to the record with the EasyBroker id that it shows, whoever asked for it.
        """
        await self._run(_CREATE_SCRAPED)
        await self._load("scraped", _SCRAPED, map(_row, count(), results))
        if await RecordRepository(self._connection).find_records("scraped", now=now):
            await self._run(_ONE_A_RECORD)
        for statement in _LOCK:
            await self._run(statement)

    async def stage(self, *, session_id: UUID, now: datetime) -> dict[str, int]:
        """Writes the batch to staging; returns how many pages are new, updated, unchanged against
        the live rows, and how many were rejected."""
        await self._run(_CLASSIFY)
        await self._run(_INSERT_STAGING, session_id=session_id, now=now)
        return await self._pairs(
            """SELECT CASE WHEN accepted THEN change_type ELSE 'rejected' END, count(*)
                 FROM scraped GROUP BY 1"""
        )

    async def promote(self, *, session_id: UUID, now: datetime) -> None:
        """Journals the differences, upserts the live rows and settles the manifest's flags."""
        await self._run(LEARN_FROM_SAMPLE, now=now)
        await self._run(_JOURNAL, session_id=session_id, now=now)
        await self._run(_UPSERT_LIVE, now=now)
        await self._run(_REACTIVATE_LIVE, session_id=session_id, now=now)
        await self._run(_SETTLE_MANIFEST)
        await RecordRepository(self._connection).move_slugs("scraped", now=now)


def _row(line: int, result: ScrapeResult) -> Sequence[Any]:
    page, verdict = result.scraped, result.verdict
    assert page is not None
    assert verdict is not None
    values: dict[str, Any] = {name: getattr(page, name) for name in _PAGE}
    for name in ("features", "amenities", "image_urls"):
        values[name] = json.dumps(values[name], ensure_ascii=False) if values[name] else None
    values |= {
        "property_id": result.queued.property_id,  # until its record is found
        "line": line,
        "computed_id": page.property_id,
        "asked": result.queued.property_id,
        "is_sample": result.queued.queue_reason == "random_sample",
        "is_elsewhere": not is_same_slug(page.source_url, result.queued.source_url),
        "offers": offers_as_json(page.offers),
        "price_unit": page.price_unit,
        "accepted": verdict.accepted,
        "change_type": "new",
        "data_completeness_score": verdict.completeness,
        "verification_status": "flagged" if verdict.warnings else "unverified",
    }
    return [values[column] for column in _SCRAPED]
