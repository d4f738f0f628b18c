"""The one way to PostgreSQL: pools, transactions, retries and translated errors."""

from __future__ import annotations

import asyncio
import logging
import random
import select
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from time import monotonic
from typing import Any, TypeVar

import psycopg
from sqlalchemy import event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util.concurrency import greenlet_spawn

from pincali_sync.clock import SharedClock
from pincali_sync.db.faults import is_read_only, is_transient, told_plainly, told_when_lost
from pincali_sync.db.listening import Listener
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.exceptions import (
    CommitUnknownError,
    DatabaseBusyError,
    DatabaseError,
    DatabaseUnavailableError,
    SchemaVersionError,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")
Driver = psycopg.AsyncConnection[Any]

SCHEMA_REVISION = "0038_growth"  # what this code was written for

# What statements and the driver go by.
_FORMS = {"DateStyle": "ISO", "IntervalStyle": "postgres", "standard_conforming_strings": "on"}
# As a number it is read whatever forms the database or role has set.
_CLOCK = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)")
_ATTEMPTS = 5  # at a transaction that is in the way of others, or loses its connection
_LONGEST_REST_SECONDS = 5.0  # between them
_CONNECT_TIMEOUT_SECONDS = 10
_REST_SECONDS = 1.0  # of a connection, after which it may have broken without a word
# A server that is gone without a word is found out within a minute, not after two hours.
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class Database:
    """Hands out transactions on one database.

    Usable in any running event loop; call `dispose` in the same loop when done. Its clock shows
    the server's time from the first transaction on.

    Raises:
        DatabaseUnavailableError: by all, when the server cannot be reached or cannot serve us.
        DatabaseBusyError: by all, when a statement took too long or others were in its way.
        DatabaseError: by all, when the role may not do what it must.
    """

    def __init__(
        self,
        url: str,
        *,
        application_name: str = "pincali-sync",
        patience: float = 0.0,
        clock: SharedClock | None = None,
    ) -> None:
        """Connects to nothing yet.

        Args:
            patience: seconds for which `run` waits for a server that cannot serve us.
        """
        self.clock = clock or SharedClock()
        self._address = address_of(url)
        self._patience = patience
        self._told_at = float("-inf")
        self._connect_arguments: dict[str, Any] = {
            # No server-side prepared statements: a transaction pooler may sit in between.
            "prepare_threshold": None,
            "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
            "application_name": application_name,
            **_KEEPALIVE,
        }
        self._engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=3,
            max_overflow=5,
            isolation_level="READ COMMITTED",  # what is read under a lock is what its holder left
            hide_parameters=True,  # errors are logged and sent on: without values of rows
            connect_args=self._connect_arguments,
        )
        _ping_when_in_doubt(self._engine)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        """One transaction: committed at the end of the block, rolled back on any error.

        Raises:
            CommitUnknownError: when the connection breaks at that end.
        """
        with told_plainly(self._address):
            if self.clock.is_due:
                await self._look_at_the_clock()
            async with self._engine.connect() as connection, _left_for_another(connection):
                await _agree_on_forms(connection)
                yield UnitOfWork(connection)
                with told_when_lost(self._address):
                    await connection.commit()

    async def _look_at_the_clock(self) -> None:
        """In a transaction of its own: some must not have been asked for anything before."""
        async with self._engine.connect() as connection:
            asked_at = self.clock.ask()
            epoch = await connection.scalar(_CLOCK)
            self.clock.tell(epoch, asked_at=asked_at)

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
        """Runs `work` in one transaction; again from the start after a deadlock, or where the
        connection broke before the end, and as long as is patient while the server is away.

        `work` must have no effects outside the transaction.
        """

        async def once() -> T:
            async with self.transaction() as tx:
                return await work(tx)

        return await self._repeated(once)

    async def run_statement(self, work: Callable[[Driver], Awaitable[T]]) -> T:
        """As `run`, for one statement, which is a transaction by itself: without the two turns to
        the server that begin and end one, and without SQLAlchemy.

        The forms of values are the database's own: to be asked for binary ones.
        """

        async def once() -> T:
            with told_plainly(self._address):
                async with self._lent() as driver:
                    with told_when_lost(self._address):
                        return await work(driver)

        return await self._repeated(once)

    async def _repeated(self, once: Callable[[], Awaitable[T]]) -> T:
        until, has_told = monotonic() + self._patience, False
        for attempt in count(1):
            try:
                done = await once()
            except (DatabaseUnavailableError, DatabaseBusyError) as error:
                is_brief = is_transient(error) and attempt < _ATTEMPTS
                if isinstance(error, CommitUnknownError) or not (is_brief or monotonic() < until):
                    raise
                has_told = has_told or (not is_brief and self._tell(error))
            else:
                if has_told:
                    logger.warning("the database serves again")
                return done
            rest = min(0.05 * 2**attempt, _LONGEST_REST_SECONDS)
            await asyncio.sleep(random.uniform(0, rest))  # noqa: S311
        raise AssertionError

    def _tell(self, error: DatabaseError) -> bool:
        """Whether it said that the server is waited for: once, however many wait."""
        if monotonic() - self._told_at < self._patience:
            return False
        self._told_at = monotonic()
        logger.warning("the database is waited for, %d s at most: %s", self._patience, error)
        return True

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
        found = await self.run(_schema_of)
        if found is None:
            says = "has no tables of this program yet: `alembic upgrade head` makes or adopts them"
            raise SchemaVersionError(f"the database at {self._address} {says}.")
        if found != SCHEMA_REVISION:
            raise SchemaVersionError(
                f"the database at {self._address} is at schema {found}, this program "
                f"needs {SCHEMA_REVISION}: run `alembic upgrade head` from the version you run."
            )

    async def dispose(self) -> None:
        """Closes all connections."""
        await self._engine.dispose()


async def _schema_of(tx: UnitOfWork) -> str | None:
    if not await tx.connection.run_sync(lambda it: inspect(it).has_table("alembic_version")):
        return None
    found: str | None = await tx.connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


@asynccontextmanager
async def _left_for_another(connection: AsyncConnection) -> AsyncIterator[None]:
    """After a failover the next connection may lead to a server that takes changes."""
    try:
        yield
    except DBAPIError as error:
        if is_read_only(error):
            await connection.invalidate()
        raise


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
