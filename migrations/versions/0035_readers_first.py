"""While listing pages are read, or missing listings looked at, only newcomers are fetched beside.

Revision ID: 0035_readers_first
Revises: 0034_by_url
"""

from __future__ import annotations

from alembic import op

from migrations.claim_function import claim_with
from migrations.tolerant_ddl import be_patient

revision = "0035_readers_first"
down_revision = "0034_by_url"
branch_labels = None
depends_on = None

# Newcomers have priority 1. A reader that was not heard of for an hour holds nobody up, nor does
# one that was started by hand, which has no node.
_LEAST_URGENT = """
    CREATE FUNCTION least_urgent(moment timestamptz) RETURNS integer LANGUAGE sql STABLE AS $$
        SELECT CASE WHEN EXISTS (
                    SELECT FROM sync_run_jobs j
                     WHERE j.status = 'running' AND j.node IS NOT NULL
                       AND j.spider IN ('manifest', 'verification')
                       AND j.heartbeat_at > moment - interval '1 hour')
               THEN 1 ELSE 5 END
    $$
"""
_DETAILS = "(queue_reason IN ('verification', 'removal_audit')) IS NOT TRUE"
# A query of its own is asked once a claim, before the index is read, and bounds what is read of it.
_URGENT = f"{_DETAILS} AND n.priority <= (SELECT least_urgent(moment))"


def upgrade() -> None:
    be_patient()
    op.execute(_LEAST_URGENT)
    claim_with(_URGENT, instead_of=_DETAILS)


def downgrade() -> None:
    be_patient()
    claim_with(_DETAILS, instead_of=_URGENT)
    op.execute("DROP FUNCTION least_urgent(timestamptz)")
