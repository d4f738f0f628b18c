"""The server as this role finds it: what it is, what it allows, and how it keeps up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pincali_sync.db.models import metadata
from pincali_sync.db.repositories.base import Repository

_TABLES = list(metadata.tables)

_FACTS = """
SELECT current_setting('server_version_num')::integer AS version,
       current_setting('server_version') AS version_name,
       current_setting('server_encoding') AS encoding,
       pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS is_read_only,
       current_setting('autovacuum')::boolean AS vacuums_itself,
       (SELECT reset_val::integer FROM pg_settings WHERE name = 'statement_timeout')
           AS statement_timeout_ms,
       (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS folder,
       current_setting('max_connections')::integer
           - current_setting('superuser_reserved_connections')::integer AS most_connections,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       pg_database_size(current_database()) AS bytes,
       (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database())
           AS transactions_since_freeze
"""
_ROLE = """
WITH tables AS (
    SELECT c.oid, c.relowner FROM unnest(CAST(:tables AS text[])) AS t (name)
      JOIN pg_class c ON c.oid = to_regclass(t.name)
)
SELECT current_user::text AS name, rolsuper AS is_superuser,
       has_database_privilege(current_database(), 'TEMPORARY') AS may_stage,
       ARRAY(SELECT oid::regclass::text FROM tables
              WHERE NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                         AND has_table_privilege(oid, 'UPDATE')
                         AND has_table_privilege(oid, 'DELETE'))) AS closed,
       ARRAY(SELECT oid::regclass::text FROM tables WHERE row_security_active(oid)) AS veiled,
       ARRAY(SELECT oid::regclass::text FROM tables
              WHERE NOT pg_has_role(relowner, 'USAGE')) AS of_others
  FROM pg_roles WHERE rolname = current_user
"""
# Dead rows beyond what autovacuum leaves by its own rules.
_DEAD = """
SELECT relname AS name, n_dead_tup AS dead
  FROM pg_stat_user_tables
 WHERE relid IN (SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS t (name))
   AND n_dead_tup > greatest(50000, n_live_tup / 2)
 ORDER BY n_dead_tup DESC
"""
# Of other roles' connections only members of pg_read_all_stats see more than that they are there.
_LONG = """
SELECT pid, coalesce(nullif(application_name, ''), 'a connection') AS name, state,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
  FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend'
   AND pid <> pg_backend_pid()
   AND xact_start < clock_timestamp() - CAST(:seconds AS float8) * interval '1 second'
 ORDER BY xact_start
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What the server says of itself."""

    version: int  # such as 150004
    version_name: str
    encoding: str
    is_read_only: bool  # a stand-by, or a role that may only read
    vacuums_itself: bool
    statement_timeout_ms: int  # 0: none
    folder: str | None  # None: this role is not told
    most_connections: int
    connections: int
    bytes: int  # of this database
    transactions_since_freeze: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Whom the program works as, and what it lacks."""

    name: str
    is_superuser: bool
    may_stage: bool  # make temporary tables
    closed: Sequence[str]  # tables that it may not read and write
    veiled: Sequence[str]  # tables of which row security hides rows from it
    of_others: Sequence[str]  # tables that it may not alter


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadRows:
    """A table that vacuuming does not keep up with."""

    name: str
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTransaction:
    """A transaction that is open for long: VACUUM removes nothing that it may still see."""

    pid: int
    name: str
    state: str | None
    seconds: float


class ServerRepository(Repository):
    """SQL about the server."""

    async def be_brief(self, seconds: float) -> None:
        """No statement of this transaction takes longer."""
        await self._run(f"SET LOCAL statement_timeout = {round(seconds * 1000)}")

    async def facts(self) -> ServerFacts:
        """What the server says of itself."""
        return await self._one(ServerFacts, _FACTS)

    async def role(self) -> Role:
        """Whom the program works as."""
        return await self._one(Role, _ROLE, tables=_TABLES)

    async def dead_rows(self) -> list[DeadRows]:
        """Our tables with more dead rows than live ones explain."""
        return await self._all(DeadRows, _DEAD, tables=_TABLES)

    async def long_transactions(self, seconds: float) -> list[LongTransaction]:
        """Those of others that are open for so long, the oldest first."""
        return await self._all(LongTransaction, _LONG, seconds=seconds)

    async def keeps_transactions_together(self) -> bool:
        """Whether a transaction's statements meet the same server process, and its tables.

        A pooler that shares statements out one by one breaks that.
        """
        first = await self._number("SELECT pg_backend_pid()")
        await self._run("CREATE TEMPORARY TABLE examined (n integer) ON COMMIT DROP")
        await self._run("INSERT INTO examined VALUES (1)")
        return await self._number("SELECT pg_backend_pid() FROM examined") == first

    async def notify(self, channel: str) -> None:
        """Wakes whoever listens, once this transaction is over."""
        await self._run("SELECT pg_notify(:channel, '')", channel=channel)
