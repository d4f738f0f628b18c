"""Sightings of listings: the manifest, and what it is made from."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db.base import (
    Area,
    Base,
    Created,
    GeneratedId,
    Json,
    Latitude,
    Longitude,
    LongText,
    Money,
    RecordId,
    Str10,
    Str20,
    Str50,
    Str100,
    Str200,
    Str255,
    Str500,
    Timestamp,
)

_TRUE, _FALSE = text("true"), text("false")


class PropertyManifest(Base):
    """Every listing ever seen on a page, as its card showed it last."""

    __tablename__ = "property_manifest"
    __table_args__ = (
        Index("idx_manifest_property_id", "property_id"),
        Index(
            "idx_manifest_needs_scrape",
            "needs_full_scrape",
            postgresql_where=text("needs_full_scrape = true"),
        ),
        Index("idx_manifest_is_new", "is_new", postgresql_where=text("is_new = true")),
        Index(
            "uq_manifest_public_id",
            "public_id",
            unique=True,
            postgresql_where=text("public_id IS NOT NULL"),
        ),
        # Half of each page is left free, and no index names a column that every sighting
        # touches: so a sighting is a HOT update and the table does not grow.
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[GeneratedId]
    property_id: Mapped[RecordId] = mapped_column(unique=True)
    source_url: Mapped[LongText]
    listing_page_price: Mapped[Money | None]
    listing_page_title: Mapped[Str500 | None]
    first_seen_at: Mapped[Created]
    last_seen_at: Mapped[Created]
    seen_in_session_id: Mapped[UUID | None]
    is_new: Mapped[bool] = mapped_column(server_default=_TRUE)
    needs_full_scrape: Mapped[bool] = mapped_column(server_default=_TRUE)
    price_changed: Mapped[bool] = mapped_column(server_default=_FALSE)
    public_id: Mapped[Str20 | None]
    offers: Mapped[Json] = mapped_column(server_default=text("'[]'::jsonb"))
    operation_type: Mapped[Str50 | None]
    currency: Mapped[Str10 | None]
    price_unit: Mapped[Str10] = mapped_column(server_default="total")
    latitude: Mapped[Latitude | None]
    longitude: Mapped[Longitude | None]
    exact_location: Mapped[bool | None]
    property_type: Mapped[Str100 | None]
    neighborhood: Mapped[Str255 | None]
    city: Mapped[Str255 | None]
    bedrooms: Mapped[int | None]
    bathrooms: Mapped[int | None]
    total_area_m2: Mapped[Area | None]
    main_image_url: Mapped[LongText | None]
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))


class ManifestPage(Base):
    """One listing page that a session read or lost."""

    __tablename__ = "manifest_pages"
    __table_args__ = (CheckConstraint("status IN ('read', 'lost')", name="status"),)

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("scraping_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[Str50] = mapped_column(primary_key=True)
    part: Mapped[Str200] = mapped_column(primary_key=True, server_default="")
    page_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[LongText]
    status: Mapped[Str20]
    job_id: Mapped[UUID | None]
    declared_total: Mapped[int | None]
    declared_pages: Mapped[int | None]
    entries: Mapped[int] = mapped_column(server_default=text("0"))
    dropped: Mapped[int] = mapped_column(server_default=text("0"))
    new_entries: Mapped[int] = mapped_column(server_default=text("0"))
    changed_entries: Mapped[int] = mapped_column(server_default=text("0"))
    priced_entries: Mapped[int | None]  # cards with a price; None: read before it was counted
    error: Mapped[LongText | None]
    fetched_at: Mapped[Timestamp]
    facts: Mapped[Json | None]  # what a walk that is taken up again goes on by


class ManifestWalk(Base):
    """One source's walk that came to its end: what it wanted, and what it could not reach."""

    __tablename__ = "manifest_walks"

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("scraping_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    source: Mapped[Str50] = mapped_column(primary_key=True)
    parts: Mapped[int]
    pages_wanted: Mapped[int]
    total_at_start: Mapped[int | None]
    total_at_end: Mapped[int | None]
    unpriced_wanted: Mapped[int] = mapped_column(server_default=text("0"))
    unpriced_found: Mapped[int] = mapped_column(server_default=text("0"))
    gaps: Mapped[Json] = mapped_column(server_default=text("'[]'::jsonb"))
    finished_at: Mapped[Timestamp]


class PropertySighting(Base):
    """Which page showed a listing when. Insert-only; no foreign keys, they cost bulk inserts."""

    __tablename__ = "property_sightings"
    __table_args__ = (
        Index("idx_sightings_property", "property_id"),
        Index("idx_sightings_seen", "seen_at"),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[Str50] = mapped_column(primary_key=True)
    part: Mapped[Str200] = mapped_column(primary_key=True, server_default="")
    page_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    property_id: Mapped[RecordId] = mapped_column(primary_key=True)
    seen_at: Mapped[Timestamp]


class PropertyAlias(Base):
    """Another form of a record's id: a slug it had before, a host, a language."""

    __tablename__ = "property_aliases"
    __table_args__ = (Index("idx_aliases_property", "property_id"),)

    alias: Mapped[RecordId] = mapped_column(primary_key=True)
    property_id: Mapped[RecordId]
    source_url: Mapped[LongText | None]
    created_at: Mapped[Created]
