"""Whether the migrations produce what the models say."""

from __future__ import annotations

from pprint import pformat

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool

from pincali_sync.db.engine import sqlalchemy_url
from pincali_sync.db.models import metadata


def differences(url: str) -> list[str]:
    """What would have to be done to the database to make it what the models say.

    Tables, columns, types, defaults, indexes and unique constraints are compared; checks, the
    predicates of partial indexes and storage options are beyond Alembic.

    Returns:
        One line or more a difference, in Alembic's words; empty when there is none.
    """
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return [pformat(each) for each in compare_metadata(context, metadata)]
