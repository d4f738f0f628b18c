"""Rows of the queue are claimed by a function, whose plans the server keeps for each connection.

Behind a transaction pooler a program cannot keep prepared statements, and to plan a claim takes the
server longer than to carry it out.

Revision ID: 0018_claims
Revises: 0017_sitemap_moves
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient

revision = "0018_claims"
down_revision = "0017_sitemap_moves"
branch_labels = None
depends_on = None

_VERIFIED = "queue_reason IN ('verification', 'removal_audit')"
# Planned once for any number of rows, maybe while the tables were empty, it must not read whole
# tables ever: what is looked up is asked row by row, no table is read from end to end, and the
# constant limit keeps what is next from being sorted. ARRAY: the inner query must run once, or SKIP
# LOCKED may lock more rows; no more are drawn from it than are wanted.
_CLAIM = """
        RETURN QUERY
        UPDATE scrape_queue q
           SET status = 'in_progress', claimed_at = moment, worker_id = worker,
               session_id = for_session, lease_token = token, lease_expires_at = lapses_at,
               attempt_count = q.attempt_count + 1
         WHERE q.id = ANY (ARRAY(
               SELECT near.id
                 FROM (SELECT n.id FROM scrape_queue n
                        WHERE n.status = 'pending' AND n.available_at <= moment AND {which}
                        ORDER BY n.priority, n.queued_at
                        LIMIT 1000 FOR UPDATE SKIP LOCKED) near
                LIMIT wanted))
        RETURNING q.id::text, q.property_id::text, q.priority, q.queue_reason::text, q.queued_at,
                  q.attempt_count,
                  coalesce((SELECT m.source_url FROM property_manifest m
                             WHERE m.property_id = q.property_id), q.source_url)::text,
                  coalesce((SELECT m.public_id FROM property_manifest m
                             WHERE m.property_id = q.property_id),
                           (SELECT l.public_id FROM properties_live l
                             WHERE l.property_id = q.property_id))::text,
                  (SELECT coalesce(sum(f.attempt_count), 0)::integer FROM scrape_queue f
                    WHERE f.property_id = q.property_id AND f.id <> q.id
                      AND f.claimed_at > moment - interval '7 days'),
                  starts_with(coalesce(q.last_error, ''), 'no page of the site');"""
CLAIM_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION claim_queued(
        wanted integer, verification boolean, moment timestamptz, lapses_at timestamptz,
        worker text, for_session uuid, token uuid
    ) RETURNS TABLE (
        id text, property_id text, priority integer, queue_reason text, queued_at timestamptz,
        attempt_count integer, source_url text, public_id text, fetched_lately integer,
        was_no_page boolean
    ) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
    #variable_conflict use_column
    BEGIN
        IF verification THEN{_CLAIM.format(which=_VERIFIED)}
        ELSE{_CLAIM.format(which=f"({_VERIFIED}) IS NOT TRUE")}
        END IF;
    END $$
"""


def upgrade() -> None:
    be_patient()
    op.execute(CLAIM_FUNCTION)


def downgrade() -> None:
    be_patient()
    op.execute(
        "DROP FUNCTION claim_queued(integer, boolean, timestamptz, timestamptz, text, uuid, uuid)"
    )
