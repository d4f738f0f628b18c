"""Which state of a listing may follow which: the database refuses what nobody may do.

Revision ID: 0008_transitions
Revises: 0007_history
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient

revision = "0008_transitions"
down_revision = "0007_history"
branch_labels = None
depends_on = None

# From each state, those that may follow. What was never gone is not relisted; what is removed is
# not missed.
FOLLOWS = {
    "active": ("likely_removed", "confirmed_removed", "sold"),
    "likely_removed": ("active", "confirmed_removed", "sold"),
    "confirmed_removed": ("active", "relisted", "sold"),
    "sold": ("active", "relisted", "confirmed_removed"),
    "relisted": ("active", "likely_removed", "confirmed_removed", "sold"),
}
_PAIRS = ", ".join(f"('{old}', '{new}')" for old, states in FOLLOWS.items() for new in states)

CHECK_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION check_listing_status() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (OLD.listing_status, NEW.listing_status) NOT IN ({_PAIRS}) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'check_violation', TABLE = 'properties_live', COLUMN = 'listing_status',
                MESSAGE = 'no listing goes from listing_status ' || OLD.listing_status || ' to '
                          || NEW.listing_status;
        END IF;
        RETURN NEW;
    END $$
"""
# Rows whose state stays as it is do not call it.
CHECK_TRIGGER = """
    CREATE OR REPLACE TRIGGER check_listing_status
    BEFORE UPDATE OF listing_status ON properties_live FOR EACH ROW
    WHEN (OLD.listing_status IS DISTINCT FROM NEW.listing_status)
    EXECUTE FUNCTION check_listing_status()
"""


def upgrade() -> None:
    be_patient()
    op.execute(CHECK_FUNCTION)
    op.execute(CHECK_TRIGGER)


def downgrade() -> None:
    be_patient()
    op.execute("DROP TRIGGER check_listing_status ON properties_live")
    op.execute("DROP FUNCTION check_listing_status()")
