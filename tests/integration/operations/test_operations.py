"""Back-up, restore, upgrade and roll-back, by the very commands of docs/how-to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from pincali_workshop.stack.embedded_place import wheel_binaries

from pincali_sync.db import migrate
from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import ListingSource, Tier
from pincali_sync.exceptions import SupersededError, UsageError
from pincali_sync.items import ManifestEntry, ScrapeResult
from pincali_sync.services.ports import JobSpec
from pincali_sync.services.runs.job_service import JobTicket
from tests.support.builders import add_live, detail, entry, rows, value
from tests.support.clock import FixedClock
from tests.support.operations import RESTORED, Operator, steps
from tests.support.postgres import administrator_of, execute, url_of
from tests.support.scans import seen, whole_source, whole_walk
from tests.support.stage import Stage

pytestmark = pytest.mark.slow

HOUSES = [entry(f"house-{n}", public_id=f"EB-AA{n:04d}") for n in range(1, 6)]
TABLES = """SELECT relname FROM pg_class WHERE relkind IN ('r', 'm')
             AND relnamespace = 'public'::regnamespace ORDER BY 1"""

# A pg_dump that loses something of its file, or says that it failed; whatever it is asked for.
DUMP = f"""
for each; do case $each in --file=*) exec > "${{{{each#--file=}}}}";; esac; done
"{wheel_binaries() / "bin" / "pg_dump"}" --format=custom service=pincali | {{keep}}
exit {{status}}
"""
# As if this machine were the container.
IN_THE_CONTAINER = """
while [ "$1" != postgres ]; do shift; done
shift && exec "$@"
"""


@pytest.fixture
def operator(postgres_url: str, database_url: str, tmp_path: Path) -> Operator:
    return Operator(tmp_path, database_url, administrator_of(postgres_url, database_url))


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


@pytest.fixture
async def restored(postgres_url: str) -> AsyncIterator[Database]:
    """What a back-up is restored into, once it is."""
    db = Database(url_of(postgres_url, RESTORED))
    yield db
    await db.dispose()
    execute(postgres_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", RESTORED)


def content_of(url: str) -> dict[str, bytes]:
    """Every row of every table, as it is written."""
    with psycopg.connect(url) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        return {name: _rows_of(connection, name) for name in tables}


def _rows_of(connection: psycopg.Connection, table: str) -> bytes:
    statement = f"COPY (SELECT * FROM {table} AS t ORDER BY t::text) TO STDOUT"
    with connection.cursor().copy(statement.encode()) as copy:
        return b"".join(copy)


async def do_scan(stage: Stage, spec: JobSpec, shown: list[ManifestEntry]) -> JobTicket:
    """Does a manifest job: the sales show these houses, the others nothing."""
    source = spec.arguments["source"]
    cards = shown if source == ListingSource.SALE else []
    ticket = await stage.begin(spec)
    await stage.shop.scan(whole_source(source, cards, len(cards)), ticket=ticket)
    await stage.services.scans.record_walk(whole_walk(ListingSource(source)), ticket)
    await stage.end(ticket)
    return ticket


async def do_verifications(stage: Stage, status: int) -> None:
    """Does the ordered verification jobs: every page answers so."""
    for spec in stage.runner.take("verification"):
        ticket = await stage.begin(spec)
        found = await stage.services.queue.claim_next_batch(
            100, "worker-1", lease_token=stage.shop.token, verification=True
        )
        results = [seen(each, status) for each in found]
        await stage.services.verification.record(
            results, ticket=ticket, lease_token=stage.shop.token, rules=(), max_attempts=3
        )
        await stage.end(ticket)


async def play(stage: Stage, houses: list[ManifestEntry]) -> None:
    """Ticks until no run is open, and does the jobs; a page that is looked for is not there."""
    while runs := await stage.advance_all():
        assert all(run.status != "failed" for run in runs), runs
        for spec in stage.runner.take("manifest"):
            await do_scan(stage, spec, houses)
        await stage.end_all("no_sitemap_index", "sitemap")
        await do_verifications(stage, 404)
        await stage.fetch_all()


async def statuses(db: Database) -> dict[str, int]:
    found = await rows(db, "SELECT listing_status, count(*) AS n FROM properties_live GROUP BY 1")
    return {row["listing_status"]: row["n"] for row in found}


async def test_a_back_up_of_a_run_under_way_is_restored_days_later_and_removes_nothing(
    operator: Operator, stage: Stage, restored: Database, database_url: str
) -> None:
    await stage.start(Tier.WEEKLY_DEEP)
    await play(stage, HOUSES)
    stage.clock.advance(days=7)
    run = await stage.start(Tier.WEEKLY_DEEP)
    await stage.tick()
    first, *others = stage.runner.take("manifest")
    await do_scan(stage, first, HOUSES[1:])
    await stage.shop.scan(entry("newcomer", public_id="EB-AA0009"))
    [leased] = await stage.shop.claim(1)
    before = content_of(database_url)
    operator.does("backup")

    # What goes on from here is unknown to what comes back.
    late = [await do_scan(stage, spec, HOUSES[1:]) for spec in others][-1]
    await stage.shop.save(ScrapeResult(queued=leased, scraped=detail("newcomer")))
    cursor = (await stage.services.feed.read(0))[-1].position
    stage.clock.advance(days=3)

    operator.does("restore")
    assert content_of(url_of(database_url, RESTORED)) == before
    here = {"DATABASE_URL": url_of(database_url, RESTORED)}
    assert "restored from a back-up" in operator.does("look", **here)
    operator.does("go on", **here)

    again = Stage(restored, stage.clock)
    with pytest.raises(UsageError, match="an older backup was restored"):
        await again.services.feed.read(cursor)
    with pytest.raises(SupersededError):
        await again.shop.scan(HOUSES[0], ticket=late)
    await play(again, [*HOUSES[1:], entry("newcomer", public_id="EB-AA0009")])
    assert (
        await value(restored, f"SELECT status FROM sync_runs WHERE id = '{run.id}'") == "completed"
    )
    assert (
        await value(restored, "SELECT count(*) FROM scrape_queue WHERE status = 'in_progress'") == 0
    )
    assert await statuses(restored) == {"active": 6}

    # And what is gone goes as it would have: missed by a second scan, and by its own page.
    again.clock.advance(days=4)
    await again.start(Tier.WEEKLY_DEEP)
    await play(again, [*HOUSES[1:], entry("newcomer", public_id="EB-AA0009")])
    assert await statuses(restored) == {"active": 5, "confirmed_removed": 1}


def test_a_back_up_of_compose_is_a_dump(operator: Operator) -> None:
    operator.has("docker", IN_THE_CONTAINER)
    operator.has("pg_dump", DUMP.format(keep="cat", status=0))
    operator.does("backup of compose")
    [dump] = operator.backups.glob("pincali-*.dump")
    assert dump.read_bytes().startswith(b"PGDMP")


@pytest.mark.parametrize("step", ["backup", "backup of compose"])
@pytest.mark.parametrize(
    ("keep", "status"), [("head -c -2000", 1), ("head -c -2000", 0), ("cat", 1)]
)
def test_a_back_up_that_failed_or_was_cut_is_none(
    operator: Operator, step: str, keep: str, status: int
) -> None:
    operator.has("docker", IN_THE_CONTAINER)
    operator.has("pg_dump", DUMP.format(keep=keep, status=status))
    assert operator.pastes(step) != 0
    assert list(operator.backups.glob("pincali-*.dump")) == []


async def test_an_upgrade_keeps_every_row_and_a_roll_back_too(
    postgres_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    url = empty_database_url
    script = ScriptDirectory.from_config(migrate.alembic_config(url))
    newest = script.get_revision("head")
    older = newest.down_revision
    assert isinstance(older, str)
    migrate.upgrade(url, older)
    db = Database(url)
    await add_live(db, "blue-house", public_id="EB-AA0001")
    await db.dispose()
    before = content_of(url)
    operator = Operator(tmp_path, url, administrator_of(postgres_url, url))
    operator.does("upgrade")
    upgraded = content_of(url)
    assert upgraded["alembic_version"].decode().strip() == newest.revision
    assert b"blue-house" in upgraded["properties_live"]
    operator.does("rollback", OLDER=older)
    assert content_of(url) == before


def test_every_step_that_the_pages_say_is_tested_is() -> None:
    text = Path(__file__).read_text()
    assert {name for name in steps() if f'does("{name}"' not in text} == set()
