"""Attempts that were lost with their worker are no visits; what a pass brought is found by index.

Revision ID: 0026_lost_attempts
Revises: 0025_invariants
"""

from __future__ import annotations

from alembic import op

from migrations.claim_function import claim_with
from migrations.tolerant_ddl import add_checks, add_columns, be_patient, create_indexes, drop_checks

revision = "0026_lost_attempts"
down_revision = "0025_invariants"
branch_labels = None
depends_on = None

# What other rows asked for lately, less what this one lost: so that its own attempts, which the
# worker adds, are those that asked. Workers of earlier versions read it as they did.
_OTHERS = """(SELECT coalesce(sum(f.attempt_count), 0)::integer FROM scrape_queue f
                    WHERE f.property_id = q.property_id AND f.id <> q.id
                      AND f.claimed_at > moment - interval '7 days'),"""
_ASKED = """(SELECT coalesce(sum(greatest(f.attempt_count - f.lost_attempts, 0)), 0)::integer
                     FROM scrape_queue f
                    WHERE f.property_id = q.property_id AND f.id <> q.id
                      AND f.claimed_at > moment - interval '7 days') - q.lost_attempts,"""
CHECKS = {"lost_attempts": "lost_attempts >= 0"}


def upgrade() -> None:
    be_patient()
    add_columns("scrape_queue", ("lost_attempts integer NOT NULL DEFAULT 0",))
    claim_with(_ASKED, instead_of=_OTHERS)
    create_indexes(("CREATE INDEX idx_sitemap_urls_session ON sitemap_urls (session_id)",))
    with op.get_context().autocommit_block():
        add_checks("scrape_queue", CHECKS)
    be_patient()


def downgrade() -> None:
    be_patient()
    drop_checks("scrape_queue", CHECKS)
    op.execute("DROP INDEX idx_sitemap_urls_session")
    claim_with(_OTHERS, instead_of=_ASKED)
    op.execute("ALTER TABLE scrape_queue DROP COLUMN lost_attempts")
