"""The role for dashboards and analysts, as the script makes it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from pincali_workshop.stack.embedded_place import wheel_binaries
from psycopg.errors import InsufficientPrivilege

from tests.support.postgres import PLAIN_ROLE, administrator_of, execute, fresh_database

SCRIPT = Path(__file__).parents[3] / "scripts" / "readonly_role.sql"
RELATIONS = """
SELECT oid::regclass::text FROM pg_class
 WHERE relnamespace = quote_ident(current_schema())::regnamespace
   AND relkind IN ('r', 'p', 'v', 'm')"""


@pytest.fixture(scope="module", params=["public", "of its own"])
def owner_url(
    postgres_url: str, migrated_template: str, request: pytest.FixtureRequest
) -> Iterator[str]:
    """A database that the script was run in twice, for its owner."""
    with fresh_database(postgres_url, migrated_template) as url:
        administrator_url, schema = administrator_of(postgres_url, url), request.param
        if schema != "public":
            move_tables(administrator_url, schema)
        for _ in range(2):
            run_script(administrator_url, schema)
        execute(postgres_url, "ALTER ROLE pincali_reader PASSWORD 'invented'")
        yield url
        execute(administrator_url, "DROP OWNED BY pincali_reader")
        execute(postgres_url, "DROP ROLE pincali_reader")


def move_tables(administrator_url: str, schema: str) -> None:
    """Into a schema of their own, which their owner finds them in."""
    database = administrator_url.rpartition("/")[2]
    execute(administrator_url, "ALTER SCHEMA public RENAME TO {}", schema)
    execute(administrator_url, "CREATE SCHEMA public")
    for_owner = "ALTER ROLE {} IN DATABASE {} SET search_path = {}"
    execute(administrator_url, for_owner, PLAIN_ROLE, database, schema)


@pytest.fixture
def reader(owner_url: str) -> Iterator[psycopg.Connection]:
    url = f"postgresql://pincali_reader:invented@{owner_url.rpartition('@')[2]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")  # which anybody may do
        yield connection


def run_script(url: str, schema: str = "public") -> str:
    """As the page says it: by psql, which goes on to its next command only if all went well.

    Raises:
        AssertionError: with what psql said, when it did not.
    """
    first, then = f'SET search_path = "{schema}"', "SELECT 'went on'"
    ran = subprocess.run(
        ["psql", "--no-psqlrc", "-c", first, "-f", str(SCRIPT), "-c", then],
        env={**os.environ, "PATH": f"{wheel_binaries() / 'bin'}:{os.environ['PATH']}"}
        | {"PGSERVICEFILE": "/dev/null", **_server_of(url)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _server_of(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path[1:],
    }


def test_it_reads_every_table_and_view_and_those_to_come(
    reader: psycopg.Connection, owner_url: str
) -> None:
    execute(owner_url, "CREATE TABLE of_a_later_version (note text)")
    names = [name for (name,) in reader.execute(RELATIONS)]
    assert {"properties_live", "price_history", "property_stats", "of_a_later_version"} <= {*names}
    for name in {*names} - {"forgotten_people"}:
        reader.execute(f"SELECT * FROM {name} LIMIT 1")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO site_pace (host) VALUES ('example.org')",
        "UPDATE properties_live SET title = ''",
        "DELETE FROM scrape_queue",
        "TRUNCATE property_changes",
        "REFRESH MATERIALIZED VIEW property_stats",
        "SELECT * FROM scrape_queue FOR UPDATE",
        "SELECT * FROM forgotten_people",
        "CREATE TABLE mine (note text)",
        "ALTER TABLE properties_live DISABLE TRIGGER USER",
        "CREATE ROLE another",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/nowhere/file'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_it_may_do_nothing_else(reader: psycopg.Connection, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        reader.execute(statement)


def test_a_careless_query_does_no_harm(owner_url: str) -> None:
    url = f"postgresql://pincali_reader:invented@{owner_url.rpartition('@')[2]}"
    with psycopg.connect(url) as connection:
        for name, value in (("statement_timeout", "5min"), ("transaction_read_only", "on")):
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)


def test_in_another_database_it_is_told_so(empty_database_url: str, postgres_url: str) -> None:
    with pytest.raises(AssertionError, match="there is no table forgotten_people here") as told:
        run_script(administrator_of(postgres_url, empty_database_url))
    assert "went on" not in str(told.value)
