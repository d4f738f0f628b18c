"""How far each target of webhooks was told of changes, and how it fares.

Revision ID: 0031_webhooks
Revises: 0029_news
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_tables

revision = "0031_webhooks"
down_revision = "0029_news"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE sync_webhooks (
        target         varchar(20)  NOT NULL,
        cursor         bigint       DEFAULT 0 NOT NULL,
        batch_end      bigint,
        failures       integer      DEFAULT 0 NOT NULL,
        failing_since  timestamptz,
        rests_until    timestamptz,
        delivered_at   timestamptz,
        error          text,
        claimed_by     uuid,
        claimed_until  timestamptz,
        created_at     timestamptz  DEFAULT now() NOT NULL,
        CONSTRAINT sync_webhooks_pkey PRIMARY KEY (target)
    )
    """,
)


def upgrade() -> None:
    be_patient()
    create_tables(TABLES)


def downgrade() -> None:
    be_patient()
    op.execute("DROP TABLE sync_webhooks")
