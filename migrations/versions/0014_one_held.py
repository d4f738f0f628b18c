"""One batch of removals is held at most and grows; what a certificate leaves out.

Revision ID: 0014_one_held
Revises: 0013_hot_rows
"""

from __future__ import annotations

from alembic import op

from migrations.tolerant_ddl import add_columns, be_patient, create_indexes, replace_check

revision = "0014_one_held"
down_revision = "0013_hot_rows"
branch_labels = None
depends_on = None

_STATES = "status IN ('open', 'held', {}'applied', 'rejected')"
# Several may be held by now: their proofs join the oldest.
_JOIN = (
    """
    UPDATE removal_checks c SET missed_session_id = b.session_id
      FROM removal_batches b WHERE b.id = c.batch_id AND b.status IN ('open', 'held')
       AND c.missed_session_id IS NULL
    """,
    """
    UPDATE removal_batches SET told_of = would_remove WHERE status = 'held'
    """,
    """
    WITH held AS (
        SELECT id, first_value(id) OVER (ORDER BY created_at, id) AS oldest
          FROM removal_batches WHERE status = 'held'
    ), joined AS (
        UPDATE removal_batches b SET status = 'joined'
          FROM held WHERE b.id = held.id AND held.id <> held.oldest
    )
    UPDATE removal_checks c SET batch_id = held.oldest
      FROM held WHERE c.batch_id = held.id AND held.id <> held.oldest
    """,
)


def upgrade() -> None:
    be_patient()
    add_columns("scan_certificates", ("holes jsonb NOT NULL DEFAULT '[]'::jsonb",))
    add_columns("removal_checks", ("missed_session_id uuid",))
    add_columns("removal_batches", ("told_of integer",))
    _allow(_STATES.format("'joined', "))
    for statement in _JOIN:
        op.execute(statement)
    create_indexes(
        (
            "CREATE UNIQUE INDEX uq_removal_batches_held ON removal_batches (status) "
            "WHERE status = 'held'",
        )
    )


def downgrade() -> None:
    be_patient()
    op.execute("DROP INDEX uq_removal_batches_held")
    op.execute("UPDATE removal_batches SET status = 'applied' WHERE status = 'joined'")
    _allow(_STATES.format(""))
    op.execute("ALTER TABLE removal_batches DROP COLUMN told_of")
    op.execute("ALTER TABLE removal_checks DROP COLUMN missed_session_id")
    op.execute("ALTER TABLE scan_certificates DROP COLUMN holes")


def _allow(states: str) -> None:
    name = "removal_batches_status_check"
    replace_check("removal_batches", "status", name, states)
    op.execute(f"ALTER TABLE removal_batches VALIDATE CONSTRAINT {name}")
