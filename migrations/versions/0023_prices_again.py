"""A price that was rejected is news again once the site has shown another.

Revision ID: 0023_prices_again
Revises: 0022_nodes
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient

revision = "0023_prices_again"
down_revision = "0022_nodes"
branch_labels = None
depends_on = None

# Those that another currency or unit superseded were never settled.
_SETTLE = """
UPDATE price_reviews SET settled_at = now() WHERE status = 'superseded' AND settled_at IS NULL"""


def upgrade() -> None:
    be_patient()
    op.execute("ALTER TABLE price_reviews ADD COLUMN IF NOT EXISTS lifted_at timestamptz")
    op.execute(_SETTLE)


def downgrade() -> None:
    be_patient()
    op.execute("ALTER TABLE price_reviews DROP COLUMN lifted_at")
