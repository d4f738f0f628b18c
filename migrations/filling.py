"""Columns that somebody already has, empty in some of their rows, and that may not be empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alembic import context, op
from sqlalchemy import text

from migrations.tolerant_ddl import AT_MOST, be_patient

_AT_ONCE = 5_000  # rows


def require(table: str, defaults: Mapping[str, str]) -> None:
    """NOT NULL with a default, where columns of these names may have been nullable.

    Their rows are filled in chunks of one transaction each. PostgreSQL believes a proven check and
    looks at no row for NOT NULL: what locks readers out is over at once.
    """
    op.execute(_set_defaults(table, defaults))
    proof = f"{table}_filled"
    with op.get_context().autocommit_block():
        _fill(table, defaults)
        op.execute(_add_proof(table, proof, defaults))
        op.execute(_if_there(table, proof, f"ALTER TABLE {table} VALIDATE CONSTRAINT {proof}"))
        required = ", ".join(f"ALTER COLUMN {column} SET NOT NULL" for column in defaults)
        op.execute(
            _if_there(
                table,
                proof,
                f"ALTER TABLE {table} {required}; ALTER TABLE {table} DROP CONSTRAINT {proof}",
            )
        )
    be_patient()


def _nullable(table: str, columns: Iterable[str]) -> str:
    names = ", ".join(f"'{column}'" for column in columns)
    return f"""SELECT FROM pg_attribute WHERE attrelid = '{table}'::regclass
                      AND attname IN ({names}) AND NOT attnotnull"""


def _set_defaults(table: str, defaults: Mapping[str, str]) -> str:
    """Rows that come while the others are filled are written with them."""
    steps = "\n".join(
        f"""
            IF EXISTS ({_nullable(table, [column])}) THEN
                ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default};
            END IF;"""
        for column, default in defaults.items()
    )
    return f"DO $do$ BEGIN {steps} END $do$"


def _fill(table: str, defaults: Mapping[str, str]) -> None:
    """In an autocommit block. What is filled stays so when the upgrade is stopped."""
    filled = ", ".join(f"{column} = coalesce({column}, {d})" for column, d in defaults.items())
    empty = " OR ".join(f"{column} IS NULL" for column in defaults)
    wanted = f"EXISTS ({_nullable(table, defaults)}) AND ({empty})"
    rest = f"UPDATE {table} SET {filled} WHERE {wanted}"
    if not context.is_offline_mode():
        chunk = text(f"{rest} AND property_id > :after AND property_id <= :until")
        find = text(f"""
            SELECT max(property_id) FROM (
                SELECT property_id FROM {table} WHERE {wanted} AND property_id > :after
                 ORDER BY property_id LIMIT {_AT_ONCE}) chunk
            """)
        connection, after = op.get_bind(), ""
        while until := connection.execute(find, {"after": after}).scalar():
            connection.execute(chunk, {"after": after, "until": until})
            after = until
    op.execute(rest)  # as SQL text, all of it; else what was emptied meanwhile


def _add_proof(table: str, name: str, columns: Iterable[str]) -> str:
    condition = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return f"""
        DO $do$
        BEGIN
            {AT_MOST}
            IF EXISTS ({_nullable(table, columns)}) AND NOT EXISTS ({_constraint(table, name)}) THEN
                ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID;
            END IF;
        END $do$
        """


def _if_there(table: str, constraint: str, statements: str) -> str:
    return f"""
        DO $do$
        BEGIN
            {AT_MOST}
            IF EXISTS ({_constraint(table, constraint)}) THEN
                {statements};
            END IF;
        END $do$
        """


def _constraint(table: str, name: str) -> str:
    return f"SELECT FROM pg_constraint WHERE conrelid = '{table}'::regclass AND conname = '{name}'"
