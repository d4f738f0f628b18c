"""Work and its coordination: queue, runs, jobs, pauses, pace and locks are all rows."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    SmallInteger,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db import columns as col
from pincali_sync.db.base import Base, none_below_zero, one_of, partial_index

_PENDING = "status = 'pending' AND"
_VERIFIED = "queue_reason IN ('verification', 'removal_audit')"


class SyncRuns(Base):
    """One run of one tier."""

    __table_args__ = (
        CheckConstraint("tier_level BETWEEN 1 AND 4", name="tier_level"),
        one_of("status", "running", "completed", "failed", "cancelled"),
        CheckConstraint("(status = 'running') = (completed_at IS NULL)", name="ended"),
        none_below_zero(
            *("pages_scanned", "properties_in_manifest", "new_properties_found"),
            *("price_changes_detected", "removals_detected", "properties_queued"),
            *("properties_scraped", "error_count"),
        ),
        partial_index("uq_sync_runs_open", "tier_level", where="status = 'running'"),
        Index("idx_sync_runs_tier_started", "tier_level", text("started_at DESC")),
    )

    id: Mapped[col.GeneratedId]
    tier_level: Mapped[int]
    tier_name: Mapped[col.Str50 | None]
    started_at: Mapped[col.Created | None]
    completed_at: Mapped[datetime | None]
    status: Mapped[col.Str50 | None] = mapped_column(server_default="running")
    pages_scanned: Mapped[col.Counter | None]
    properties_in_manifest: Mapped[col.Counter | None]
    new_properties_found: Mapped[col.Counter | None]
    price_changes_detected: Mapped[col.Counter | None]
    removals_detected: Mapped[col.Counter | None]
    properties_queued: Mapped[col.Counter | None]
    properties_scraped: Mapped[col.Counter | None]
    error_count: Mapped[col.Counter | None]
    error_summary: Mapped[str | None]
    execution_time_ms: Mapped[int | None]
    session_id: Mapped[col.OfSession | None]
    step: Mapped[col.Str50] = mapped_column(server_default="scan")
    slot_at: Mapped[datetime | None]
    updated_at: Mapped[col.Created]
    window_ends_at: Mapped[datetime | None]
    details: Mapped[col.JsonObject]


class ScrapeQueue(Base):
    """Detail pages to be fetched."""

    __table_args__ = (
        CheckConstraint("priority BETWEEN 1 AND 5", name="priority"),
        one_of("status", "pending", "in_progress", "completed", "failed", "cancelled"),
        CheckConstraint(
            "(status IS NOT NULL AND status = 'in_progress') = (lease_token IS NOT NULL) "
            "AND (lease_token IS NULL) = (lease_expires_at IS NULL) "
            "AND (lease_token IS NULL OR claimed_at IS NOT NULL AND worker_id IS NOT NULL)",
            name="lease",
        ),
        CheckConstraint(
            "(status IN ('pending', 'in_progress')) = (completed_at IS NULL)", name="ended"
        ),
        none_below_zero("attempt_count", name="attempt_count"),
        none_below_zero("lost_attempts", name="lost_attempts"),
        partial_index("idx_queue_pending", "priority", "queued_at", where="status = 'pending'"),
        Index("idx_queue_property", "property_id"),
        partial_index(
            "idx_queue_details",
            "priority",
            "queued_at",
            where=f"{_PENDING} ({_VERIFIED}) IS NOT TRUE",
        ),
        partial_index(
            "idx_queue_verifications", "priority", "queued_at", where=f"{_PENDING} {_VERIFIED}"
        ),
        partial_index("uq_queue_open", "property_id", where="status IN ('pending', 'in_progress')"),
        partial_index("idx_queue_leases", "lease_expires_at", where="status = 'in_progress'"),
        Index("idx_queue_run", "run_id", "status"),
        partial_index("idx_queue_failed", "property_id", where="status = 'failed'"),
        partial_index("idx_queue_completed", "completed_at", where="completed_at IS NOT NULL"),
    )

    id: Mapped[col.GeneratedId]
    property_id: Mapped[col.RecordId]
    source_url: Mapped[str]
    priority: Mapped[int]  # 1 is fetched first
    queue_reason: Mapped[col.Str100 | None]
    queued_at: Mapped[col.Created | None]
    claimed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    status: Mapped[col.Str50 | None] = mapped_column(server_default="pending")
    attempt_count: Mapped[col.Counter]
    lost_attempts: Mapped[col.Counter]  # of those, with their worker: they count as no visits
    last_error: Mapped[str | None]
    session_id: Mapped[col.OfSession | None]
    worker_id: Mapped[col.Str200 | None]
    lease_token: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    available_at: Mapped[col.Created]
    run_id: Mapped[col.OfRun | None]


class QueueOutside(Base):
    """A record that wants its page fetched and has no open row in the queue.

    Triggers keep it beside `property_manifest.needs_full_scrape` and the queue, which are the
    truth: a row too many is dropped when its turn comes.
    """

    __table_args__ = (
        CheckConstraint("priority BETWEEN 1 AND 5", name="priority"),
        Index(
            "idx_outside_next",
            *("priority", text("first_seen_at DESC"), "property_id"),
            postgresql_where=text("rests_until IS NULL"),
        ),
        partial_index("idx_outside_resting", "rests_until", where="rests_until IS NOT NULL"),
        # Who takes what is next begins where the last ones were taken.
        {"postgresql_with": {"autovacuum_vacuum_scale_factor": 0.01}},
    )

    property_id: Mapped[col.RecordId] = mapped_column(primary_key=True)
    priority: Mapped[int]
    first_seen_at: Mapped[datetime]
    rests_until: Mapped[datetime | None]  # its page was asked for in vain


class SyncRunJobs(Base):
    """One attempt at one spider job, of a run or (run_id NULL) started by hand."""

    __table_args__ = (
        one_of("status", "scheduled", "running", "completed", "failed", "lost", "cancelled"),
        CheckConstraint(
            "(status IN ('scheduled', 'running')) = (finished_at IS NULL)", name="ended"
        ),
        CheckConstraint("status <> 'running' OR started_at IS NOT NULL", name="begun"),
        CheckConstraint("attempt > 0", name="attempt"),
        Index(
            "uq_run_jobs_attempt",
            *("run_id", "spider", "source", "attempt"),
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("run_id IS NOT NULL"),
        ),
        partial_index("idx_run_jobs_open", "status", where="status IN ('scheduled', 'running')"),
        partial_index(
            "idx_run_jobs_standing",
            *("spider", "scheduled_at"),
            where="run_id IS NULL AND node IS NOT NULL",
        ),
        {"postgresql_with": {"fillfactor": 50}},  # heartbeats are HOT updates
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # also the job id given to Scrapyd
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("sync_runs.id", ondelete="CASCADE"))
    session_id: Mapped[col.OfSession | None]
    spider: Mapped[col.Str100]
    source: Mapped[col.Str50 | None]
    arguments: Mapped[col.JsonObject]
    node: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(server_default=text("1"))
    status: Mapped[col.Str50] = mapped_column(server_default="scheduled")
    scheduled_at: Mapped[col.Created]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    finish_reason: Mapped[str | None]
    stats: Mapped[col.JsonObject]


class SyncNodes(Base):
    """A Scrapyd node as the runner last saw it."""

    node: Mapped[str] = mapped_column(primary_key=True)
    objection: Mapped[str | None]  # why it is given no jobs
    is_down: Mapped[bool] = mapped_column(server_default=false())
    since: Mapped[col.Created]  # when it began to take jobs, or to be left out
    version: Mapped[str | None]
    running: Mapped[col.Counter]
    pending: Mapped[col.Counter]
    looked_at: Mapped[col.Created]


class SyncWebhooks(Base):
    """A target of webhooks: how far it was told of changes, and how it fares."""

    target: Mapped[col.Str20] = mapped_column(primary_key=True)  # a hash of its URL
    cursor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # of the feed
    batch_end: Mapped[int | None] = mapped_column(BigInteger)  # of the message under way
    failures: Mapped[col.Counter]  # in a row
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    error: Mapped[str | None]
    claimed_by: Mapped[UUID | None]  # the sender that is at it
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[col.Created]


class SitePace(Base):
    """The site's one timeline: when the next request may be sent, by anyone."""

    __table_args__ = (
        none_below_zero("strikes", name="strikes"),
        CheckConstraint("page_cap > 0", name="page_cap"),
    )

    host: Mapped[col.Str255] = mapped_column(primary_key=True)
    next_free_at: Mapped[datetime]
    held_until: Mapped[datetime | None]  # the site asked for rest, or was too busy
    strikes: Mapped[col.Counter]  # refusals in a row
    page_cap: Mapped[int | None]  # pages of a query that the site was seen to show
    written_at: Mapped[col.Created]  # the times above; in the future: the clock was set back since


class ServiceLocks(Base):
    """A lock with an end, so that a crash cannot leave it behind."""

    name: Mapped[col.Str100] = mapped_column(primary_key=True)
    token: Mapped[UUID]
    owner: Mapped[str]
    expires_at: Mapped[datetime]


class SyncPauses(Base):
    """Nothing is started within this scope until it is resumed: "all", "pages", or "tier:2"."""

    __table_args__ = (
        one_of("kind", "person", "refused", "busy", "rate"),
        CheckConstraint("scope ~ '^(all|pages|sitemap|tier:[1-4])$'", name="scope"),
    )

    scope: Mapped[col.Str50] = mapped_column(primary_key=True)
    reason: Mapped[str]
    paused_by: Mapped[str]
    paused_at: Mapped[datetime]
    kind: Mapped[col.Str20] = mapped_column(server_default="person")
    resume_after: Mapped[datetime | None]  # a busy site is tried again then


class RefreshTargets(Base):
    """What tier 4 wants visited this month; every tick tops the queue up from it."""

    __table_args__ = (
        none_below_zero("stale_target", "sample_target", "stale_queued", "sample_queued"),
    )

    month: Mapped[date] = mapped_column(primary_key=True)
    run_id: Mapped[col.OfRun | None]
    stale_target: Mapped[int]
    sample_target: Mapped[int]
    stale_queued: Mapped[col.Counter]
    sample_queued: Mapped[col.Counter]
    stale_before: Mapped[datetime]  # what was visited since is not stale
    set_at: Mapped[datetime]
    rests_until: Mapped[datetime | None]  # what is old was looked at lately


class RefreshReturns(Base):
    """What was moved outside the queue of a month's visits, until the target is told.

    Rows that are only added: the batches of several scans do not wait for each other.
    """

    __table_args__ = (none_below_zero("stale", "sample"),)

    id: Mapped[col.GeneratedId]
    stale: Mapped[int]
    sample: Mapped[int]


class SignalLessons(Base):
    """What a month's sample of visits found, by what cards had shown otherwise before."""

    __table_args__ = (CheckConstraint("news BETWEEN 0 AND visits", name="news"),)

    month: Mapped[date] = mapped_column(primary_key=True)
    signals: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    visits: Mapped[col.Counter]
    news: Mapped[col.Counter]  # of the visits
    expected_news: Mapped[float] = mapped_column(Double, server_default=text("0"))  # by rates alone
