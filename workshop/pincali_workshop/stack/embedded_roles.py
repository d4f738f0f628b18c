"""The roles of the embedded server: one that administers it, and a plain one for the program.

Where the program's role is a superuser, SQL becomes files and programs of the machine
(`COPY … TO PROGRAM`). Nothing of ours works as the administrator but what is in this module.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from psycopg import sql

ADMINISTRATOR = "pincali_administrator"
ROLE = "pincali"
DATABASE = "pincali"
READER = "pincali_reader"  # of the script, which says what it may do
_PASSING = "pincali_passing"
_READER_SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "readonly_role.sql"
_PSQLS_OWN = re.compile(rb"^\\.*$", re.M)  # of the script, what no server understands

_IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
# All that a role of an earlier version has made in its database, tables before their sequences.
_OWNED = """
WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)')
SELECT format('TABLE %s', oid::regclass) FROM pg_class
 WHERE relnamespace IN (TABLE ours) AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relowner = 10
UNION ALL
SELECT format('SEQUENCE %s', oid::regclass) FROM pg_class c
 WHERE relnamespace IN (TABLE ours) AND relkind = 'S' AND relowner = 10
   AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype IN ('a', 'i'))
UNION ALL
SELECT format('ROUTINE %s', oid::regprocedure) FROM pg_proc
 WHERE pronamespace IN (TABLE ours) AND proowner = 10
UNION ALL
SELECT format('TYPE %s', oid::regtype) FROM pg_type
 WHERE typnamespace IN (TABLE ours) AND typtype IN ('e', 'd') AND typowner = 10
UNION ALL
SELECT format('SCHEMA %I', nspname) FROM pg_namespace
 WHERE oid IN (TABLE ours) AND nspowner = 10"""


def settle(administrator_url: str, url: str, *, administrator_password: str, password: str) -> None:
    """Sees to the plain role and its database, in a server that was just started.

    A server of an earlier version, where the program's role was the superuser, is mended.
    """
    if _is_superuser(url):
        _demote(url, administrator_password, password)
    with psycopg.connect(administrator_url, autocommit=True) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
            _create_role(connection, ROLE, password)
        if not connection.execute(
            "SELECT FROM pg_database WHERE datname = %s", [DATABASE]
        ).rowcount:
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")


def make_reader(administrator_url: str, password: str) -> None:
    """Sees to a role that only reads, with this password from now on."""
    with psycopg.connect(administrator_url) as connection:
        connection.execute(_PSQLS_OWN.sub(b"", _READER_SCRIPT.read_bytes()))
        _set_password(connection, READER, password)


def _is_superuser(url: str) -> bool:
    """Whether the program's role may do anything; in a new server there is none yet."""
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute(_IS_SUPERUSER).fetchone()
    except psycopg.OperationalError:
        return False
    return row is not None and bool(row[0])


def _demote(url: str, administrator_password: str, password: str) -> None:
    """The first superuser must stay one: it becomes the administrator, and gives up its name and
    all that it has made to a new, plain role. At once or not at all."""
    with psycopg.connect(url) as connection:
        # Nobody can rename the role that they logged in as: a passing one does.
        connection.execute(f"CREATE ROLE {_PASSING} SUPERUSER")
        connection.execute(f"SET SESSION AUTHORIZATION {_PASSING}")
        connection.execute(f"ALTER ROLE {ROLE} RENAME TO {ADMINISTRATOR}")
        _set_password(connection, ADMINISTRATOR, administrator_password)
        _create_role(connection, ROLE, password)
        for (owned,) in connection.execute(_OWNED).fetchall():
            connection.execute(f"ALTER {owned} OWNER TO {ROLE}")
        connection.execute(f"ALTER DATABASE {DATABASE} OWNER TO {ROLE}")
        connection.execute("RESET SESSION AUTHORIZATION")
        connection.execute(f"DROP ROLE {_PASSING}")


def _create_role(connection: psycopg.Connection, name: str, password: str) -> None:
    # A database beside its own reaches no file: people try things on a copy.
    connection.execute(f"CREATE ROLE {name} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE")
    _set_password(connection, name, password)


def _set_password(connection: psycopg.Connection, name: str, password: str) -> None:
    """Sends what the server keeps of a password: the word itself shows in no log of its."""
    kept = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    command = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(command.format(sql.Identifier(name), sql.Literal(kept.decode())))
