"""The listings themselves: staged as scraped, and live."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import REAL, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db import columns as col
from pincali_sync.db.base import Base, lists, one_of, partial_index, words
from pincali_sync.domain.listing_status import LISTED, REMOVED, ListingStatus
from pincali_sync.domain.prices import Currency

_ACCENTED, _BARE = "áàâäãéèêëíìîïóòôöõúùûüñç", "aaaaaeeeeiiiiooooouuuunc"

NAMES_AGENT = "agent_name IS NOT NULL OR agent_phone IS NOT NULL OR agent_email IS NOT NULL"


# By what people filter and sort, as the indexes from `idx_live_newest` on have it.
def first_seen_at(of: str = "") -> str:
    """SQL for when a row was first seen; of an adopted one, when it was written if none knows."""
    return f"coalesce({of}first_seen_at, {of}created_at)"


def changed_at(of: str = "") -> str:
    """SQL for when anything was last written down about a row."""
    return f"coalesce({of}last_updated_at, '-infinity'::timestamptz)"


def shelf(of: str = "") -> str:
    """SQL for the part of the table that a row belongs to (see `shelves_of`).

    What is gone lies at other ends of an order than what is there, and so do prices of rent and of
    sale: each part has its own place in the indexes of orders.
    """
    return (
        f"CASE WHEN {of}listing_status IN {words(REMOVED)} THEN 2 ELSE 0 END"
        f" + CASE WHEN {of}operation_type IN ('rent', 'for rent') THEN 1 ELSE 0 END"
    )


def folded(text: str) -> str:
    """SQL for a text without regard to case and accents, whatever the database's collation."""
    return f"lower(translate({text}, '{_ACCENTED}{_ACCENTED.upper()}', '{_BARE}{_BARE}'))"


class ListingColumns:
    """What a detail page shows: the columns that staging and live share."""

    property_id: Mapped[col.RecordId]
    title: Mapped[str]
    description: Mapped[str | None]
    property_type: Mapped[col.Str100 | None]
    operation_type: Mapped[col.Str50 | None]
    address: Mapped[str | None]
    neighborhood: Mapped[col.Str255 | None]
    city: Mapped[col.Str255 | None]
    state: Mapped[col.Str255 | None]
    postal_code: Mapped[col.Str20 | None]
    latitude: Mapped[col.Latitude | None]
    longitude: Mapped[col.Longitude | None]
    gps_coordinates: Mapped[col.Str255 | None]
    price: Mapped[col.Money | None]
    currency: Mapped[col.Str10 | None] = mapped_column(server_default="MXN")
    price_per_m2: Mapped[col.Area | None]
    bedrooms: Mapped[int | None]
    bathrooms: Mapped[int | None]
    half_bathrooms: Mapped[int | None]
    parking_spaces: Mapped[int | None]
    total_area_m2: Mapped[col.Area | None]
    covered_area_m2: Mapped[col.Area | None]
    lot_size_m2: Mapped[col.Area | None]
    floor_number: Mapped[int | None]
    total_floors: Mapped[int | None]
    age_years: Mapped[int | None]
    construction_year: Mapped[int | None]
    features: Mapped[col.Json | None]
    amenities: Mapped[col.Json | None]
    main_image_url: Mapped[str | None]
    image_urls: Mapped[col.Json | None]
    virtual_tour_url: Mapped[str | None]
    video_url: Mapped[str | None]
    agent_name: Mapped[col.Str255 | None]
    agent_phone: Mapped[col.Str50 | None]
    agent_email: Mapped[col.Str255 | None]
    agency_name: Mapped[col.Str255 | None]
    message_url: Mapped[str | None]
    status: Mapped[col.Str50 | None] = mapped_column(server_default="active")
    is_featured: Mapped[col.No | None]
    is_premium: Mapped[col.No | None]
    source_url: Mapped[str]
    page_number: Mapped[int | None]
    listing_date: Mapped[date | None]
    scraped_at: Mapped[col.Created | None]


class PropertyScrapesStaging(ListingColumns, Base):
    """Detail pages as they were scraped, one a session and record."""

    __table_args__ = (
        UniqueConstraint("session_id", "property_id", name="unique_property_per_session"),
        Index("idx_staging_change_type", "change_type"),
        Index("idx_staging_property_id", "property_id"),
        Index("idx_staging_scraped_at", "scraped_at"),
        Index("idx_staging_session_status", "session_id", "processing_status"),
        partial_index("idx_staging_agents", "id", where=NAMES_AGENT),
    )

    id: Mapped[col.GeneratedId]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("scraping_sessions.id", ondelete="CASCADE"))
    processing_status: Mapped[col.Str50 | None] = mapped_column(server_default="pending")
    change_type: Mapped[col.Str50 | None]  # new, updated, unchanged, removed
    created_at: Mapped[col.Created | None]


_SEARCHED = "bedrooms city neighborhood operation_type price property_type status"


# What people filter by, and sort; the largest places have orders of their own.
_SHELF, _CITY = text(f"({shelf()})"), text(f"({folded('city')})")
_SEEN, _CHANGED = text(f"({first_seen_at()})"), text(f"({changed_at()})")
_PRICE = (_SHELF, "currency", "price", "id")
_PRICED = text("price_unit = 'total' AND price IS NOT NULL")
_BROWSED = (
    Index("idx_live_newest", _SHELF, _SEEN, "id"),
    Index("idx_live_changed", _SHELF, _CHANGED, "id"),
    Index("idx_live_priced", *_PRICE, postgresql_where=_PRICED),
    Index("idx_live_city_newest", _CITY, _SHELF, _SEEN, "id"),
    Index("idx_live_city_priced", _CITY, *_PRICE, postgresql_where=_PRICED),
    Index("idx_live_neighborhood", text(f"({folded('neighborhood')})")),
    Index("idx_live_state", text(f"({folded('state')})")),
    Index("idx_live_type", text(f"({folded('property_type')})")),
)


class PropertiesLive(ListingColumns, Base):
    """The table that people rely on."""

    id: Mapped[col.GeneratedId]
    created_at: Mapped[col.Created]
    updated_at: Mapped[col.Created]
    property_id: Mapped[col.RecordId] = mapped_column(unique=True)
    first_seen_at: Mapped[col.Created | None]
    last_seen_at: Mapped[col.Created | None]
    last_updated_at: Mapped[col.Created | None]
    data_completeness_score: Mapped[col.Score | None] = mapped_column(server_default=text("0.00"))
    verification_status: Mapped[col.Str50 | None] = mapped_column(server_default="unverified")
    search_vector: Mapped[Any | None] = mapped_column(
        TSVECTOR,
        Computed(
            "to_tsvector('spanish'::regconfig, coalesce(title,'') || ' ' || "
            "coalesce(description,'') || ' ' || coalesce(neighborhood,'') || ' ' || "
            "coalesce(city,''))",
            persisted=True,
        ),
    )
    # --- what the tiers know of it ---
    last_manifest_seen_at: Mapped[datetime | None]
    consecutive_missing_count: Mapped[col.Counter]
    listing_status: Mapped[col.Str50] = mapped_column(server_default="active")
    last_full_scrape_at: Mapped[datetime | None]
    scrape_priority: Mapped[int | None] = mapped_column(server_default=text("5"))
    price_at_last_manifest: Mapped[col.Money | None]
    currency_at_last_manifest: Mapped[col.Str10 | None]
    unit_at_last_manifest: Mapped[col.Str10 | None]
    public_id: Mapped[col.Str20 | None]
    title_original: Mapped[str | None]
    offers: Mapped[col.JsonList]
    price_unit: Mapped[col.Str10] = mapped_column(server_default="total")
    missing_session_id: Mapped[UUID | None]  # the last scan that counted it as missing
    visits: Mapped[col.Counter]
    visits_with_news: Mapped[col.Counter]
    observed_days: Mapped[float] = mapped_column(REAL, server_default=text("0"))

    __table_args__ = (
        one_of("listing_status", *ListingStatus),
        CheckConstraint("scrape_priority BETWEEN 1 AND 5", name="scrape_priority"),
        one_of("price_unit", "total", "m2"),
        one_of("currency", *Currency),
        CheckConstraint(
            "consecutive_missing_count >= 0 AND (consecutive_missing_count < 3 "
            "OR listing_status NOT IN ('active', 'relisted'))",
            name="missing",
        ),
        CheckConstraint(
            f"CASE WHEN listing_status IN {words(LISTED)} THEN status = 'active' "
            f"WHEN listing_status IN {words(REMOVED)} THEN status <> 'active' END",
            name="older_status",
        ),
        CheckConstraint(
            "price >= 0 AND price <> 'NaN' AND price_per_m2 >= 0 AND price_per_m2 <> 'NaN'",
            name="price",
        ),
        lists("offers", name="offers"),
        CheckConstraint(
            "visits_with_news BETWEEN 0 AND visits AND observed_days >= 0", name="visits"
        ),
        partial_index("idx_properties_active", "last_updated_at", where="status = 'active'"),
        *(Index(None, name) for name in _SEARCHED.split()),
        Index("idx_properties_live_amenities", "amenities", postgresql_using="gin"),
        Index("idx_properties_live_last_updated", "last_updated_at"),
        partial_index(
            "idx_properties_live_location",
            "latitude",
            "longitude",
            where="latitude IS NOT NULL AND longitude IS NOT NULL",
        ),
        Index("idx_properties_live_search", "search_vector", postgresql_using="gin"),
        # BRIN: the time goes up with every scan, and no other kind lets that be a HOT update.
        Index(
            "idx_live_manifest_check",
            "property_id",
            "last_manifest_seen_at",
            postgresql_using="brin",
        ),
        Index("idx_live_listing_status", "listing_status"),
        partial_index("idx_live_stale", "last_full_scrape_at", where="listing_status = 'active'"),
        partial_index("idx_live_priority", "scrape_priority", where="listing_status = 'active'"),
        Index("idx_live_freshness", "listing_status", "last_full_scrape_at"),
        partial_index("uq_live_public_id", "public_id", where="public_id IS NOT NULL"),
        partial_index("idx_live_agents", "property_id", where=NAMES_AGENT),
        *_BROWSED,
        # Room in each page lets counters be HOT updates, which leave all these indexes alone.
        {"postgresql_with": {"fillfactor": 70}},
    )
