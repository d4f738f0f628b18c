"""Runs migrations: on the configured database, or as SQL text without any."""

from __future__ import annotations

import re
import sys
import textwrap

import psycopg
from alembic import context
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, event, pool
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)

from pincali_sync.bootstrap import database_url
from pincali_sync.config import load_config
from pincali_sync.db.engine import address_of, sqlalchemy_url
from pincali_sync.db.faults import told_plainly
from pincali_sync.db.models import metadata
from pincali_sync.exceptions import PincaliSyncError, SchemaVersionError, line_of


def run_offline() -> None:
    """Prints SQL; needs no database."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _read_strings_as_written(connection: psycopg.Connection, _: object) -> None:
    """Whatever the database or role has set: a backslash is one."""
    connection.execute("SET standard_conforming_strings = on")
    connection.commit()


def _check_version(engine: Engine) -> None:
    """Raises: SchemaVersionError: when alembic_version is another program's, or a newer one's."""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    known = {each.revision for each in context.script.walk_revisions()}
    for revision in {*found} - known:
        if re.fullmatch(r"[0-9]{4}_[a-z_]+", revision):
            raise SchemaVersionError(
                f"the database is at schema {revision}, which this version does not know: "
                "run the upgrade from the version that you run"
            )
        raise SchemaVersionError(
            f"alembic_version of this database holds {revision!r}, another program's: "
            "give Pincali Sync a database of its own, or a schema of its own "
            "(CREATE SCHEMA listings; ALTER ROLE … SET search_path = listings)"
        )


def run_online() -> None:
    """Upgrades the database that the program hands over, else the configured one."""
    url = context.config.attributes.get("url") or database_url(load_config(), make=True)
    engine = create_engine(
        sqlalchemy_url(url), poolclass=pool.NullPool, connect_args={"prepare_threshold": None}
    )
    event.listen(engine, "connect", _read_strings_as_written)
    with told_plainly(address_of(url)):
        _check_version(engine)
    with engine.connect() as connection:
        _migrate(connection, address_of(url))


def _migrate(connection: Connection, address: str) -> None:
    # Each migration commits by itself, some of them in steps: one that is stopped goes on
    # where it was, as every step may be repeated.
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    except DBAPIError as error:
        said = line_of(error.orig or error)
        if isinstance(error.orig, psycopg.errors.RaiseException):
            raise SchemaVersionError(said) from error  # a migration's own words, remedy included
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise SchemaVersionError(
                f"{said}: run the upgrade as the role that owns the tables"
            ) from error
        if isinstance(error.orig, psycopg.errors.InvalidSchemaName):
            raise SchemaVersionError(
                f"{said}: the role's search_path names no schema that is there "
                "(ALTER ROLE … SET search_path = public)"
            ) from error
        # A table that is not as ours is met with these; the server's own troubles are told as ever.
        if not isinstance(error, ProgrammingError | IntegrityError | NotSupportedError | DataError):
            with told_plainly(address):
                raise
        raise SchemaVersionError(
            f"{said} (in: {shortened(error.statement)}): something that is here already is not as "
            "this upgrade knows it. Make it as docs/reference/tables.md has it and run the upgrade "
            "again, which goes on where it was; or, where it is another program's, give Pincali "
            "Sync a database of its own, or a schema of its own "
            "(CREATE SCHEMA listings; ALTER ROLE … SET search_path = listings)"
        ) from error


def shortened(statement: str | None) -> str:
    """The first words of a statement, on one line."""
    return textwrap.shorten(statement or "?", 80, placeholder=" …")


try:
    if context.is_offline_mode():
        run_offline()
    else:
        run_online()
except PincaliSyncError as error:
    if "url" in context.config.attributes:
        raise  # to the program that asked for it
    print(f"alembic: {error}", file=sys.stderr)
    raise SystemExit(error.exit_status) from None
