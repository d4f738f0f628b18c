"""What an operator sees: figures over time, incidents, audits of removals, quality reports.

Revision ID: 0006_insights
Revises: 0005_full_manifest
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient, create_indexes, create_tables

revision = "0006_insights"
down_revision = "0005_full_manifest"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE insight_history (
        taken_at  timestamptz  NOT NULL,
        figures   jsonb        NOT NULL,
        CONSTRAINT insight_history_pkey PRIMARY KEY (taken_at)
    )
    """,
    """
    CREATE TABLE service_heartbeats (
        name  varchar(100)  NOT NULL,
        at    timestamptz   NOT NULL,
        CONSTRAINT service_heartbeats_pkey PRIMARY KEY (name)
    )
    """,
    """
    CREATE TABLE alert_incidents (
        id                     uuid              NOT NULL DEFAULT gen_random_uuid(),
        alert                  varchar(100)      NOT NULL,
        subject                varchar(255)      NOT NULL DEFAULT '',
        severity               varchar(20)       NOT NULL,
        message                text              NOT NULL,
        value                  double precision  NOT NULL,
        opened_at              timestamptz       NOT NULL,
        announced_at           timestamptz,
        resolved_at            timestamptz,
        recovery_announced_at  timestamptz,
        CONSTRAINT alert_incidents_pkey PRIMARY KEY (id),
        CONSTRAINT alert_incidents_severity_check CHECK (severity IN ('warning', 'critical'))
    )
    """,
    """
    CREATE TABLE removal_audits (
        week         date          NOT NULL,
        property_id  varchar(255)  NOT NULL,
        removed_at   timestamptz   NOT NULL,
        drawn_at     timestamptz   NOT NULL,
        verdict      varchar(20),
        checked_at   timestamptz,
        CONSTRAINT removal_audits_pkey PRIMARY KEY (week, property_id),
        CONSTRAINT removal_audits_verdict_check
            CHECK (verdict IN ('gone', 'sold', 'alive', 'unknown'))
    )
    """,
    """
    CREATE TABLE quality_reports (
        id          uuid         NOT NULL DEFAULT gen_random_uuid(),
        run_id      uuid,
        created_at  timestamptz  NOT NULL,
        figures     jsonb        NOT NULL,
        CONSTRAINT quality_reports_pkey PRIMARY KEY (id),
        CONSTRAINT quality_reports_run_id_fkey FOREIGN KEY (run_id)
            REFERENCES sync_runs (id) ON DELETE SET NULL
    )
    """,
    # Counters must not fall when the rows that they count are past their term.
    """
    CREATE TABLE retired_totals (
        series  varchar(100)  NOT NULL,
        label   varchar(100)  NOT NULL DEFAULT '',
        value   bigint        NOT NULL,
        CONSTRAINT retired_totals_pkey PRIMARY KEY (series, label)
    )
    """,
)

INDEXES = (
    "CREATE UNIQUE INDEX uq_alert_incidents_open "
    "ON alert_incidents (alert, subject) WHERE resolved_at IS NULL",
    "CREATE INDEX idx_alert_incidents_opened ON alert_incidents (opened_at)",
    "CREATE INDEX idx_removal_audits_property ON removal_audits (property_id)",
    "CREATE INDEX idx_quality_reports_created ON quality_reports (created_at)",
    "CREATE INDEX idx_scraping_errors_created ON scraping_errors (created_at)",
    # A million finished rows lie between the few that were set aside.
    "CREATE INDEX idx_queue_failed ON scrape_queue (property_id) WHERE status = 'failed'",
    # Ages by status without a look at the wide rows.
    "CREATE INDEX idx_live_freshness ON properties_live (listing_status, last_full_scrape_at)",
    "CREATE INDEX idx_property_changes_price "
    "ON property_changes (created_at) WHERE field_name = 'price'",
    "CREATE INDEX idx_property_changes_removed "
    "ON property_changes (created_at) WHERE change_type = 'removed'",
)


# These names are ours, not those of the scraper that came before: a table without the column is
# somebody else's, and must not be bent.
_OUR_COLUMNS = {
    "insight_history": "taken_at",
    "service_heartbeats": "at",
    "alert_incidents": "announced_at",
    "removal_audits": "drawn_at",
    "quality_reports": "figures",
    "retired_totals": "series",
}


def _refuse_strangers() -> None:
    for table, column in _OUR_COLUMNS.items():
        op.execute(f"""
            DO $do$
            BEGIN
                IF to_regclass('{table}') IS NOT NULL AND NOT EXISTS (
                       SELECT FROM pg_attribute WHERE attrelid = to_regclass('{table}')
                          AND attname = '{column}' AND NOT attisdropped) THEN
                    RAISE EXCEPTION 'there is a relation {table} already that is not of this '
                        'program: rename it, then run the upgrade again; nothing was changed';
                END IF;
            END $do$
            """)


def upgrade() -> None:
    be_patient()
    _refuse_strangers()
    create_tables(TABLES)
    add_columns("manifest_pages", ("priced_entries integer",))
    create_indexes(INDEXES)


def downgrade() -> None:
    be_patient()
    for index in (
        "idx_live_freshness",
        "idx_queue_failed",
        "idx_scraping_errors_created",
        "idx_property_changes_price",
        "idx_property_changes_removed",
    ):
        op.execute(f"DROP INDEX {index}")
    op.execute("ALTER TABLE manifest_pages DROP COLUMN priced_entries")
    for table in (
        "retired_totals",
        "quality_reports",
        "removal_audits",
        "alert_incidents",
        "service_heartbeats",
        "insight_history",
    ):
        op.execute(f"DROP TABLE {table}")
