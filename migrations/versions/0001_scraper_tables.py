"""The tables of the scraper that came before: sessions, staging, live, journal, rules.

Revision ID: 0001_scraper_tables
Revises:
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_keys, be_patient, create_indexes, create_tables

revision = "0001_scraper_tables"
down_revision = None
branch_labels = None
depends_on = None

# Timestamps default to now(): `timezone('utc', now())`, which older databases have in some
# places, is skewed unless the server itself runs in UTC.
TABLES = (
    """
    CREATE TABLE scraping_sessions (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        session_name VARCHAR(255),
        base_url TEXT NOT NULL,
        total_pages INTEGER,
        pages_scraped INTEGER DEFAULT 0,
        properties_found INTEGER DEFAULT 0,
        properties_inserted INTEGER DEFAULT 0,
        properties_updated INTEGER DEFAULT 0,
        status VARCHAR(50) DEFAULT 'running',
        error_message TEXT,
        started_at timestamptz DEFAULT now(),
        completed_at timestamptz,
        filters_applied JSONB,
        CONSTRAINT scraping_sessions_pkey PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE scraping_errors (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        session_id UUID,
        url TEXT NOT NULL,
        error_type VARCHAR(100),
        error_message TEXT,
        retry_count INTEGER DEFAULT 0,
        resolved BOOLEAN DEFAULT false,
        CONSTRAINT scraping_errors_pkey PRIMARY KEY (id),
        CONSTRAINT scraping_errors_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id)
    )
    """,
    """
    CREATE TABLE property_scrapes_staging (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        session_id UUID NOT NULL,
        processing_status VARCHAR(50) DEFAULT 'pending',
        change_type VARCHAR(50),
        created_at timestamptz DEFAULT now(),
        property_id VARCHAR(255) NOT NULL,
        title TEXT NOT NULL,
        description TEXT,
        property_type VARCHAR(100),
        operation_type VARCHAR(50),
        address TEXT,
        neighborhood VARCHAR(255),
        city VARCHAR(255),
        state VARCHAR(255),
        postal_code VARCHAR(20),
        latitude NUMERIC(10, 8),
        longitude NUMERIC(11, 8),
        gps_coordinates VARCHAR(255),
        price NUMERIC(15, 2),
        currency VARCHAR(10) DEFAULT 'MXN',
        price_per_m2 NUMERIC(10, 2),
        bedrooms INTEGER,
        bathrooms INTEGER,
        half_bathrooms INTEGER,
        parking_spaces INTEGER,
        total_area_m2 NUMERIC(10, 2),
        covered_area_m2 NUMERIC(10, 2),
        lot_size_m2 NUMERIC(10, 2),
        floor_number INTEGER,
        total_floors INTEGER,
        age_years INTEGER,
        construction_year INTEGER,
        features JSONB,
        amenities JSONB,
        main_image_url TEXT,
        image_urls JSONB,
        virtual_tour_url TEXT,
        video_url TEXT,
        agent_name VARCHAR(255),
        agent_phone VARCHAR(50),
        agent_email VARCHAR(255),
        agency_name VARCHAR(255),
        message_url TEXT,
        status VARCHAR(50) DEFAULT 'active',
        is_featured BOOLEAN DEFAULT false,
        is_premium BOOLEAN DEFAULT false,
        source_url TEXT NOT NULL,
        page_number INTEGER,
        listing_date DATE,
        scraped_at timestamptz DEFAULT now(),
        CONSTRAINT property_scrapes_staging_pkey PRIMARY KEY (id),
        CONSTRAINT unique_property_per_session UNIQUE (session_id, property_id),
        CONSTRAINT property_scrapes_staging_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE properties_live (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        updated_at timestamptz DEFAULT now() NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        first_seen_at timestamptz DEFAULT now(),
        last_seen_at timestamptz DEFAULT now(),
        last_updated_at timestamptz DEFAULT now(),
        data_completeness_score NUMERIC(3, 2) DEFAULT 0.00,
        verification_status VARCHAR(50) DEFAULT 'unverified',
        search_vector TSVECTOR
            GENERATED ALWAYS AS (to_tsvector('spanish'::regconfig, coalesce(title,'') || ' ' ||
            coalesce(description,'') || ' ' || coalesce(neighborhood,'') || ' ' ||
            coalesce(city,''))) STORED,
        title TEXT NOT NULL,
        description TEXT,
        property_type VARCHAR(100),
        operation_type VARCHAR(50),
        address TEXT,
        neighborhood VARCHAR(255),
        city VARCHAR(255),
        state VARCHAR(255),
        postal_code VARCHAR(20),
        latitude NUMERIC(10, 8),
        longitude NUMERIC(11, 8),
        gps_coordinates VARCHAR(255),
        price NUMERIC(15, 2),
        currency VARCHAR(10) DEFAULT 'MXN',
        price_per_m2 NUMERIC(10, 2),
        bedrooms INTEGER,
        bathrooms INTEGER,
        half_bathrooms INTEGER,
        parking_spaces INTEGER,
        total_area_m2 NUMERIC(10, 2),
        covered_area_m2 NUMERIC(10, 2),
        lot_size_m2 NUMERIC(10, 2),
        floor_number INTEGER,
        total_floors INTEGER,
        age_years INTEGER,
        construction_year INTEGER,
        features JSONB,
        amenities JSONB,
        main_image_url TEXT,
        image_urls JSONB,
        virtual_tour_url TEXT,
        video_url TEXT,
        agent_name VARCHAR(255),
        agent_phone VARCHAR(50),
        agent_email VARCHAR(255),
        agency_name VARCHAR(255),
        message_url TEXT,
        status VARCHAR(50) DEFAULT 'active',
        is_featured BOOLEAN DEFAULT false,
        is_premium BOOLEAN DEFAULT false,
        source_url TEXT NOT NULL,
        page_number INTEGER,
        listing_date DATE,
        scraped_at timestamptz DEFAULT now(),
        CONSTRAINT properties_live_pkey PRIMARY KEY (id),
        CONSTRAINT properties_live_property_id_key UNIQUE (property_id)
    )
    """,
    """
    CREATE TABLE property_changes (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        property_id VARCHAR(255) NOT NULL,
        session_id UUID,
        change_type VARCHAR(50) NOT NULL,
        field_name VARCHAR(100),
        old_value JSONB,
        new_value JSONB,
        confidence_score NUMERIC(3, 2) DEFAULT 1.00,
        change_reason TEXT,
        created_at timestamptz DEFAULT now(),
        CONSTRAINT property_changes_pkey PRIMARY KEY (id),
        CONSTRAINT property_changes_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id)
    )
    """,
    """
    CREATE TABLE sync_metadata (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        session_id UUID NOT NULL,
        total_scraped INTEGER DEFAULT 0,
        new_properties INTEGER DEFAULT 0,
        updated_properties INTEGER DEFAULT 0,
        removed_properties INTEGER DEFAULT 0,
        unchanged_properties INTEGER DEFAULT 0,
        data_quality_score NUMERIC(3, 2),
        completeness_rate NUMERIC(3, 2),
        sync_duration_ms INTEGER,
        staging_to_live_duration_ms INTEGER,
        sync_status VARCHAR(50) DEFAULT 'pending',
        error_summary TEXT,
        created_at timestamptz DEFAULT now(),
        completed_at timestamptz,
        CONSTRAINT sync_metadata_pkey PRIMARY KEY (id),
        CONSTRAINT sync_metadata_session_id_fkey
            FOREIGN KEY(session_id) REFERENCES scraping_sessions (id)
    )
    """,
    """
    CREATE TABLE validation_rules (
        id UUID DEFAULT gen_random_uuid() NOT NULL,
        rule_name VARCHAR(100) NOT NULL,
        field_name VARCHAR(100) NOT NULL,
        rule_type VARCHAR(50) NOT NULL,
        rule_config JSONB NOT NULL,
        severity VARCHAR(20) DEFAULT 'warning',
        is_active BOOLEAN DEFAULT true,
        created_at timestamptz DEFAULT now(),
        updated_at timestamptz DEFAULT now(),
        CONSTRAINT validation_rules_pkey PRIMARY KEY (id),
        CONSTRAINT validation_rules_rule_name_key UNIQUE (rule_name)
    )
    """,
)

# Somebody's tables may lack them, and no row is written without.
KEYS = {
    "properties_live_property_id_key": ("properties_live", "property_id"),
    "unique_property_per_session": ("property_scrapes_staging", "session_id, property_id"),
    "validation_rules_rule_name_key": ("validation_rules", "rule_name"),
}

INDEXES = (
    "CREATE INDEX idx_staging_change_type ON property_scrapes_staging (change_type)",
    "CREATE INDEX idx_staging_property_id ON property_scrapes_staging (property_id)",
    "CREATE INDEX idx_staging_scraped_at ON property_scrapes_staging (scraped_at)",
    "CREATE INDEX idx_staging_session_status "
    "ON property_scrapes_staging (session_id, processing_status)",
    "CREATE INDEX idx_properties_active "
    "ON properties_live (last_updated_at) WHERE status = 'active'",
    "CREATE INDEX idx_properties_live_amenities ON properties_live USING gin (amenities)",
    "CREATE INDEX idx_properties_live_bedrooms ON properties_live (bedrooms)",
    "CREATE INDEX idx_properties_live_city ON properties_live (city)",
    "CREATE INDEX idx_properties_live_last_updated ON properties_live (last_updated_at)",
    "CREATE INDEX idx_properties_live_location "
    "ON properties_live (latitude, longitude) WHERE latitude IS NOT NULL AND longitude IS NOT NULL",
    "CREATE INDEX idx_properties_live_neighborhood ON properties_live (neighborhood)",
    "CREATE INDEX idx_properties_live_operation_type ON properties_live (operation_type)",
    "CREATE INDEX idx_properties_live_price ON properties_live (price)",
    "CREATE INDEX idx_properties_live_property_type ON properties_live (property_type)",
    "CREATE INDEX idx_properties_live_search ON properties_live USING gin (search_vector)",
    "CREATE INDEX idx_properties_live_status ON properties_live (status)",
    "CREATE INDEX idx_property_changes_created_at ON property_changes (created_at)",
    "CREATE INDEX idx_property_changes_property_id ON property_changes (property_id)",
    "CREATE INDEX idx_property_changes_session_id ON property_changes (session_id)",
    "CREATE INDEX idx_property_changes_type ON property_changes (change_type)",
    "CREATE INDEX idx_sync_metadata_created_at ON sync_metadata (created_at)",
    "CREATE INDEX idx_sync_metadata_session_id ON sync_metadata (session_id)",
    "CREATE INDEX idx_sync_metadata_status ON sync_metadata (sync_status)",
    "CREATE INDEX idx_validation_rules_field_name ON validation_rules (field_name)",
    "CREATE INDEX idx_validation_rules_rule_name ON validation_rules (rule_name)",
)

TOUCH_FUNCTION = """
    DO $do$
    BEGIN
        IF to_regproc('update_updated_at_column') IS NULL THEN
            CREATE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
        END IF;
    END $do$
"""
TOUCH_TRIGGER = """
    DO $do$
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_trigger
                        WHERE tgrelid = 'properties_live'::regclass
                          AND tgname = 'update_properties_live_updated_at') THEN
            CREATE TRIGGER update_properties_live_updated_at BEFORE UPDATE ON properties_live
            FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
        END IF;
    END $do$
"""
RULES = r"""
    INSERT INTO validation_rules (rule_name, field_name, rule_type, rule_config, severity) VALUES
    ('price_range', 'price', 'range', '{"min": 1000, "max": 50000000}', 'warning'),
    ('bedrooms_range', 'bedrooms', 'range', '{"min": 0, "max": 20}', 'warning'),
    ('bathrooms_range', 'bathrooms', 'range', '{"min": 0, "max": 10}', 'warning'),
    ('valid_coordinates', 'latitude', 'range', '{"min": -90, "max": 90}', 'warning'),
    ('valid_longitude', 'longitude', 'range', '{"min": -180, "max": 180}', 'warning'),
    ('valid_email', 'agent_email', 'pattern',
     '{"regex": "^[^@]+@[^@]+\\.[^@]+$"}', 'warning'),
    ('required_title', 'title', 'required', '{}', 'error')
    ON CONFLICT (rule_name) DO NOTHING
"""


def upgrade() -> None:
    be_patient()
    create_tables(TABLES)
    add_keys(KEYS)
    create_indexes(INDEXES)
    for statement in (TOUCH_FUNCTION, TOUCH_TRIGGER, RULES):
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "validation_rules",
        "sync_metadata",
        "property_changes",
        "properties_live",
        "property_scrapes_staging",
        "scraping_errors",
        "scraping_sessions",
    ):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION update_updated_at_column()")
