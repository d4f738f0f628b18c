"""A real PostgreSQL for the tests: one server a process, databases that tests find as if new."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

from pincali_sync.db.engine import Database

TEMPLATE = "pincali_template"
PLAIN_ROLE = "plain"  # as the product's role: it owns its database, and may do nothing else
_PASSWORD = "invented"
OWN_NAME = "tests"  # of the tests' own connections; all others are closed after a test
_MOST_USES = 50  # temporary tables leave their traces in the catalogs

# What a change of the schema cannot but change, be it of a table, a trigger or a privilege.
_SCHEMA = (
    "SELECT md5(string_agg((oid, relname, relkind, relacl, reloptions, relrowsecurity)::text, ''"
    " ORDER BY oid)), "
    + ", ".join(
        f"(SELECT (count(*), max(xmin::text::bigint))::text FROM {catalog})"
        for catalog in (
            *("pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_type", "pg_proc"),
            *("pg_trigger", "pg_policy", "pg_rewrite", "pg_extension", "pg_db_role_setting"),
        )
    )
    + " FROM pg_class"
)
_RELATIONS = """
SELECT oid::regclass::text FROM pg_class
 WHERE relkind = ANY (%s) AND relnamespace = 'public'::regnamespace ORDER BY oid"""
_SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename), last_value
  FROM pg_sequences ORDER BY 1"""
_OTHERS_LEAVE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> %s"""

_FORGET_STATISTICS = "DELETE FROM pg_statistic WHERE starelid >= 16384"


def execute(server_url: str, statement: str, *names: str) -> None:
    """Runs a statement that cannot be part of a transaction."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def make_plain_role(server_url: str) -> None:
    execute(server_url, f"CREATE ROLE {{}} LOGIN PASSWORD '{_PASSWORD}'", PLAIN_ROLE)


def url_of(server_url: str, database: str) -> str:
    """A database for its owner."""
    address = server_url.rpartition("@")[2].partition("/")[0]
    return f"postgresql://{PLAIN_ROLE}:{_PASSWORD}@{address}/{database}"


def administrator_of(server_url: str, url: str) -> str:
    """The same database for whoever may do everything in it."""
    return f"{server_url.rpartition('/')[0]}/{url.rpartition('/')[2]}"


def copy_database(server_url: str, template: str, name: str) -> None:
    """A new database, copied as files: half the work of a copy through the log."""
    execute(
        server_url,
        "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY",
        *(name, PLAIN_ROLE, template),
    )


def drop_database(server_url: str, url: str) -> None:
    """Whoever is still connected."""
    execute(server_url, "DROP DATABASE {} WITH (FORCE)", url.rpartition("/")[2])


@contextmanager
def fresh_database(server_url: str, template: str = "template1") -> Iterator[str]:
    """The URL of a new database, dropped afterwards whoever is still connected."""
    name = f"test_{uuid4().hex[:12]}"
    copy_database(server_url, template, name)
    try:
        yield url_of(server_url, name)
    finally:
        drop_database(server_url, url_of(server_url, name))


class Databases:
    """Databases at the newest schema, lent to one test after another and emptied in between.

    To copy one for every test takes longer than most tests, and each would begin without
    connections, plans and compiled statements. A database whose schema a test has changed, or
    that cannot be emptied, is not lent again.
    """

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._free: list[LentDatabase] = []
        self._made = 0

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[LentDatabase]:
        """A database that looks like new."""
        lent = self._free.pop() if self._free else self._create()
        try:
            yield lent
        finally:
            if lent.is_like_new_again():
                self._free.append(lent)
            else:
                await self._drop(lent)

    async def close(self) -> None:
        """Drops those that were given back."""
        while self._free:
            await self._drop(self._free.pop())

    def _create(self) -> LentDatabase:
        self._made += 1
        name = f"lent_{self._made}"
        copy_database(self._server_url, self._template, name)
        url = url_of(self._server_url, name)
        return LentDatabase(url, administrator_of(self._server_url, url))

    async def _drop(self, lent: LentDatabase) -> None:
        await lent.close()
        drop_database(self._server_url, lent.url)


class LentDatabase:
    """One database of a test's own, with a pool of connections that outlives the test."""

    def __init__(self, url: str, administrator_url: str) -> None:
        self.url = url
        self.db = Database(url, application_name=OWN_NAME)
        # Whoever empties a database goes round its triggers, which a plain role may not.
        self._connection = psycopg.connect(
            administrator_url, autocommit=True, application_name=OWN_NAME
        )
        self._connection.execute("SET lock_timeout = '2s'")
        self._tables = self._relations("r", "p")
        self._views = self._relations("m")
        self._sequences: dict[str, int | None] = dict(
            self._connection.execute(_SEQUENCES).fetchall()
        )
        self._rows = {table: self._content(table) for table in self._filled(self._tables)}
        self._schema = self._connection.execute(_SCHEMA).fetchone()
        self._uses = 0

    def is_like_new_again(self) -> bool:
        """Takes out what a test has put in; False when that does not make it what it was."""
        self._uses += 1
        try:
            self._connection.execute(_OTHERS_LEAVE, [OWN_NAME])
            if self._connection.execute(_SCHEMA).fetchone() != self._schema:
                return False
            self._empty()
        except psycopg.Error:
            return False
        return self._uses < _MOST_USES

    async def close(self) -> None:
        await self.db.dispose()
        self._connection.close()

    def _empty(self) -> None:
        used = [
            table
            for table in self._filled(self._tables)
            if table not in self._rows or self._content(table) != self._rows[table]
        ]
        if used:
            self._delete_all(used)
            self._connection.execute(_FORGET_STATISTICS)
        for table, rows in self._rows.items():
            if self._content(table) != rows:
                with self._connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
        for view in self._filled(self._views):
            self._connection.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view}")
        for sequence, last in self._connection.execute(_SEQUENCES).fetchall():
            was = self._sequences[sequence]
            if last != was:
                values = [sequence, was or 1, was is not None]
                self._connection.execute("SELECT setval(%s, %s, %s)", values)

    def _delete_all(self, tables: list[str]) -> None:
        """DELETE and VACUUM: TRUNCATE takes ten times as long where there are few rows."""
        with self._connection.transaction():
            self._connection.execute("SET LOCAL session_replication_role = replica")
            for table in tables:
                self._connection.execute(f"DELETE FROM {table}")
        self._connection.execute(f"VACUUM {', '.join(tables)}")

    def _relations(self, *kinds: str) -> list[str]:
        return [str(name) for (name,) in self._connection.execute(_RELATIONS, [list(kinds)])]

    def _filled(self, relations: list[str]) -> list[str]:
        """Those with rows in them."""
        has_rows = ", ".join(f"EXISTS (SELECT FROM {name})" for name in relations)
        found = self._connection.execute(f"SELECT {has_rows}").fetchone()
        assert found is not None
        return [name for name, filled in zip(relations, found, strict=True) if filled]

    def _content(self, table: str) -> bytes:
        with self._connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
            return b"".join(copy)
