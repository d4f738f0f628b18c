"""When the site's timeline was written: it tells how far the clock was set back since.

Revision ID: 0024_one_clock
Revises: 0023_prices_again
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient

revision = "0024_one_clock"
down_revision = "0023_prices_again"
branch_labels = None
depends_on = None


def upgrade() -> None:
    be_patient()
    add_columns("site_pace", ("written_at timestamptz NOT NULL DEFAULT now()",))


def downgrade() -> None:
    be_patient()
    op.execute("ALTER TABLE site_pace DROP COLUMN written_at")
