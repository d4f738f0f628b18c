"""The migrations make what the models and the spec say, and can be taken back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from pincali_sync.db import migrate
from pincali_sync.db.engine import SCHEMA_REVISION, sqlalchemy_url
from pincali_sync.db.models import metadata
from pincali_sync.exceptions import SchemaVersionError
from scripts.check_drift import differences
from tests.support.postgres import execute, fresh_database

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]

# What the specification names.
SPEC_COLUMNS = {
    "properties_live": {
        "last_manifest_seen_at",
        "consecutive_missing_count",
        "listing_status",
        "last_full_scrape_at",
        "scrape_priority",
        "price_at_last_manifest",
    },
    "property_freshness": {"data_staleness_days"},
    "property_manifest": {
        "id",
        "property_id",
        "source_url",
        "listing_page_price",
        "listing_page_title",
        "first_seen_at",
        "last_seen_at",
        "seen_in_session_id",
        "is_new",
        "needs_full_scrape",
        "price_changed",
    },
    "scrape_queue": {
        "id",
        "property_id",
        "source_url",
        "priority",
        "queue_reason",
        "queued_at",
        "claimed_at",
        "completed_at",
        "status",
        "attempt_count",
        "last_error",
        "session_id",
    },
    "sync_runs": {
        "id",
        "tier_level",
        "tier_name",
        "started_at",
        "completed_at",
        "status",
        "pages_scanned",
        "properties_in_manifest",
        "new_properties_found",
        "price_changes_detected",
        "removals_detected",
        "properties_queued",
        "properties_scraped",
        "error_count",
        "error_summary",
        "execution_time_ms",
    },
}
SPEC_INDEXES = {
    "idx_manifest_property_id": "(property_id)",
    "idx_manifest_needs_scrape": "(needs_full_scrape) WHERE (needs_full_scrape = true)",
    "idx_manifest_is_new": "(is_new) WHERE (is_new = true)",
    "idx_queue_pending": "(priority, queued_at) WHERE ((status)::text = 'pending'::text)",
    "idx_queue_property": "(property_id)",
    "idx_live_manifest_check": "(property_id, last_manifest_seen_at)",
    "idx_live_listing_status": "(listing_status)",
    "idx_live_stale": "(last_full_scrape_at) WHERE ((listing_status)::text = 'active'::text)",
    "idx_live_priority": "(scrape_priority) WHERE ((listing_status)::text = 'active'::text)",
}

INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
     WHERE schemaname = 'public' AND tablename <> 'property_stats'"""
CONSTRAINTS = """
    SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace"""
COLUMNS = """
    SELECT table_name || '.' || column_name,
           concat_ws(' ', data_type, character_maximum_length, numeric_precision, numeric_scale,
                     is_nullable, column_default, generation_expression)
      FROM information_schema.columns
     WHERE table_schema = 'public'
       AND table_name NOT IN (SELECT viewname FROM pg_views WHERE schemaname = 'public')"""
STORAGE = """
    SELECT relname, reloptions::text FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"""


def catalog(url: str, query: str) -> dict[str, Any]:
    """Name to definition, without Alembic's own table."""
    with psycopg.connect(url) as connection:
        found = connection.execute(query).fetchall()
    return {name: each for name, each in found if not name.startswith("alembic_version")}


def test_the_newest_migration_is_the_schema_that_the_code_needs() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert script.get_heads() == [SCHEMA_REVISION]


def test_alembic_finds_no_difference_between_models_and_migrations(database_url: str) -> None:
    assert differences(database_url) == []


def test_a_difference_would_be_found(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE site_pace ADD COLUMN extra integer")
        connection.execute("ALTER TABLE scrape_queue ALTER COLUMN status SET DEFAULT 'failed'")
    found = differences(database_url)
    assert len(found) == 2
    assert "extra" in "".join(found)


@pytest.mark.parametrize("query", [INDEXES, CONSTRAINTS, COLUMNS, STORAGE])
def test_the_catalog_after_the_migrations_is_that_of_the_models(
    database_url: str, empty_database_url: str, query: str
) -> None:
    """Covers what Alembic does not compare: checks, index predicates, fillfactor, expressions."""
    engine = create_engine(sqlalchemy_url(empty_database_url))
    metadata.create_all(engine)
    engine.dispose()
    migrated, modelled = catalog(database_url, query), catalog(empty_database_url, query)
    assert modelled
    assert migrated == modelled


def test_the_manifest_leaves_room_for_hot_updates(database_url: str) -> None:
    assert catalog(database_url, STORAGE)["property_manifest"] == "{fillfactor=50}"


def test_updated_at_is_the_time_of_the_update_whoever_writes(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO properties_live (property_id, title, source_url, updated_at)"
            " VALUES ('touched', 'x', 'x', '2020-01-01'), ('told', 'x', 'x', '2020-01-01')"
        )
        connection.execute("UPDATE properties_live SET title = 'y' WHERE property_id = 'touched'")
        connection.execute("UPDATE properties_live SET title = 'y', updated_at = '2021-01-01'")
        found = connection.execute("SELECT updated_at = now() FROM properties_live").fetchall()
        connection.rollback()
    assert found == [(True,), (True,)]


def test_everything_that_the_specification_names_is_there(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
        ).fetchall()
    for table, columns in SPEC_COLUMNS.items():
        assert columns <= {column for name, column in found if name == table}
    indexes = catalog(database_url, INDEXES)
    for name, definition in SPEC_INDEXES.items():
        assert indexes[name].endswith(definition)


def test_a_downgrade_leaves_only_alembics_own_table(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    command.downgrade(migrate.alembic_config(empty_database_url), "base")
    with psycopg.connect(empty_database_url) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'v')"
        ).fetchall()
        functions = connection.execute(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        ).fetchone()
    assert (left, functions) == ([("alembic_version",)], (0,))
    migrate.upgrade(empty_database_url)
    assert differences(empty_database_url) == []


def test_an_upgrade_that_is_repeated_changes_nothing(database_url: str) -> None:
    migrate.upgrade(database_url)
    assert differences(database_url) == []


def test_an_upgrade_keeps_what_the_older_scraper_stored(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0001_scraper_tables")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(
            "INSERT INTO properties_live (property_id, title, source_url, price) "
            "VALUES ('pincali_0000000000000001', 'House', 'https://example.org', 5)"
        )
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        row = connection.execute(
            "SELECT price, listing_status, consecutive_missing_count FROM properties_live"
        ).fetchone()
    assert row == (5, "active", 0)


def test_an_upgrade_forgets_the_passwords_of_nodes(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0008_transitions")
    nodes = ["http://ana:open/ses@me@one:6800", "http://two:6800", "local", None]
    with psycopg.connect(empty_database_url) as connection:
        for node in nodes:
            connection.execute(
                "INSERT INTO sync_run_jobs (id, spider, status, node)"
                " VALUES (gen_random_uuid(), 'detail', 'completed', %s)",
                [node],
            )
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute("SELECT node FROM sync_run_jobs ORDER BY node").fetchall()
    assert found == [("http://one:6800",), ("http://two:6800",), ("local",), (None,)]


def test_an_upgrade_numbers_attempts_that_two_runners_wrote_down(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0018_claims")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(
            """WITH run AS (
                   INSERT INTO sync_runs (id, tier_level, tier_name, status, started_at)
                   VALUES (gen_random_uuid(), 1, 'hot_listings', 'completed', now()) RETURNING id)
               INSERT INTO sync_run_jobs (id, run_id, spider, source, attempt, status)
               SELECT gen_random_uuid(), id, spider, source, attempt, 'completed'
                 FROM run, (VALUES ('detail', NULL, 1), ('detail', NULL, 1), ('detail', NULL, 2),
                                   ('manifest', 'sale', 1), ('manifest', 'rent', 1))
                           AS job (spider, source, attempt)"""
        )
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute(
            "SELECT source, attempt FROM sync_run_jobs ORDER BY source, attempt"
        ).fetchall()
        assert found == [("rent", 1), ("sale", 1), (None, 1), (None, 2), (None, 3)]
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("UPDATE sync_run_jobs SET attempt = 1")


def test_claims_leave_lost_attempts_out_until_they_are_taken_back(empty_database_url: str) -> None:
    query = "SELECT prosrc FROM pg_proc WHERE proname = 'claim_queued'"
    found = []
    for revision in ("0025_invariants", "head"):
        migrate.upgrade(empty_database_url, revision)
        found.append(_scalar(empty_database_url, query))
    command.downgrade(migrate.alembic_config(empty_database_url), "0025_invariants")
    assert _scalar(empty_database_url, query) == found[0]
    assert found[1].count("- q.lost_attempts") == 2  # details, verifications


def _scalar(url: str, query: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


def test_an_upgrade_finds_what_waits_outside_the_queue(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0010_one_row")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(
            """INSERT INTO property_manifest (property_id, source_url, needs_full_scrape, sources)
               VALUES ('waits', 'x', true, '{}'), ('queued', 'x', true, '{}'),
                      ('settled', 'x', false, '{}')"""
        )
        connection.execute(
            "INSERT INTO scrape_queue (property_id, source_url, priority) VALUES ('queued', 'x', 1)"
        )
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute("SELECT property_id, priority FROM queue_outside").fetchall()
    assert found == [("waits", 3)]


def test_an_upgrade_ends_the_sessions_of_jobs_that_were_lost(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0018_claims")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(
            """WITH s AS (INSERT INTO scraping_sessions (session_name, base_url)
                   SELECT name, 'x' FROM unnest(ARRAY['detail by hand', 'detail of a run',
                          'manifest by hand', 'hot_listings 2026-11-20', 'nightly']) AS name
                   RETURNING id, session_name)
               INSERT INTO sync_run_jobs (id, session_id, spider, status)
               SELECT gen_random_uuid(), id, 'detail',
                      CASE session_name WHEN 'detail of a run' THEN 'lost' ELSE 'running' END
                 FROM s WHERE session_name IN ('detail of a run', 'manifest by hand')"""
        )
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute(
            "SELECT session_name FROM scraping_sessions WHERE status = 'failed' ORDER BY 1"
        ).fetchall()
    assert found == [("detail by hand",), ("detail of a run",)]


def test_sql_is_printed_without_a_database(tmp_path: Path, postgres_url: str) -> None:
    environment = {name: each for name, each in os.environ.items() if name not in {"DATABASE_URL"}}
    result = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head", "--sql"],
        cwd=ROOT,
        env={**environment, "PINCALI_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not (tmp_path / "home").exists()
    assert [each for each in split_statements(result.stdout) if _may_hold_up_readers(each)] == []
    with fresh_database(postgres_url) as url:
        # As an operator would; indexes that are built beside readers are statements by themselves.
        for statement in split_statements(result.stdout):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(statement)
        assert differences(url) == []


def _may_hold_up_readers(piece: bytes) -> bool:
    """Whether it waits for a lock that everybody queues up behind, for as long as it takes."""
    asks = re.search(rb"\bDROP (INDEX|CONSTRAINT)\b(?! CONCURRENTLY)|\bADD CONSTRAINT\b", piece)
    return asks is not None and b"lock_timeout" not in piece


def split_statements(script: str) -> list[bytes]:
    """A script in pieces: transactions stay whole, what stands between them goes one by one."""
    pieces: list[str] = []
    for part in re.split(r"^(BEGIN;.*?^COMMIT;)$", script, flags=re.M | re.S):
        if part.startswith("BEGIN;"):
            pieces.append(part)
        else:
            pieces += re.split(r";\n\n", part)
    return [piece.encode() for piece in pieces if piece.strip()]


def test_somebody_elses_table_of_one_of_our_names_is_refused_and_left_alone(
    empty_database_url: str,
) -> None:
    migrate.upgrade(empty_database_url, "0005_full_manifest")
    execute(empty_database_url, "CREATE TABLE quality_reports AS SELECT 1 AS theirs")
    refusal = "^there is a relation quality_reports already.* rename it.*; nothing was changed$"
    with pytest.raises(SchemaVersionError, match=refusal):
        migrate.upgrade(empty_database_url)
    execute(empty_database_url, "ALTER TABLE quality_reports RENAME TO their_reports")
    migrate.upgrade(empty_database_url)
    assert differences(empty_database_url) != []  # theirs is still there
