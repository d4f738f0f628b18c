"""A compared batch of listing pages into the live table and the manifest; the pages themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.identity.resolving import RecordRepository
from pincali_sync.db.repositories.removal.transition import LIKELY, transition
from pincali_sync.db.repositories.scan.manifest_batch import OPTIONAL_FIELDS, PageChanges
from pincali_sync.domain.freshness import CardSignal
from pincali_sync.domain.identity import CANONICAL_ROOT
from pincali_sync.domain.listing_status import Cause, ChangeType
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.walk_summary import WalkSummary
from pincali_sync.items import LostPage, ManifestEntry, ManifestPage

_UPDATE_LIVE = transition(
    Cause.CARD,
    f"""
      FROM batch b JOIN properties_live l ON l.property_id = b.property_id
     WHERE b.is_relisted OR b.listing_status = {LIKELY}
        OR b.consecutive_missing_count > 0 OR b.price_change IS NOT NULL OR b.is_settled""",
    carried=[
        "b.price_change IS NOT NULL OR b.is_settled AS is_said",
        "b.amount",
        "b.currency",
        "b.unit",
    ],
    missing="0",
    also=[
        f"{column}_at_last_manifest = CASE WHEN r.is_said "
        f"THEN r.{value} ELSE l.{column}_at_last_manifest END"
        for column, value in {"price": "amount", "currency": "currency", "unit": "unit"}.items()
    ],
    session=":session_id",
)

# A slug that changed. An adopted row keeps its form of the URL until its page is visited.
_FOLLOW_SLUGS = f"""
WITH moved AS (
    SELECT l.property_id, l.source_url AS old_url, b.source_url AS new_url
      FROM batch b JOIN properties_live l ON l.property_id = b.property_id
     WHERE b.public_id IS NOT NULL AND b.live_url <> b.source_url
       AND starts_with(b.live_url, '{CANONICAL_ROOT}')
     ORDER BY l.property_id FOR UPDATE OF l
), followed AS (
    UPDATE properties_live l SET source_url = m.new_url, last_updated_at = :now
      FROM moved m WHERE l.property_id = m.property_id
)
INSERT INTO property_changes
       (property_id, session_id, change_type, field_name, old_value, new_value, created_at)
SELECT property_id, CAST(:session_id AS uuid), '{ChangeType.UPDATED}', 'source_url',
       to_jsonb(old_url), to_jsonb(new_url), CAST(:now AS timestamptz)
  FROM moved ORDER BY property_id
"""

# What a card shows that an earlier one showed otherwise, until the record's page is visited.
_SHOWN = {
    CardSignal.TITLE: ["listing_page_title"],
    CardSignal.PHOTO: ["main_image_url"],
    CardSignal.FACTS: ["property_type", "bedrooms", "bathrooms", "total_area_m2"],
    CardSignal.PLACE: ["neighborhood", "city", "latitude", "longitude", "exact_location"],
    CardSignal.OFFERS: ["offers"],
}
_SIGNALS = " | ".join(
    f"CASE WHEN {' OR '.join(f'excluded.{name} <> m.{name}' for name in names)} "
    f"THEN {signal.value} ELSE 0 END"
    for signal, names in _SHOWN.items()
)

# A card that has offers, and says nothing of the live operation. What is known of that stays as it
# was; and the card is no familiar one, being another than it was read from.
_IS_ASIDE = "{row}.offers <> '[]'::jsonb AND {row}.{operation} IS NULL"
_KEEPS = _IS_ASIDE.format(row="excluded", operation="operation_type")
_PRICE = ", ".join(
    f"{name} = CASE WHEN {_KEEPS} THEN m.{name} ELSE excluded.{name} END"
    for name in ("listing_page_price", "operation_type", "currency", "price_unit")
)

# What a card leaves out stays as an earlier one told it.
_UPSERT_MANIFEST = f"""
INSERT INTO property_manifest AS m
       (property_id, source_url, listing_page_price, listing_page_title,
        first_seen_at, last_seen_at, seen_in_session_id,
        is_new, needs_full_scrape, price_changed,
        public_id, offers, operation_type, currency, price_unit,
        {", ".join(OPTIONAL_FIELDS)}, card_digest, sources)
SELECT property_id, source_url, amount, left(title, 500),
       :now, :now, CAST(:session_id AS uuid),
       NOT is_live, NOT is_live OR is_relisted OR price_change IS NOT NULL,
       price_change IS NOT NULL,
       public_id, offers, operation, currency, coalesce(unit, 'total'),
       {", ".join(OPTIONAL_FIELDS)},
       CASE WHEN NOT ({_IS_ASIDE.format(row="b", operation="operation")}) THEN card_digest END,
       sources
  FROM batch b
 ORDER BY property_id
ON CONFLICT (property_id) DO UPDATE SET
    source_url = excluded.source_url,
    {_PRICE},
    listing_page_title = excluded.listing_page_title,
    last_seen_at = greatest(m.last_seen_at, excluded.last_seen_at),
    seen_in_session_id = excluded.seen_in_session_id,
    is_new = excluded.is_new,
    needs_full_scrape = m.needs_full_scrape OR excluded.needs_full_scrape,
    price_changed = m.price_changed OR excluded.price_changed,
    public_id = coalesce(m.public_id, excluded.public_id),
    offers = excluded.offers,
    card_digest = excluded.card_digest,
    {", ".join(f"{name} = coalesce(excluded.{name}, m.{name})" for name in OPTIONAL_FIELDS)},
    card_signals = CASE WHEN excluded.is_new OR m.sources = '{{}}' THEN 0
                        ELSE m.card_signals | {_SIGNALS} END,
    sources = CASE WHEN excluded.sources <@ m.sources THEN m.sources
                   ELSE ARRAY(SELECT DISTINCT s FROM unnest(m.sources || excluded.sources) AS s
                              ORDER BY s) END
"""

_INSERT_SIGHTINGS = """
INSERT INTO property_sightings (session_id, source, part, page_number, property_id, seen_at)
SELECT DISTINCT CAST(:session_id AS uuid), source, part, page_number, property_id,
       CAST(:now AS timestamptz)
  FROM incoming
ON CONFLICT DO NOTHING
"""

# New and changed entries add up: a page read again after a crash finds only what is new since.
_UPSERT_READ = """
INSERT INTO manifest_pages AS p
       (session_id, source, part, page_number, url, status, job_id,
        declared_total, declared_pages, entries, dropped, priced_entries, new_entries,
        changed_entries, facts, fetched_at)
SELECT DISTINCT ON (source, part, page_number)
       CAST(:session_id AS uuid), source, part, page_number, url, 'read',
       CAST(:job_id AS uuid), declared_total, declared_pages, entries, dropped, priced_entries,
       new_entries, changed_entries, facts, CAST(:now AS timestamptz)
  FROM ROWS FROM (jsonb_to_recordset(CAST(:pages AS jsonb)) AS (
           source text, part text, page_number integer, url text, declared_total integer,
           declared_pages integer, entries integer, dropped integer, priced_entries integer,
           new_entries integer, changed_entries integer, facts jsonb)) WITH ORDINALITY
 ORDER BY source, part, page_number, ordinality DESC
ON CONFLICT (session_id, source, part, page_number) DO UPDATE SET
    url = excluded.url, status = excluded.status, job_id = excluded.job_id, error = NULL,
    declared_total = excluded.declared_total, declared_pages = excluded.declared_pages,
    entries = excluded.entries, dropped = excluded.dropped,
    priced_entries = excluded.priced_entries,
    new_entries = p.new_entries + excluded.new_entries,
    changed_entries = p.changed_entries + excluded.changed_entries,
    facts = excluded.facts, fetched_at = excluded.fetched_at
"""

# A page that was read once stays read: a later attempt's failure takes nothing away.
_UPSERT_LOST = """
INSERT INTO manifest_pages AS p
       (session_id, source, part, page_number, url, status, job_id, error, fetched_at)
VALUES (:session_id, :source, :partition, :page_number, :url, 'lost', :job_id, :error, :now)
ON CONFLICT (session_id, source, part, page_number) DO UPDATE
   SET error = excluded.error, fetched_at = excluded.fetched_at, job_id = excluded.job_id
 WHERE p.status = 'lost'
"""

_PAGES_READ = """
SELECT part, page_number, facts FROM manifest_pages
 WHERE session_id = CAST(:session_id AS uuid) AND source = :source
   AND status = 'read' AND facts IS NOT NULL
"""

_UPSERT_WALK = """
INSERT INTO manifest_walks
       (session_id, source, parts, pages_wanted, total_at_start, total_at_end,
        unpriced_wanted, unpriced_found, gaps, holes, finished_at)
VALUES (:session_id, :source, :parts, :pages_wanted, :total_at_start, :total_at_end,
        :unpriced_wanted, :unpriced_found, CAST(:gaps AS jsonb),
        CAST(:holes AS jsonb), :now)
ON CONFLICT (session_id, source) DO UPDATE SET
    parts = excluded.parts, pages_wanted = excluded.pages_wanted,
    total_at_start = excluded.total_at_start, total_at_end = excluded.total_at_end,
    unpriced_wanted = excluded.unpriced_wanted, unpriced_found = excluded.unpriced_found,
    gaps = excluded.gaps, holes = excluded.holes, finished_at = excluded.finished_at
"""


_FACTS = TypeAdapter(PageFacts)


class ManifestStoreRepository(Repository):
    """Stores what `ManifestBatchRepository` staged and compared in the same transaction.

    With `manifest_pages` and `manifest_walks`: what was read or lost, and where a scan goes on. The
    job that sends them is written beside them.
    """

    async def apply_to_live(self, *, session_id: UUID, now: datetime) -> None:
        """What a sighting alone proves of live rows: there again, another price, another slug.

        Rows that need no change are not touched: live rows are wide, indexed and have triggers.
        """
        await self._run(_UPDATE_LIVE, session_id=session_id, now=now)
        await self._run(_FOLLOW_SLUGS, session_id=session_id, now=now)

    async def store(self, *, session_id: UUID, now: datetime) -> None:
        """Upserts the manifest and records sightings and aliases."""
        await self._run(_UPSERT_MANIFEST, session_id=session_id, now=now)
        await RecordRepository(self._connection).move_slugs("incoming", now=now)
        await self._run(_INSERT_SIGHTINGS, session_id=session_id, now=now)

    async def record_read(
        self,
        pages: Sequence[ManifestPage],
        changes: Mapping[tuple[str, str, int], PageChanges],
        *,
        session_id: UUID,
        job_id: UUID,
        now: datetime,
    ) -> None:
        """Records pages, with the numbers of records that each showed as new and as changed."""
        read = json.dumps([_row(page, changes) for page in pages])
        await self._run(_UPSERT_READ, pages=read, session_id=session_id, job_id=job_id, now=now)

    async def record_lost(
        self, page: LostPage, *, session_id: UUID, job_id: UUID, now: datetime
    ) -> None:
        """Writes down a page that could not be read."""
        await self._run(_UPSERT_LOST, **asdict(page), session_id=session_id, job_id=job_id, now=now)

    async def read_before(self, session_id: UUID, source: str) -> dict[tuple[str, int], PageFacts]:
        """The checkpoints: what earlier attempts at a scan read, by partition and page number."""
        result = await self._run(_PAGES_READ, session_id=session_id, source=source)
        return {
            (row.part, row.page_number): replace(
                _FACTS.validate_python(row.facts), was_read_before=True
            )
            for row in result
        }

    async def record_walk(self, walk: WalkSummary, *, session_id: UUID, now: datetime) -> None:
        """Writes down that a source's walk came to its end; the last one stands."""
        values = asdict(walk)
        lists = {name: json.dumps(values[name]) for name in ("gaps", "holes")}
        values |= {"source": walk.source.value, **lists}
        await self._run(_UPSERT_WALK, **values, session_id=session_id, now=now)


def _row(page: ManifestPage, changes: Mapping[tuple[str, str, int], PageChanges]) -> dict[str, Any]:
    changed = changes.get((page.source, page.partition, page.page_number))
    return {
        "source": page.source,
        "part": page.partition,
        "page_number": page.page_number,
        "url": page.url,
        "declared_total": page.page.total_listings,
        "declared_pages": page.page.total_pages,
        "entries": len(page.page.entries),
        "dropped": len(page.page.unreadable_cards),
        "priced_entries": sum(map(_shows_price, page.page.entries)),
        "new_entries": changed.new_entries if changed else 0,
        "changed_entries": changed.changed_entries if changed else 0,
        "facts": None if page.facts is None else _FACTS.dump_python(page.facts, mode="json"),
    }


def _shows_price(entry: ManifestEntry) -> bool:
    return any(offer.amount is not None for offer in entry.offers)
