"""Unique keys that an adopted database may have lacked from the start: no page is saved without.

Revision ID: 0037_keys
Revises: 0036_short_scans_alone
"""

from __future__ import annotations

from migrations.tolerant_ddl import add_keys, be_patient

revision = "0037_keys"
down_revision = "0036_short_scans_alone"
branch_labels = None
depends_on = None

# As 0001 adds them since.
_KEYS = {
    "properties_live_property_id_key": ("properties_live", "property_id"),
    "unique_property_per_session": ("property_scrapes_staging", "session_id, property_id"),
}


def upgrade() -> None:
    be_patient()
    add_keys(_KEYS)


def downgrade() -> None:
    """They stay: the tables have had them since 0001."""
