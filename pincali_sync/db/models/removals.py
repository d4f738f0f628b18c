"""Absence and its proof: certificates of scans, verdicts on pages, batches of removals."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db.base import (
    Base,
    Created,
    GeneratedId,
    Json,
    LongText,
    RecordId,
    Str20,
    Str50,
    Timestamp,
)

_ZERO = text("0")


class ScanCertificate(Base):
    """Whether one session read one source completely."""

    __tablename__ = "scan_certificates"

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("scraping_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[Str50] = mapped_column(primary_key=True)
    certified: Mapped[bool]
    proves_absence: Mapped[bool]  # certified, and not the source's first: that one sets the mark
    reasons: Mapped[Json] = mapped_column(server_default=text("'[]'::jsonb"))
    pages_declared: Mapped[int | None]
    pages_read: Mapped[int]
    pages_lost: Mapped[int]
    total_at_start: Mapped[int | None]
    total_at_end: Mapped[int | None]
    distinct_properties: Mapped[int]
    expected_properties: Mapped[int | None]
    started_at: Mapped[Timestamp]
    issued_at: Mapped[Timestamp]


class RemovalBatch(Base):
    """The removals that one certified scan led to; held where they are too many at once."""

    __tablename__ = "removal_batches"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'held', 'applied', 'rejected')", name="status"),
    )

    id: Mapped[GeneratedId]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("scraping_sessions.id"), unique=True)
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("sync_runs.id", ondelete="SET NULL"))
    status: Mapped[Str20] = mapped_column(server_default="open")
    candidates: Mapped[int] = mapped_column(server_default=_ZERO)
    would_remove: Mapped[int | None]
    removal_limit: Mapped[int | None]
    removed: Mapped[int] = mapped_column(server_default=_ZERO)
    created_at: Mapped[Created]
    decided_at: Mapped[Timestamp | None]
    decided_by: Mapped[LongText | None]


class RemovalCheck(Base):
    """What a missing listing's page answered, and what was concluded from it."""

    __tablename__ = "removal_checks"
    __table_args__ = (
        CheckConstraint("verdict IN ('gone', 'sold', 'alive', 'unknown')", name="verdict"),
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
    redirect_url: Mapped[LongText | None]
    shown_public_id: Mapped[Str20 | None]
    evidence: Mapped[LongText]
    url: Mapped[LongText]
    checked_at: Mapped[Timestamp]
    applied_at: Mapped[Timestamp | None]
