"""What was: prices over time and days on the market as views, and the feed of changes.

Revision ID: 0007_history
Revises: 0006_insights
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import be_patient, create_indexes

revision = "0007_history"
down_revision = "0006_insights"
branch_labels = None
depends_on = None

# The journal has what a change found (old_value) and what it left (new_value), one row a field, all
# rows of one visit with one created_at; a newcomer's first values are not in it. So history is
# read backwards: the live row's value, replaced by what the next change after a moment found.
# What repaired an adopted row is no news of the site: its corrected values count as the first.
_PRICE_NEWS = """c.property_id = l.property_id
           AND c.field_name IN ('price', 'currency', 'price_unit', 'operation_type')
           AND c.change_reason IS DISTINCT FROM 'repair of an adopted row'"""
# The journal of an earlier scraper may hold a price as text, or something that is none.
_PRICE = """CASE
               WHEN jsonb_typeof(was.fields -> 'price') = 'number'
                    OR was.fields ->> 'price' ~ '^[0-9]+([.][0-9]+)?$'
               THEN (was.fields ->> 'price')::numeric END"""
_FIRST_SEEN = "coalesce(l.first_seen_at, l.created_at)"

PRICE_HISTORY = f"""
    CREATE VIEW price_history AS
    SELECT l.property_id, span.valid_from, span.valid_to,
           was.fields ->> 'operation_type' AS operation_type,
           {_PRICE} AS price,
           was.fields ->> 'currency' AS currency,
           was.fields ->> 'price_unit' AS price_unit,
           span.change_id
      FROM properties_live l
     CROSS JOIN LATERAL (
        SELECT at AS valid_from, lead(at) OVER (ORDER BY at) AS valid_to, change_id
          FROM (SELECT {_FIRST_SEEN} AS at, NULL::uuid AS change_id
                UNION ALL
                SELECT c.created_at,
                       (array_agg(c.id ORDER BY c.field_name = 'price' DESC, c.field_name, c.id))[1]
                  FROM property_changes c
                 WHERE {_PRICE_NEWS} AND c.created_at > {_FIRST_SEEN}
                 GROUP BY c.created_at) moments
           ) span
     CROSS JOIN LATERAL (
        SELECT jsonb_build_object('price', l.price, 'currency', l.currency,
                                  'price_unit', l.price_unit, 'operation_type', l.operation_type)
               -- Of several values of one field the last one stays: the earliest change's.
               || coalesce(jsonb_object_agg(c.field_name, c.old_value
                                            ORDER BY c.created_at DESC, c.id),
                           '{{}}'::jsonb) AS fields
          FROM property_changes c
         WHERE {_PRICE_NEWS} AND c.created_at > span.valid_from
           ) was
"""
PRICE_HISTORY_SAYS = """
    COMMENT ON VIEW price_history IS
    'One row per record of properties_live and price that was in force: from valid_from until \
before valid_to (NULL: still). The present price is that of properties_live; earlier ones are \
what the entries of property_changes on price, currency, price_unit and operation_type found, \
from first_seen_at on; repairs of adopted rows are no changes. change_id: the entry that began \
the price (NULL: the first). price NULL: on request. A removal ends no price: see \
property_timeline.'
"""

# Off the market: from an entry 'removed' until the record is reactivated, or the removal taken
# back. A record that is removed without such an entry (an adopted one) was last on the market when
# it was last seen.
PROPERTY_TIMELINE = f"""
    CREATE VIEW property_timeline AS
    SELECT l.property_id, {_FIRST_SEEN} AS first_seen_at,
           greatest(l.last_seen_at, m.last_seen_at) AS last_seen_at,
           l.listing_status,
           CASE WHEN state.is_removed THEN past.removed_at END AS removed_at,
           past.times_relisted,
           CAST(floor(greatest(0, extract(epoch FROM
                CASE WHEN state.is_removed AND past.removed_at IS NULL
                     THEN coalesce(greatest(l.last_seen_at, m.last_seen_at), {_FIRST_SEEN})
                     ELSE now() END
                - {_FIRST_SEEN}) - past.seconds_off) / 86400) AS integer) AS days_on_market
      FROM properties_live l
      LEFT JOIN property_manifest m ON m.property_id = l.property_id
     CROSS JOIN LATERAL (
        SELECT l.listing_status IN ('confirmed_removed', 'sold') AS is_removed) state
     CROSS JOIN LATERAL (
        SELECT max(at) FILTER (WHERE goes) AS removed_at,
               CAST(count(*) FILTER (WHERE relisted) AS integer) AS times_relisted,
               coalesce(sum(extract(epoch FROM until - at)) FILTER (WHERE goes), 0) AS seconds_off
          FROM (SELECT c.created_at AS at, c.change_type = 'removed' AS goes,
                       c.change_type = 'reactivated' AS relisted,
                       coalesce(lead(c.created_at) OVER (ORDER BY c.created_at, c.id),
                                CASE WHEN state.is_removed THEN now() ELSE c.created_at END
                               ) AS until
                  FROM property_changes c
                 WHERE c.property_id = l.property_id
                   AND (c.change_type IN ('removed', 'reactivated')
                        OR (c.field_name = 'listing_status'
                            AND c.old_value IN ('"confirmed_removed"', '"sold"')))
                   AND c.created_at >= {_FIRST_SEEN}) comings_and_goings
           ) past
"""
PROPERTY_TIMELINE_SAYS = """
    COMMENT ON VIEW property_timeline IS
    'One row per record of properties_live. last_seen_at: on a page or in the sitemap, whichever \
is later. removed_at, times_relisted: from the entries removed and reactivated of \
property_changes. days_on_market: whole days from first_seen_at to now, without the gaps between \
a removal and the reactivation or correction after it; what is removed counts until then, and \
without an entry that says when, until it was last seen.'
"""

# A wake-up and nothing else: who listens reads the feed.
WAKE_FUNCTION = """
    CREATE OR REPLACE FUNCTION wake_followers_of_changes() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('pincali_changes', ''); RETURN NULL; END $$
"""
WAKE_TRIGGER = """
    CREATE OR REPLACE TRIGGER wake_followers_of_changes AFTER INSERT ON property_changes
    FOR EACH STATEMENT EXECUTE FUNCTION wake_followers_of_changes()
"""

# Both are empty at first; built beside readers and writers, as each looks through the journal once.
INDEXES = (
    "CREATE UNIQUE INDEX uq_property_changes_feed "
    "ON property_changes (feed_position) WHERE feed_position > 0",
    "CREATE INDEX idx_property_changes_unnumbered "
    "ON property_changes (created_at) WHERE feed_position IS NULL",
)


def upgrade() -> None:
    be_patient()
    # What is there was before the feed: 0. A constant default rewrites nothing; without it, a row
    # that comes later has no position until it is given one.
    op.execute(
        "ALTER TABLE property_changes ADD COLUMN IF NOT EXISTS feed_position bigint DEFAULT 0"
    )
    op.execute("ALTER TABLE property_changes ALTER COLUMN feed_position DROP DEFAULT")
    create_indexes(INDEXES)
    for statement in (WAKE_FUNCTION, WAKE_TRIGGER):
        op.execute(statement)
    _create_view("price_history", PRICE_HISTORY, PRICE_HISTORY_SAYS)
    _create_view("property_timeline", PROPERTY_TIMELINE, PROPERTY_TIMELINE_SAYS)


def _create_view(name: str, statement: str, comment: str) -> None:
    """Where an adopted database has something of that name, that is kept."""
    op.execute(f"""
        DO $do$
        BEGIN
            IF to_regclass('{name}') IS NULL THEN
                {statement};
                {comment};
            END IF;
        END $do$
        """)


def _drop_ours(name: str) -> str:
    """Known by its comment: what an adopted database had under that name is not ours to drop."""
    return f"""
        DO $do$
        BEGIN
            IF obj_description(to_regclass('{name}'), 'pg_class')
               LIKE 'One row per record of properties_live%' THEN
                DROP VIEW {name};
            END IF;
        END $do$
        """


def downgrade() -> None:
    be_patient()
    for statement in (
        _drop_ours("property_timeline"),
        _drop_ours("price_history"),
        "DROP TRIGGER wake_followers_of_changes ON property_changes",
        "DROP FUNCTION wake_followers_of_changes()",
        "ALTER TABLE property_changes DROP COLUMN feed_position",
    ):
        op.execute(statement)
