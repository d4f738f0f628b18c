"""What cards showed otherwise since a record's page was visited, and what that is worth.

Revision ID: 0012_signals
Revises: 0011_holes
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient, create_indexes, create_tables

revision = "0012_signals"
down_revision = "0011_holes"
branch_labels = None
depends_on = None


_LESSONS = """
    CREATE TABLE signal_lessons (
        month          date              NOT NULL,
        signals        smallint          NOT NULL,
        visits         integer           NOT NULL DEFAULT 0,
        news           integer           NOT NULL DEFAULT 0,
        expected_news  double precision  NOT NULL DEFAULT 0,
        CONSTRAINT signal_lessons_pkey PRIMARY KEY (month, signals)
    )
    """
_INDEX = (
    "CREATE INDEX idx_manifest_signals ON property_manifest (property_id) WHERE card_signals <> 0"
)


def upgrade() -> None:
    be_patient()
    add_columns("property_manifest", ("card_signals smallint NOT NULL DEFAULT 0",))
    create_tables((_LESSONS,))
    create_indexes((_INDEX,))


def downgrade() -> None:
    be_patient()
    op.execute("DROP TABLE signal_lessons")
    op.execute("ALTER TABLE property_manifest DROP COLUMN card_signals")
