"""What PostgreSQL answers when it cannot or may not: told in a line, tried again where it helps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pincali_sync.crawl_job import surely
from pincali_sync.db import engine
from pincali_sync.db.engine import Database
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import (
    CommitUnknownError,
    DatabaseBusyError,
    DatabaseError,
    DatabaseUnavailableError,
    SchemaVersionError,
)
from tests.support.builders import rows, value
from tests.support.postgres import PLAIN_ROLE, administrator_of, execute
from tests.support.relay import relay_to

END_THIS = "SELECT pg_terminate_backend(pg_backend_pid())"
_LOCK = "INSERT INTO service_locks VALUES ('x', gen_random_uuid(), 'me', now())"


def raising(state: str) -> str:
    return f"DO $$ BEGIN RAISE 'the server''s words' USING ERRCODE = '{state}'; END $$"


@asynccontextmanager
async def opened(url: str, patience: float = 0.0) -> AsyncIterator[Database]:
    database = Database(url, patience=patience)
    try:
        yield database
    finally:
        await database.dispose()


@pytest.fixture
async def patient(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url, patience=10) as database:
        yield database


async def told(db: Database, *statements: str) -> DatabaseError:
    """What is said of a transaction that fails."""

    async def work(tx: UnitOfWork) -> None:
        for each in statements:
            await tx.connection.execute(text(each))

    with pytest.raises(DatabaseError) as caught:
        await db.run(work)
    message = str(caught.value)
    assert "\n" not in message
    assert "sqlalche.me" not in message
    assert "psycopg" not in message
    return caught.value


@pytest.mark.parametrize(
    ("state", "kind", "what"),
    [
        ("53100", DatabaseUnavailableError, "no room left on its disk: .*words. Make room there"),
        ("53300", DatabaseUnavailableError, "no connection left for us.*max_connections"),
        ("53200", DatabaseUnavailableError, "not enough of something.*memory"),
        ("58030", DatabaseUnavailableError, "trouble with its disk"),
        ("57P01", DatabaseUnavailableError, "ended the connection.*restarts"),
        ("57P03", DatabaseUnavailableError, "takes no connections now.*Wait"),
        ("08P01", DatabaseUnavailableError, "ended the connection.*pooler"),
        ("28000", DatabaseUnavailableError, "refuses the connection.*DATABASE_URL"),
        ("55P03", DatabaseBusyError, "could not give a lock in time.*pg_locks"),
        ("40001", DatabaseBusyError, "let others go first"),
        ("42501", DatabaseError, "does not let the role do that.*owns the tables"),
    ],
)
async def test_each_fault_of_the_server_has_its_words_and_its_remedy(
    db: Database, state: str, kind: type[DatabaseError], what: str
) -> None:
    with pytest.raises(kind, match=what):
        raise await told(db, raising(state))


async def test_a_statement_that_takes_too_long_is_not_taken_for_a_server_that_is_down(
    db: Database,
) -> None:
    slow = await told(db, "SET LOCAL statement_timeout = 10", "SELECT pg_sleep(5), 'Agente 12'")
    assert isinstance(slow, DatabaseBusyError)
    assert "statement timeout" in str(slow)
    assert "Agente 12" not in str(slow)


async def test_a_lock_that_another_holds_is_told(db: Database) -> None:
    async with db.transaction() as other:
        await other.connection.execute(text("LOCK TABLE service_locks"))
        late = await told(db, "SET LOCAL lock_timeout = 10", "LOCK TABLE service_locks")
    assert "could not give a lock in time" in str(late)


@pytest.mark.parametrize("statement", ["SELECT * FROM gone", "SELECT gone FROM scrape_queue"])
async def test_a_schema_that_changed_meanwhile_is_told(db: Database, statement: str) -> None:
    assert isinstance(await told(db, statement), SchemaVersionError)


async def test_a_server_that_became_a_standby_is_left_for_the_one_that_takes_changes(
    database_url: str,
) -> None:
    async with opened(database_url) as db:
        before = await value(db, "SELECT pg_backend_pid()")
        standby = await told(db, "SET TRANSACTION READ ONLY", _LOCK)
        assert "takes no changes" in str(standby)
        assert await value(db, "SELECT pg_backend_pid()") != before


async def test_a_role_that_may_hold_no_more_connections_is_told_so(
    postgres_url: str, database_url: str
) -> None:
    execute(postgres_url, "CREATE ROLE {} LOGIN PASSWORD 'invented' CONNECTION LIMIT 0", "limited")
    try:
        async with opened(database_url.replace(f"//{PLAIN_ROLE}:", "//limited:")) as db:
            assert "has no connection left for us" in str(await told(db, "SELECT 1"))
    finally:
        execute(postgres_url, "DROP ROLE {}", "limited")


async def test_a_connection_lost_before_the_end_is_no_loss(db: Database) -> None:
    attempts = 0

    async def work(tx: UnitOfWork) -> int:
        nonlocal attempts
        attempts += 1
        await tx.connection.execute(text(_LOCK))
        if attempts == 1:
            await tx.connection.execute(text(END_THIS))
        return attempts

    assert await db.run(work) == 2
    assert await value(db, "SELECT count(*) FROM service_locks") == 1


@pytest.fixture
def ends_at_commit(postgres_url: str, database_url: str) -> None:
    """The server ends the connection while it is to commit a lock's row."""
    execute(
        administrator_of(postgres_url, database_url),
        f"""CREATE FUNCTION end_this() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN PERFORM {END_THIS.removeprefix("SELECT ")}; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON service_locks
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_this()""",
    )


@pytest.mark.usefixtures("ends_at_commit")
async def test_what_may_have_been_committed_is_not_done_again(patient: Database) -> None:
    attempts = 0

    async def work(tx: UnitOfWork) -> None:
        nonlocal attempts
        attempts += 1
        await tx.connection.execute(text(_LOCK))

    with pytest.raises(CommitUnknownError, match="Look whether it was before you do it again"):
        await patient.run(work)
    assert attempts == 1


@pytest.mark.parametrize("state", ["53100", "08P01"], ids=["full", "behind a pooler"])
async def test_a_job_waits_for_a_server_that_cannot_serve_it_and_says_so_once(
    patient: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(engine, "_LONGEST_REST_SECONDS", 0.01)
    attempts = 0

    async def work(tx: UnitOfWork) -> int:
        nonlocal attempts
        attempts += 1
        if attempts < 9:
            await tx.connection.execute(text(raising(state)))
        return attempts

    with caplog.at_level(logging.WARNING):
        assert await patient.run(work) == 9
    waits, answers = caplog.messages
    assert waits.startswith("the database is waited for, 10 s at most: PostgreSQL at ")
    assert answers == "the database serves again"


async def test_a_pooler_that_restarts_again_and_again_costs_no_transaction(
    database_url: str,
) -> None:
    async def note(tx: UnitOfWork, n: int) -> None:
        statement = f"INSERT INTO service_locks VALUES ('{n}', gen_random_uuid(), 'me', now())"
        await tx.connection.execute(text(f"{statement} ON CONFLICT DO NOTHING"))

    async def work(db: Database) -> None:
        for n in range(60):
            await surely(db.run)(lambda tx, n=n: note(tx, n))  # type: ignore[misc]

    async with relay_to(database_url) as relay, opened(relay.through, patience=10) as db:
        working = asyncio.create_task(work(db))
        for _ in range(3):
            await asyncio.sleep(0.05)
            await relay.cut()
            await asyncio.sleep(0.05)
            await relay.open()
        await working
        assert await value(db, "SELECT count(*) FROM service_locks") == 60


async def test_who_waits_for_an_answer_is_told_at_once(db: Database) -> None:
    attempts = 0

    async def work(tx: UnitOfWork) -> None:
        nonlocal attempts
        attempts += 1
        await tx.connection.execute(text(raising("53100")))

    with pytest.raises(DatabaseUnavailableError):
        await db.run(work)
    assert attempts == 1


async def test_a_fault_of_the_program_is_none_of_the_servers(patient: Database) -> None:
    with pytest.raises(IntegrityError):
        await rows(patient, "INSERT INTO scrape_queue (source_url, priority) VALUES ('x', 1)")
