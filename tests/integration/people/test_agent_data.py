"""Agents' data are stored where that is wanted, for their term, and nowhere else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.people.places import PLACES, statement
from pincali_sync.items import Property
from pincali_sync.services.people import personal_data
from tests.support.builders import SITE, Workshop, add_live, detail, entry, id_of, rows, value
from tests.support.clock import FixedClock
from tests.support.people import agent, tables_with
from tests.support.stage import Stage


def without_agents(db: Database, clock: FixedClock, **variables: Any) -> Services:
    config = load_config(pincali_base_url=SITE, store_agent_data="0", **variables)
    return build_services(config, clock=clock, db=db)


def discreet(shop: Workshop) -> Workshop:
    """A workshop that stores no agents' data, on the same database."""
    return Workshop(db=shop.db, clock=shop.clock, store_agent_data=False)


def page(number: int = 12, **fields: Any) -> Property:
    name, phone = agent(number)
    return detail(
        "blue-house",
        title=f"Casa en Zapopan, {phone}",
        description=f"Tres recámaras. Informes con {name} al {phone} o agente{number}@example.org.",
        agent_name=name,
        agent_phone=phone,
        agent_email=f"agente{number}@example.org",
        **{"agency_name": "Inmobiliaria 3", **fields},
    )


async def test_where_they_are_not_wanted_they_are_nowhere(shop: Workshop, db: Database) -> None:
    _, phone = agent(12)
    quiet = discreet(shop)
    await quiet.scan(entry("blue-house", listing_page_title=f"Casa, {phone}"))
    await quiet.visit(page())
    assert await tables_with(db, *agent(12), "agente12@") == set()
    live = await quiet.live("blue-house")
    assert live["description"] == "Tres recámaras. Informes con […] al […] o […]."
    assert (live["title"], live["agency_name"]) == ("Casa en Zapopan, […]", "Inmobiliaria 3")


async def test_an_agency_that_is_the_agent_by_name_goes_with_him(
    shop: Workshop, db: Database
) -> None:
    name, _ = agent(12)
    await discreet(shop).visit(page(agency_name=name))
    assert await tables_with(db, name) == set()


async def test_what_is_not_stored_makes_a_record_no_less_complete(shop: Workshop) -> None:
    await shop.visit(page())
    complete = (await shop.live("blue-house"))["data_completeness_score"]
    await discreet(shop).visit(page())
    assert (await shop.live("blue-house"))["data_completeness_score"] == complete


async def test_what_was_stored_before_is_cleared_at_the_next_report(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house", listing_page_title=f"Casa de {agent(12)[0]}"))
    for number in (11, 12):  # the journal has both, in fields and in descriptions
        await shop.visit(page(number))
        clock.advance(days=1)
    assert len(await tables_with(db, *agent(12))) == 4
    services = without_agents(db, clock)
    feed = [each.position for each in await services.feed.read(0)]
    await services.people.tidy_up()
    assert await tables_with(db, *agent(11), *agent(12), "agente1") == set()
    assert [each.position for each in await services.feed.read(0)] == feed
    assert (await shop.live("blue-house"))["last_updated_at"] == clock.now()


# As an older version kept a row that was merged into another.
_KEEP_WHOLE = """
INSERT INTO property_changes (property_id, change_type, field_name, old_value, new_value)
SELECT :id, 'updated', 'property_id', to_jsonb(l) - 'search_vector', '"other"'
  FROM properties_live l"""


async def test_merged_rows_lose_what_may_name_somebody_and_nothing_else(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.visit(page(agency_name=f"{agent(12)[0]} y asociados"))
    await rows(db, _KEEP_WHOLE, id=id_of("other"))
    [before] = await shop.journal("other")
    await without_agents(db, clock).people.clear_everything()
    [kept] = await shop.journal("other")
    named = {"title", "title_original", "description", "agency_name"}
    named |= {"agent_name", "agent_phone", "agent_email"}
    old = before["old_value"]
    assert kept["old_value"] == {name: old[name] for name in old if name not in named}
    assert kept["new_value"] == "other"


async def test_a_journal_that_was_read_by_an_older_version_is_read_once_more(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.visit(page())
    await rows(db, _KEEP_WHOLE, id=id_of("other"))
    async with db.transaction() as tx:
        await tx.history.beat("texts without contacts: property_changes", now=clock.now())
    assert await without_agents(db, clock).people.tidy_up()
    assert await tables_with(db, *agent(12), "agente12@") == set()


async def test_what_a_job_of_the_older_setting_still_wrote_is_cleared_too(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    services = without_agents(db, clock)
    await services.people.tidy_up()
    for number in (11, 12):
        await shop.visit(page(number))
    await services.people.tidy_up()
    assert await value(db, "SELECT count(*) FROM properties_live WHERE agent_name <> ''") == 0
    assert await value(db, "SELECT count(*) FROM property_changes WHERE old_value = '\"x\"'") == 0
    assert await tables_with(db, *agent(12)) <= {"property_changes"}  # in a description


async def test_a_report_stops_in_between_and_goes_on_at_the_next_tick(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "_CHUNK", 2)
    monkeypatch.setattr(personal_data, "_AT_ONCE_SECONDS", 0)
    for number in range(5):
        await add_live(db, f"house-{number}", agent_name=agent(number)[0])
    services = without_agents(db, clock)
    named = "SELECT count(*) FROM properties_live WHERE agent_name IS NOT NULL"
    left = []
    while not await services.people.tidy_up():
        left.append(await value(db, named))
    assert (left, await value(db, named)) == ([3, 1], 0)


async def test_a_run_ends_once_all_is_cleared(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "_CHUNK", 1)
    monkeypatch.setattr(personal_data, "_AT_ONCE_SECONDS", 0)
    await add_live(db, "red-house", agent_name=agent(11)[0])
    stage = Stage(db, clock)
    stage.services = without_agents(db, clock)
    stage.runs = stage.orchestrator(stage.runner)
    await stage.start()
    await stage.tick()
    await stage.scan_all()
    await stage.tick()
    await stage.fetch_all()
    assert ((run := await stage.tick()).step, run.status) == ("report", "running")
    assert (await stage.tick()).status == "completed"
    assert await tables_with(db, agent(11)[0]) == set()


async def test_a_visit_before_that_journals_nothing_of_it(shop: Workshop, db: Database) -> None:
    await shop.visit(page())
    saved = await discreet(shop).visit(page())
    assert saved.unchanged == 1
    assert await tables_with(db, *agent(12), "agente12@") == {"property_scrapes_staging"}


async def test_where_they_are_wanted_nothing_is_cleared(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.visit(page())
    services = build_services(load_config(pincali_base_url=SITE), clock=clock, db=db)
    await services.people.tidy_up()
    await services.people.clear_past_term()
    live = await shop.live("blue-house")
    assert (live["agent_name"], live["agent_phone"]) == agent(12)
    assert live["description"] == page().description


async def test_the_switch_may_be_set_again_after_it_was_taken_back(
    db: Database, clock: FixedClock
) -> None:
    wanted = build_services(load_config(pincali_base_url=SITE), clock=clock, db=db)
    unwanted = without_agents(db, clock)
    await unwanted.people.tidy_up()
    await wanted.people.tidy_up()
    await add_live(db, "red-house", description=f"Informes al {agent(12)[1]}")
    await unwanted.people.tidy_up()
    assert await tables_with(db, agent(12)[1]) == set()


async def test_the_journal_and_removed_listings_keep_them_for_their_term(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    config = load_config(pincali_base_url=SITE, keep_agent_data_days=30, keep_staging_days=1)
    services = build_services(config, clock=clock, db=db)
    for number in (11, 12):
        await shop.visit(page(number))
    await rows(
        db,
        """UPDATE properties_live SET listing_status = 'confirmed_removed', status = 'removed',
                  last_seen_at = :now
            WHERE property_id = :id""",
        now=clock.now(),
        id=id_of("blue-house"),
    )
    await add_live(db, "red-house", agent_name=agent(12)[0], last_seen_at=clock.now())
    clock.advance(days=29)
    await services.retention.clean_up()
    await services.people.clear_past_term()
    assert (await shop.live("blue-house"))["agent_name"] == agent(12)[0]
    clock.advance(days=2)
    await services.people.clear_past_term()
    live = await shop.live("blue-house")
    assert (live["agent_name"], live["agent_phone"], live["agency_name"]) == (
        None,
        None,
        "Inmobiliaria 3",
    )
    assert (await shop.live("red-house"))["agent_name"] == agent(12)[0]  # it is still there
    entries = [each for each in await shop.journal("blue-house") if each["field_name"]]
    assert {each["field_name"] for each in entries} >= {"agent_name", "agent_phone", "description"}
    assert [
        (each["old_value"], each["new_value"])
        for each in entries
        if each["field_name"].startswith("agent")
    ] == [(None, None)] * 3


@pytest.mark.parametrize(
    ("table", "index"),
    [
        ("properties_live", "idx_live_agents"),
        ("property_changes", "idx_property_changes_agents"),
        ("property_scrapes_staging", "idx_staging_agents"),
    ],
)
async def test_a_report_looks_at_no_row_that_names_nobody(
    db: Database, table: str, index: str
) -> None:
    [place] = [each for each in PLACES if each.table == table]
    await rows(
        db,
        """WITH session AS (INSERT INTO scraping_sessions (base_url) VALUES ('x') RETURNING id),
                journal AS (INSERT INTO property_changes (property_id, change_type, field_name)
                            SELECT n, 'updated', 'price' FROM generate_series(1, 5000) n),
                staging AS (INSERT INTO property_scrapes_staging
                                        (session_id, property_id, title, source_url)
                            SELECT id, n, 'x', 'x' FROM session, generate_series(1, 5000) n)
           INSERT INTO properties_live (property_id, title, source_url)
           SELECT n, 'x', 'x' FROM generate_series(1, 5000) n""",
    )
    await rows(db, f"ANALYZE {table}")
    plan = await rows(
        db,
        f"EXPLAIN {statement(place, place.of_agents, place.clear)}",
        **{"after": str(UUID(int=0)), "size": 5_000, "now": None},
        **dict.fromkeys(("phone", "email", "gone"), "x"),
    )
    scans = [line for each in plan for line in each.values() if "Scan" in line and table in line]
    assert index in scans[0]
