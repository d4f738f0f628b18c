"""What only the sitemap made known is counted and listed by an index of its own.

Revision ID: 0034_by_url
Revises: 0033_after_triggers
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_indexes

revision = "0034_by_url"
down_revision = "0033_after_triggers"
branch_labels = None
depends_on = None

_INDEX = (
    "CREATE INDEX idx_manifest_by_url ON property_manifest (first_seen_at, property_id) "
    "WHERE is_new AND sources = '{}'"
)


def upgrade() -> None:
    be_patient()
    create_indexes((_INDEX,))


def downgrade() -> None:
    be_patient()
    op.execute("DROP INDEX idx_manifest_by_url")
