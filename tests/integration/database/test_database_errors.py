"""What an operator is told when the database is not there, or not the right one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pincali_sync.db import engine, migrate
from pincali_sync.db.engine import SCHEMA_REVISION, Database, Driver, address_of
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import (
    CommitUnknownError,
    DatabaseBusyError,
    DatabaseUnavailableError,
    SchemaVersionError,
)
from scripts.check_drift import differences
from tests.support.builders import rows, value
from tests.support.postgres import execute


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.dispose()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_server_that_is_down_is_named_without_the_password(closed_port: int) -> None:
    url = f"postgresql://reader:open-sesame@127.0.0.1:{closed_port}/listings"
    async with opened(url) as database:
        with pytest.raises(DatabaseUnavailableError) as caught:
            await database.check_schema()
    message = str(caught.value)
    assert f"127.0.0.1:{closed_port}/listings" in message
    assert "DATABASE_URL" in message
    assert "open-sesame" not in message
    assert "\n" not in message


async def test_a_wrong_password_is_told_without_either(database_url: str) -> None:
    secret = urlsplit(database_url).password or ""
    async with opened(database_url.replace(secret, "open-sesame")) as database:
        with pytest.raises(DatabaseUnavailableError, match="authentication failed") as caught:
            await database.check_schema()
    assert "open-sesame" not in str(caught.value)
    assert secret not in str(caught.value)


async def test_a_database_that_is_not_there_is_told(postgres_url: str) -> None:
    async with opened(f"{postgres_url}_nowhere") as database:
        with pytest.raises(DatabaseUnavailableError, match="postgres_nowhere"):
            await database.check_schema()


async def test_an_empty_database_is_told_apart_from_an_old_one(empty_database_url: str) -> None:
    async with opened(empty_database_url) as database:
        with pytest.raises(SchemaVersionError, match="has no tables of this program yet"):
            await database.check_schema()
    migrate.upgrade(empty_database_url, "0001_scraper_tables")
    async with opened(empty_database_url) as database:
        with pytest.raises(
            SchemaVersionError, match=f"at schema 0001_scraper_tables.*needs {SCHEMA_REVISION}"
        ):
            await database.check_schema()
    migrate.upgrade(empty_database_url)
    async with opened(empty_database_url) as database:
        await database.check_schema()
        assert await value(database, "SELECT count(*) FROM properties_live") == 0


async def test_a_connection_that_breaks_in_a_transaction_is_an_outage(db: Database) -> None:
    with pytest.raises(DatabaseUnavailableError, match="ended the connection"):
        async with db.transaction() as tx:
            await tx.connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert await value(db, "SELECT 1") == 1


async def break_idle_connection(db: Database) -> None:
    own = await value(db, "SELECT pg_backend_pid()")
    async with opened(db._engine.url.render_as_string(hide_password=False)) as other:
        assert await value(other, "SELECT pg_terminate_backend(:pid, 5000)", pid=own)


async def test_connections_that_broke_while_idle_are_replaced_unnoticed(db: Database) -> None:
    await break_idle_connection(db)
    assert await value(db, "SELECT 1") == 1
    await break_idle_connection(db)
    assert (await db.run_statement(lambda driver: driver.execute("SELECT 1"))).rowcount == 1


async def test_those_that_broke_without_a_word_are_found_out_after_a_rest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await break_idle_connection(db)
    monkeypatch.setattr(engine, "_was_spoken_to", lambda _: False)
    monkeypatch.setattr(engine, "_REST_SECONDS", 0.0)
    assert await value(db, "SELECT 1") == 1


async def test_a_statement_that_loses_its_connection_is_an_outage(db: Database) -> None:
    with pytest.raises(CommitUnknownError, match="before it said that all was done"):
        await db.run_statement(
            lambda driver: driver.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        )
    assert await value(db, "SELECT 1") == 1


async def test_a_statement_alone_is_tried_again_after_a_deadlock(db: Database) -> None:
    attempts = 0

    async def work(driver: Driver) -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            await driver.execute("DO $$ BEGIN RAISE deadlock_detected; END $$")
        return attempts

    assert await db.run_statement(work) == 3


async def test_a_broken_rule_of_the_database_is_no_outage(db: Database) -> None:
    with pytest.raises(IntegrityError):
        await rows(db, "INSERT INTO scrape_queue (source_url, priority) VALUES ('x', 1)")


async def test_a_deadlock_is_tried_again_from_the_start(db: Database) -> None:
    attempts = 0

    async def work(tx: UnitOfWork) -> int:
        nonlocal attempts
        attempts += 1
        await tx.connection.execute(
            text("INSERT INTO service_locks VALUES (:n, gen_random_uuid(), 'me', now())"),
            {"n": f"attempt {attempts}"},
        )
        if attempts < 3:
            await tx.connection.execute(
                text("DO $$ BEGIN RAISE deadlock_detected USING MESSAGE = 'dead'; END $$")
            )
        return attempts

    assert await db.run(work) == 3
    assert await value(db, "SELECT name FROM service_locks") == "attempt 3"


async def test_a_deadlock_that_stays_is_told_in_the_end(db: Database) -> None:
    attempts = 0

    async def work(tx: UnitOfWork) -> None:
        nonlocal attempts
        attempts += 1
        await tx.connection.execute(text("DO $$ BEGIN RAISE deadlock_detected; END $$"))

    with pytest.raises(DatabaseBusyError, match="let others go first, again and again"):
        await db.run(work)
    assert attempts == 5


def test_an_address_says_where_and_not_who() -> None:
    assert address_of("postgresql://reader:open-sesame@db.example/x") == "db.example:5432/x"


def test_an_upgrade_of_a_database_that_is_down_says_so_in_one_line(closed_port: int) -> None:
    url = f"postgresql://reader:open-sesame@127.0.0.1:{closed_port}/listings"
    with pytest.raises(DatabaseUnavailableError, match="cannot be reached") as caught:
        migrate.upgrade(url)
    assert "open-sesame" not in str(caught.value)


@pytest.mark.slow
def test_alembic_itself_says_so_in_one_line_too(closed_port: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        env={**os.environ, "DATABASE_URL": f"postgresql://a:b@127.0.0.1:{closed_port}/listings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert line.startswith(f"alembic: PostgreSQL at 127.0.0.1:{closed_port}/listings cannot be")


@pytest.mark.parametrize(
    "setting",
    [
        *("datestyle = 'SQL, DMY'", "datestyle = 'German'", "datestyle = 'Postgres, MDY'"),
        *("intervalstyle = 'sql_standard'", "intervalstyle = 'iso_8601'"),
        *("standard_conforming_strings = off", "timezone = 'America/Mexico_City'"),
        *("extra_float_digits = -5", "bytea_output = 'escape'"),
    ],
)
async def test_what_a_database_sets_for_others_changes_no_value(
    empty_database_url: str, setting: str
) -> None:
    name = empty_database_url.rpartition("/")[2]
    async with opened(empty_database_url) as database:
        await rows(database, f'ALTER DATABASE "{name}" SET {setting}')
    async with opened(empty_database_url) as database:
        [found] = await rows(
            database,
            r"""SELECT timestamptz '2026-02-03 04:05+00' AS moment, date '2026-02-03' AS day,
                       interval '1 day 02:03' AS span, '\x41'::bytea AS bytes,
                       length('\n') AS signs""",
        )
    assert found == {
        "moment": datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
        "day": date(2026, 2, 3),
        "span": timedelta(days=1, hours=2, minutes=3),
        "bytes": b"A",
        "signs": 2,
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("their-second-step", "holds 'their-second-step', another program's.*search_path"),
        ("9999_later", "at schema 9999_later, which this version does not know"),
    ],
)
def test_an_upgrade_beside_another_programs_versions_is_refused(
    empty_database_url: str, revision: str, said: str
) -> None:
    execute(empty_database_url, "CREATE TABLE alembic_version (version_num varchar(32))")
    execute(empty_database_url, f"INSERT INTO alembic_version VALUES ('{revision}')")
    with pytest.raises(SchemaVersionError, match=said):
        migrate.upgrade(empty_database_url)


@pytest.mark.slow
def test_an_upgrade_reads_its_own_strings_as_they_are_written(empty_database_url: str) -> None:
    name = empty_database_url.rpartition("/")[2]
    execute(empty_database_url, "ALTER DATABASE {} SET standard_conforming_strings = off", name)
    migrate.upgrade(empty_database_url)
    assert differences(empty_database_url) == []


@pytest.mark.slow
def test_an_upgrade_says_where_the_search_path_leads_nowhere(empty_database_url: str) -> None:
    name = empty_database_url.rpartition("/")[2]
    execute(empty_database_url, "ALTER DATABASE {} SET search_path = nowhere", name)
    with pytest.raises(SchemaVersionError, match="search_path names no schema"):
        migrate.upgrade(empty_database_url)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_transactions_read_what_others_committed_whatever_the_database_has_set(
    empty_database_url: str, level: str
) -> None:
    name = empty_database_url.rpartition("/")[2]
    of_all = f"ALTER DATABASE {{}} SET default_transaction_isolation = '{level}'"
    execute(empty_database_url, of_all, name)
    migrate.upgrade(empty_database_url)
    show = text("SHOW transaction_isolation")
    async with opened(empty_database_url) as database:
        async with database.transaction() as tx:
            assert await tx.connection.scalar(show) == "read committed"
        async with database.repeatable_read() as tx:
            assert await tx.connection.scalar(show) == "repeatable read"
        async with database.transaction() as tx:
            assert await tx.connection.scalar(show) == "read committed"
