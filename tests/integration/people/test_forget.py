"""One person's data are found and deleted, and do not come back."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from pincali_sync.bootstrap import Services, open_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.people.people import PeopleRepository
from pincali_sync.domain.people import Person
from pincali_sync.exceptions import ExitStatus
from pincali_sync.items import Property
from pincali_sync.services.people import personal_data
from tests.support.builders import Workshop, detail, entry, id_of, rows, until_somebody_waits, value
from tests.support.cli import as_json, say
from tests.support.clock import FixedClock
from tests.support.people import agent, tables_with

NAME, PHONE = agent(12)
EMAIL = "agente12@example.org"


def page(slug: str, number: int = 12, **fields: Any) -> Property:
    name, phone = agent(number)
    return detail(
        slug,
        title=f"Casa de {name}",
        title_original=f"Casa de {name}",
        description=f"Informes con {name.upper()} al {phone} o agente{number}@example.org",
        agent_name=f"Lic. {name}",
        agent_phone=phone,
        agent_email=f"agente{number}@example.org",
        **fields,
    )


async def prepare(shop: Workshop) -> None:
    """A listing of agent 12, one that was his, one that never was; and texts that quote him."""
    card = entry("blue-house", listing_page_title=f"Casa de {NAME}, {PHONE}, {EMAIL}")
    await shop.scan(card)
    await shop.visit(page("blue-house"))
    await shop.visit(page("red-house"))
    await shop.visit(page("red-house", 13))
    await shop.visit(page("green-house", 112))
    noted = f"parser: ValueError('{NAME} {PHONE} {EMAIL}')"
    await rows(shop.db, "UPDATE scrape_queue SET last_error = :noted", noted=noted)
    await rows(
        shop.db,
        """INSERT INTO scraping_errors (created_at, url, error_message) VALUES (:now, 'x', :noted)
        """,
        noted=noted,
        now=shop.clock.now(),
    )
    await rows(
        shop.db,
        """INSERT INTO removal_checks (property_id, verdict, evidence, url, checked_at)
           VALUES ('x', 'alive', :noted, 'x', :now)""",
        noted=noted,
        now=shop.clock.now(),
    )


@pytest.mark.parametrize("given", [NAME, f"  {NAME.upper()} "])
async def test_a_name_is_deleted_with_what_else_is_known_of_it(
    shop: Workshop, services: Services, given: str
) -> None:
    await prepare(shop)
    assert len(await tables_with(shop.db, NAME)) == 7
    found = await services.people.forget(Person.parse(given))
    assert await tables_with(shop.db, f"{NAME} ", f'{NAME}"', f"{NAME},", NAME.upper()) == set()
    live = await shop.live("blue-house")
    assert (live["agent_name"], live["agent_phone"], live["agent_email"]) == (None, None, None)
    assert live["title"] == "Casa de […]"
    assert live["last_updated_at"] == shop.clock.now()
    assert {table for table, count in found.rows.items() if count} == {
        "properties_live",
        "property_scrapes_staging",
        "property_changes",
        "property_manifest",
        "removal_checks",
        "scraping_errors",
        "scrape_queue",
    }


@pytest.mark.parametrize("given", [f"+52 1 {PHONE}", "(33) 0000-0012", EMAIL.upper()])
async def test_a_number_or_an_address_is_deleted_everywhere(
    shop: Workshop, services: Services, given: str
) -> None:
    await prepare(shop)
    await services.people.forget(Person.parse(given))
    assert await tables_with(shop.db, EMAIL if "@" in given else PHONE) == set()
    assert (await shop.live("blue-house"))["agent_name"] is None


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("Tomáš Dvořák", "TOMÁŠ DVOŘÁK"),
        ("Jiri Novak", "Jiří Novák"),
        ("Łukasz Żak", "ŁUKASZ ŻAK"),
        ("Ayşe Yılmaz", "Ayşe Yılmaz"),
        ("Jürgen Strauss", "Ju\u0308rgen Strauß"),
        ("Sofía Vidal de la Garza Ossorio", "SOFÍA VIDAL DE LA GARZA OSSORIO"),
        ("Sofia Peña", "\uff33o\ufb01a \U0001d40f\U0001d41e\U0001d427\u0303\U0001d41a"),
    ],
)
async def test_a_name_of_any_alphabet_is_deleted(
    shop: Workshop, services: Services, given: str, written: str
) -> None:
    await shop.visit(
        detail("blue-house", description=f"Informes: {written}, de 9 a 5", agent_name=written)
    )
    await services.people.forget(Person.parse(given))
    assert await tables_with(shop.db, written) == set()
    live = await shop.live("blue-house")
    assert (live["description"], live["agent_name"]) == ("Informes: […], de 9 a 5", None)


async def test_what_the_journal_knows_of_who_published_a_listing_goes_with_the_name(
    shop: Workshop, services: Services
) -> None:
    await prepare(shop)
    await services.people.forget(Person.parse(NAME))
    entries = [each for each in await shop.journal("red-house") if each["field_name"]]
    kept = {each["field_name"]: each["old_value"] for each in entries}
    assert (kept["agent_name"], kept["agent_phone"], kept["agent_email"]) == (None, None, None)
    assert kept["title"] == "Casa de […]"
    assert (await shop.live("red-house"))["agent_name"] == "Lic. Agente 13"


@pytest.mark.parametrize("given", [NAME, PHONE, EMAIL])
@pytest.mark.parametrize("between", ["\n", "\r\n", "\t", '"', "\\", "\x01"])
async def test_a_row_that_the_journal_keeps_whole_names_nobody_behind_a_line_break(
    shop: Workshop, services: Services, given: str, between: str
) -> None:
    first, last = NAME.split()
    text = between.join(["Informes:", first, last, PHONE, EMAIL, "de 9 a 5"])
    await shop.visit(detail("blue-house", description=text, features=[text]))
    await rows(
        shop.db,
        """INSERT INTO property_changes (property_id, change_type, field_name, old_value)
           SELECT property_id, 'updated', kept.name, kept.value
             FROM properties_live l, LATERAL (VALUES
                  ('property_id', to_jsonb(l)), ('features', features)) kept (name, value)""",
    )
    assert (await services.people.forget(Person.parse(given))).rows["property_changes"] == 2
    kept = "SELECT count(*) FROM property_changes WHERE old_value IS NOT NULL"
    assert await value(shop.db, kept) == 0


async def test_who_is_named_by_a_listing_that_was_merged_is_found_in_what_is_left_of_it(
    shop: Workshop, services: Services
) -> None:
    await shop.visit(detail("old-house"))
    await shop.visit(detail("new-house", description=f"Informes:\n{NAME}\n{EMAIL}\nde 9 a 5"))
    await rows(
        shop.db,
        """INSERT INTO identity_candidates
                  (property_id, earlier_property_id, metres, title_similarity, price_ratio)
           VALUES (:new, :old, 1, 90, 1)""",
        new=id_of("new-house"),
        old=id_of("old-house"),
    )
    pair = await value(shop.db, "SELECT id FROM identity_candidates")
    async with shop.db.transaction() as tx:
        now = shop.clock.now()
        assert await tx.identities.settle(pair, confirm=True, settled_by="Rosa", now=now)
    await services.people.forget(Person.parse(NAME))
    await services.people.forget(Person.parse(EMAIL))
    assert await tables_with(shop.db, NAME, EMAIL) == set()


@pytest.mark.parametrize("chunks", [0, 1, 2])
async def test_who_is_forgotten_in_two_goes_leaves_nothing_that_only_the_name_told_of(
    db: Database, services: Services, monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    await rows(
        db,
        """INSERT INTO property_changes (id, property_id, change_type, field_name, old_value)
           VALUES ('00000000-0000-0000-0000-00000000000a', 'x', 'updated', 'agent_name', :name),
                  ('00000000-0000-0000-0000-00000000000b', 'x', 'updated', 'agent_phone', :phone)
        """,
        name=f'"{NAME}"',
        phone=f'"{PHONE}"',
    )
    monkeypatch.setattr(personal_data, "_CHUNK", 1)
    take_out, done = PeopleRepository.take_out, count()

    async def is_killed_after_some(*args: Any, **at: Any) -> tuple[int, str | None]:
        if next(done) == chunks:
            raise KeyboardInterrupt
        return await take_out(*args, **at)

    with monkeypatch.context() as patched:
        patched.setattr(PeopleRepository, "take_out", is_killed_after_some)
        with pytest.raises(KeyboardInterrupt):
            await services.people.forget(Person.parse(NAME))
    await services.people.forget(Person.parse(NAME))
    assert await tables_with(db, NAME, PHONE) == set()


async def test_others_stay(shop: Workshop, services: Services) -> None:
    await prepare(shop)
    before = await shop.live("green-house")
    await services.people.forget(Person.parse(NAME))
    await services.people.forget(Person.parse(PHONE))
    assert await shop.live("green-house") == before


async def test_looking_changes_nothing_and_says_under_what_a_person_is_shown(
    shop: Workshop, services: Services
) -> None:
    await prepare(shop)
    before = await shop.live("blue-house")
    found = await services.people.look_for(Person.parse(NAME))
    assert await shop.live("blue-house") == before
    [shown] = found.shown_as
    assert (shown.agent_name, shown.agent_phone, shown.listings) == (f"Lic. {NAME}", PHONE, 1)
    assert found.rows["properties_live"] == 1


async def test_nothing_of_the_person_is_remembered(shop: Workshop, services: Services) -> None:
    for given in (NAME, PHONE, EMAIL):
        await services.people.forget(Person.parse(given))
    assert await value(shop.db, "SELECT count(*) FROM forgotten_people") == 3
    assert await tables_with(shop.db, NAME, PHONE, "3300000012", EMAIL) == set()
    assert await value(shop.db, "SELECT count(DISTINCT key) FROM forgotten_people") == 1


async def test_a_later_scrape_does_not_bring_the_person_back(
    shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.visit(page("blue-house"))
    await services.people.forget(Person.parse(NAME))
    clock.advance(days=1)
    await shop.scan(entry("blue-house", listing_page_title=f"Casa de {NAME}"))
    again = await shop.visit(page("blue-house"))
    newcomer = await shop.visit(page("white-house", agency_name=f"{NAME} y asociados"))
    assert await tables_with(shop.db, NAME, NAME.upper()) == set()
    assert (again.unchanged, newcomer.new) == (1, 1)
    live = await shop.live("white-house")
    assert (live["agent_name"], live["agent_phone"], live["agency_name"]) == (None, None, None)
    assert live["description"].startswith("Informes con […] al 33")


async def test_a_job_that_saves_meanwhile_is_waited_for(services: Services, db: Database) -> None:
    async with db.transaction() as tx:
        await tx.people.forgotten()  # it knows of nobody yet
        forgetting = asyncio.create_task(services.people.forget(Person.parse(NAME)))
        await until_somebody_waits(db, forgetting)
        assert not forgetting.done()
        await tx.connection.exec_driver_sql(
            "INSERT INTO properties_live (property_id, title, source_url, agent_name) "
            f"VALUES ('p', 'x', 'x', '{NAME}')"
        )
    await forgetting
    assert await tables_with(db, NAME) == set()


class TestCommand:
    """As an operator types it."""

    @pytest.fixture(autouse=True)
    def _configured(self, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", database_url)

        async def work() -> None:
            async with open_services(load_config()) as services:
                await prepare(Workshop(db=services.db, clock=services.clock))

        asyncio.run(work())

    def test_it_only_looks_until_it_is_told_to_delete(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status, out, _ = say(capsys, "forget", NAME)
        assert status == 0
        assert f"Lic. {NAME}" in out
        assert "Nothing was changed. With --yes it is deleted." in out
        assert as_json(capsys, "forget", NAME)["deleted"] is False
        status, out, _ = say(capsys, "forget", NAME, "--yes")
        assert (status, "Deleted, and kept out" in out) == (0, True)
        assert sum(as_json(capsys, "forget", NAME)["rows"].values()) == 0

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (("forget",), "name one PERSON"),
            (("forget", NAME, "--everyone"), "name one PERSON"),
            (("forget", "Agente"), "whole name"),
            (("forget", "--everyone"), "say --yes"),
            (("forget", "--everyone", "--yes"), "STORE_AGENT_DATA=0 first"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(
        self, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], reason: str
    ) -> None:
        status, _, err = say(capsys, *words)
        assert (status, reason in err) == (ExitStatus.USAGE, True)

    def test_all_agents_data_are_cleared_at_once(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STORE_AGENT_DATA", "0")
        cleared = as_json(capsys, "forget", "--everyone", "--yes")["rows"]
        assert cleared["properties_live"] == 3
        assert as_json(capsys, "forget", NAME)["shown_as"] == []
