"""Schema upgrades from inside the program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy.exc import OperationalError

from pincali_sync.db.engine import address_of
from pincali_sync.exceptions import DatabaseUnavailableError, SchemaVersionError

_ROOT = Path(__file__).resolve().parents[2]


def alembic_config(url: str) -> AlembicConfig:
    """Alembic's configuration for one database.

    Raises:
        SchemaVersionError: where the migrations are not at hand, as in a deployed egg.
    """
    ini = _ROOT / "alembic.ini"
    if not ini.exists():
        raise SchemaVersionError(
            f"there are no migrations at {_ROOT}: run `alembic upgrade head` from a checkout"
        )
    config = AlembicConfig(ini)
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Creates or upgrades the schema; a database that is up to date stays as it is.

    Raises:
        DatabaseUnavailableError: when the database cannot be reached.
    """
    try:
        command.upgrade(alembic_config(url), revision)
    except OperationalError as error:
        if error.orig is None or getattr(error.orig, "sqlstate", None) is not None:
            raise  # the server answered: the migration itself is at fault
        raise DatabaseUnavailableError(
            f"PostgreSQL at {address_of(url)} cannot be reached: start it, or correct DATABASE_URL "
            "(unset, the embedded server is used)"
        ) from error
