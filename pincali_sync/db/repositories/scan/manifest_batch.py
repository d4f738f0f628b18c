"""A batch of listing pages on its way into the manifest.

The batch lives in two temporary tables of the transaction: `incoming` holds every card as it was
read, `batch` one row a record with what was known of it before. The statements below work on
those, in the lock order that holds everywhere: queue, live, manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pincali_sync.db.offers import offers_as_json
from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.scan.manifest_batch_sql import (
    COUNT,
    CREATE_BATCH,
    CREATE_INCOMING,
    INSERT_ALIASES,
    INSERT_SIGHTINGS,
    PREVIEW,
    RESOLVE,
    UPDATE_LIVE,
    UPSERT_MANIFEST,
)
from pincali_sync.items import ManifestEntry, ManifestPage


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCounts:
    """What one batch of pages turned out to hold."""

    records: int
    new_properties: int
    price_changes: int
    relisted: int
    conflicts: int  # cards whose slug belongs to another EasyBroker id


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedRecord:
    """What a batch would mean to one record."""

    property_id: str
    is_new: bool
    price_changed: bool
    is_relisted: bool
    would_be_queued: bool


class ManifestBatchRepository(Repository):
    """Stages a batch, compares it with what is known, and stores it."""

    async def stage(self, pages: Iterable[ManifestPage]) -> None:
        """Copies the cards of the pages into `incoming` and finds each one's record.

        A card belongs to the record with its EasyBroker id, else to the one its URL is an alias
        of, else to the one its URL computes to.
        """
        await self._run(CREATE_INCOMING)
        await self._load("incoming", _COLUMNS, _card_rows(pages))
        await self._run(RESOLVE)

    async def compare(self) -> BatchCounts:
        """Fills `batch`: one row a record, with its offer, its history and what changed."""
        await self._run(CREATE_BATCH)
        await self._run("ANALYZE batch")
        row = (await self._run(COUNT)).one()
        return BatchCounts(
            records=row.records,
            new_properties=row.new_properties,
            price_changes=row.price_changes,
            relisted=row.relisted,
            conflicts=row.conflicts,
        )

    async def preview(self) -> list[PreviewedRecord]:
        """What the compared batch found of each record."""
        return [PreviewedRecord(**row) for row in (await self._run(PREVIEW)).mappings()]

    async def apply_to_live(self, *, session_id: UUID, now: datetime) -> None:
        """What a sighting alone proves of live rows: present again, or shown at another price.

        Rows that need no change are not touched: live rows are wide, indexed and have triggers.
        """
        await self._run(UPDATE_LIVE, session_id=session_id, now=now)

    async def store(self, *, session_id: UUID, now: datetime) -> None:
        """Upserts the manifest and records sightings and aliases."""
        await self._run(UPSERT_MANIFEST, session_id=session_id, now=now)
        await self._run(INSERT_ALIASES, now=now)
        await self._run(INSERT_SIGHTINGS, session_id=session_id, now=now)


_COLUMNS = (
    "line",
    "source",
    "part",
    "page_number",
    "computed_id",
    "source_url",
    "public_id",
    "offers",
    "title",
    "latitude",
    "longitude",
    "exact_location",
    "property_type",
    "neighborhood",
    "city",
    "bedrooms",
    "bathrooms",
    "total_area_m2",
    "main_image_url",
)


def _card_rows(pages: Iterable[ManifestPage]) -> Iterator[Sequence[Any]]:
    line = 0
    for page in pages:
        for entry in page.page.entries:
            line += 1
            yield (line, page.source, page.part, page.page_number, *_card_values(entry))


def _card_values(entry: ManifestEntry) -> Sequence[Any]:
    return (
        entry.property_id,
        entry.source_url,
        entry.public_id,
        offers_as_json(entry.offers),
        entry.listing_page_title,
        entry.latitude,
        entry.longitude,
        entry.exact_location,
        entry.property_type,
        entry.neighborhood,
        entry.city,
        entry.bedrooms,
        entry.bathrooms,
        entry.total_area_m2,
        entry.main_image_url,
    )
