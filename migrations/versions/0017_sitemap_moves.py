"""A pass over the sitemap writes what came, went or moved; the shard's row tells of the rest.

Revision ID: 0017_sitemap_moves
Revises: 0016_lookups
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient, create_indexes

revision = "0017_sitemap_moves"
down_revision = "0016_lookups"
branch_labels = None
depends_on = None

_DATE_SHARDS = """
UPDATE sitemap_shards s
   SET dated_at = coalesce((SELECT max(listed_at) FROM sitemap_urls u
                             WHERE u.shard_url = s.url AND u.session_id = s.session_id), s.read_at)
"""
# What its shard lacked when it was read last.
_LET_GO = """
UPDATE sitemap_urls u SET shard_url = NULL
 WHERE NOT EXISTS (SELECT FROM sitemap_shards s
                    WHERE s.url = u.shard_url AND s.session_id = u.session_id)
"""
_WRITE_OUT = """
UPDATE sitemap_urls u
   SET listed_at = greatest(u.listed_at, s.dated_at), session_id = s.session_id
  FROM sitemap_shards s WHERE s.url = u.shard_url
"""


def upgrade() -> None:
    be_patient()
    add_columns("sitemap_shards", ("dated_at timestamptz",))
    op.execute(_DATE_SHARDS)
    op.execute("ALTER TABLE sitemap_shards ALTER COLUMN dated_at SET NOT NULL")
    op.execute("ALTER TABLE sitemap_urls ALTER COLUMN shard_url DROP NOT NULL")
    op.execute("ALTER TABLE sitemap_urls RESET (fillfactor)")
    op.execute(_LET_GO)
    create_indexes(("CREATE INDEX idx_sitemap_urls_shard ON sitemap_urls (shard_url)",))


def downgrade() -> None:
    be_patient()
    op.execute("DROP INDEX idx_sitemap_urls_shard")
    op.execute(_WRITE_OUT)
    op.execute("UPDATE sitemap_urls SET shard_url = '' WHERE shard_url IS NULL")
    op.execute("ALTER TABLE sitemap_urls SET (fillfactor = 50)")
    op.execute("ALTER TABLE sitemap_urls ALTER COLUMN shard_url SET NOT NULL")
    op.execute("ALTER TABLE sitemap_shards DROP COLUMN dated_at")
