"""`scan_certificates`: which scans looked through all of a source, and what they left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from pincali_sync.db.repositories.base import Repository
from pincali_sync.db.repositories.removal.corners import COVERED
from pincali_sync.domain.coverage import (
    MIN_EXPECTED_SHARE,
    SHRUNK_SINCE,
    Certificate,
    LowerMark,
    SourceScan,
)

_ISSUE = """
INSERT INTO scan_certificates
       (session_id, source, certified, proves_absence, reasons, holes, pages_declared, pages_read,
        pages_lost, total_at_start, total_at_end, distinct_properties, expected_properties,
        started_at, issued_at)
VALUES (:session_id, :source, :certified, :proves_absence, CAST(:reasons AS jsonb),
        CAST(:corners AS jsonb), :declared_pages, :pages_read, :pages_lost, :total_at_start,
        :declared_total, :distinct_properties, :expected,
        coalesce(CAST(:started_at AS timestamptz), CAST(:now AS timestamptz)), :now)
ON CONFLICT (session_id, source) DO NOTHING
"""

# The latest long enough ago that has no other reason against it. A scan that found more since,
# certified or not, has shown that those few were not all.
_LOWER_MARKS = """
SELECT DISTINCT ON (c.source) c.source, c.distinct_properties AS listings, c.issued_at
  FROM scan_certificates c
 WHERE NOT c.certified AND jsonb_array_length(c.reasons) = 1
   AND c.distinct_properties < :share * c.expected_properties
   AND c.session_id IS DISTINCT FROM CAST(:session_id AS uuid)
   AND c.issued_at <= CAST(:before AS timestamptz)
   AND NOT EXISTS (
       SELECT FROM scan_certificates later
        WHERE later.source = c.source AND later.issued_at > c.issued_at
          AND later.session_id IS DISTINCT FROM CAST(:session_id AS uuid)
          AND (later.certified
               OR later.distinct_properties >= :share * later.expected_properties))
 ORDER BY c.source, c.issued_at DESC
"""


class CertificateRepository(Repository):
    """SQL of certificates."""

    async def expected(self, session_id: UUID | None) -> dict[str, int]:
        """By source, what its last certified scan before this session found."""
        return await self._pairs(
            """SELECT DISTINCT ON (source) source, distinct_properties FROM scan_certificates
                WHERE certified AND session_id IS DISTINCT FROM CAST(:session_id AS uuid)
                ORDER BY source, issued_at DESC""",
            session_id=session_id,
        )

    async def lower_marks(
        self, session_id: UUID | None, *, began: datetime
    ) -> dict[str, LowerMark]:
        """By source, what a scan since the last certified one found, refused for that alone, long
        enough before this one began."""
        marks = await self._all(
            LowerMark,
            _LOWER_MARKS,
            session_id=session_id,
            before=began - SHRUNK_SINCE,
            share=MIN_EXPECTED_SHARE,
        )
        return {each.source: each for each in marks}

    async def issue(
        self,
        session_id: UUID,
        scans: Sequence[SourceScan],
        certificates: Sequence[Certificate],
        expected: Mapping[str, int],
        *,
        now: datetime,
    ) -> None:
        """Keeps the certificates of a session's scans; the first ones stand."""
        rows = [
            asdict(scan)
            | asdict(certificate)
            | {
                "session_id": session_id,
                "reasons": json.dumps(certificate.reasons),
                "corners": json.dumps([asdict(each) for each in certificate.corners]),
                "expected": expected.get(scan.source),
                "now": now,
            }
            for scan, certificate in zip(scans, certificates, strict=True)
        ]
        await self._run_each(_ISSUE, rows)

    async def covered(self, session_id: UUID) -> dict[str, float]:
        """By source that has corners, the share of its listings that are in none, 0 to 1."""
        await self._set_work_mem()
        return await self._pairs(COVERED, session_id=session_id)
