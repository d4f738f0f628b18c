"""The tables that a merger looks records up in are not read from end to end.

Revision ID: 0016_lookups
Revises: 0015_outside
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_indexes

revision = "0016_lookups"
down_revision = "0015_outside"
branch_labels = None
depends_on = None

INDEXES = (
    "CREATE INDEX idx_price_reviews_property ON price_reviews (property_id)",
    "CREATE INDEX idx_identity_candidates_earlier ON identity_candidates (earlier_property_id)",
)


def upgrade() -> None:
    be_patient()
    create_indexes(INDEXES)


def downgrade() -> None:
    be_patient()
    for index in ("idx_price_reviews_property", "idx_identity_candidates_earlier"):
        op.execute(f"DROP INDEX {index}")
