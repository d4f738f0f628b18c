"""Sightings of listings: the manifest and what it is made from; what the sitemap listed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db import columns as col
from pincali_sync.db.base import Base, lists, none_below_zero, one_of, partial_index
from pincali_sync.domain.prices import Currency


class PropertyManifest(Base):
    """Every listing ever seen on a page, as its card showed it last."""

    __table_args__ = (
        CheckConstraint("listing_page_price >= 0 AND listing_page_price <> 'NaN'", name="price"),
        one_of("currency", *Currency),
        one_of("price_unit", "total", "m2"),
        lists("offers", name="offers"),
        Index("idx_manifest_property_id", "property_id"),
        partial_index(
            "idx_manifest_needs_scrape", "needs_full_scrape", where="needs_full_scrape = true"
        ),
        partial_index("idx_manifest_is_new", "is_new", where="is_new = true"),
        partial_index(
            "idx_manifest_by_url",
            *("first_seen_at", "property_id"),
            where="is_new AND sources = '{}'",
        ),
        partial_index("uq_manifest_public_id", "public_id", where="public_id IS NOT NULL"),
        partial_index("idx_manifest_signals", "property_id", where="card_signals <> 0"),
        # Half of each page is left free, and no index names a column that every sighting
        # touches: so a sighting is a HOT update and the table does not grow.
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[col.GeneratedId]
    property_id: Mapped[col.RecordId] = mapped_column(unique=True)
    source_url: Mapped[str]
    listing_page_price: Mapped[col.Money | None]
    listing_page_title: Mapped[col.Str500 | None]
    first_seen_at: Mapped[col.Created]
    last_seen_at: Mapped[col.Created]
    # Whose card or page showed it last; without sources, whose sitemap pass made it known.
    seen_in_session_id: Mapped[UUID | None]
    is_new: Mapped[col.Yes]
    needs_full_scrape: Mapped[col.Yes]
    price_changed: Mapped[col.No]
    public_id: Mapped[col.Str20 | None]
    offers: Mapped[col.JsonList]
    operation_type: Mapped[col.Str50 | None]
    currency: Mapped[col.Str10 | None]
    price_unit: Mapped[col.Str10] = mapped_column(server_default="total")
    latitude: Mapped[col.Latitude | None]
    longitude: Mapped[col.Longitude | None]
    exact_location: Mapped[bool | None]
    property_type: Mapped[col.Str100 | None]
    neighborhood: Mapped[col.Str255 | None]
    city: Mapped[col.Str255 | None]
    bedrooms: Mapped[int | None]
    bathrooms: Mapped[int | None]
    total_area_m2: Mapped[col.Area | None]
    main_image_url: Mapped[str | None]
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    # What cards showed otherwise since the page was visited: bits of `CardSignal`.
    card_signals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    card_digest: Mapped[int | None] = mapped_column(BigInteger)  # of all that the last card said


class ManifestPages(Base):
    """One listing page that a session read or lost."""

    __table_args__ = (
        one_of("status", "read", "lost"),
        CheckConstraint(
            "page_number > 0 AND entries >= 0 AND dropped >= 0 AND new_entries >= 0 "
            "AND changed_entries >= 0",
            name="counts",
        ),
        partial_index(
            "idx_manifest_pages_first",
            *("source", "fetched_at"),
            where="part = '' AND page_number = 1 AND status = 'read'",
        ),
    )

    session_id: Mapped[col.SessionKey]
    source: Mapped[col.Str50] = mapped_column(primary_key=True)
    part: Mapped[col.Str200] = mapped_column(primary_key=True, server_default="")
    page_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    url: Mapped[str]
    status: Mapped[col.Str20]
    job_id: Mapped[UUID | None]
    declared_total: Mapped[int | None]
    declared_pages: Mapped[int | None]
    entries: Mapped[col.Counter]
    dropped: Mapped[col.Counter]
    new_entries: Mapped[col.Counter]
    changed_entries: Mapped[col.Counter]
    priced_entries: Mapped[int | None]  # cards with a price; None: read before it was counted
    error: Mapped[str | None]
    fetched_at: Mapped[datetime]
    facts: Mapped[col.Json | None]  # what a walk that is taken up again goes on by


class ManifestWalks(Base):
    """One source's walk that came to its end: what it wanted, and what it could not reach."""

    __table_args__ = (
        none_below_zero("parts", "pages_wanted", "unpriced_wanted", "unpriced_found"),
        lists("gaps", "holes"),
    )

    session_id: Mapped[col.SessionKey]
    source: Mapped[col.Str50] = mapped_column(primary_key=True)
    parts: Mapped[int]
    pages_wanted: Mapped[int]
    total_at_start: Mapped[int | None]
    total_at_end: Mapped[int | None]
    unpriced_wanted: Mapped[col.Counter]
    unpriced_found: Mapped[col.Counter]
    gaps: Mapped[col.JsonList]
    holes: Mapped[col.JsonList]
    finished_at: Mapped[datetime]


class PropertySightings(Base):
    """Which page showed a listing when. Insert-only; no foreign keys, they cost bulk inserts."""

    __table_args__ = (
        Index("idx_sightings_property", "property_id"),
        Index("idx_sightings_seen", "seen_at", postgresql_using="brin"),
    )

    session_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[col.Str50] = mapped_column(primary_key=True)
    part: Mapped[col.Str200] = mapped_column(primary_key=True, server_default="")
    page_number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    property_id: Mapped[col.RecordId] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class PropertyAliases(Base):
    """Another form of a record's id: a slug it had before, a host, a language."""

    __table_args__ = (Index("idx_aliases_property", "property_id"),)

    alias: Mapped[col.RecordId] = mapped_column(primary_key=True)
    property_id: Mapped[col.RecordId]
    source_url: Mapped[str | None]
    created_at: Mapped[col.Created]


class SitemapPasses(Base):
    """One reading of the sitemap."""

    __table_args__ = (
        CheckConstraint("finished_at IS NOT NULL OR NOT is_complete", name="is_complete"),
        none_below_zero("shards", "urls", "new_urls"),
    )

    session_id: Mapped[col.SessionKey]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    dated_at: Mapped[datetime | None]  # what it shows is as old as this
    shards: Mapped[col.Counter]
    urls: Mapped[col.Counter]
    new_urls: Mapped[col.Counter]
    is_complete: Mapped[col.No]
    reasons: Mapped[col.JsonList]


class SitemapShards(Base):
    """A part of the sitemap, with what the site needs to say that it did not change."""

    url: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[UUID]  # of the pass that read it last
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    dated_at: Mapped[datetime]  # what it listed then is as old as this, or younger
    urls: Mapped[int]
    read_at: Mapped[datetime]


class SitemapUrls(Base):
    """A listing that the sitemap named. A pass writes what came, went or moved: of the rest, the
    shard's row tells when it was listed last, and by which pass."""

    __table_args__ = (
        Index("idx_sitemap_urls_shard", "shard_url"),
        Index("idx_sitemap_urls_session", "session_id"),
    )

    computed_id: Mapped[col.RecordId] = mapped_column(primary_key=True)
    source_url: Mapped[str]
    shard_url: Mapped[str | None]  # None: none lists it any more
    first_listed_at: Mapped[datetime]  # or again, since a complete pass lacked it
    listed_at: Mapped[datetime]  # as it came into the shard, or as it went
    session_id: Mapped[UUID]  # of that pass
