"""An attempt at a job of a run is written down once, whoever orders it.

Revision ID: 0021_attempts
Revises: 0020_sessions
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_indexes

revision = "0021_attempts"
down_revision = "0020_sessions"
branch_labels = None
depends_on = None

# Two runners at once could have ordered the same one.
_NUMBER_ANEW = """
UPDATE sync_run_jobs j SET attempt = counted.attempt
  FROM (SELECT id, row_number() OVER (PARTITION BY run_id, spider, source
                                      ORDER BY attempt, scheduled_at, id) AS attempt
          FROM sync_run_jobs WHERE run_id IS NOT NULL) counted
 WHERE counted.id = j.id AND counted.attempt <> j.attempt
"""
_UNIQUE = (
    "CREATE UNIQUE INDEX uq_run_jobs_attempt ON sync_run_jobs (run_id, spider, source, attempt) "
    "NULLS NOT DISTINCT WHERE run_id IS NOT NULL"
)


def upgrade() -> None:
    be_patient()
    op.execute(_NUMBER_ANEW)
    create_indexes((_UNIQUE,))
    op.execute("DROP INDEX IF EXISTS idx_run_jobs_run")  # the new one begins as it does


def downgrade() -> None:
    be_patient()
    create_indexes(("CREATE INDEX idx_run_jobs_run ON sync_run_jobs (run_id)",))
    op.execute("DROP INDEX uq_run_jobs_attempt")
