"""What an operator sees: figures over time, incidents, quality reports."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db import columns as col
from pincali_sync.db.base import Base, one_of, partial_index


class InsightHistory(Base):
    """What the tables were like at a moment: the trends of the dashboard."""

    taken_at: Mapped[datetime] = mapped_column(primary_key=True)
    figures: Mapped[col.Json]


class ServiceHeartbeats(Base):
    """When a standing service last did its work."""

    name: Mapped[col.Str100] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class AlertIncidents(Base):
    """One alert about one subject, from its beginning to its end; told once each."""

    __table_args__ = (
        one_of("severity", "warning", "critical"),
        partial_index("uq_alert_incidents_open", "alert", "subject", where="resolved_at IS NULL"),
        Index("idx_alert_incidents_opened", "opened_at"),
    )

    id: Mapped[col.GeneratedId]
    alert: Mapped[col.Str100]
    subject: Mapped[col.Str255] = mapped_column(server_default="")  # such as "tier=2"
    severity: Mapped[col.Str20]
    message: Mapped[str]
    value: Mapped[float] = mapped_column(Double)
    opened_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    recovery_announced_at: Mapped[datetime | None]


class QualityReports(Base):
    """What the live table was worth at a moment, for the next report to compare with."""

    __table_args__ = (Index("idx_quality_reports_created", "created_at"),)

    id: Mapped[col.GeneratedId]
    run_id: Mapped[col.OfRun | None]
    created_at: Mapped[datetime]
    figures: Mapped[col.Json]


class RetiredTotals(Base):
    """What rows that were deleted had counted: counters never fall."""

    series: Mapped[col.Str100] = mapped_column(primary_key=True)
    label: Mapped[col.Str100] = mapped_column(primary_key=True, server_default="")
    value: Mapped[int] = mapped_column(BigInteger)
