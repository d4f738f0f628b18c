"""What the site refuses rests by its kind; the view of freshness tells how old what is known is.

Revision ID: 0027_refused
Revises: 0026_lost_attempts
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_checks, be_patient, drop_checks

revision = "0027_refused"
down_revision = "0026_lost_attempts"
branch_labels = None
depends_on = None

_FORMER = """
    SELECT property_id, listing_status, last_full_scrape_at,
           CAST(extract(day FROM now() - last_full_scrape_at) AS integer) AS data_staleness_days
      FROM properties_live"""
# As `db/repositories/listings/ages.py` has it; a test holds that they agree.
VIEW = """
    CREATE OR REPLACE VIEW property_freshness AS
    SELECT l.property_id, l.listing_status, l.last_full_scrape_at,
           CAST(extract(day FROM now() - l.last_full_scrape_at) AS integer) AS data_staleness_days,
           greatest(l.last_seen_at, l.last_full_scrape_at, m.last_seen_at, (
               SELECT max(greatest(u.listed_at, h.dated_at))
                 FROM sitemap_urls u LEFT JOIN sitemap_shards h ON h.url = u.shard_url
                WHERE u.computed_id = ANY(ARRAY(
                      SELECT alias FROM property_aliases a WHERE a.property_id = l.property_id
                      UNION ALL
                      SELECT l.property_id
                       WHERE NOT EXISTS (SELECT FROM property_aliases a
                                          WHERE a.alias = l.property_id))))) AS presence_as_of,
           greatest(l.last_full_scrape_at,
                    CASE WHEN s.id IS NOT NULL AND m.sources <> '{}'
                              AND m.listing_page_price = l.price AND m.currency = l.currency
                              AND m.price_unit = l.price_unit
                         THEN least(m.last_seen_at, s.completed_at) END) AS price_as_of,
           l.last_full_scrape_at AS details_as_of
      FROM properties_live l
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
      LEFT JOIN scraping_sessions s ON s.id = m.seen_in_session_id
"""

_SCOPES = {"scope": "scope ~ '^(all|pages|sitemap|tier:[1-4])$'"}
_FORMER_SCOPES = {"scope": "scope ~ '^(all|tier:[1-4])$'"}


def _allow(scopes: dict[str, str]) -> None:
    drop_checks("sync_pauses", scopes)
    with op.get_context().autocommit_block():
        add_checks("sync_pauses", scopes)
    be_patient()


def upgrade() -> None:
    be_patient()
    op.execute(VIEW)
    _allow(_SCOPES)
    op.execute("UPDATE sync_pauses SET scope = 'pages' WHERE scope = 'all' AND kind = 'refused'")


def downgrade() -> None:
    be_patient()
    # Earlier versions know of no other rest than that of everything: what refused, refuses.
    op.execute("""
        INSERT INTO sync_pauses (scope, reason, paused_by, paused_at, kind)
        SELECT 'all', reason, paused_by, paused_at, kind FROM sync_pauses
         WHERE scope IN ('pages', 'sitemap') ORDER BY paused_at LIMIT 1
        ON CONFLICT (scope) DO NOTHING
        """)
    op.execute("DELETE FROM sync_pauses WHERE scope IN ('pages', 'sitemap')")
    _allow(_FORMER_SCOPES)
    op.execute("DROP VIEW property_freshness")
    op.execute(f"CREATE VIEW property_freshness AS {_FORMER}")
