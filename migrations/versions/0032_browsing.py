"""Listings are found by place, age, news and price; a change of state counts as an update.

Revision ID: 0032_browsing
Revises: 0031_webhooks
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import as_timestamptz, be_patient, create_indexes, let_go

revision = "0032_browsing"
down_revision = "0031_webhooks"
branch_labels = None
depends_on = None

_ACCENTED, _BARE = "áàâäãéèêëíìîïóòôöõúùûüñç", "aaaaaeeeeiiiiooooouuuunc"
_FIRST_SEEN = "(coalesce(first_seen_at, created_at))"
_CHANGED = "(coalesce(last_updated_at, '-infinity'::timestamptz))"
_PRICED = "price_unit = 'total' AND price IS NOT NULL"


_SHELF = """(CASE WHEN listing_status IN ('confirmed_removed', 'sold') THEN 2 ELSE 0 END
  + CASE WHEN operation_type IN ('rent', 'for rent') THEN 1 ELSE 0 END)"""


def _folded(column: str) -> str:
    return f"(lower(translate({column}, '{_ACCENTED}{_ACCENTED.upper()}', '{_BARE}{_BARE}')))"


_INDEXES = {
    "idx_live_newest": f"({_SHELF}, {_FIRST_SEEN}, id)",
    "idx_live_changed": f"({_SHELF}, {_CHANGED}, id)",
    "idx_live_priced": f"({_SHELF}, currency, price, id) WHERE {_PRICED}",
    "idx_live_city_newest": f"({_folded('city')}, {_SHELF}, {_FIRST_SEEN}, id)",
    "idx_live_city_priced": f"({_folded('city')}, {_SHELF}, currency, price, id) WHERE {_PRICED}",
    "idx_live_neighborhood": f"({_folded('neighborhood')})",
    "idx_live_state": f"({_folded('state')})",
    "idx_live_type": f"({_folded('property_type')})",
}
# A time without a zone can be in no index of these. An adopter's are given one in 0001, if that
# had not run before it did so.
_TIMES = ("created_at", "first_seen_at", "last_seen_at", "scraped_at", "last_updated_at")
# What the journal told later than the row itself.
_CATCH_UP = """
UPDATE properties_live l SET last_updated_at = c.at
  FROM (SELECT property_id, max(created_at) AS at FROM property_changes
         WHERE field_name = 'listing_status' GROUP BY property_id) c
 WHERE c.property_id = l.property_id AND c.at > coalesce(l.last_updated_at, '-infinity')
"""


def upgrade() -> None:
    be_patient()
    as_timestamptz("properties_live", _TIMES)
    let_go()
    op.execute(_CATCH_UP)
    create_indexes(
        [f"CREATE INDEX {name} ON properties_live {on}" for name, on in _INDEXES.items()]
    )


def downgrade() -> None:
    be_patient()
    for name in _INDEXES:
        op.execute(f"DROP INDEX {name}")
