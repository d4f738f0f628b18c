"""Runs migrations: on the configured database, or as SQL text without any."""

from __future__ import annotations

import sys

import psycopg
from alembic import context
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import ProgrammingError

from pincali_sync.bootstrap import database_url
from pincali_sync.config import load_config
from pincali_sync.db.engine import sqlalchemy_url
from pincali_sync.db.models import metadata
from pincali_sync.exceptions import PincaliSyncError, SchemaVersionError


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


def run_online() -> None:
    """Upgrades the database that the program hands over, else the configured one."""
    url = context.config.attributes.get("url") or database_url(load_config())
    engine = create_engine(
        sqlalchemy_url(url), poolclass=pool.NullPool, connect_args={"prepare_threshold": None}
    )
    with engine.connect() as connection:
        # Each migration commits by itself, some of them in steps: one that is stopped goes on
        # where it was, as every step may be repeated.
        context.configure(
            connection=connection, target_metadata=metadata, transaction_per_migration=True
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                said = str(error.orig).splitlines()[0]
                raise SchemaVersionError(
                    f"{said}: run the upgrade as the role that owns the tables"
                ) from error
            raise


try:
    if context.is_offline_mode():
        run_offline()
    else:
        run_online()
except PincaliSyncError as error:
    print(f"alembic: {error}", file=sys.stderr)
    raise SystemExit(error.exit_status) from None
