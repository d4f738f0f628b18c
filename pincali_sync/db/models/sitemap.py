"""What the sitemap listed, and when it was read."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from pincali_sync.db.base import Base, Json, LongText, RecordId, Timestamp

_ZERO, _FALSE = text("0"), text("false")


class SitemapPass(Base):
    """One reading of the sitemap."""

    __tablename__ = "sitemap_passes"

    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("scraping_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    started_at: Mapped[Timestamp]
    finished_at: Mapped[Timestamp | None]
    dated_at: Mapped[Timestamp | None]  # what it shows is as old as this
    shards: Mapped[int] = mapped_column(server_default=_ZERO)
    urls: Mapped[int] = mapped_column(server_default=_ZERO)
    new_urls: Mapped[int] = mapped_column(server_default=_ZERO)
    is_complete: Mapped[bool] = mapped_column(server_default=_FALSE)
    reasons: Mapped[Json] = mapped_column(server_default=text("'[]'::jsonb"))


class SitemapShard(Base):
    """A part of the sitemap, with what the site needs to say that it did not change."""

    __tablename__ = "sitemap_shards"

    url: Mapped[LongText] = mapped_column(primary_key=True)
    session_id: Mapped[UUID]  # of the pass that read it last
    etag: Mapped[LongText | None]
    last_modified: Mapped[LongText | None]
    urls: Mapped[int]
    read_at: Mapped[Timestamp]


class SitemapUrl(Base):
    """A listing that the sitemap named. No index on what every pass touches: updates stay HOT."""

    __tablename__ = "sitemap_urls"
    __table_args__ = ({"postgresql_with": {"fillfactor": 50}},)

    computed_id: Mapped[RecordId] = mapped_column(primary_key=True)
    source_url: Mapped[LongText]
    shard_url: Mapped[LongText]
    first_listed_at: Mapped[Timestamp]
    listed_at: Mapped[Timestamp]
    session_id: Mapped[UUID]  # of the pass that found it last
