"""All four tiers: certificates, verdicts on removals, reviews, pauses, and what visits teach.

Revision ID: 0003_tiers
Revises: 0002_hybrid_sync
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient, create_indexes, create_tables

revision = "0003_tiers"
down_revision = "0002_hybrid_sync"
branch_labels = None
depends_on = None

LIVE_COLUMNS = (
    "missing_session_id UUID",
    "visits INTEGER DEFAULT 0 NOT NULL",
    "visits_with_news INTEGER DEFAULT 0 NOT NULL",
    "observed_days REAL DEFAULT 0 NOT NULL",
)
TABLES = (
    """
    CREATE TABLE scan_certificates (
        session_id UUID NOT NULL,
        source VARCHAR(50) NOT NULL,
        certified BOOLEAN NOT NULL,
        proves_absence BOOLEAN NOT NULL,
        reasons JSONB DEFAULT '[]'::jsonb NOT NULL,
        pages_declared INTEGER,
        pages_read INTEGER NOT NULL,
        pages_lost INTEGER NOT NULL,
        total_at_start INTEGER,
        total_at_end INTEGER,
        distinct_properties INTEGER NOT NULL,
        expected_properties INTEGER,
        started_at timestamptz NOT NULL,
        issued_at timestamptz NOT NULL,
        CONSTRAINT scan_certificates_pkey PRIMARY KEY (session_id, source),
        CONSTRAINT scan_certificates_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE removal_batches (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        session_id UUID NOT NULL,
        run_id UUID,
        status VARCHAR(20) DEFAULT 'open' NOT NULL,
        candidates INTEGER DEFAULT 0 NOT NULL,
        would_remove INTEGER,
        removal_limit INTEGER,
        removed INTEGER DEFAULT 0 NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        decided_at timestamptz,
        decided_by TEXT,
        CONSTRAINT removal_batches_pkey PRIMARY KEY (id),
        CONSTRAINT removal_batches_status_check
            CHECK (status IN ('open', 'held', 'applied', 'rejected')),
        CONSTRAINT removal_batches_session_id_key UNIQUE (session_id),
        CONSTRAINT removal_batches_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id),
        CONSTRAINT removal_batches_run_id_fkey
            FOREIGN KEY(run_id) REFERENCES sync_runs (id) ON DELETE SET NULL
    )
    """,
    """
    CREATE TABLE removal_checks (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        batch_id UUID,
        session_id UUID,
        verdict VARCHAR(20) NOT NULL,
        http_status INTEGER,
        redirect_url TEXT,
        shown_public_id VARCHAR(20),
        evidence TEXT NOT NULL,
        url TEXT NOT NULL,
        checked_at timestamptz NOT NULL,
        applied_at timestamptz,
        CONSTRAINT removal_checks_pkey PRIMARY KEY (id),
        CONSTRAINT removal_checks_verdict_check
            CHECK (verdict IN ('gone', 'sold', 'alive', 'unknown')),
        CONSTRAINT removal_checks_batch_id_fkey
            FOREIGN KEY(batch_id) REFERENCES removal_batches (id) ON DELETE SET NULL
    )
    """,
    """
    CREATE TABLE price_reviews (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        session_id UUID,
        operation VARCHAR(50) NOT NULL,
        currency VARCHAR(10) NOT NULL,
        price_unit VARCHAR(10) NOT NULL,
        old_price NUMERIC(15, 2) NOT NULL,
        new_price NUMERIC(15, 2) NOT NULL,
        old_values JSONB NOT NULL,
        status VARCHAR(20) DEFAULT 'open' NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        settled_at timestamptz,
        settled_by TEXT,
        CONSTRAINT price_reviews_pkey PRIMARY KEY (id),
        CONSTRAINT price_reviews_status_check
            CHECK (status IN ('open', 'accepted', 'rejected', 'superseded'))
    )
    """,
    """
    CREATE TABLE identity_candidates (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        earlier_property_id VARCHAR(255) NOT NULL,
        metres REAL NOT NULL,
        title_similarity REAL NOT NULL,
        price_ratio REAL NOT NULL,
        status VARCHAR(20) DEFAULT 'open' NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        settled_at timestamptz,
        settled_by TEXT,
        CONSTRAINT identity_candidates_pkey PRIMARY KEY (id),
        CONSTRAINT identity_candidates_pair_key UNIQUE (property_id, earlier_property_id),
        CONSTRAINT identity_candidates_status_check
            CHECK (status IN ('open', 'confirmed', 'rejected'))
    )
    """,
    """
    CREATE TABLE sync_pauses (
        scope VARCHAR(50) NOT NULL,
        reason TEXT NOT NULL,
        paused_by TEXT NOT NULL,
        paused_at timestamptz NOT NULL,
        CONSTRAINT sync_pauses_pkey PRIMARY KEY (scope)
    )
    """,
    """
    CREATE TABLE refresh_targets (
        month DATE NOT NULL,
        run_id UUID,
        stale_target INTEGER NOT NULL,
        sample_target INTEGER NOT NULL,
        stale_queued INTEGER DEFAULT 0 NOT NULL,
        sample_queued INTEGER DEFAULT 0 NOT NULL,
        stale_before timestamptz NOT NULL,
        set_at timestamptz NOT NULL,
        CONSTRAINT refresh_targets_pkey PRIMARY KEY (month),
        CONSTRAINT refresh_targets_run_id_fkey
            FOREIGN KEY(run_id) REFERENCES sync_runs (id) ON DELETE SET NULL
    )
    """,
)
INDEXES = (
    "CREATE INDEX idx_removal_checks_property ON removal_checks (property_id, checked_at)",
    "CREATE INDEX idx_removal_checks_batch ON removal_checks (batch_id)",
    "CREATE UNIQUE INDEX uq_price_reviews_open "
    "ON price_reviews (property_id) WHERE status = 'open'",
    "CREATE INDEX idx_identity_candidates_open ON identity_candidates (created_at) "
    "WHERE status = 'open'",
    "CREATE INDEX idx_queue_completed ON scrape_queue (completed_at) "
    "WHERE completed_at IS NOT NULL",
    "CREATE INDEX idx_sightings_seen ON property_sightings (seen_at)",
)
# Refreshed after each run; where an adopted database has it, that one is kept.
STATISTICS = """
    CREATE MATERIALIZED VIEW IF NOT EXISTS property_stats AS
    SELECT property_type, operation_type, city,
           count(*) AS total_count,
           avg(price) AS avg_price, min(price) AS min_price, max(price) AS max_price,
           avg(total_area_m2) AS avg_area,
           count(*) FILTER (WHERE status = 'active') AS active_count
      FROM properties_live
     GROUP BY property_type, operation_type, city
"""
STATISTICS_KEY = """
    CREATE UNIQUE INDEX IF NOT EXISTS property_stats_unique_idx
        ON property_stats (property_type, operation_type, city)
"""


def upgrade() -> None:
    be_patient()
    add_columns("properties_live", LIVE_COLUMNS)
    create_tables(TABLES)
    create_indexes(INDEXES)
    for statement in (STATISTICS, STATISTICS_KEY):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP MATERIALIZED VIEW property_stats")
    for index in ("idx_sightings_seen", "idx_queue_completed"):
        op.execute(f"DROP INDEX {index}")
    for table in (
        "refresh_targets",
        "sync_pauses",
        "identity_candidates",
        "price_reviews",
        "removal_checks",
        "removal_batches",
        "scan_certificates",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute(
        "ALTER TABLE properties_live "
        + ", ".join(f"DROP COLUMN {column.split()[0]}" for column in LIVE_COLUMNS)
    )
