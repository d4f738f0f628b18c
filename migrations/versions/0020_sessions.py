"""Sessions of jobs that were lost end: until now they stayed "running" for ever.

Revision ID: 0020_sessions
Revises: 0018_claims
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient

revision = "0020_sessions"
down_revision = "0018_claims"
branch_labels = None
depends_on = None

# Named as jobs name them: those of other scrapers are not ours to end.
_END = """
UPDATE scraping_sessions s
   SET status = 'failed', error_message = 'no heartbeat',
       completed_at = (SELECT coalesce(max(j.finished_at), s.started_at)
                         FROM sync_run_jobs j WHERE j.session_id = s.id)
 WHERE s.status = 'running'
   AND (s.session_name LIKE '% of a run' OR s.session_name LIKE '% by hand')
   AND NOT EXISTS (SELECT FROM sync_run_jobs j
                    WHERE j.session_id = s.id AND j.status IN ('scheduled', 'running'))
"""


def upgrade() -> None:
    be_patient()
    op.execute(_END)


def downgrade() -> None:
    """They have ended all the same."""
