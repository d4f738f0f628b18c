"""Whom listings name: found fast where it is to be cleared, and those who are to be kept out.

And what earlier versions wrote down with a job where SCRAPYD_URLS held a password.

Revision ID: 0009_people
Revises: 0008_transitions
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_indexes, create_tables

revision = "0009_people"
down_revision = "0008_transitions"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE forgotten_people (
        digest    bytea        NOT NULL,
        key       bytea        NOT NULL,
        added_at  timestamptz  NOT NULL,
        CONSTRAINT forgotten_people_pkey PRIMARY KEY (digest)
    )
    """,
)

_NAMES_AGENT = "agent_name IS NOT NULL OR agent_phone IS NOT NULL OR agent_email IS NOT NULL"

# What is cleared leaves them: where nobody is named they are empty.
INDEXES = (
    f"CREATE INDEX idx_live_agents ON properties_live (property_id) WHERE {_NAMES_AGENT}",
    f"CREATE INDEX idx_staging_agents ON property_scrapes_staging (id) WHERE {_NAMES_AGENT}",
    "CREATE INDEX idx_property_changes_agents ON property_changes (id) "
    "WHERE field_name IN ('agent_name', 'agent_phone', 'agent_email') "
    "AND (old_value IS NOT NULL OR new_value IS NOT NULL)",
)

# As the database's dump and the dashboard show them.
NO_PASSWORDS = """
UPDATE sync_run_jobs SET node = regexp_replace(node, '://.*@', '://') WHERE node LIKE '%@%'"""


def upgrade() -> None:
    be_patient()
    op.execute(NO_PASSWORDS)
    create_tables(TABLES)
    create_indexes(INDEXES)


def downgrade() -> None:
    be_patient()
    for index in ("idx_live_agents", "idx_staging_agents", "idx_property_changes_agents"):
        op.execute(f"DROP INDEX {index}")
    op.execute("DROP TABLE forgotten_people")
