"""Work and its coordination: queue, runs, jobs, pace and locks are all rows."""

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
    Str50,
    Str100,
    Str200,
    Str255,
    Timestamp,
)

_ZERO = text("0")
_EMPTY_OBJECT = text("'{}'::jsonb")


class SyncRun(Base):
    """One run of one tier."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        CheckConstraint("tier_level BETWEEN 1 AND 4", name="tier_level"),
        CheckConstraint("status IN ('running', 'completed', 'failed', 'cancelled')", name="status"),
        Index(
            "uq_sync_runs_open",
            "tier_level",
            unique=True,
            postgresql_where=text("status = 'running'"),
        ),
        Index("idx_sync_runs_tier_started", "tier_level", text("started_at DESC")),
    )

    id: Mapped[GeneratedId]
    tier_level: Mapped[int]
    tier_name: Mapped[Str50 | None]
    started_at: Mapped[Created | None]
    completed_at: Mapped[Timestamp | None]
    status: Mapped[Str50 | None] = mapped_column(server_default="running")
    pages_scanned: Mapped[int | None] = mapped_column(server_default=_ZERO)
    properties_in_manifest: Mapped[int | None] = mapped_column(server_default=_ZERO)
    new_properties_found: Mapped[int | None] = mapped_column(server_default=_ZERO)
    price_changes_detected: Mapped[int | None] = mapped_column(server_default=_ZERO)
    removals_detected: Mapped[int | None] = mapped_column(server_default=_ZERO)
    properties_queued: Mapped[int | None] = mapped_column(server_default=_ZERO)
    properties_scraped: Mapped[int | None] = mapped_column(server_default=_ZERO)
    error_count: Mapped[int | None] = mapped_column(server_default=_ZERO)
    error_summary: Mapped[LongText | None]
    execution_time_ms: Mapped[int | None]
    session_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("scraping_sessions.id", ondelete="SET NULL")
    )
    step: Mapped[Str50] = mapped_column(server_default="scan")
    slot_at: Mapped[Timestamp | None]
    updated_at: Mapped[Created]
    window_ends_at: Mapped[Timestamp | None]
    details: Mapped[Json] = mapped_column(server_default=_EMPTY_OBJECT)


class ScrapeQueue(Base):
    """Detail pages to be fetched."""

    __tablename__ = "scrape_queue"
    __table_args__ = (
        CheckConstraint("priority BETWEEN 1 AND 5", name="priority"),
        CheckConstraint(
            "status IN ('pending', 'in_progress', 'completed', 'failed', 'cancelled')",
            name="status",
        ),
        Index(
            "idx_queue_pending",
            "priority",
            "queued_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("idx_queue_property", "property_id"),
        Index(
            "uq_queue_open",
            "property_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'in_progress')"),
        ),
        Index(
            "idx_queue_leases",
            "lease_expires_at",
            postgresql_where=text("status = 'in_progress'"),
        ),
        Index("idx_queue_run", "run_id", "status"),
        Index("idx_queue_failed", "property_id", postgresql_where=text("status = 'failed'")),
        Index(
            "idx_queue_completed",
            "completed_at",
            postgresql_where=text("completed_at IS NOT NULL"),
        ),
    )

    id: Mapped[GeneratedId]
    property_id: Mapped[RecordId]
    source_url: Mapped[LongText]
    priority: Mapped[int]  # 1 is fetched first
    queue_reason: Mapped[Str100 | None]
    queued_at: Mapped[Created | None]
    claimed_at: Mapped[Timestamp | None]
    completed_at: Mapped[Timestamp | None]
    status: Mapped[Str50 | None] = mapped_column(server_default="pending")
    attempt_count: Mapped[int] = mapped_column(server_default=_ZERO)
    last_error: Mapped[LongText | None]
    session_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("scraping_sessions.id", ondelete="SET NULL")
    )
    worker_id: Mapped[Str200 | None]
    lease_token: Mapped[UUID | None]
    lease_expires_at: Mapped[Timestamp | None]
    available_at: Mapped[Created]
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("sync_runs.id", ondelete="SET NULL"))


class SyncRunJob(Base):
    """One attempt at one spider job, of a run or (run_id NULL) started by hand."""

    __tablename__ = "sync_run_jobs"
    __table_args__ = (
        CheckConstraint(
            "status IN ('scheduled', 'running', 'completed', 'failed', 'lost', 'cancelled')",
            name="status",
        ),
        Index("idx_run_jobs_run", "run_id"),
        Index(
            "idx_run_jobs_open",
            "status",
            postgresql_where=text("status IN ('scheduled', 'running')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # also the job id given to Scrapyd
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("sync_runs.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("scraping_sessions.id", ondelete="SET NULL")
    )
    spider: Mapped[Str100]
    source: Mapped[Str50 | None]
    arguments: Mapped[Json] = mapped_column(server_default=_EMPTY_OBJECT)
    node: Mapped[LongText | None]
    attempt: Mapped[int] = mapped_column(server_default=text("1"))
    status: Mapped[Str50] = mapped_column(server_default="scheduled")
    scheduled_at: Mapped[Created]
    started_at: Mapped[Timestamp | None]
    heartbeat_at: Mapped[Timestamp | None]
    finished_at: Mapped[Timestamp | None]
    finish_reason: Mapped[LongText | None]
    stats: Mapped[Json] = mapped_column(server_default=_EMPTY_OBJECT)


class SitePace(Base):
    """The site's one timeline: when the next request may be sent, by anyone."""

    __tablename__ = "site_pace"

    host: Mapped[Str255] = mapped_column(primary_key=True)
    next_free_at: Mapped[Timestamp]
    held_until: Mapped[Timestamp | None]  # the site asked for rest, or was too busy
    strikes: Mapped[int] = mapped_column(server_default=_ZERO)  # refusals in a row


class ServiceLock(Base):
    """A lock with an end, so that a crash cannot leave it behind."""

    __tablename__ = "service_locks"

    name: Mapped[Str100] = mapped_column(primary_key=True)
    token: Mapped[UUID]
    owner: Mapped[LongText]
    expires_at: Mapped[Timestamp]
