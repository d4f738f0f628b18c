"""`scan_certificates`: which scans looked through all of a source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.domain.coverage import Certificate

_EXPECTED = """
SELECT DISTINCT ON (source) source, distinct_properties FROM scan_certificates
 WHERE certified AND session_id IS DISTINCT FROM CAST(:session_id AS uuid)
 ORDER BY source, issued_at DESC
"""
_ISSUE = """
INSERT INTO scan_certificates
       (session_id, source, certified, proves_absence, reasons, pages_declared, pages_read,
        pages_lost, total_at_start, total_at_end, distinct_properties, expected_properties,
        started_at, issued_at)
VALUES (:session_id, :source, :certified, :proves_absence, CAST(:reasons AS jsonb),
        :declared_pages, :pages_read, :pages_lost, :total_at_start, :declared_total,
        :distinct_properties, :expected,
        coalesce(CAST(:started_at AS timestamptz), CAST(:now AS timestamptz)), :now)
ON CONFLICT (session_id, source) DO NOTHING
"""


class CertificateRepository(Repository):
    """SQL of certificates."""

    async def expected(self, session_id: UUID | None) -> dict[str, int]:
        """By source, what its last certified scan before this session found."""
        rows = await self._run(_EXPECTED, session_id=session_id)
        return {row.source: row.distinct_properties for row in rows}

    async def issue(
        self, session_id: UUID, certificates: Sequence[Certificate], *, now: datetime
    ) -> None:
        """Keeps a session's certificates; the first ones stand."""
        rows = [
            asdict(each.scan)
            | {
                "session_id": session_id,
                "certified": each.certified,
                "proves_absence": each.proves_absence,
                "reasons": json.dumps(each.reasons),
                "expected": each.expected,
                "now": now,
            }
            for each in certificates
        ]
        await self._run_each(_ISSUE, rows)
