"""One EasyBroker id, one record: what is there twice becomes one, and an index holds it.

A listing whose slug changed, and one that another scraper stored under two forms of its URL, may
have two rows. They are merged some hundred at a time: no lock is held for long, and an upgrade that
is stopped goes on where it was.

Revision ID: 0010_one_row
Revises: 0009_people
"""

from __future__ import annotations

import logging

from alembic import context, op
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from migrations.merging import COUNT, FIND, LEFT, MERGE
from migrations.tolerant_ddl import be_patient, create_indexes, normal_public_id

revision = "0010_one_row"
down_revision = "0009_people"
branch_labels = None
depends_on = None

logger = logging.getLogger(__name__)

_ATTEMPTS = 5  # where others hold the same rows
_AT_ONCE = 5_000
# Beside the old program's workers; what is in the way of the index is made ready for it.
_NORMALISE = """
UPDATE {table} SET public_id = {normal}
 WHERE id IN (SELECT id FROM {table}
               WHERE public_id IS NOT NULL AND public_id IS DISTINCT FROM {normal} LIMIT {size})
"""
_INDEX = "CREATE {}INDEX {} ON properties_live (public_id) WHERE public_id IS NOT NULL"
_UNIQUE = _INDEX.format("UNIQUE ", "uq_live_public_id")
_PLAIN = _INDEX.format("", "idx_live_public_id")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        if context.is_offline_mode():
            op.execute(_do(f"LOOP {FIND};\nEXIT WHEN NOT {LEFT};\n{_LOOP} END LOOP"))
        else:
            _merge_all()
        for table in ("properties_live", "property_manifest"):
            _normalise(table)
        op.execute("DROP TABLE double_records")
    create_indexes((_UNIQUE,))
    _drop_index("idx_live_public_id")


def downgrade() -> None:
    """What was merged stays so."""
    create_indexes((_PLAIN,))
    _drop_index("uq_live_public_id")


_LOOP = f"WHILE {LEFT} LOOP {MERGE};\nCOMMIT; END LOOP;"


def _merge_all() -> None:
    """Until nothing is double: a worker of the old program may add to it meanwhile."""
    connection = op.get_bind()
    while True:
        _insist(FIND)
        records, listings = connection.execute(text(COUNT)).one()
        if not records:
            return
        while connection.execute(text(f"SELECT {LEFT}")).scalar():
            _insist(MERGE)
        logger.warning(
            "listings that were there more than once: %d; records merged into others: %d",
            listings,
            records,
        )


def _insist(body: str) -> None:
    """One transaction, which may lose against another."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            op.execute(_do(f"PERFORM set_config('lock_timeout', '10s', true);\n{body}"))
        except OperationalError as error:
            is_in_the_way = isinstance(error.orig, (DeadlockDetected, LockNotAvailable))
            if attempt == _ATTEMPTS or not is_in_the_way:
                raise
        else:
            return


def _normalise(table: str) -> None:
    statement = _NORMALISE.format(table=table, normal=normal_public_id("public_id"), size=_AT_ONCE)
    if context.is_offline_mode():
        op.execute(statement.replace(f" LIMIT {_AT_ONCE}", ""))
    else:
        while op.get_bind().execute(text(statement)).rowcount:
            pass


def _do(body: str) -> str:
    return f"DO $do$\nDECLARE referring record; each record;\nBEGIN\n{body};\nEND $do$"


def _drop_index(name: str) -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    be_patient()
