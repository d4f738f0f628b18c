"""Detail pages on their way to `properties_live`, by way of the staging table.

One transaction carries a batch: rows are accepted by lease, staged, journalled and promoted, and
the queue rows finished (see `QueueRepository.finish`), in the lock order queue, live, manifest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pincali_sync.db.offers import offers_as_json
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.listings.scrapes_sql import (
    CLASSIFY,
    CREATE_SCRAPED,
    INSERT_ALIASES,
    INSERT_STAGING,
    JOURNAL,
    LOCK_LEASED,
    REACTIVATE_LIVE,
    SCRAPED_COLUMNS,
    SETTLE_MANIFEST,
    UPSERT_LIVE,
)
from pincali_sync.db.repositories.queue.freshness_sql import LEARN
from pincali_sync.domain.prices import main_offer
from pincali_sync.items import Property


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedProperty:
    """A detail page with the verdict of the quality rules."""

    record_id: str  # the record's property_id: given once, whatever the page's URL computes to
    scraped: Property
    accepted: bool  # False: staged for a person to look at, not promoted
    completeness: Decimal  # 0.00 to 1.00
    verification_status: str  # unverified, flagged


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionCounts:
    """What became of a batch."""

    new: int
    updated: int
    unchanged: int
    rejected: int


class ScrapeRepository(Repository):
    """Staging and promotion."""

    async def lock_leased(self, ids: Sequence[str], lease_token: UUID) -> set[str]:
        """Locks the queue rows still held under this token; the rest belong to somebody else."""
        result = await self._run(
            LOCK_LEASED, ids=[UUID(each) for each in ids], lease_token=lease_token
        )
        return {str(row.id) for row in result}

    async def load(self, rows: Sequence[StagedProperty]) -> None:
        """Copies the batch into the transaction's `scraped`."""
        await self._run(CREATE_SCRAPED)
        await self._load("scraped", SCRAPED_COLUMNS, map(_values, rows))

    async def stage(self, *, session_id: UUID, now: datetime) -> PromotionCounts:
        """Writes the batch to staging and says how it differs from the live rows."""
        await self._run(CLASSIFY)
        await self._run(INSERT_STAGING, session_id=session_id, now=now)
        counts = (
            await self._run(
                """SELECT count(*) FILTER (WHERE accepted AND change_type = 'new') AS new,
                          count(*) FILTER (WHERE accepted AND change_type = 'updated') AS updated,
                          count(*) FILTER (WHERE accepted AND change_type = 'unchanged')
                              AS unchanged,
                          count(*) FILTER (WHERE NOT accepted) AS rejected
                     FROM scraped"""
            )
        ).one()
        return PromotionCounts(**counts._asdict())

    async def promote(self, *, session_id: UUID, now: datetime) -> None:
        """Journals the differences, upserts the live rows and settles the manifest's flags."""
        await self._run(JOURNAL, session_id=session_id, now=now)
        await self._run(UPSERT_LIVE, now=now)
        await self._run(REACTIVATE_LIVE, session_id=session_id, now=now)
        await self._run(LEARN)
        await self._run(SETTLE_MANIFEST)
        await self._run(INSERT_ALIASES, now=now)


def _values(row: StagedProperty) -> Sequence[Any]:
    page = row.scraped
    offer = main_offer(page.offers)
    special: dict[str, Any] = {
        "property_id": row.record_id,
        "computed_id": page.property_id,
        "features": _json_or_none(page.features),
        "amenities": _json_or_none(page.amenities),
        "image_urls": _json_or_none(page.image_urls),
        "offers": offers_as_json(page.offers),
        "price_unit": "total" if offer is None else offer.unit,
        "accepted": row.accepted,
        "data_completeness_score": row.completeness,
        "verification_status": row.verification_status,
    }
    return [
        special[column] if column in special else getattr(page, column)
        for column in SCRAPED_COLUMNS
    ]


def _json_or_none(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None
