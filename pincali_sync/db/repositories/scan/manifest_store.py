"""A compared batch of listing pages into the live table and the manifest."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.transition import LIKELY, transition
from pincali_sync.db.repositories.scan.manifest_batch import OPTIONAL_FIELDS
from pincali_sync.domain.listing_status import Cause

_UPDATE_LIVE = transition(
    Cause.CARD,
    f"""
      FROM batch b JOIN properties_live l ON l.property_id = b.property_id
     WHERE b.is_relisted OR b.listing_status = {LIKELY}
        OR b.consecutive_missing_count > 0 OR b.price_change IS NOT NULL""",
    carried=["b.price_change", "b.amount", "b.currency", "b.unit"],
    missing="0",
    also=[
        f"{column}_at_last_manifest = CASE WHEN r.price_change IS NULL "
        f"THEN l.{column}_at_last_manifest ELSE r.{value} END"
        for column, value in {"price": "amount", "currency": "currency", "unit": "unit"}.items()
    ],
    session=":session_id",
)

# What a card leaves out stays as an earlier one told it.
_UPSERT_MANIFEST = f"""
INSERT INTO property_manifest AS m
       (property_id, source_url, listing_page_price, listing_page_title,
        first_seen_at, last_seen_at, seen_in_session_id,
        is_new, needs_full_scrape, price_changed,
        public_id, offers, operation_type, currency, price_unit,
        {", ".join(OPTIONAL_FIELDS)}, sources)
SELECT property_id, source_url, amount, left(title, 500),
       :now, :now, CAST(:session_id AS uuid),
       NOT is_live, NOT is_live OR is_relisted OR price_change IS NOT NULL,
       price_change IS NOT NULL,
       public_id, offers, operation, currency, coalesce(unit, 'total'),
       {", ".join(OPTIONAL_FIELDS)},
       ARRAY(SELECT DISTINCT s FROM unnest(sources) AS s ORDER BY s)
  FROM batch
 ORDER BY property_id
ON CONFLICT (property_id) DO UPDATE SET
    source_url = excluded.source_url,
    listing_page_price = excluded.listing_page_price,
    listing_page_title = excluded.listing_page_title,
    last_seen_at = greatest(m.last_seen_at, excluded.last_seen_at),
    seen_in_session_id = excluded.seen_in_session_id,
    is_new = excluded.is_new,
    needs_full_scrape = m.needs_full_scrape OR excluded.needs_full_scrape,
    price_changed = m.price_changed OR excluded.price_changed,
    public_id = coalesce(m.public_id, excluded.public_id),
    offers = excluded.offers,
    operation_type = excluded.operation_type,
    currency = excluded.currency,
    price_unit = excluded.price_unit,
    {", ".join(f"{name} = coalesce(excluded.{name}, m.{name})" for name in OPTIONAL_FIELDS)},
    sources = CASE WHEN excluded.sources <@ m.sources THEN m.sources
                   ELSE ARRAY(SELECT DISTINCT s FROM unnest(m.sources || excluded.sources) AS s
                              ORDER BY s) END
"""

_INSERT_ALIASES = """
INSERT INTO property_aliases (alias, property_id, source_url, created_at)
SELECT DISTINCT ON (computed_id) computed_id, property_id, source_url, CAST(:now AS timestamptz)
  FROM incoming
 WHERE NOT conflict AND computed_id <> property_id
 ORDER BY computed_id
ON CONFLICT (alias) DO NOTHING
"""

_INSERT_SIGHTINGS = """
INSERT INTO property_sightings (session_id, source, part, page_number, property_id, seen_at)
SELECT DISTINCT CAST(:session_id AS uuid), source, part, page_number, property_id,
       CAST(:now AS timestamptz)
  FROM incoming WHERE NOT conflict
ON CONFLICT DO NOTHING
"""


class ManifestStoreRepository(Repository):
    """Stores what `ManifestBatchRepository` staged and compared in the same transaction."""

    async def apply_to_live(self, *, session_id: UUID, now: datetime) -> None:
        """What a sighting alone proves of live rows: present again, or shown at another price.

        Rows that need no change are not touched: live rows are wide, indexed and have triggers.
        """
        await self._run(_UPDATE_LIVE, session_id=session_id, now=now)

    async def store(self, *, session_id: UUID, now: datetime) -> None:
        """Upserts the manifest and records sightings and aliases."""
        await self._run(_UPSERT_MANIFEST, session_id=session_id, now=now)
        await self._run(_INSERT_ALIASES, now=now)
        await self._run(_INSERT_SIGHTINGS, session_id=session_id, now=now)
