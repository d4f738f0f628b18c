"""Live rows have no trigger before an update.

One makes PostgreSQL compute `search_vector` anew with every update, and where that is stored
compressed or elsewhere the new one counts as changed: the update is no HOT one and goes into all
indexes. Afterwards the same is seen to: who has not set `updated_at` has it set.

Revision ID: 0033_after_triggers
Revises: 0032_browsing
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient

revision = "0033_after_triggers"
down_revision = "0032_browsing"
branch_labels = None
depends_on = None

_TOUCH = "update_properties_live_updated_at"  # an adopter has one of this name
_CHECK = "check_listing_status"
_TOUCH_FUNCTION = """
    CREATE OR REPLACE FUNCTION touch_live_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE properties_live SET updated_at = now() WHERE id = NEW.id;
        RETURN NULL;
    END $$
"""
# The transaction's time: so a statement that sets it, and this trigger's own, call it no more.
_TOUCH_AFTER = f"""
    CREATE TRIGGER {_TOUCH} AFTER UPDATE ON properties_live FOR EACH ROW
    WHEN (NEW.updated_at IS DISTINCT FROM now()) EXECUTE FUNCTION touch_live_row()
"""
_TOUCH_BEFORE = f"""
    CREATE TRIGGER {_TOUCH} BEFORE UPDATE ON properties_live
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()
"""
_CHECK_THEN = """
    CREATE TRIGGER check_listing_status {when} UPDATE OF listing_status ON properties_live
    FOR EACH ROW WHEN (OLD.listing_status IS DISTINCT FROM NEW.listing_status)
    EXECUTE FUNCTION check_listing_status()
"""


def upgrade() -> None:
    be_patient()
    op.execute(_TOUCH_FUNCTION)
    _replace(_TOUCH, _TOUCH_AFTER)
    _replace(_CHECK, _CHECK_THEN.format(when="AFTER"))


def downgrade() -> None:
    be_patient()
    _replace(_TOUCH, _TOUCH_BEFORE)
    _replace(_CHECK, _CHECK_THEN.format(when="BEFORE"))
    op.execute("DROP FUNCTION touch_live_row()")


def _replace(name: str, statement: str) -> None:
    op.execute(f"DROP TRIGGER {name} ON properties_live")
    op.execute(statement)
