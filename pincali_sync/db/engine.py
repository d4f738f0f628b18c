"""The one way to PostgreSQL: pools, transactions, retries and translated errors."""

from __future__ import annotations

import asyncio
import random
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import monotonic
from typing import Any, TypeVar

import psycopg
from sqlalchemy import event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util.concurrency import greenlet_spawn

from pincali_sync.db.listening import Listener
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import DatabaseUnavailableError, SchemaVersionError

T = TypeVar("T")
Driver = psycopg.AsyncConnection[Any]

SCHEMA_REVISION = "0020_sessions"  # what this code was written for

# What statements and the driver go by.
_FORMS = {"DateStyle": "ISO", "IntervalStyle": "postgres", "standard_conforming_strings": "on"}
# serialization_failure and deadlock_detected: the transaction may simply be tried again.
_TRANSIENT_SQLSTATES = {"40001", "40P01"}
# The server goes away (57, 08, 53), or refuses this user or database (28, 3D).
_DISCONNECT_CLASSES = {"57", "08", "28", "3D", "53"}
_QUERY_CANCELED = "57014"  # by a statement_timeout, or by a person: the server is well
_TRANSACTION_ATTEMPTS = 5
_CONNECT_TIMEOUT_SECONDS = 10
_REST_SECONDS = 1.0  # of a connection, after which it may have broken without a word


class Database:
    """Hands out transactions on one database.

    Usable in any running event loop; call `dispose` in the same loop when done.

    Raises:
        DatabaseUnavailableError: by all, when the server cannot be reached or goes away.
    """

    def __init__(self, url: str, *, application_name: str = "pincali-sync") -> None:
        self._address = address_of(url)
        self._connect_arguments: dict[str, Any] = {
            # No server-side prepared statements: a transaction pooler may sit in between.
            "prepare_threshold": None,
            "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
            "application_name": application_name,
        }
        self._engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=3,
            max_overflow=5,
            hide_parameters=True,  # errors are logged and sent on: values of rows stay out of them
            connect_args=self._connect_arguments,
        )
        _ping_when_in_doubt(self._engine)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """One transaction: committed at the end of the block, rolled back on any error."""
        with self._told_when_down():
            async with self._engine.begin() as connection:
                await _agree_on_forms(connection)
                yield UnitOfWork(connection)

    @contextmanager
    def _told_when_down(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
            if not _is_disconnect(error):  # psycopg's own come from COPY and from statements of it
                raise
            raise DatabaseUnavailableError(
                f"PostgreSQL at {self._address} cannot be reached: {_first_line(error)}. "
                "Start it (`make up` starts the embedded one) or correct DATABASE_URL."
            ) from error

    @asynccontextmanager
    async def rolled_back(self) -> AsyncIterator[UnitOfWork]:
        """One transaction of which nothing stays: for looking at what would happen."""
        async with self.transaction() as tx:
            yield tx
            await tx.connection.rollback()

    @asynccontextmanager
    async def repeatable_read(self) -> AsyncIterator[UnitOfWork]:
        """One transaction that only reads, and in which all that is read is of one moment."""
        async with self.transaction() as tx:
            await tx.connection.execute(
                text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            )
            yield tx

    async def run(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Runs `work` in one transaction, again from the start after a deadlock.

        `work` must have no effects outside the transaction.
        """

        async def once() -> T:
            async with self.transaction() as tx:
                return await work(tx)

        return await _until_no_deadlock(once)

    async def run_statement(self, work: Callable[[Driver], Awaitable[T]]) -> T:
        """As `run`, for one statement, which is a transaction by itself: without the two turns to
        the server that begin and end one, and without SQLAlchemy.

        The forms of values are the database's own: to be asked for binary ones.
        """

        async def once() -> T:
            with self._told_when_down():
                async with self._lent() as driver:
                    return await work(driver)

        return await _until_no_deadlock(once)

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Driver]:
        """A connection of the pool, as the driver sees it. After an error it is not used again."""
        pooled = await self._engine.raw_connection()
        driver: Driver = pooled.driver_connection  # type: ignore[assignment]
        try:
            await driver.set_autocommit(True)
            yield driver
            await driver.set_autocommit(False)
        except BaseException:
            await greenlet_spawn(pooled.invalidate)
            raise
        await greenlet_spawn(pooled.close)

    def listen(self, channel: str) -> Listener:
        """Something to wait on until a channel is notified; listens within its `async with`."""
        _, found = self._engine.dialect.create_connect_args(self._engine.url)
        return Listener(channel, **{**found, **self._connect_arguments})

    async def check_schema(self) -> None:
        """Makes sure that this code and the database agree on the schema.

        Raises:
            SchemaVersionError: when the database is at another version, or empty.
        """
        async with self.transaction() as tx:
            found = None
            if await tx.connection.run_sync(lambda it: inspect(it).has_table("alembic_version")):
                found = await tx.connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found != SCHEMA_REVISION:
            raise SchemaVersionError(
                f"the database at {self._address} is at schema {found or 'none'}, this program "
                f"needs {SCHEMA_REVISION}: run `alembic upgrade head` from the version you run."
            )

    async def dispose(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()


async def _until_no_deadlock(once: Callable[[], Awaitable[T]]) -> T:
    for attempt in range(1, _TRANSACTION_ATTEMPTS):
        try:
            return await once()
        except Exception as error:
            if not _is_transient(error):
                raise
        await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
    return await once()


def _ping_when_in_doubt(engine: AsyncEngine) -> None:
    """Replaces connections that broke in the pool. Those that were just used, and on which nothing
    came since, as a server's farewell does, save the turn to the server."""

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def ping(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        try:
            rested = monotonic() - record.info.get("used_at", monotonic())
            if rested > _REST_SECONDS or _was_spoken_to(connection.driver_connection):
                engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error


def _was_spoken_to(driver: Driver) -> bool:
    looked = select.poll()
    looked.register(driver.fileno(), select.POLLIN)
    return bool(looked.poll(0))


async def _agree_on_forms(connection: AsyncConnection) -> None:
    """How values are written, whatever the database or role has set; the server tells when asked
    for nothing. For the transaction only: behind a pooler the connection is not ours to change."""
    raw = await connection.get_raw_connection()
    driver: Driver = raw.driver_connection  # type: ignore[assignment]
    said = driver.info.parameter_status
    for name, form in _FORMS.items():
        if not (said(name) or form).startswith(form):
            await connection.execute(text(f"SET LOCAL {name} = '{form}'"))


def address_of(url: str) -> str:
    """host:port/database of a URL: what may be shown of it."""
    parts = make_url(url)
    return f"{parts.host}:{parts.port or 5432}/{parts.database}"


def masked(url: str) -> str:
    """A URL without its password, and without its options, which may hold one too."""
    parts = make_url(url)
    shown = parts.set(query={}).render_as_string(hide_password=True)
    return f"{shown}?***" if parts.query else shown


def sqlalchemy_url(url: str) -> str:
    """The URL with the driver this program uses (psycopg 3)."""
    return f"postgresql+psycopg://{url.split('://', 1)[1]}"


def _original(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _sqlstate(error: BaseException) -> str | None:
    original = _original(error)
    return original.sqlstate if isinstance(original, psycopg.Error) else None


def _is_transient(error: BaseException) -> bool:
    return _sqlstate(error) in _TRANSIENT_SQLSTATES


def _is_disconnect(error: Exception) -> bool:
    # No SQLSTATE: the connection was never made or broke.
    state = _sqlstate(error)
    return state is None or (state != _QUERY_CANCELED and state[:2] in _DISCONNECT_CLASSES)


def _first_line(error: Exception) -> str:
    original = _original(error)
    return next(iter(str(original).strip().splitlines()), repr(original))
