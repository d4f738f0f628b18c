"""A database is upgraded while others read and write it, and an upgrade that is stopped goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from migrations import filling
from pincali_sync.db import migrate
from pincali_sync.exceptions import PincaliSyncError
from tests.support.legacy import PARTIAL, create_legacy
from tests.support.postgres import OWN_NAME

pytestmark = pytest.mark.slow

ROWS = 1_000
_SECONDS = 60
# Whoever writes such a row waits until the test lets go: no lock of a table is needed for that.
_HALT = """
CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
CREATE TRIGGER halted AFTER UPDATE ON {0} FOR EACH ROW
    WHEN ({1}) EXECUTE FUNCTION wait_for_the_test()
"""
_WAITING = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
_EMPTY = "SELECT count(*) FROM properties_live WHERE consecutive_missing_count IS NULL"
_ENDS = "SELECT min(property_id), max(property_id) FROM properties_live"
_REQUIRED = """
SELECT table_name, column_name, is_nullable, column_default FROM information_schema.columns
 WHERE column_name IN ('consecutive_missing_count', 'listing_status', 'is_new', 'attempt_count')
   AND table_name IN ('properties_live', 'property_manifest', 'scrape_queue')
 ORDER BY table_name DESC, column_name
"""
_PROOFS = "SELECT count(*) FROM pg_constraint WHERE conname LIKE '%\\_filled'"


@pytest.fixture
def legacy(empty_database_url: str) -> str:
    """Somebody has begun to do as the specification says: no row has a value yet."""
    create_legacy(empty_database_url, rows=ROWS)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(PARTIAL)
    return empty_database_url


def connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True, application_name=OWN_NAME)


def count(url: str, question: str) -> int:
    with connected(url) as connection:
        [(number,)] = connection.execute(question).fetchall()
    return int(number)


@contextmanager
def halted(url: str, table: str, rows: str, work: Callable[[], None]) -> Iterator[int]:
    """Work that has come to such rows and waits there; yields its process, lets it go after."""
    with connected(url) as holder:
        holder.execute(_HALT.format(table, rows))
        holder.execute("SELECT pg_advisory_lock(1)")
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield _process_that_waits(holder, thread)
        finally:
            holder.execute("SELECT pg_advisory_unlock(1)")
            thread.join(_SECONDS)
            holder.execute("DROP FUNCTION wait_for_the_test CASCADE")


def _process_that_waits(connection: psycopg.Connection, thread: threading.Thread) -> int:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and thread.is_alive():
        if found := connection.execute(_WAITING).fetchone():
            return int(found[0])
        time.sleep(0.02)
    raise AssertionError("it never came to these rows")


def assert_others_go_on(url: str, table: str, rows: str) -> None:
    with connected(url) as other:
        other.execute("SET lock_timeout = '500ms'")
        other.execute(f"SELECT count(*) FROM {table}")
        # Not a row that the upgrade itself holds.
        written = other.execute(f"UPDATE {table} SET property_id = property_id WHERE {rows}")
        assert written.rowcount


def test_rows_are_filled_beside_readers_and_writers_and_a_stopped_upgrade_goes_on(
    legacy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "_AT_ONCE", 100)
    with connected(legacy) as connection:
        [(first, last)] = connection.execute(_ENDS).fetchall()
    ends: list[Exception] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(legacy)
        except PincaliSyncError as error:
            ends.append(error)

    rows = f"NEW.property_id = '{last}' AND OLD.consecutive_missing_count IS NULL"
    with halted(legacy, "properties_live", rows, upgrade) as process:
        assert_others_go_on(legacy, "properties_live", f"property_id = '{first}'")
        with connected(legacy) as other:
            other.execute("SELECT pg_cancel_backend(%s)", [process])
    assert ends
    assert count(legacy, _EMPTY) <= 100
    migrate.upgrade(legacy)
    assert count(legacy, _EMPTY) == 0
    with connected(legacy) as connection:
        assert connection.execute(_REQUIRED).fetchall() == [
            ("scrape_queue", "attempt_count", "NO", "0"),
            ("property_manifest", "is_new", "NO", "true"),
            ("properties_live", "consecutive_missing_count", "NO", "0"),
            ("properties_live", "listing_status", "NO", "'active'::character varying"),
        ]
    assert count(legacy, _PROOFS) == 0


def test_a_column_without_empty_rows_is_required_too(legacy: str) -> None:
    with connected(legacy) as connection:
        connection.execute("UPDATE properties_live SET listing_status = 'likely_removed'")
        connection.execute("ALTER TABLE properties_live ALTER listing_status SET NOT NULL")
    migrate.upgrade(legacy)
    gone = "SELECT count(*) FROM properties_live WHERE listing_status <> 'likely_removed'"
    assert count(legacy, gone) == 0
    assert count(legacy, _EMPTY) == 0


# Where an upgrade begins, what it finds there, where it is halted, what others use meanwhile.
_ELSEWHERE = {
    "the queue is tidied": (
        "0001_scraper_tables",
        (),
        ("scrape_queue", "NEW.last_error LIKE 'doubled%'"),
        ("properties_live", "page_number IS NULL"),
    ),
    "the journal is told cities": (
        "0027_refused",
        (
            """INSERT INTO property_changes (property_id, change_type)
               SELECT property_id, 'created' FROM properties_live LIMIT 10""",
            "INSERT INTO property_changes (property_id, change_type) VALUES ('b', 'updated')",
        ),
        ("property_changes", "NEW.change_type = 'created'"),
        ("property_changes", "property_id = 'b'"),
    ),
    "times follow the journal": (
        "0031_webhooks",
        (
            "ALTER TABLE properties_live ALTER scraped_at TYPE timestamp",
            """INSERT INTO property_changes (property_id, change_type, field_name, created_at)
               SELECT max(property_id), 'updated', 'listing_status', now() + interval '1 day'
                 FROM properties_live""",
        ),
        ("properties_live", "NEW.last_updated_at > OLD.last_updated_at"),
        ("properties_live", f"property_id = (SELECT min FROM ({_ENDS}) ends)"),
    ),
}


@pytest.mark.parametrize("case", _ELSEWHERE)
def test_nobody_waits_while(legacy: str, case: str) -> None:
    begins, found, halt, used = _ELSEWHERE[case]
    migrate.upgrade(legacy, begins)
    with connected(legacy) as connection:
        for statement in found:
            connection.execute(statement)
    with halted(legacy, *halt, work=lambda: migrate.upgrade(legacy)):
        assert_others_go_on(legacy, *used)
