"""The role for dashboards and analysts, as the script makes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.support.postgres import administrator_of, execute, fresh_database

SCRIPT = Path(__file__).parents[3] / "scripts" / "readonly_role.sql"
RELATIONS = """
SELECT oid::regclass::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"""


@pytest.fixture(scope="module")
def owner_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """A database that the script was run in twice, for its owner."""
    with fresh_database(postgres_url, migrated_template) as url:
        administrator_url = administrator_of(postgres_url, url)
        for _ in range(2):
            run_script(administrator_url)
        execute(postgres_url, "ALTER ROLE pincali_reader PASSWORD 'invented'")
        yield url
        execute(administrator_url, "DROP OWNED BY pincali_reader")
        execute(postgres_url, "DROP ROLE pincali_reader")


@pytest.fixture
def reader(owner_url: str) -> Iterator[psycopg.Connection]:
    url = f"postgresql://pincali_reader:invented@{owner_url.rpartition('@')[2]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")  # which anybody may do
        yield connection


def run_script(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(SCRIPT.read_bytes())


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
    with pytest.raises(psycopg.Error, match="there is no table forgotten_people here"):
        run_script(administrator_of(postgres_url, empty_database_url))
