"""Upgrades an empty database and fails when it is not what the models say."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from pprint import pformat
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pincali_workshop.stack import embedded
from sqlalchemy import Column, Connection, create_engine, pool

from pincali_sync.db import migrate
from pincali_sync.db.engine import sqlalchemy_url
from pincali_sync.db.models import metadata


def differences(url: str) -> list[str]:
    """What would have to be done to the database to make it what the models say.

    Tables, columns, types, defaults, indexes and unique constraints are compared, indexes of
    expressions by their names; checks, the predicates of partial indexes and storage options are
    beyond Alembic.

    Returns:
        One line or more a difference, in Alembic's words; empty when there is none.
    """
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": _is_comparable,
            },
        )
        found = [pformat(each) for each in compare_metadata(context, metadata)]
        return found + _missing_indexes(connection)


def _is_comparable(thing: Any, _name: str | None, kind: str, *_: object) -> bool:
    """PostgreSQL has its own wording of an expression."""
    return kind != "index" or all(isinstance(each, Column) for each in thing.expressions)


def _missing_indexes(connection: Connection) -> list[str]:
    there = {*connection.exec_driver_sql("SELECT indexname FROM pg_indexes").scalars()}
    wanted = (index.name for table in metadata.tables.values() for index in table.indexes)
    return [f"no index {name}" for name in wanted if name not in there]


def main() -> int:
    """Prints each difference; 1 when there are any."""
    with tempfile.TemporaryDirectory(prefix="pincali-drift-") as folder:
        home = Path(folder)
        try:
            url = embedded.ensure_running(home, durable=False)
            migrate.upgrade(url)
            found = differences(url)
        finally:
            embedded.destroy(home)
    for difference in found:
        print(f"models and migrations differ: {difference}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
