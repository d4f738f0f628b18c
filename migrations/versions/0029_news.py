"""What is new and what came back is found by day, and told by city without a look at wide rows.

Revision ID: 0029_news
Revises: 0027_refused
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient, create_indexes, let_go

revision = "0029_news"
down_revision = "0027_refused"
branch_labels = None
depends_on = None

INDEXES = (
    "CREATE INDEX idx_property_changes_arrived "
    "ON property_changes (created_at) "
    "WHERE change_type IN ('created', 'reactivated')",
    "CREATE INDEX idx_property_changes_terms "
    "ON property_changes (property_id, created_at) "
    "WHERE field_name IN ('currency', 'price_unit', 'operation_type')",
)
# What is shown of the days before the upgrade, for where a listing is seldom changes. An earlier
# scraper's entries are left alone.
_LATELY = """
UPDATE property_changes c SET city = l.city
  FROM properties_live l
 WHERE l.property_id = c.property_id AND c.created_at > now() - interval '8 days'
   AND c.feed_position IS DISTINCT FROM 0
   AND (c.change_type IN ('created', 'removed', 'reactivated') OR c.field_name = 'price')
"""


def upgrade() -> None:
    be_patient()
    add_columns("property_changes", ("city varchar(255)",))
    let_go()
    op.execute(_LATELY)
    create_indexes(INDEXES)


def downgrade() -> None:
    be_patient()
    op.execute("DROP INDEX idx_property_changes_terms")
    op.execute("DROP INDEX idx_property_changes_arrived")
    op.execute("ALTER TABLE property_changes DROP COLUMN city")
