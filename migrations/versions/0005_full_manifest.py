"""A full manifest of the real site.

Revision ID: 0005_full_manifest
Revises: 0004_adoption
"""

from __future__ import annotations

from alembic import op

from pincali_sync.db.tolerant_ddl import be_patient

revision = "0005_full_manifest"
down_revision = "0004_adoption"
branch_labels = None
depends_on = None


def upgrade() -> None:
    be_patient()
    # A missing count changes no indexed column: with room in the page it is a HOT update, which
    # leaves the nineteen indexes alone. For pages written from now on; nothing is rewritten.
    op.execute("ALTER TABLE properties_live SET (fillfactor = 85)")


def downgrade() -> None:
    be_patient()
    op.execute("ALTER TABLE properties_live RESET (fillfactor)")
