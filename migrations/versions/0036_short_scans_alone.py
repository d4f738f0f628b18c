"""While tier 1 reads its few pages, no detail pages are fetched beside.

Revision ID: 0036_short_scans_alone
Revises: 0035_readers_first
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient

revision = "0036_short_scans_alone"
down_revision = "0035_readers_first"
branch_labels = None
depends_on = None

# It takes minutes. One that takes longer, or died, holds nobody up for more than ten.
_ALONE = """
               WHEN EXISTS (
                    SELECT FROM sync_run_jobs j JOIN sync_runs r ON r.id = j.run_id
                     WHERE j.status = 'running' AND j.node IS NOT NULL AND j.spider = 'manifest'
                       AND r.tier_level = 1 AND r.started_at > moment - interval '10 minutes')
               THEN 0"""
_LEAST_URGENT = """
    CREATE OR REPLACE FUNCTION least_urgent(moment timestamptz) RETURNS integer
    LANGUAGE sql STABLE AS $$
        SELECT CASE{alone}
               WHEN EXISTS (
                    SELECT FROM sync_run_jobs j
                     WHERE j.status = 'running' AND j.node IS NOT NULL
                       AND j.spider IN ('manifest', 'verification')
                       AND j.heartbeat_at > moment - interval '1 hour')
               THEN 1 ELSE 5 END
    $$
"""


def upgrade() -> None:
    be_patient()
    op.execute(_LEAST_URGENT.format(alone=_ALONE))


def downgrade() -> None:
    be_patient()
    op.execute(_LEAST_URGENT.format(alone=""))
