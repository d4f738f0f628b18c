"""What waits for a person, or was decided by one: reviews, candidates, pauses, targets."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db.base import (
    Base,
    Counter,
    Created,
    GeneratedId,
    Json,
    Money,
    OfRun,
    RecordId,
    Str10,
    Str20,
    Str50,
    one_of,
    partial_index,
)


class PriceReview(Base):
    """A price that changed by more than half: live as the site shows it, until somebody looks."""

    __tablename__ = "price_reviews"
    __table_args__ = (
        one_of("status", "open", "accepted", "rejected", "superseded"),
        partial_index("uq_price_reviews_open", "property_id", where="status = 'open'"),
    )

    id: Mapped[GeneratedId]
    property_id: Mapped[RecordId]
    session_id: Mapped[UUID | None]
    operation: Mapped[Str50]
    currency: Mapped[Str10]
    price_unit: Mapped[Str10]
    old_price: Mapped[Money]
    new_price: Mapped[Money]
    old_values: Mapped[Json]  # the priced columns as they were, for a rejection to restore
    status: Mapped[Str20] = mapped_column(server_default="open")
    created_at: Mapped[Created]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]


class IdentityCandidate(Base):
    """Two records that may be one property. Only a person makes them one."""

    __tablename__ = "identity_candidates"
    __table_args__ = (
        UniqueConstraint("property_id", "earlier_property_id", name="identity_candidates_pair_key"),
        one_of("status", "open", "confirmed", "rejected"),
        partial_index("idx_identity_candidates_open", "created_at", where="status = 'open'"),
    )

    id: Mapped[GeneratedId]
    property_id: Mapped[RecordId]  # the newcomer
    earlier_property_id: Mapped[RecordId]
    metres: Mapped[float] = mapped_column(REAL)
    title_similarity: Mapped[float] = mapped_column(REAL)  # 0 to 100
    price_ratio: Mapped[float] = mapped_column(REAL)  # smaller by larger
    status: Mapped[Str20] = mapped_column(server_default="open")
    created_at: Mapped[Created]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]


class SyncPause(Base):
    """Nothing is started within this scope until it is resumed: "all", or "tier:2"."""

    __tablename__ = "sync_pauses"
    __table_args__ = (one_of("kind", "person", "refused", "busy", "rate"),)

    scope: Mapped[Str50] = mapped_column(primary_key=True)
    reason: Mapped[str]
    paused_by: Mapped[str]
    paused_at: Mapped[datetime]
    kind: Mapped[Str20] = mapped_column(server_default="person")
    resume_after: Mapped[datetime | None]  # a busy site is tried again then


class RefreshTarget(Base):
    """What tier 4 wants visited this month; every tick tops the queue up from it."""

    __tablename__ = "refresh_targets"

    month: Mapped[date] = mapped_column(primary_key=True)
    run_id: Mapped[OfRun | None]
    stale_target: Mapped[int]
    sample_target: Mapped[int]
    stale_queued: Mapped[Counter]
    sample_queued: Mapped[Counter]
    stale_before: Mapped[datetime]  # what was visited since is not stale
    set_at: Mapped[datetime]
