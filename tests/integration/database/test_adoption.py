"""A database that somebody already has is upgraded in place, and loses nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command

from pincali_sync.config import load_config
from pincali_sync.db import migrate
from pincali_sync.db.engine import Database
from pincali_sync.domain.identity import property_id_of, public_id_of
from pincali_sync.exceptions import SchemaVersionError
from pincali_sync.services.export.change_feed import ChangeFeedService
from scripts.check_drift import differences
from tests.support.builders import Workshop, detail, entry, id_of
from tests.support.clock import FixedClock
from tests.support.legacy import PARTIAL, create_legacy
from tests.support.postgres import administrator_of, execute, fresh_database

pytestmark = pytest.mark.slow

ROWS = 1_000


@pytest.fixture(scope="module")
def adopted(postgres_url: str) -> Iterator[str]:
    """An upgraded legacy database, for tests that only look."""
    with fresh_database(postgres_url) as url:
        create_legacy(url, rows=ROWS)
        migrate.upgrade(url)
        yield url


@pytest.fixture
def legacy(empty_database_url: str) -> str:
    create_legacy(empty_database_url, rows=ROWS)
    return empty_database_url


def fetch(url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement, parameters).fetchall()


def test_no_row_and_no_value_is_lost(legacy: str) -> None:
    columns = ", ".join(
        name
        for (name,) in fetch(
            legacy,
            """SELECT column_name FROM information_schema.columns
                WHERE table_name = 'properties_live' AND column_name <> 'updated_at'
                ORDER BY column_name""",
        )
    )
    question = f"""SELECT {columns} FROM properties_live
                    WHERE property_id <> 'pincali_sin-alberca-6' ORDER BY property_id"""
    before = [row for row in fetch(legacy, question) if "pincali_casa-6" not in row]
    assert len(before) == ROWS
    migrate.upgrade(legacy)
    assert fetch(legacy, question) == before
    assert fetch(legacy, "SELECT count(*) FROM playlists") == [(5,)]


def test_the_schema_is_then_what_the_models_say(adopted: str) -> None:
    assert [each for each in differences(adopted) if "playlists" not in each] == []


def test_the_times_that_are_known_are_filled_in(adopted: str) -> None:
    [(wrong,)] = fetch(
        adopted,
        """SELECT count(*) FROM properties_live
            WHERE last_manifest_seen_at IS DISTINCT FROM last_seen_at
               OR last_full_scrape_at IS DISTINCT FROM scraped_at OR visits <> 0""",
    )
    assert wrong == 0


def test_rows_that_were_not_active_do_not_become_active(adopted: str) -> None:
    found = fetch(adopted, "SELECT status, listing_status FROM properties_live")
    assert {status: {each for s, each in found if s == status} for status, _ in found} == {
        "active": {"active"},
        None: {"active"},
        "removed": {"confirmed_removed"},
        "inactive": {"likely_removed"},
        "sold": {"sold"},
        "rented": {"sold"},
    }


def test_an_older_status_is_read_whatever_its_case_and_the_checks_hold(legacy: str) -> None:
    written = {
        "pincali_casa-21": "Active",
        "pincali_casa-41": " ACTIVE ",
        "pincali_casa-61": "Sold",
    }
    with psycopg.connect(legacy) as connection:
        for property_id, status in written.items():
            connection.execute(
                "UPDATE properties_live SET status = %s WHERE property_id = %s",
                (status, property_id),
            )
    migrate.upgrade(legacy)
    found = fetch(
        legacy,
        """SELECT property_id, status, listing_status FROM properties_live
            WHERE property_id = ANY(%s) ORDER BY property_id""",
        list(written),
    )
    assert found == [
        ("pincali_casa-21", "active", "active"),
        ("pincali_casa-41", "active", "active"),
        ("pincali_casa-61", "Sold", "sold"),
    ]
    checks = "SELECT count(*) FROM pg_constraint WHERE conname LIKE '%%older_status%%'"
    assert fetch(legacy, checks) == [(1,)]


def test_easybroker_ids_are_recovered_from_image_urls(adopted: str) -> None:
    found = dict(
        fetch(
            adopted,
            """SELECT source_url, public_id FROM properties_live
                WHERE property_id <> 'pincali_doble'""",
        )
    )
    for url, public_id in found.items():
        number = int(url.rstrip("/").partition("?")[0].rpartition("-")[2])
        if number % 4 == 0 and number % 8:
            assert public_id is None
        elif number % 4 in {0, 1}:
            assert public_id == f"EB-SG{number:04d}"
        else:
            assert public_id == public_id_of(5_000_000 + number)


def test_each_row_is_found_by_the_id_that_its_url_computes_to(adopted: str) -> None:
    aliases = dict(fetch(adopted, "SELECT alias, property_id FROM property_aliases"))
    rows = fetch(adopted, "SELECT property_id, source_url FROM properties_live")
    own = {property_id for property_id, _ in rows}
    for property_id, source_url in rows:
        computed = property_id_of(source_url)
        if property_id != "pincali_doble":
            assert computed == property_id or aliases[computed] == property_id
    assert not own & aliases.keys()


def test_rows_of_one_easybroker_id_are_one(adopted: str) -> None:
    found = fetch(
        adopted, "SELECT property_id, title FROM properties_live WHERE public_id = 'EB-SF0006'"
    )
    assert found == [("pincali_sin-alberca-6", "Without pool")]
    [(went,)] = fetch(
        adopted, "SELECT old_value FROM property_changes WHERE field_name = 'property_id'"
    )
    assert went["property_id"] == "pincali_casa-6"
    assert dict(fetch(adopted, "SELECT alias, property_id FROM property_aliases")).items() >= {
        ("pincali_casa-6", "pincali_sin-alberca-6"),
        (id_of("casa-6"), "pincali_sin-alberca-6"),
    }


def test_rows_that_compete_for_one_listing_wait_for_a_person(adopted: str) -> None:
    pairs = fetch(
        adopted,
        "SELECT property_id, earlier_property_id FROM identity_candidates WHERE status = 'open'",
    )
    [(winner,)] = fetch(
        adopted,
        "SELECT property_id FROM properties_live WHERE source_url LIKE '%%/inmueble/casa-2'",
    )
    assert pairs == [("pincali_doble", winner)]


def test_triggers_and_policies_are_as_they_were(legacy: str) -> None:
    heard: list[str] = []
    with psycopg.connect(legacy, autocommit=True) as listener:
        listener.execute("LISTEN property_changes")
        upgrade = threading.Thread(target=migrate.upgrade, args=(legacy,))
        upgrade.start()
        upgrade.join()
        heard = [notice.payload for notice in listener.notifies(timeout=1)]
    assert len(set(heard)) == ROWS + 2
    assert fetch(legacy, "SELECT count(*) FROM pg_policies") == [(2,)]


def test_an_upgrade_that_was_stopped_goes_on_where_it_was(legacy: str) -> None:
    migrate.upgrade(legacy, "0003_tiers")
    with psycopg.connect(legacy) as connection:  # half of the last migration's work, then a crash
        connection.execute(
            """UPDATE properties_live SET last_manifest_seen_at = last_seen_at,
                      last_full_scrape_at = scraped_at WHERE property_id < 'pincali_8'"""
        )
    migrate.upgrade(legacy)
    migrate.upgrade(legacy)
    assert fetch(
        legacy, "SELECT count(*) FROM properties_live WHERE last_full_scrape_at IS NULL"
    ) == [(0,)]


def test_an_invalid_index_of_a_stopped_upgrade_is_built_again(legacy: str) -> None:
    migrate.upgrade(legacy, "0001_scraper_tables")
    with psycopg.connect(legacy, autocommit=True) as connection:
        connection.execute("ALTER TABLE properties_live ADD COLUMN scrape_priority integer")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                "CREATE UNIQUE INDEX CONCURRENTLY idx_live_priority ON properties_live (status)"
            )
    migrate.upgrade(legacy)
    assert fetch(
        legacy,
        """SELECT indisvalid, indisunique FROM pg_index
            WHERE indexrelid = 'idx_live_priority'::regclass""",
    ) == [(True, False)]


def test_tables_columns_and_checks_that_were_there_are_completed_and_kept(legacy: str) -> None:
    with psycopg.connect(legacy) as connection:
        connection.execute(PARTIAL)
        connection.execute("UPDATE properties_live SET price = -1 WHERE price = 1000001")
    migrate.upgrade(legacy)
    # A check that their rows break is left out: it would keep those from being updated.
    assert fetch(
        legacy, "UPDATE properties_live SET page_number = 1 WHERE price < 0 RETURNING price"
    )
    checks = fetch(
        legacy,
        """SELECT conname FROM pg_constraint WHERE convalidated
              AND conname IN ('properties_live_price_check', 'properties_live_missing_check')""",
    )
    assert checks == [("properties_live_missing_check",)]
    assert fetch(legacy, "SELECT DISTINCT our_own_note FROM properties_live") == [("kept",)]
    assert fetch(legacy, "SELECT count(our_own_column) FROM property_manifest") == [(1,)]
    queue = fetch(legacy, "SELECT property_id, priority, status FROM scrape_queue ORDER BY 1, 2")
    assert queue == [("a", 1, "pending"), ("a", 4, "cancelled"), ("b", 1, "pending")]
    assert fetch(legacy, "SELECT DISTINCT status FROM sync_runs") == [("failed",)]
    kinds = fetch(
        legacy,
        """SELECT DISTINCT data_type FROM information_schema.columns
            WHERE column_name IN ('last_manifest_seen_at', 'queued_at', 'last_seen_at')""",
    )
    assert kinds == [("timestamp with time zone",)]


async def test_everything_works_on_such_a_database(legacy: str, clock: FixedClock) -> None:
    with psycopg.connect(legacy) as connection:
        connection.execute(PARTIAL)
    migrate.upgrade(legacy)
    db = Database(legacy)
    try:
        shop = Workshop(db=db, clock=clock)
        old_form = entry("casa-1", public_id="EB-SG0001")
        moved = entry("casa-5-renovada", public_id="EB-SG0005")
        unknown = entry("casa-nueva")
        batch = await shop.scan(old_form, moved, unknown)
        assert batch.new_properties == 1
        await shop.visit(detail("casa-nueva"))
    finally:
        await db.dispose()
    found = Counter(
        property_id for (property_id,) in fetch(legacy, "SELECT property_id FROM property_manifest")
    )
    assert found["pincali_casa-1"] == 1
    assert found[id_of("casa-5")] == 1


def test_a_plain_owner_needs_no_superuser(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url:
        name = url.rpartition("/")[2]
        execute(postgres_url, "CREATE ROLE adopter LOGIN PASSWORD 'invented'")
        try:
            execute(postgres_url, "ALTER DATABASE {} OWNER TO adopter", name)
            address = url.rpartition("@")[2]
            theirs = f"postgresql://adopter:invented@{address}"
            create_legacy(theirs, rows=50)
            migrate.upgrade(theirs)
            assert fetch(theirs, "SELECT count(*) FROM properties_live") == [(51,)]
            command.downgrade(migrate.alembic_config(theirs), "0003_tiers")
        finally:
            execute(
                administrator_of(postgres_url, url), "REASSIGN OWNED BY adopter TO CURRENT_USER"
            )
            execute(postgres_url, "DROP OWNED BY adopter")
            execute(postgres_url, "DROP ROLE adopter")


def test_who_does_not_own_the_tables_is_told_so(legacy: str, postgres_url: str) -> None:
    execute(postgres_url, "CREATE ROLE stranger LOGIN PASSWORD 'invented'")
    try:
        with psycopg.connect(legacy) as connection:
            connection.execute("GRANT ALL ON SCHEMA public TO stranger")
            connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO stranger")
        with pytest.raises(SchemaVersionError, match=r"must be owner of table .*as the role that"):
            migrate.upgrade(f"postgresql://stranger:invented@{legacy.rpartition('@')[2]}")
    finally:
        execute(administrator_of(postgres_url, legacy), "DROP OWNED BY stranger")
        execute(postgres_url, "DROP ROLE stranger")


async def test_the_journal_of_the_earlier_scraper_is_not_in_the_feed(legacy: str) -> None:
    with psycopg.connect(legacy) as connection:
        connection.execute(
            """INSERT INTO property_changes (property_id, change_type, field_name, old_value)
               SELECT property_id, 'updated', 'price', '"1,5 M"' FROM properties_live"""
        )
    question = """SELECT ctid::text, id FROM property_changes
                   WHERE property_id NOT IN ('pincali_casa-6', 'pincali_sin-alberca-6')
                   ORDER BY id"""
    before = fetch(legacy, question)
    migrate.upgrade(legacy)
    assert fetch(legacy, question) == before
    db = Database(legacy)
    feed = ChangeFeedService(db, FixedClock(), load_config())
    merged = await feed.read(0)
    assert {each.property_id for each in merged} == {"pincali_sin-alberca-6"}
    await Workshop(db=db, clock=FixedClock()).visit(detail("a-newcomer"))
    newest = [each.property_id for each in await feed.read(0)][len(merged) :]
    assert newest == [id_of("a-newcomer")]
    await db.dispose()


def test_a_table_that_has_the_name_of_a_view_is_left_alone(legacy: str) -> None:
    with psycopg.connect(legacy) as connection:
        connection.execute("CREATE TABLE price_history (note text)")
    migrate.upgrade(legacy)
    assert fetch(legacy, "SELECT count(*) FROM price_history") == [(0,)]
    assert fetch(legacy, "SELECT count(*) FROM property_timeline") == [(ROWS + 1,)]


@pytest.mark.parametrize(
    "theirs",
    [
        "properties_live (id serial PRIMARY KEY, name text)",
        # Nothing of it is in the way of what is added: it would be taken over without a word.
        "scrape_queue (id bigserial PRIMARY KEY, url text, status text DEFAULT 'new')",
        "sync_runs (id uuid PRIMARY KEY, started_at timestamptz, finished_at timestamptz)",
    ],
)
def test_a_strangers_table_is_told_in_a_line_and_left_alone(
    empty_database_url: str, theirs: str
) -> None:
    execute(empty_database_url, f"CREATE TABLE {theirs}")
    name = theirs.partition(" ")[0]
    columns = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{name}'"
    before = fetch(empty_database_url, columns)
    with pytest.raises(SchemaVersionError, match=rf"{name} is here.*another program's.*of its own"):
        migrate.upgrade(empty_database_url)
    assert fetch(empty_database_url, columns) == before
