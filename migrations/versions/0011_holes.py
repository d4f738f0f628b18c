"""Which parts of a source a walk could not read whole, and how many pages the site shows.

Revision ID: 0011_holes
Revises: 0010_one_row
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient

revision = "0011_holes"
down_revision = "0010_one_row"
branch_labels = None
depends_on = None


def upgrade() -> None:
    be_patient()
    add_columns("manifest_walks", ("holes jsonb NOT NULL DEFAULT '[]'::jsonb",))
    add_columns("site_pace", ("page_cap integer",))


def downgrade() -> None:
    be_patient()
    op.execute("ALTER TABLE site_pace DROP COLUMN page_cap")
    op.execute("ALTER TABLE manifest_walks DROP COLUMN holes")
