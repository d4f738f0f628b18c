"""The hybrid sync: manifest, queue, runs, and what the live table must know for them.

Revision ID: 0002_hybrid_sync
Revises: 0001_scraper_tables
"""

from __future__ import annotations

from alembic import op

from migrations.filling import require
from migrations.tolerant_ddl import (
    add_columns,
    add_keys,
    as_timestamptz,
    be_patient,
    create_indexes,
    create_tables,
    prove_checks,
    replace_check,
)

revision = "0002_hybrid_sync"
down_revision = "0001_scraper_tables"
branch_labels = None
depends_on = None

LIVE_COLUMNS = (
    "last_manifest_seen_at timestamptz",
    "consecutive_missing_count INTEGER DEFAULT 0 NOT NULL",
    "listing_status VARCHAR(50) DEFAULT 'active' NOT NULL",
    "last_full_scrape_at timestamptz",
    "scrape_priority INTEGER DEFAULT 5",
    "price_at_last_manifest NUMERIC(15, 2)",
    "currency_at_last_manifest VARCHAR(10)",
    "unit_at_last_manifest VARCHAR(10)",
    "public_id VARCHAR(20)",
    "title_original TEXT",
    "offers JSONB DEFAULT '[]'::jsonb NOT NULL",
    "price_unit VARCHAR(10) DEFAULT 'total' NOT NULL",
)
_STATUSES = "('active', 'likely_removed', 'confirmed_removed', 'sold', 'relisted')"
_RUN_STATES = "('running', 'completed', 'failed', 'cancelled')"
_QUEUE_STATES = "('pending', 'in_progress', 'completed', 'failed', 'cancelled')"
# Checks of tables that somebody may have: (table, column, condition).
CHECKS = (
    ("properties_live", "listing_status", f"listing_status IN {_STATUSES}"),
    ("properties_live", "scrape_priority", "scrape_priority BETWEEN 1 AND 5"),
    ("properties_live", "price_unit", "price_unit IN ('total', 'm2')"),
    ("sync_runs", "tier_level", "tier_level BETWEEN 1 AND 4"),
    ("sync_runs", "status", f"status IN {_RUN_STATES}"),
    ("scrape_queue", "priority", "priority BETWEEN 1 AND 5"),
    ("scrape_queue", "status", f"status IN {_QUEUE_STATES}"),
)
# Columns of the specification that somebody may have made nullable.
REQUIRED = {
    "properties_live": {"consecutive_missing_count": "0", "listing_status": "'active'"},
    "property_manifest": {
        "first_seen_at": "now()",
        "last_seen_at": "now()",
        "is_new": "true",
        "needs_full_scrape": "true",
        "price_changed": "false",
    },
    "scrape_queue": {"attempt_count": "0"},
}
# The specification says TIMESTAMP.
TIMES = {
    "properties_live": ("last_manifest_seen_at", "last_full_scrape_at"),
    "property_manifest": ("first_seen_at", "last_seen_at"),
    "scrape_queue": ("queued_at", "claimed_at", "completed_at"),
    "sync_runs": ("started_at", "completed_at"),
}
# What rows somebody already has would break the unique indexes below; the best of them stays.
TIDY = (
    """
    UPDATE scrape_queue q
       SET status = 'cancelled', completed_at = now(), last_error = 'doubled, at the upgrade'
      FROM (SELECT id, row_number() OVER (PARTITION BY property_id
                                          ORDER BY status = 'in_progress' DESC, priority,
                                                   queued_at, id) AS place
              FROM scrape_queue WHERE status IN ('pending', 'in_progress')) doubled
     WHERE q.id = doubled.id AND doubled.place > 1
    """,
    # Nobody holds a lease of ours on them.
    """
    UPDATE scrape_queue SET status = 'pending', claimed_at = NULL
     WHERE status = 'in_progress' AND lease_token IS NULL
    """,
    """
    UPDATE sync_runs
       SET status = 'failed', completed_at = now(), error_summary = 'open at the upgrade'
     WHERE status = 'running' AND session_id IS NULL
    """,
    """
    DELETE FROM property_manifest m USING (
        SELECT id, row_number() OVER (PARTITION BY property_id
                                      ORDER BY last_seen_at DESC, id) AS place
          FROM property_manifest) doubled
     WHERE m.id = doubled.id AND doubled.place > 1
    """,
)
# An index named otherwise would do as well: one more does no harm.
KEYS = {"property_manifest_property_id_key": ("property_manifest", "property_id")}
# Not a generated column: it depends on the time, which a stored value must not.
FRESHNESS_VIEW = """
    CREATE OR REPLACE VIEW property_freshness AS
    SELECT property_id, listing_status, last_full_scrape_at,
           CAST(extract(day FROM now() - last_full_scrape_at) AS integer) AS data_staleness_days
      FROM properties_live
"""
TABLES = (
    """
    CREATE TABLE sync_runs (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        tier_level INTEGER NOT NULL,
        tier_name VARCHAR(50),
        started_at timestamptz DEFAULT now(),
        completed_at timestamptz,
        status VARCHAR(50) DEFAULT 'running',
        pages_scanned INTEGER DEFAULT 0,
        properties_in_manifest INTEGER DEFAULT 0,
        new_properties_found INTEGER DEFAULT 0,
        price_changes_detected INTEGER DEFAULT 0,
        removals_detected INTEGER DEFAULT 0,
        properties_queued INTEGER DEFAULT 0,
        properties_scraped INTEGER DEFAULT 0,
        error_count INTEGER DEFAULT 0,
        error_summary TEXT,
        execution_time_ms INTEGER,
        session_id UUID,
        step VARCHAR(50) DEFAULT 'scan' NOT NULL,
        slot_at timestamptz,
        updated_at timestamptz DEFAULT now() NOT NULL,
        window_ends_at timestamptz,
        details JSONB DEFAULT '{}'::jsonb NOT NULL,
        CONSTRAINT sync_runs_pkey PRIMARY KEY (id),
        CONSTRAINT sync_runs_tier_level_check CHECK (tier_level BETWEEN 1 AND 4),
        CONSTRAINT sync_runs_status_check
            CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
        CONSTRAINT sync_runs_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id) ON DELETE SET NULL
    )
    """,
    """
    CREATE TABLE property_manifest (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        source_url TEXT NOT NULL,
        listing_page_price NUMERIC(15, 2),
        listing_page_title VARCHAR(500),
        first_seen_at timestamptz DEFAULT now() NOT NULL,
        last_seen_at timestamptz DEFAULT now() NOT NULL,
        seen_in_session_id UUID,
        is_new BOOLEAN DEFAULT true NOT NULL,
        needs_full_scrape BOOLEAN DEFAULT true NOT NULL,
        price_changed BOOLEAN DEFAULT false NOT NULL,
        public_id VARCHAR(20),
        offers JSONB DEFAULT '[]'::jsonb NOT NULL,
        operation_type VARCHAR(50),
        currency VARCHAR(10),
        price_unit VARCHAR(10) DEFAULT 'total' NOT NULL,
        latitude NUMERIC(10, 8),
        longitude NUMERIC(11, 8),
        exact_location BOOLEAN,
        property_type VARCHAR(100),
        neighborhood VARCHAR(255),
        city VARCHAR(255),
        bedrooms INTEGER,
        bathrooms INTEGER,
        total_area_m2 NUMERIC(10, 2),
        main_image_url TEXT,
        sources TEXT[] DEFAULT '{}'::text[] NOT NULL,
        CONSTRAINT property_manifest_pkey PRIMARY KEY (id),
        CONSTRAINT property_manifest_property_id_key UNIQUE (property_id)
    )
    WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE scrape_queue (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        source_url TEXT NOT NULL,
        priority INTEGER NOT NULL,
        queue_reason VARCHAR(100),
        queued_at timestamptz DEFAULT now(),
        claimed_at timestamptz,
        completed_at timestamptz,
        status VARCHAR(50) DEFAULT 'pending',
        attempt_count INTEGER DEFAULT 0 NOT NULL,
        last_error TEXT,
        session_id UUID,
        worker_id VARCHAR(200),
        lease_token UUID,
        lease_expires_at timestamptz,
        available_at timestamptz DEFAULT now() NOT NULL,
        run_id UUID,
        CONSTRAINT scrape_queue_pkey PRIMARY KEY (id),
        CONSTRAINT scrape_queue_priority_check CHECK (priority BETWEEN 1 AND 5),
        CONSTRAINT scrape_queue_status_check
            CHECK (status IN ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
        CONSTRAINT scrape_queue_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id) ON DELETE SET NULL,
        CONSTRAINT scrape_queue_run_id_fkey
            FOREIGN KEY(run_id) REFERENCES sync_runs (id) ON DELETE SET NULL
    )
    """,
    """
    CREATE TABLE sync_run_jobs (
        id UUID NOT NULL,
        run_id UUID,
        session_id UUID,
        spider VARCHAR(100) NOT NULL,
        source VARCHAR(50),
        arguments JSONB DEFAULT '{}'::jsonb NOT NULL,
        node TEXT,
        attempt INTEGER DEFAULT 1 NOT NULL,
        status VARCHAR(50) DEFAULT 'scheduled' NOT NULL,
        scheduled_at timestamptz DEFAULT now() NOT NULL,
        started_at timestamptz,
        heartbeat_at timestamptz,
        finished_at timestamptz,
        finish_reason TEXT,
        stats JSONB DEFAULT '{}'::jsonb NOT NULL,
        CONSTRAINT sync_run_jobs_pkey PRIMARY KEY (id),
        CONSTRAINT sync_run_jobs_status_check
            CHECK (status IN ('scheduled', 'running', 'completed', 'failed', 'lost', 'cancelled')),
        CONSTRAINT sync_run_jobs_run_id_fkey
            FOREIGN KEY(run_id) REFERENCES sync_runs (id) ON DELETE CASCADE,
        CONSTRAINT sync_run_jobs_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id) ON DELETE SET NULL
    )
    """,
    """
    CREATE TABLE manifest_pages (
        session_id UUID NOT NULL,
        source VARCHAR(50) NOT NULL,
        page_number INTEGER NOT NULL,
        url TEXT NOT NULL,
        status VARCHAR(20) NOT NULL,
        job_id UUID,
        declared_total INTEGER,
        declared_pages INTEGER,
        entries INTEGER DEFAULT 0 NOT NULL,
        dropped INTEGER DEFAULT 0 NOT NULL,
        new_entries INTEGER DEFAULT 0 NOT NULL,
        changed_entries INTEGER DEFAULT 0 NOT NULL,
        error TEXT,
        fetched_at timestamptz NOT NULL,
        CONSTRAINT manifest_pages_pkey PRIMARY KEY (session_id, source, page_number),
        CONSTRAINT manifest_pages_status_check CHECK (status IN ('read', 'lost')),
        CONSTRAINT manifest_pages_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE property_sightings (
        session_id UUID NOT NULL,
        source VARCHAR(50) NOT NULL,
        page_number INTEGER NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        seen_at timestamptz NOT NULL,
        CONSTRAINT property_sightings_pkey
            PRIMARY KEY (session_id, source, page_number, property_id)
    )
    """,
    """
    CREATE TABLE property_aliases (
        alias VARCHAR(255) NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        source_url TEXT,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT property_aliases_pkey PRIMARY KEY (alias)
    )
    """,
    """
    CREATE TABLE site_pace (
        host VARCHAR(255) NOT NULL,
        next_free_at timestamptz NOT NULL,
        CONSTRAINT site_pace_pkey PRIMARY KEY (host)
    )
    """,
    """
    CREATE TABLE service_locks (
        name VARCHAR(100) NOT NULL,
        token UUID NOT NULL,
        owner TEXT NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT service_locks_pkey PRIMARY KEY (name)
    )
    """,
)

INDEXES = (
    "CREATE INDEX idx_live_listing_status ON properties_live (listing_status)",
    "CREATE INDEX idx_live_manifest_check ON properties_live (property_id, last_manifest_seen_at)",
    "CREATE INDEX idx_live_priority "
    "ON properties_live (scrape_priority) WHERE listing_status = 'active'",
    "CREATE INDEX idx_live_public_id ON properties_live (public_id) WHERE public_id IS NOT NULL",
    "CREATE INDEX idx_live_stale "
    "ON properties_live (last_full_scrape_at) WHERE listing_status = 'active'",
    "CREATE INDEX idx_sync_runs_tier_started ON sync_runs (tier_level, started_at DESC)",
    "CREATE UNIQUE INDEX uq_sync_runs_open ON sync_runs (tier_level) WHERE status = 'running'",
    "CREATE INDEX idx_manifest_is_new ON property_manifest (is_new) WHERE is_new = true",
    "CREATE INDEX idx_manifest_needs_scrape "
    "ON property_manifest (needs_full_scrape) WHERE needs_full_scrape = true",
    "CREATE INDEX idx_manifest_property_id ON property_manifest (property_id)",
    "CREATE UNIQUE INDEX uq_manifest_public_id "
    "ON property_manifest (public_id) WHERE public_id IS NOT NULL",
    "CREATE INDEX idx_queue_leases ON scrape_queue (lease_expires_at) WHERE status = 'in_progress'",
    "CREATE INDEX idx_queue_pending ON scrape_queue (priority, queued_at) WHERE status = 'pending'",
    "CREATE INDEX idx_queue_property ON scrape_queue (property_id)",
    "CREATE INDEX idx_queue_run ON scrape_queue (run_id, status)",
    "CREATE UNIQUE INDEX uq_queue_open "
    "ON scrape_queue (property_id) WHERE status IN ('pending', 'in_progress')",
    "CREATE INDEX idx_run_jobs_open "
    "ON sync_run_jobs (status) WHERE status IN ('scheduled', 'running')",
    "CREATE INDEX idx_run_jobs_run ON sync_run_jobs (run_id)",
    "CREATE INDEX idx_sightings_property ON property_sightings (property_id)",
    "CREATE INDEX idx_aliases_property ON property_aliases (property_id)",
)


def upgrade() -> None:
    be_patient()
    add_columns("properties_live", LIVE_COLUMNS)
    create_tables(TABLES)
    for table, columns in TIMES.items():
        as_timestamptz(table, columns)
    for table, defaults in REQUIRED.items():
        require(table, defaults)
    for table, column, condition in CHECKS:
        replace_check(table, column, f"{table}_{column}_check", condition)
    for table, column, _ in CHECKS:
        prove_checks(table, [f"{table}_{column}_check"])
    for statement in (*TIDY, FRESHNESS_VIEW):
        op.execute(statement)
    add_keys(KEYS)
    create_indexes(INDEXES)


def downgrade() -> None:
    op.execute("DROP VIEW property_freshness")
    for table in (
        "service_locks",
        "site_pace",
        "property_aliases",
        "property_sightings",
        "manifest_pages",
        "sync_run_jobs",
        "scrape_queue",
        "property_manifest",
        "sync_runs",
    ):
        op.execute(f"DROP TABLE {table}")
    # Their checks and indexes go with the columns.
    op.execute(
        "ALTER TABLE properties_live "
        + ", ".join(f"DROP COLUMN {column.split()[0]}" for column in LIVE_COLUMNS)
    )
