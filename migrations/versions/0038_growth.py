"""What is asked for at every tick, scan and batch is found by an index, however much is kept.

Revision ID: 0038_growth
Revises: 0037_keys
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_indexes

revision = "0038_growth"
down_revision = "0037_keys"
branch_labels = None
depends_on = None

INDEXES = (
    "CREATE INDEX idx_manifest_pages_first ON manifest_pages (source, fetched_at) "
    "WHERE part = '' AND page_number = 1 AND status = 'read'",
    "CREATE INDEX idx_removal_checks_shown ON removal_checks (shown_public_id, session_id) "
    "WHERE shown_public_id IS NOT NULL",
    "CREATE INDEX idx_run_jobs_standing ON sync_run_jobs (spider, scheduled_at) "
    "WHERE run_id IS NULL AND node IS NOT NULL",
)


def upgrade() -> None:
    be_patient()
    create_indexes(INDEXES, busy_tables=("manifest_pages", "removal_checks", "sync_run_jobs"))


def downgrade() -> None:
    be_patient()
    for index in ("idx_manifest_pages_first", "idx_removal_checks_shown", "idx_run_jobs_standing"):
        op.execute(f"DROP INDEX {index}")
