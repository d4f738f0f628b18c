"""Schema upgrades from inside the program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig

from pincali_sync.exceptions import SchemaVersionError

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
        DatabaseError: when the database cannot be reached, or is not one to be upgraded.
    """
    command.upgrade(alembic_config(url), revision)
