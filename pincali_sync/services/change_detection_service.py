"""What a session changed: as staged detail pages tell, and as the manifest does."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pincali_sync.db.repositories.scan.manifest import PropertyPriceChange
from pincali_sync.services.base import Service
from pincali_sync.services.data_sync_service import SavedBatch
from pincali_sync.services.property_diff_service import PropertyDiffService


@dataclass(frozen=True)
class ChangeDetectionService(Service):
    """Answers for a session. The comparing itself is `PropertyDiffService`'s."""

    diff: PropertyDiffService

    async def detect_changes(self, session_id: UUID) -> SavedBatch:
        """Counts the session's staged pages by how they differed from the live rows."""
        async with self.db.transaction() as tx:
            return SavedBatch(**await tx.sessions.staged_changes(session_id))

    async def detect_new_from_manifest(self, session_id: UUID) -> list[str]:
        """Records that the session saw on pages and that are not live yet."""
        return await self.diff.detect_new_properties(session_id)

    async def detect_price_changes_from_manifest(
        self, session_id: UUID
    ) -> list[PropertyPriceChange]:
        """Records that the session saw at another price than the live one."""
        return await self.diff.detect_price_changes(session_id)
