"""How each Scrapyd node was when the runner last looked, so that what changed is told once.

Revision ID: 0022_nodes
Revises: 0021_attempts
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_tables

revision = "0022_nodes"
down_revision = "0021_attempts"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE sync_nodes (
        node       text         NOT NULL,
        objection  text,
        is_down    boolean      DEFAULT false NOT NULL,
        since      timestamptz  DEFAULT now() NOT NULL,
        version    text,
        running    integer      DEFAULT 0 NOT NULL,
        pending    integer      DEFAULT 0 NOT NULL,
        looked_at  timestamptz  DEFAULT now() NOT NULL,
        CONSTRAINT sync_nodes_pkey PRIMARY KEY (node)
    )
    """,
)


def upgrade() -> None:
    be_patient()
    create_tables(TABLES)


def downgrade() -> None:
    be_patient()
    op.execute("DROP TABLE sync_nodes")
