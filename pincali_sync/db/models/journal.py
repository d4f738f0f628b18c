"""Sessions, errors, changes, syncs and rules; and what an operator sees: figures, incidents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Double, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db import columns as col
from pincali_sync.db.base import Base, none_below_zero, one_of, partial_index

OF_AGENT = "field_name IN ('agent_name', 'agent_phone', 'agent_email')"


class ScrapingSessions(Base):
    """One scan or one batch of detail pages."""

    __table_args__ = (
        one_of("status", "running", "completed", "failed"),
        none_below_zero(
            *("total_pages", "pages_scraped", "properties_found"),
            *("properties_inserted", "properties_updated"),
        ),
        {"postgresql_with": {"fillfactor": 50}},  # counts are HOT updates
    )

    id: Mapped[col.GeneratedId]
    created_at: Mapped[col.Created]
    session_name: Mapped[col.Str255 | None]
    base_url: Mapped[str]
    total_pages: Mapped[int | None]
    pages_scraped: Mapped[col.Counter | None]
    properties_found: Mapped[col.Counter | None]
    properties_inserted: Mapped[col.Counter | None]
    properties_updated: Mapped[col.Counter | None]
    status: Mapped[col.Str50 | None] = mapped_column(server_default="running")
    error_message: Mapped[str | None]
    started_at: Mapped[col.Created | None]
    completed_at: Mapped[datetime | None]
    filters_applied: Mapped[col.Json | None]


class ScrapingErrors(Base):
    """Append-only log of pages that failed."""

    __table_args__ = (Index("idx_scraping_errors_created", "created_at"),)

    id: Mapped[col.GeneratedId]
    created_at: Mapped[col.Created]
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("scraping_sessions.id"))
    url: Mapped[str]
    error_type: Mapped[col.Str100 | None]
    error_message: Mapped[str | None]
    retry_count: Mapped[col.Counter | None]
    resolved: Mapped[col.No | None]


class PropertyChanges(Base):
    """The journal of changes. No foreign key on property_id: it outlives the records."""

    __table_args__ = (
        Index("idx_property_changes_type", "change_type"),
        partial_index("idx_property_changes_price", "created_at", where="field_name = 'price'"),
        partial_index(
            "idx_property_changes_removed", "created_at", where="change_type = 'removed'"
        ),
        partial_index(
            "idx_property_changes_arrived",
            "created_at",
            where="change_type IN ('created', 'reactivated')",
        ),
        partial_index(
            "idx_property_changes_terms",
            *("property_id", "created_at"),
            where="field_name IN ('currency', 'price_unit', 'operation_type')",
        ),
        partial_index("uq_property_changes_feed", "feed_position", where="feed_position > 0"),
        partial_index(
            "idx_property_changes_unnumbered", "created_at", where="feed_position IS NULL"
        ),
        partial_index(
            "idx_property_changes_agents",
            "id",
            where=f"{OF_AGENT} AND (old_value IS NOT NULL OR new_value IS NOT NULL)",
        ),
    )

    id: Mapped[col.GeneratedId]
    property_id: Mapped[col.RecordId] = mapped_column(index=True)
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("scraping_sessions.id"), index=True)
    change_type: Mapped[col.Str50]  # created, updated, removed, reactivated
    field_name: Mapped[col.Str100 | None]
    city: Mapped[col.Str255 | None]  # where it was then; of what is news of a listing
    old_value: Mapped[col.Json | None]
    new_value: Mapped[col.Json | None]
    confidence_score: Mapped[col.Score | None] = mapped_column(server_default=text("1.00"))
    change_reason: Mapped[str | None]
    created_at: Mapped[col.Created | None] = mapped_column(index=True)
    # None: not numbered yet; 0: no part of the feed (from before it began, or a repair).
    feed_position: Mapped[int | None] = mapped_column(BigInteger)


class SyncMetadata(Base):
    """One row per promotion of a session from staging to live."""

    __table_args__ = (Index("idx_sync_metadata_status", "sync_status"),)

    id: Mapped[col.GeneratedId]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("scraping_sessions.id"), index=True)
    total_scraped: Mapped[col.Counter | None]
    new_properties: Mapped[col.Counter | None]
    updated_properties: Mapped[col.Counter | None]
    removed_properties: Mapped[col.Counter | None]
    unchanged_properties: Mapped[col.Counter | None]
    data_quality_score: Mapped[col.Score | None]
    completeness_rate: Mapped[col.Score | None]
    sync_duration_ms: Mapped[int | None]
    staging_to_live_duration_ms: Mapped[int | None]
    sync_status: Mapped[col.Str50 | None] = mapped_column(server_default="pending")
    error_summary: Mapped[str | None]
    created_at: Mapped[col.Created | None] = mapped_column(index=True)
    completed_at: Mapped[datetime | None]


class ValidationRules(Base):
    """What operators ask of the data."""

    __table_args__ = (Index("idx_validation_rules_rule_name", "rule_name"),)

    id: Mapped[col.GeneratedId]
    rule_name: Mapped[col.Str100] = mapped_column(unique=True)
    field_name: Mapped[col.Str100] = mapped_column(index=True)
    rule_type: Mapped[col.Str50]  # required, range, pattern, custom
    # range: min, max (of `price`: it is held against totals, not prices per m²); pattern: regex
    rule_config: Mapped[col.Json]
    # error: a page that breaks it is not taken; anything else: it is, and its row is flagged
    severity: Mapped[col.Str20 | None] = mapped_column(server_default="warning")
    is_active: Mapped[col.Yes | None]
    created_at: Mapped[col.Created | None]
    updated_at: Mapped[col.Created | None]


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

    __table_args__ = (none_below_zero("value", name="value"),)

    series: Mapped[col.Str100] = mapped_column(primary_key=True)
    label: Mapped[col.Str100] = mapped_column(primary_key=True, server_default="")
    value: Mapped[int] = mapped_column(BigInteger)
