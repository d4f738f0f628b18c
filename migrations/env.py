"""Runs migrations: on the configured database, or as SQL text without any."""

from __future__ import annotations

import sys

from alembic import context
from sqlalchemy import create_engine, pool, text

from pincali_sync.bootstrap import database_url
from pincali_sync.config import load_config
from pincali_sync.db.engine import sqlalchemy_url
from pincali_sync.db.models import PropertyLive
from pincali_sync.exceptions import PincaliSyncError

TARGET = PropertyLive.metadata
# A migration that cannot get its lock must not make everybody queue up behind it.
_LOCK_TIMEOUT = "10s"
_STATEMENT_TIMEOUT = "15min"


def run_offline() -> None:
    """Prints SQL; needs no database."""
    context.configure(dialect_name="postgresql", target_metadata=TARGET, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Upgrades the database that the program hands over, else the configured one."""
    url = context.config.attributes.get("url") or database_url(load_config())
    engine = create_engine(
        sqlalchemy_url(url), poolclass=pool.NullPool, connect_args={"prepare_threshold": None}
    )
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=TARGET)
        with context.begin_transaction():
            # For this transaction only: behind a pooler the connection is not ours to change.
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_TIMEOUT}'"))
            context.run_migrations()


try:
    if context.is_offline_mode():
        run_offline()
    else:
        run_online()
except PincaliSyncError as error:
    print(f"alembic: {error}", file=sys.stderr)
    raise SystemExit(error.exit_status) from None
