"""The database holds that an EasyBroker id is in one live row."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pincali_sync.db.engine import Database
from tests.support.builders import rows


@pytest.fixture(autouse=True)
async def _one_row_per_id(db: Database) -> AsyncIterator[None]:
    await rows(
        db,
        """CREATE UNIQUE INDEX IF NOT EXISTS uq_live_public_id ON properties_live (public_id)
            WHERE public_id IS NOT NULL""",
    )
    yield
    if await rows(db, "SELECT 1 FROM alembic_version WHERE version_num < '0010'"):
        await rows(db, "DROP INDEX uq_live_public_id")
