"""What was concluded of listings and what waits for a person: removals, prices, identities."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db import columns as col
from pincali_sync.db.base import Base, lists, none_below_zero, one_of, partial_index
from pincali_sync.domain.liveness import Verdict
from pincali_sync.domain.prices import Currency


class ScanCertificates(Base):
    """Whether one session read one source completely."""

    __table_args__ = (
        CheckConstraint("certified OR NOT proves_absence", name="proves_absence"),
        none_below_zero("pages_read", "pages_lost", "distinct_properties"),
        lists("reasons", "holes"),
    )

    session_id: Mapped[col.SessionKey]
    source: Mapped[col.Str50] = mapped_column(primary_key=True)
    certified: Mapped[bool]
    proves_absence: Mapped[bool]  # certified, and not one that sets the mark: the source's first
    reasons: Mapped[col.JsonList]
    holes: Mapped[col.JsonList]  # who may be in one is not missing: see `coverage`
    pages_declared: Mapped[int | None]
    pages_read: Mapped[int]
    pages_lost: Mapped[int]
    total_at_start: Mapped[int | None]
    total_at_end: Mapped[int | None]
    distinct_properties: Mapped[int]
    expected_properties: Mapped[int | None]
    started_at: Mapped[datetime]
    issued_at: Mapped[datetime]


class RemovalBatches(Base):
    """The removals that one certified scan led to; held where they are too many at once.

    One is held at most: what later scans prove joins it.
    """

    __table_args__ = (
        one_of("status", "open", "held", "joined", "applied", "rejected"),
        none_below_zero("candidates", "would_remove", "removal_limit", "removed"),
        CheckConstraint(
            "status NOT IN ('applied', 'rejected') OR decided_at IS NOT NULL", name="decided"
        ),
        partial_index("uq_removal_batches_held", "status", where="status = 'held'"),
    )

    id: Mapped[col.GeneratedId]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("scraping_sessions.id"), unique=True)
    run_id: Mapped[col.OfRun | None]
    status: Mapped[col.Str20] = mapped_column(server_default="open")
    candidates: Mapped[col.Counter]
    would_remove: Mapped[int | None]
    removal_limit: Mapped[int | None]
    told_of: Mapped[int | None]
    removed: Mapped[col.Counter]
    created_at: Mapped[col.Created]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]


class RemovalChecks(Base):
    """What a missing listing's page answered, and what was concluded from it."""

    __table_args__ = (
        one_of("verdict", *Verdict),
        Index("idx_removal_checks_property", "property_id", "checked_at"),
        Index("idx_removal_checks_batch", "batch_id"),
        partial_index(
            "idx_removal_checks_shown",
            *("shown_public_id", "session_id"),
            where="shown_public_id IS NOT NULL",
        ),
    )

    id: Mapped[col.GeneratedId]
    property_id: Mapped[col.RecordId]
    batch_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("removal_batches.id", ondelete="SET NULL")
    )
    session_id: Mapped[UUID | None]  # of the job that looked
    missed_session_id: Mapped[UUID | None]  # the scan that it was looked at for; None: by the way
    verdict: Mapped[col.Str20]
    http_status: Mapped[int | None]
    redirect_url: Mapped[str | None]
    shown_public_id: Mapped[col.Str20 | None]
    evidence: Mapped[str]
    url: Mapped[str]
    checked_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class RemovalAudits(Base):
    """A confirmed removal that was drawn to be looked at again, and what it showed."""

    __table_args__ = (
        one_of("verdict", *Verdict),
        CheckConstraint("(verdict IS NULL) = (checked_at IS NULL)", name="checked"),
        Index("idx_removal_audits_property", "property_id"),
    )

    week: Mapped[date] = mapped_column(primary_key=True)  # its Monday
    property_id: Mapped[col.RecordId] = mapped_column(primary_key=True)
    removed_at: Mapped[datetime]
    drawn_at: Mapped[datetime]
    verdict: Mapped[col.Str20 | None]  # None: not looked at yet
    checked_at: Mapped[datetime | None]


class PriceReviews(Base):
    """A price that changed by more than half: live as the site shows it, until somebody looks."""

    __table_args__ = (
        one_of("status", "open", "accepted", "rejected", "superseded"),
        one_of("currency", *Currency),
        one_of("price_unit", "total", "m2"),
        none_below_zero("old_price", "new_price", name="prices"),
        CheckConstraint("(status = 'open') = (settled_at IS NULL)", name="settled"),
        partial_index("uq_price_reviews_open", "property_id", where="status = 'open'"),
        Index("idx_price_reviews_property", "property_id"),
    )

    id: Mapped[col.GeneratedId]
    property_id: Mapped[col.RecordId]
    session_id: Mapped[UUID | None]
    operation: Mapped[col.Str50]
    currency: Mapped[col.Str10]
    price_unit: Mapped[col.Str10]
    old_price: Mapped[col.Money]
    new_price: Mapped[col.Money]
    old_values: Mapped[col.Json]  # the priced columns as they were, for a rejection to restore
    status: Mapped[col.Str20] = mapped_column(server_default="open")
    created_at: Mapped[col.Created]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]  # since then a rejection holds no longer


class IdentityCandidates(Base):
    """Two records that may be one property. Only a person makes them one."""

    __table_args__ = (
        UniqueConstraint("property_id", "earlier_property_id", name="identity_candidates_pair_key"),
        one_of("status", "open", "confirmed", "rejected"),
        CheckConstraint("(status = 'open') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("property_id <> earlier_property_id", name="pair"),
        partial_index("idx_identity_candidates_open", "created_at", where="status = 'open'"),
        Index("idx_identity_candidates_earlier", "earlier_property_id"),
    )

    id: Mapped[col.GeneratedId]
    property_id: Mapped[col.RecordId]  # the newcomer
    earlier_property_id: Mapped[col.RecordId]
    metres: Mapped[float] = mapped_column(REAL)
    title_similarity: Mapped[float] = mapped_column(REAL)  # 0 to 100
    price_ratio: Mapped[float] = mapped_column(REAL)  # smaller by larger
    status: Mapped[col.Str20] = mapped_column(server_default="open")
    created_at: Mapped[col.Created]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]


class ForgottenPeople(Base):
    """Somebody who asked to be forgotten, by a keyed digest: the name is nowhere."""

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    key: Mapped[bytes]  # the same in all rows
    added_at: Mapped[datetime]
