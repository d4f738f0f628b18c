"""What every sighting touches is in no index that keeps an update from being HOT.

A card's digest tells without a look at its columns that it says what it said before. Two indexes on
times that go up with every scan become BRIN, which since PostgreSQL 16 lets an update be HOT; they
keep their names and columns.

Revision ID: 0013_hot_rows
Revises: 0012_signals
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient

revision = "0013_hot_rows"
down_revision = "0012_signals"
branch_labels = None
depends_on = None

_INDEXES = {
    "idx_live_manifest_check": "properties_live {}(property_id, last_manifest_seen_at)",
    "idx_sightings_seen": "property_sightings {}(seen_at)",
}
# Room for another version of a row on its page, also where rows are as wide as listings are.
_FILL = {"properties_live": (85, 70), "sync_run_jobs": (100, 50), "scraping_sessions": (100, 50)}


def upgrade() -> None:
    be_patient()
    add_columns("property_manifest", ("card_digest bigint",))
    for table, (_, now) in _FILL.items():
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {now})")
    _build_again("USING brin ")


def downgrade() -> None:
    _build_again("")  # first: it may be repeated, what drops a column may not
    op.execute("ALTER TABLE property_manifest DROP COLUMN card_digest")
    for table, (before, _) in _FILL.items():
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {before})")


def _build_again(method: str) -> None:
    """Beside readers and writers; one that a crash left half built is begun anew."""
    with op.get_context().autocommit_block():
        for name, columns in _INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_new")
            op.execute(f"CREATE INDEX CONCURRENTLY {name}_new ON {columns.format(method)}")
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"ALTER INDEX {name}_new RENAME TO {name}")
    be_patient()
