"""A real PostgreSQL for the tests: one server a session, one database a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

TEMPLATE = "pincali_template"


def execute(server_url: str, statement: str, *names: str) -> None:
    """Runs a statement that cannot be part of a transaction."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def url_of(server_url: str, database: str) -> str:
    return f"{server_url.rpartition('/')[0]}/{database}"


@contextmanager
def fresh_database(server_url: str, template: str = "template1") -> Iterator[str]:
    """The URL of a new database, dropped afterwards whoever is still connected."""
    name = f"test_{uuid4().hex[:12]}"
    execute(server_url, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield url_of(server_url, name)
    finally:
        execute(server_url, "DROP DATABASE {} WITH (FORCE)", name)
