"""What the doctor says of a server, a role and tables in which something is broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pincali_sync.clock import SharedClock
from pincali_sync.db.engine import Database
from pincali_sync.doctor import database
from pincali_sync.doctor.check import Level
from tests.support.builders import add_live, rows
from tests.support.clock import FixedClock
from tests.support.doctor import BY_NAME, Surgery
from tests.support.postgres import PLAIN_ROLE, administrator_of, execute

OK, WARN, BAD = Level.OK, Level.WARN, Level.BAD
# Of the tests' server, and of a machine where nobody ticks.
NOT_WELL_HERE = {"vacuum", "cron", "site"}


async def test_in_a_new_database_all_is_well(surgery: Surgery) -> None:
    names = [name for name, check in BY_NAME.items() if check.needs and name not in NOT_WELL_HERE]
    lines = await surgery.lines(*names)
    assert [line.check for line in lines] == names
    assert {line.finding.what: line.finding.level for line in lines if line.finding.remedy} == {}
    assert "nobody else's" in (await surgery.told("strangers"))[1]  # every trigger is known


async def test_a_server_that_takes_nothing_is_told(
    surgery: Surgery, postgres_url: str, database_url: str
) -> None:
    name = database_url.rpartition("/")[2]
    execute(postgres_url, "ALTER DATABASE {} SET default_transaction_read_only = on", name)
    readers = Database(database_url)
    try:
        level, said = await Surgery(db=readers, clock=surgery.clock, home=surgery.home).told(
            "server"
        )
    finally:
        await readers.dispose()
        execute(postgres_url, "ALTER DATABASE {} RESET default_transaction_read_only", name)
    assert level is BAD
    assert "nothing can be written" in said


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("REVOKE UPDATE ON site_pace FROM plain", "may not read and write site_pace"),
        (
            "ALTER TABLE site_pace ENABLE ROW LEVEL SECURITY; "
            "ALTER TABLE site_pace FORCE ROW LEVEL SECURITY",
            "hides rows from plain in site_pace",
        ),
    ],
)
async def test_a_role_that_may_not_do_its_work_is_told(
    surgery: Surgery, postgres_url: str, database_url: str, statement: str, says: str
) -> None:
    execute(administrator_of(postgres_url, database_url), statement)
    level, said = await surgery.told("role")
    assert level is BAD
    assert says in said


async def test_a_role_that_may_make_no_temporary_tables_is_told(
    surgery: Surgery, postgres_url: str, database_url: str
) -> None:
    name = database_url.rpartition("/")[2]
    execute(postgres_url, "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC, {}", name, PLAIN_ROLE)
    try:
        level, said = await surgery.told("role")
        broken = await surgery.level("pooler")
    finally:
        execute(postgres_url, "GRANT TEMPORARY ON DATABASE {} TO PUBLIC, {}", name, PLAIN_ROLE)
    assert (level, broken) == (BAD, BAD)
    assert "GRANT TEMPORARY" in said


async def test_a_superuser_is_told_to_be_too_much(
    surgery: Surgery, postgres_url: str, database_url: str
) -> None:
    db = Database(administrator_of(postgres_url, database_url))
    try:
        level, said = await Surgery(db=db, clock=surgery.clock, home=surgery.home).told("role")
    finally:
        await db.dispose()
    assert level is WARN
    assert "is a superuser" in said


async def test_a_short_statement_timeout_is_told(surgery: Surgery, database_url: str) -> None:
    db = Database(f"{database_url}?options=-c%20statement_timeout%3D30000")
    try:
        hasty = Surgery(db=db, clock=surgery.clock, home=surgery.home)
        level, said = await hasty.told("connections")
    finally:
        await db.dispose()
    assert level is WARN
    assert "`statement_timeout` is 30 s" in said


async def test_too_many_connections_are_told(
    surgery: Surgery, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await surgery.level("connections") is OK
    monkeypatch.setattr(database, "_NEARLY_FULL", 0.0)
    assert await surgery.level("connections") is WARN
    monkeypatch.setattr(database, "_FULL", 0.0)
    assert await surgery.level("connections") is BAD


async def test_autovacuum_that_is_off_and_dead_rows_are_told(
    surgery: Surgery, db: Database
) -> None:
    assert await surgery.told("vacuum") == (
        BAD,
        "autovacuum is off -> ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf() ()",
    )
    await rows(
        db, "INSERT INTO refresh_returns (stale, sample) SELECT 0, 0 FROM generate_series(1, 50001)"
    )
    await rows(db, "DELETE FROM refresh_returns")
    await rows(db, "SELECT pg_stat_force_next_flush()")
    [found] = await db.run(lambda tx: tx.server.dead_rows())
    assert (found.name, found.dead) == ("refresh_returns", 50_001)


async def test_a_transaction_that_is_open_for_long_is_told(
    surgery: Surgery, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_LONG_SECONDS", 0.0)
    async with db.transaction() as forgotten:
        await forgotten.server.facts()
        level, said = await surgery.told("transactions")
    assert level is WARN
    assert "idle in transaction" in said
    assert "pg_terminate_backend" in said


async def test_a_clock_that_is_wrong_is_told(surgery: Surgery, database_url: str) -> None:
    assert await surgery.level("clock") is OK
    db = Database(database_url, clock=SharedClock(machine=FixedClock()))
    try:
        level, said = await Surgery(db=db, clock=surgery.clock, home=surgery.home).told("clock")
    finally:
        await db.dispose()
    assert level is WARN
    assert "this machine's clock is" in said


async def test_tables_of_another_version_are_told_and_nothing_else_is_asked_of_them(
    surgery: Surgery, db: Database
) -> None:
    await rows(db, "UPDATE alembic_version SET version_num = '0017_sitemap_moves'")
    lines = await surgery.lines("server", "schema", "integrity", "jobs")
    assert [(line.check, line.finding.level) for line in lines] == [
        ("server", OK),
        ("schema", BAD),
        ("left out", BAD),
    ]
    assert "is at schema 0017_sitemap_moves" in lines[1].finding.what
    assert lines[2].finding.what.endswith("integrity, jobs")


async def test_a_database_that_is_away_is_told_once(surgery: Surgery) -> None:
    away = Surgery(
        db=Database("postgresql://a:b@127.0.0.1:1/none"), clock=surgery.clock, home=surgery.home
    )
    lines = await away.lines("job files", "server", "jobs")
    assert [(line.check, line.finding.level) for line in lines] == [
        ("database", BAD),
        ("job files", OK),
        ("left out", BAD),
    ]
    assert "127.0.0.1:1/none cannot be reached" in lines[0].finding.what


async def test_a_check_that_is_gone_comes_back_once_no_row_breaks_it(
    surgery: Surgery, db: Database
) -> None:
    check = "properties_live_price_check"
    await rows(db, f"ALTER TABLE properties_live DROP CONSTRAINT {check}")
    await add_live(db, "blue-house", price=-1)
    level, said = await surgery.told("integrity", fix=True)
    assert level is WARN
    assert f"1 row of properties_live breaks {check}" in said
    assert "WHERE (price >= 0 AND" in said
    await rows(db, "UPDATE properties_live SET price = NULL")
    assert "no row breaks it" in (await surgery.told("integrity"))[1]
    level, said = await surgery.told("integrity", fix=True)
    assert level is OK
    assert f"in force again: {check}" in said
    assert await surgery.level("integrity") is OK


async def test_a_check_that_was_never_proven_is_proven(surgery: Surgery, db: Database) -> None:
    await rows(db, "ALTER TABLE sync_pauses DROP CONSTRAINT sync_pauses_scope_check")
    await rows(
        db,
        """ALTER TABLE sync_pauses ADD CONSTRAINT sync_pauses_scope_check
           CHECK (scope ~ '^(all|tier\\:[1-4])$') NOT VALID""",
    )
    assert await surgery.level("integrity") is WARN
    assert await surgery.level("integrity", fix=True) is OK


async def test_a_key_that_is_gone_comes_back(surgery: Surgery, db: Database) -> None:
    await rows(db, "ALTER TABLE scrape_queue DROP CONSTRAINT scrape_queue_run_id_fkey")
    await rows(
        db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, run_id)
           VALUES ('a', 'x', 1, gen_random_uuid())""",
    )
    assert "1 row of scrape_queue" in (await surgery.told("integrity", fix=True))[1]
    await rows(db, "UPDATE scrape_queue SET run_id = NULL")
    assert await surgery.level("integrity", fix=True) is OK


async def test_triggers_and_indexes_that_do_not_work_are_told(
    surgery: Surgery, db: Database
) -> None:
    for statement in (
        "ALTER TABLE properties_live DISABLE TRIGGER check_listing_status",
        "DROP TRIGGER note_gone_outside ON property_manifest",
        "DROP INDEX idx_queue_leases",
    ):
        await rows(db, statement)
    lines = await surgery.lines("integrity")
    assert {(line.finding.level, line.finding.what, line.mendable) for line in lines} == {
        (BAD, "the trigger check_listing_status on properties_live is turned off", True),
        (BAD, "note_gone_outside on property_manifest is missing", False),
        (BAD, "idx_queue_leases on scrape_queue is missing", False),
    }
    [statement] = [line.finding.remedy for line in lines if "idx_" in line.finding.what]
    await rows(db, statement.replace(" CONCURRENTLY", ""))
    [left] = await surgery.lines("integrity", fix=True)
    assert left.finding.what == "note_gone_outside on property_manifest is missing"
    assert left.mended == "in force again: check_listing_status"


async def test_columns_of_other_types_are_told_with_what_makes_them_ours(
    surgery: Surgery, db: Database
) -> None:
    for statement in (
        "DROP MATERIALIZED VIEW property_stats",
        "ALTER TABLE properties_live ALTER total_area_m2 TYPE double precision",
        "ALTER TABLE properties_live ALTER features TYPE json USING features\\:\\:json",
        "ALTER TABLE properties_live ALTER agent_phone TYPE varchar(20)",
        "ALTER TABLE properties_live ALTER agency_name TYPE text",
        "ALTER TABLE properties_live ALTER bedrooms TYPE bigint",
        "ALTER TABLE scraping_errors ALTER created_at TYPE timestamp",
    ):
        await rows(db, statement)
    lines = [line for line in await surgery.lines("integrity") if " is " in line.finding.what]
    assert {(line.finding.level, line.finding.what) for line in lines} >= {
        (BAD, "properties_live.total_area_m2 is double precision instead of numeric(10,2)"),
        (BAD, "properties_live.features is json instead of jsonb"),
        (
            BAD,
            "scraping_errors.created_at is timestamp without time zone instead of "
            "timestamp with time zone",
        ),
        (
            WARN,
            "properties_live.agent_phone is character varying(20), which holds less than "
            "character varying(50)",
        ),
    }
    for line in lines:
        if "instead of" in line.finding.what or "holds less" in line.finding.what:
            await rows(db, line.finding.remedy.partition(": ")[2].replace(":", "\\:"))
    left = [line.finding.what for line in await surgery.lines("integrity")]
    assert [each for each in left if "instead of" in each or "holds less" in each] == []


async def test_what_others_keep_is_named(surgery: Surgery, db: Database) -> None:
    await rows(db, "CREATE TABLE playlists (id integer)")
    await rows(
        db,
        """CREATE TRIGGER theirs BEFORE UPDATE ON properties_live
           FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()""",
    )
    level, said = await surgery.told("strangers")
    assert level is OK
    assert "1 table of others" in said
    assert "properties_live.theirs" in said


@pytest.fixture
def reader(postgres_url: str, database_url: str) -> Iterator[str]:
    """A role of that name which may nothing; the database's administrator."""
    administrator = administrator_of(postgres_url, database_url)
    execute(postgres_url, "CREATE ROLE pincali_reader")
    yield administrator
    execute(administrator, "DROP OWNED BY pincali_reader")
    execute(postgres_url, "DROP ROLE pincali_reader")


async def test_a_reader_that_reads_too_little_or_may_too_much_is_told(
    surgery: Surgery, reader: str
) -> None:
    assert await surgery.level("reader") is WARN
    execute(reader, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO pincali_reader")
    assert await surgery.level("reader") is BAD  # who asked to be forgotten is among it
    execute(reader, "REVOKE ALL ON forgotten_people FROM pincali_reader")
    assert await surgery.level("reader") is OK
    execute(reader, "GRANT UPDATE ON properties_live TO pincali_reader")
    assert "`pincali_reader` may change: 1" in (await surgery.told("reader"))[1]
