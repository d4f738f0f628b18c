"""Absence and its proof: certificates of scans, verdicts on pages, batches of removals."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db.base import (
    Base,
    Counter,
    Created,
    GeneratedId,
    JsonList,
    OfRun,
    RecordId,
    SessionKey,
    Str20,
    Str50,
    one_of,
)


class ScanCertificate(Base):
    """Whether one session read one source completely."""

    __tablename__ = "scan_certificates"

    session_id: Mapped[SessionKey]
    source: Mapped[Str50] = mapped_column(primary_key=True)
    certified: Mapped[bool]
    proves_absence: Mapped[bool]  # certified, and not the source's first: that one sets the mark
    reasons: Mapped[JsonList]
    pages_declared: Mapped[int | None]
    pages_read: Mapped[int]
    pages_lost: Mapped[int]
    total_at_start: Mapped[int | None]
    total_at_end: Mapped[int | None]
    distinct_properties: Mapped[int]
    expected_properties: Mapped[int | None]
    started_at: Mapped[datetime]
    issued_at: Mapped[datetime]


class RemovalBatch(Base):
    """The removals that one certified scan led to; held where they are too many at once."""

    __tablename__ = "removal_batches"
    __table_args__ = (one_of("status", "open", "held", "applied", "rejected"),)

    id: Mapped[GeneratedId]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("scraping_sessions.id"), unique=True)
    run_id: Mapped[OfRun | None]
    status: Mapped[Str20] = mapped_column(server_default="open")
    candidates: Mapped[Counter]
    would_remove: Mapped[int | None]
    removal_limit: Mapped[int | None]
    removed: Mapped[Counter]
    created_at: Mapped[Created]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]


class RemovalCheck(Base):
    """What a missing listing's page answered, and what was concluded from it."""

    __tablename__ = "removal_checks"
    __table_args__ = (
        one_of("verdict", "gone", "sold", "alive", "unknown"),
        Index("idx_removal_checks_property", "property_id", "checked_at"),
        Index("idx_removal_checks_batch", "batch_id"),
    )

    id: Mapped[GeneratedId]
    property_id: Mapped[RecordId]
    batch_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("removal_batches.id", ondelete="SET NULL")
    )
    session_id: Mapped[UUID | None]  # of the job that looked
    verdict: Mapped[Str20]
    http_status: Mapped[int | None]
    redirect_url: Mapped[str | None]
    shown_public_id: Mapped[Str20 | None]
    evidence: Mapped[str]
    url: Mapped[str]
    checked_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
