"""What an operator sees: figures over time, incidents, audits of removals, quality reports."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db.base import (
    Base,
    GeneratedId,
    Json,
    LongText,
    RecordId,
    Str20,
    Str100,
    Str255,
    Timestamp,
)

_EMPTY = text("''")


class InsightHistory(Base):
    """What the tables were like at a moment: the trends of the dashboard."""

    __tablename__ = "insight_history"

    taken_at: Mapped[Timestamp] = mapped_column(primary_key=True)
    figures: Mapped[Json]


class ServiceHeartbeat(Base):
    """When a standing service last did its work."""

    __tablename__ = "service_heartbeats"

    name: Mapped[Str100] = mapped_column(primary_key=True)
    at: Mapped[Timestamp]


class AlertIncident(Base):
    """One alert about one subject, from its beginning to its end; told once each."""

    __tablename__ = "alert_incidents"
    __table_args__ = (
        CheckConstraint("severity IN ('warning', 'critical')", name="severity"),
        Index(
            "uq_alert_incidents_open",
            "alert",
            "subject",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("idx_alert_incidents_opened", "opened_at"),
    )

    id: Mapped[GeneratedId]
    alert: Mapped[Str100]
    subject: Mapped[Str255] = mapped_column(server_default=_EMPTY)  # such as "tier=2"
    severity: Mapped[Str20]
    message: Mapped[LongText]
    value: Mapped[float] = mapped_column(Double)
    opened_at: Mapped[Timestamp]
    announced_at: Mapped[Timestamp | None]
    resolved_at: Mapped[Timestamp | None]
    recovery_announced_at: Mapped[Timestamp | None]


class RemovalAudit(Base):
    """A confirmed removal that was drawn to be looked at again, and what it showed."""

    __tablename__ = "removal_audits"
    __table_args__ = (
        CheckConstraint("verdict IN ('gone', 'sold', 'alive', 'unknown')", name="verdict"),
        Index("idx_removal_audits_property", "property_id"),
    )

    week: Mapped[date] = mapped_column(primary_key=True)  # its Monday
    property_id: Mapped[RecordId] = mapped_column(primary_key=True)
    removed_at: Mapped[Timestamp]
    drawn_at: Mapped[Timestamp]
    verdict: Mapped[Str20 | None]  # None: not looked at yet
    checked_at: Mapped[Timestamp | None]


class QualityReport(Base):
    """What the live table was worth at a moment, for the next report to compare with."""

    __tablename__ = "quality_reports"
    __table_args__ = (Index("idx_quality_reports_created", "created_at"),)

    id: Mapped[GeneratedId]
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("sync_runs.id", ondelete="SET NULL"))
    created_at: Mapped[Timestamp]
    figures: Mapped[Json]


class RetiredTotal(Base):
    """What rows that were deleted had counted: counters never fall."""

    __tablename__ = "retired_totals"

    series: Mapped[Str100] = mapped_column(primary_key=True)
    label: Mapped[Str100] = mapped_column(primary_key=True, server_default=_EMPTY)
    value: Mapped[int] = mapped_column(BigInteger)
