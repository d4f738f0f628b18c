"""What waits outside the queue, in the order in which it is taken up.

`property_manifest.needs_full_scrape` and the open rows of `scrape_queue` are the truth, whoever
writes them; triggers keep the narrow table beside them, so that topping up reads what it moves
and not all that waits. A row too many is dropped when its turn comes; none may be missing.

Revision ID: 0015_outside
Revises: 0014_one_held
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient, create_indexes, create_tables

revision = "0015_outside"
down_revision = "0014_one_held"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE queue_outside (
        property_id    varchar(255)  NOT NULL,
        priority       integer       NOT NULL,
        first_seen_at  timestamptz   NOT NULL,
        rests_until    timestamptz,
        CONSTRAINT queue_outside_pkey PRIMARY KEY (property_id)
    ) WITH (autovacuum_vacuum_scale_factor = 0.01)
    """,
    """
    CREATE TABLE refresh_returns (
        id      uuid     DEFAULT gen_random_uuid() NOT NULL,
        stale   integer  NOT NULL,
        sample  integer  NOT NULL,
        CONSTRAINT refresh_returns_pkey PRIMARY KEY (id)
    )
    """,
)
_VERIFIED = "queue_reason IN ('verification', 'removal_audit')"
INDEXES = (
    "CREATE INDEX idx_outside_next ON queue_outside (priority, first_seen_at DESC, property_id) "
    "WHERE rests_until IS NULL",
    "CREATE INDEX idx_outside_resting ON queue_outside (rests_until) WHERE rests_until IS NOT NULL",
    # Each spider's own: neither reads past what the other is to fetch.
    "CREATE INDEX idx_queue_details ON scrape_queue (priority, queued_at) "
    f"WHERE status = 'pending' AND ({_VERIFIED}) IS NOT TRUE",
    "CREATE INDEX idx_queue_verifications ON scrape_queue (priority, queued_at) "
    f"WHERE status = 'pending' AND {_VERIFIED}",
)
COLUMNS = ("rests_until timestamptz",)

_OPEN = "('pending', 'in_progress')"


def _priority(record: str) -> str:
    only_listed = f"{record}.is_new AND {record}.sources = '{{}}'"
    return f"CASE WHEN {only_listed} THEN 3 WHEN {record}.is_new THEN 1 ELSE 2 END"


# One probe a record: a join might be planned as a scan of all of the queue.
_NOT_OPEN = f"""(SELECT true FROM scrape_queue q WHERE q.property_id = m.property_id
                      AND q.status IN {_OPEN}) IS NULL"""
_ANEW = """ON CONFLICT (property_id) DO UPDATE
           SET priority = excluded.priority, first_seen_at = excluded.first_seen_at,
               rests_until = NULL"""
_INTO = "INSERT INTO queue_outside (property_id, priority, first_seen_at)"

FUNCTIONS = {
    "note_new_outside": f"""
        {_INTO}
        SELECT m.property_id, {_priority("m")}, m.first_seen_at FROM added m
         WHERE m.needs_full_scrape AND {_NOT_OPEN}
         ORDER BY m.property_id
        {_ANEW};
        RETURN NULL;""",
    # Whether or not it is in the queue: its row there may be ending at this very moment.
    "note_change_outside": f"""
        IF NOT NEW.needs_full_scrape THEN
            DELETE FROM queue_outside WHERE property_id = NEW.property_id;
        ELSIF OLD.needs_full_scrape THEN
            UPDATE queue_outside o SET priority = {_priority("NEW")}
              FROM (SELECT property_id FROM queue_outside
                     WHERE property_id = NEW.property_id FOR UPDATE SKIP LOCKED) its
             WHERE o.property_id = its.property_id;
        ELSE
            {_INTO}
            VALUES (NEW.property_id, {_priority("NEW")}, NEW.first_seen_at)
            {_ANEW};
        END IF;
        RETURN NULL;""",
    "note_gone_outside": """
        DELETE FROM queue_outside WHERE property_id = OLD.property_id;
        RETURN NULL;""",
    # What ended without its page, or was moved outside. Its manifest row may be still to come.
    "note_unqueued_outside": f"""
        {_INTO}
        SELECT OLD.property_id, coalesce({_priority("m")}, 2),
               coalesce(m.first_seen_at, OLD.queued_at, '-infinity')
          FROM (SELECT OLD.property_id) q (property_id)
          LEFT JOIN property_manifest m ON m.property_id = q.property_id
         WHERE m.needs_full_scrape IS NOT FALSE
        {_ANEW};
        RETURN NULL;""",
}
# By name: the table, and the rest of the statement.
TRIGGERS = {
    "note_new_outside": (
        "property_manifest",
        """AFTER INSERT ON property_manifest REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION note_new_outside()""",
    ),
    "note_change_outside": (
        "property_manifest",
        """AFTER UPDATE OF needs_full_scrape, is_new, sources ON property_manifest
        FOR EACH ROW WHEN (
            NEW.needs_full_scrape <> OLD.needs_full_scrape
            OR NEW.needs_full_scrape AND (NEW.is_new <> OLD.is_new
                                          OR (NEW.sources = '{}') <> (OLD.sources = '{}')))
        EXECUTE FUNCTION note_change_outside()""",
    ),
    "note_gone_outside": (
        "property_manifest",
        """AFTER DELETE ON property_manifest FOR EACH ROW
        EXECUTE FUNCTION note_gone_outside()""",
    ),
    "note_ended_outside": (
        "scrape_queue",
        f"""AFTER UPDATE OF status ON scrape_queue
        FOR EACH ROW WHEN (OLD.status IN {_OPEN} AND NEW.status IN ('failed', 'cancelled'))
        EXECUTE FUNCTION note_unqueued_outside()""",
    ),
    "note_deleted_outside": (
        "scrape_queue",
        f"""AFTER DELETE ON scrape_queue FOR EACH ROW WHEN (OLD.status IN {_OPEN})
        EXECUTE FUNCTION note_unqueued_outside()""",
    ),
}
# Beside whoever writes: the triggers are there by now.
FILL = f"""
{_INTO}
SELECT m.property_id, {_priority("m")}, m.first_seen_at FROM property_manifest m
 WHERE m.needs_full_scrape AND {_NOT_OPEN}
ON CONFLICT (property_id) DO NOTHING"""


def upgrade() -> None:
    be_patient()
    create_tables(TABLES)
    add_columns("refresh_targets", COLUMNS)
    create_indexes(INDEXES)
    for name, body in FUNCTIONS.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
            f"    BEGIN{body}\n    END $$"
        )
    for name, (_, what) in TRIGGERS.items():
        op.execute(f"CREATE OR REPLACE TRIGGER {name} {what}")
    with op.get_context().autocommit_block():
        op.execute(FILL)
    be_patient()


def downgrade() -> None:
    be_patient()
    for name, (table, _) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    for index in ("idx_queue_details", "idx_queue_verifications"):
        op.execute(f"DROP INDEX {index}")
    op.execute("ALTER TABLE refresh_targets DROP COLUMN rests_until")
    for table in ("queue_outside", "refresh_returns"):
        op.execute(f"DROP TABLE {table}")
