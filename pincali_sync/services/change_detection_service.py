"""What a session changed: as staged detail pages tell, and as the manifest does."""

from __future__ import annotations

from uuid import UUID

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.scan.manifest import PropertyPriceChange
from pincali_sync.services.data_sync_service import SavedBatch
from pincali_sync.services.property_diff_service import PropertyDiffService


class ChangeDetectionService:
    """Answers for a session. The comparing itself is `PropertyDiffService`'s."""

    def __init__(self, db: Database, diff: PropertyDiffService) -> None:
        self._db = db
        self._diff = diff

    async def detect_changes(self, session_id: UUID) -> SavedBatch:
        """Counts the session's staged pages by how they differed from the live rows."""
        async with self._db.transaction() as tx:
            return SavedBatch(**await tx.sessions.staged_changes(session_id))

    async def detect_new_from_manifest(self, session_id: UUID) -> list[str]:
        """Records that the session saw on pages and that are not live yet."""
        return await self._diff.detect_new_properties(session_id)

    async def detect_price_changes_from_manifest(
        self, session_id: UUID
    ) -> list[PropertyPriceChange]:
        """Records that the session saw at another price than the live one."""
        return await self._diff.detect_price_changes(session_id)
