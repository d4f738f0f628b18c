"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pincali_workshop.stack import embedded
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from pincali_sync.config import Config
from pincali_sync.db import migrate
from pincali_sync.db.engine import Database, sqlalchemy_url
from tests.support.clock import FixedClock
from tests.support.hostile_site import HostileSite, hostile_site
from tests.support.postgres import (
    PLAIN_ROLE,
    TEMPLATE,
    Databases,
    LentDatabase,
    execute,
    fresh_database,
    make_plain_role,
    url_of,
)
from tests.support.strangers import NOBODY, Give

settings.register_profile("untimed", deadline=None)  # machines are slow at times
settings.load_profile("untimed")
# Two processes take file after file in this order: the longest begins, short ones come last.
_ORDER = ("tests/acceptance/test_month.py", "tests/acceptance", "tests/integration", "tests/unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first; all of the acceptance tests count as slow."""
    items.sort(key=lambda item: _place(item.nodeid))
    for item in items:
        if item.nodeid.startswith("tests/acceptance"):
            item.add_marker(pytest.mark.slow)


def _place(nodeid: str) -> int:
    return next((n for n, folder in enumerate(_ORDER) if nodeid.startswith(folder)), 0)


@pytest.fixture(autouse=True)
def _no_configuration_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A test sees neither the caller's variables nor a `.env` file."""
    for name in (*(each.upper() for each in Config.model_fields), "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(Config.model_config, "env_file", None)
    monkeypatch.setenv("PINCALI_HOME", str(tmp_path_factory.getbasetemp() / "home"))


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `.env` of a plain user that nobody else can read."""
    path = tmp_path / ".env"
    path.touch(mode=0o600)
    monkeypatch.setitem(Config.model_config, "env_file", path)
    user = os.geteuid() or 1000
    monkeypatch.setattr(os, "geteuid", lambda: user)
    return path


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server for the session, gone afterwards; as whom everything may be done in it."""
    home = tmp_path_factory.mktemp("postgres-home")
    embedded.destroy(home)  # what a killed session of the same name left
    try:
        embedded.ensure_running(home, durable=False)
        url = embedded.administrator_url(home)
        make_plain_role(url)
        # Statistics are a test's own doing: plans do not depend on who came by in between.
        execute(url, "ALTER SYSTEM SET autovacuum = off")
        execute(url, "SELECT pg_reload_conf()")
        yield url
    finally:
        embedded.destroy(home)


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """The name of a database at the newest schema, to be cloned."""
    execute(postgres_url, "CREATE DATABASE {} OWNER {}", TEMPLATE, PLAIN_ROLE)
    migrate.upgrade(url_of(postgres_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A database without any table."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
async def databases(postgres_url: str, migrated_template: str) -> AsyncIterator[Databases]:
    """What tests are lent their databases from."""
    databases = Databases(postgres_url, migrated_template)
    yield databases
    await databases.close()


@pytest.fixture
async def lent_database(databases: Databases) -> AsyncIterator[LentDatabase]:
    async with databases.lend() as lent:
        yield lent


@pytest.fixture
def database_url(lent_database: LentDatabase) -> str:
    """A database of its own at the newest schema: for tests that commit or run beside others."""
    return lent_database.url


@pytest.fixture
def db(lent_database: LentDatabase) -> Database:
    """A `Database` on a database of its own."""
    return lent_database.db


@pytest.fixture(scope="session")
def shared_database_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """One database for all tests that roll back."""
    with fresh_database(postgres_url, migrated_template) as url:
        yield url


@pytest.fixture
async def connection(shared_database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction that is rolled back after the test."""
    engine = create_async_engine(sqlalchemy_url(shared_database_url))
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield connection
        await transaction.rollback()
    await engine.dispose()


@pytest.fixture
def give_to_a_stranger(monkeypatch: pytest.MonkeyPatch) -> Give:
    """Makes a file, folder or link another user's; who is not root becomes another user instead."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: NOBODY)

    return give


@pytest.fixture
def hostile() -> Iterator[HostileSite]:
    """A site that answers as a test tells it to."""
    with hostile_site() as site:
        yield site


@pytest.fixture
def neighbour() -> Iterator[HostileSite]:
    """Another server of this machine, that nobody may be led to."""
    with hostile_site() as neighbour:
        yield neighbour
        assert neighbour.asked == []


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def pages_folder() -> Path:
    """Saved pages of the tests' own making."""
    return Path(__file__).parent / "pages"
