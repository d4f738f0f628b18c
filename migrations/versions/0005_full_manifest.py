"""A full manifest of the real site: pages by part of a walk, the walks themselves, the sitemap.

Revision ID: 0005_full_manifest
Revises: 0004_adoption
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import (
    add_columns,
    be_patient,
    create_tables,
    prove_checks,
    replace_check,
)

revision = "0005_full_manifest"
down_revision = "0004_adoption"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE manifest_walks (
        session_id        uuid         NOT NULL,
        source            varchar(50)  NOT NULL,
        parts             integer      NOT NULL,
        pages_wanted      integer      NOT NULL,
        total_at_start    integer,
        total_at_end      integer,
        unpriced_wanted   integer      NOT NULL DEFAULT 0,
        unpriced_found    integer      NOT NULL DEFAULT 0,
        gaps              jsonb        NOT NULL DEFAULT '[]'::jsonb,
        finished_at       timestamptz  NOT NULL,
        CONSTRAINT manifest_walks_pkey PRIMARY KEY (session_id, source),
        CONSTRAINT manifest_walks_session_id_fkey FOREIGN KEY (session_id)
            REFERENCES scraping_sessions (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE sitemap_passes (
        session_id    uuid         NOT NULL,
        started_at    timestamptz  NOT NULL,
        finished_at   timestamptz,
        dated_at      timestamptz,
        shards        integer      NOT NULL DEFAULT 0,
        urls          integer      NOT NULL DEFAULT 0,
        new_urls      integer      NOT NULL DEFAULT 0,
        is_complete   boolean      NOT NULL DEFAULT false,
        reasons       jsonb        NOT NULL DEFAULT '[]'::jsonb,
        CONSTRAINT sitemap_passes_pkey PRIMARY KEY (session_id),
        CONSTRAINT sitemap_passes_session_id_fkey FOREIGN KEY (session_id)
            REFERENCES scraping_sessions (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE sitemap_shards (
        url            text         NOT NULL,
        session_id     uuid         NOT NULL,
        etag           text,
        last_modified  text,
        urls           integer      NOT NULL,
        read_at        timestamptz  NOT NULL,
        CONSTRAINT sitemap_shards_pkey PRIMARY KEY (url)
    )
    """,
    """
    CREATE TABLE sitemap_urls (
        computed_id      varchar(255)  NOT NULL,
        source_url       text          NOT NULL,
        shard_url        text          NOT NULL,
        first_listed_at  timestamptz   NOT NULL,
        listed_at        timestamptz   NOT NULL,
        session_id       uuid          NOT NULL,
        CONSTRAINT sitemap_urls_pkey PRIMARY KEY (computed_id)
    ) WITH (fillfactor = 50)
    """,
)


def upgrade() -> None:
    be_patient()
    create_tables(TABLES)
    add_columns("manifest_pages", ("part varchar(200) NOT NULL DEFAULT ''", "facts jsonb"))
    add_columns("property_sightings", ("part varchar(200) NOT NULL DEFAULT ''",))
    add_columns("site_pace", ("held_until timestamptz", "strikes integer NOT NULL DEFAULT 0"))
    add_columns(
        "sync_pauses",
        ("kind varchar(20) NOT NULL DEFAULT 'person'", "resume_after timestamptz"),
    )
    replace_check(
        "sync_pauses",
        "kind",
        "sync_pauses_kind_check",
        "kind IN ('person', 'refused', 'busy', 'rate')",
    )
    prove_checks("sync_pauses", ("sync_pauses_kind_check",))
    _replace_key("manifest_pages", "session_id, source, part, page_number")
    _replace_key("property_sightings", "session_id, source, part, page_number, property_id")
    # A missing count changes no indexed column: with room in the page it is a HOT update, which
    # leaves the nineteen indexes alone. For pages written from now on; nothing is rewritten.
    op.execute("ALTER TABLE properties_live SET (fillfactor = 85)")


def downgrade() -> None:
    be_patient()
    op.execute("ALTER TABLE properties_live RESET (fillfactor)")
    op.execute("DELETE FROM property_sightings WHERE part <> ''")
    op.execute("DELETE FROM manifest_pages WHERE part <> ''")
    _replace_key("property_sightings", "session_id, source, page_number, property_id")
    _replace_key("manifest_pages", "session_id, source, page_number")
    op.execute("ALTER TABLE sync_pauses DROP COLUMN kind, DROP COLUMN resume_after")
    op.execute("ALTER TABLE site_pace DROP COLUMN held_until, DROP COLUMN strikes")
    op.execute("ALTER TABLE property_sightings DROP COLUMN part")
    op.execute("ALTER TABLE manifest_pages DROP COLUMN part, DROP COLUMN facts")
    for table in ("sitemap_urls", "sitemap_shards", "sitemap_passes", "manifest_walks"):
        op.execute(f"DROP TABLE {table}")


def _replace_key(table: str, columns: str) -> None:
    op.execute(
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, "
        f"ADD CONSTRAINT {table}_pkey PRIMARY KEY ({columns})"
    )
