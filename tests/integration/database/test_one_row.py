"""What a database has twice is one record after the upgrade, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from pincali_sync.db import migrate
from tests.support.builders import id_of
from tests.support.legacy import create_legacy
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.slow

BEFORE = "0009_people"
NAME = "EB-UG5586"
SESSION = "00000000-0000-0000-0000-000000000001"
OLD, NEW, THIRD = id_of("casa-vieja"), id_of("casa-nueva"), id_of("casa-tercera")


@pytest.fixture(scope="module")
def before_template(postgres_url: str) -> Iterator[str]:
    """A database as the version before left it."""
    with fresh_database(postgres_url) as url:
        migrate.upgrade(url, BEFORE)
        yield url.rpartition("/")[2]


@pytest.fixture
def url(postgres_url: str, before_template: str) -> Iterator[str]:
    with fresh_database(postgres_url, before_template) as url:
        yield url


def run(url: str, statement: str, *parameters: Any) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        cursor = connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def add(url: str, table: str, /, **values: Any) -> None:
    given = {name: Jsonb(each) if isinstance(each, dict) else each for name, each in values.items()}
    marks = ", ".join(["%s"] * len(given))
    run(url, f"INSERT INTO {table} ({', '.join(given)}) VALUES ({marks})", *given.values())


def live(url: str, slug: str, day: int, **values: Any) -> None:
    """A live row that came on a day of November, its page read on that day."""
    add(
        url,
        "properties_live",
        **{
            "property_id": id_of(slug),
            "source_url": f"https://www.pincali.com/en/home/{slug}",
            "title": f"House {slug}",
            "public_id": NAME,
            "operation_type": "sale",
            "price": 100,
            **dict.fromkeys(
                ("created_at", "first_seen_at", "last_seen_at", "last_full_scrape_at"),
                f"2026-11-{day:02} 12:00+00",
            ),
            **values,
        },
    )


def card(url: str, slug: str, day: int, **values: Any) -> None:
    add(
        url,
        "property_manifest",
        **{
            "property_id": id_of(slug),
            "source_url": f"https://www.pincali.com/en/home/{slug}",
            "first_seen_at": f"2026-11-{day:02}",
            "last_seen_at": f"2026-11-{day:02}",
            "is_new": False,
            "needs_full_scrape": False,
            **values,
        },
    )


def changed(url: str, slug: str, day: int, old: float, new: float) -> None:
    add(
        url,
        "property_changes",
        property_id=id_of(slug),
        change_type="updated",
        field_name="price",
        old_value=str(old),
        new_value=str(new),
        created_at=f"2026-11-{day:02} 12:00+00",
    )


def the_row(url: str) -> dict[str, Any]:
    [row] = run(url, "SELECT * FROM properties_live")
    return row


def prices(url: str) -> list[int]:
    found = run(url, "SELECT price FROM price_history ORDER BY valid_from")
    return [int(row["price"]) for row in found]


def test_the_older_record_stays_and_the_newer_page_is_believed(url: str) -> None:
    live(url, "casa-vieja", 1, title="Old", bedrooms=3, visits=2, agent_name="Ana Ruiz")
    live(url, "casa-nueva", 9, title="New", price=120, visits=1)
    migrate.upgrade(url)
    row = the_row(url)
    assert (row["property_id"], row["title"], row["price"], row["bedrooms"], row["visits"]) == (
        *(OLD, "New", 120, 3, 3),
    )
    assert row["source_url"].endswith("/casa-nueva")
    assert row["first_seen_at"].day == 1
    assert row["last_seen_at"].day == 9
    assert run(url, "SELECT alias, property_id FROM property_aliases") == [
        {"alias": NEW, "property_id": OLD}
    ]


def test_an_older_page_of_the_newer_record_changes_nothing(url: str) -> None:
    live(url, "casa-vieja", 1, title="Old", last_full_scrape_at="2026-11-20", bedrooms=None)
    live(url, "casa-nueva", 9, title="New", price=120, bedrooms=2)
    migrate.upgrade(url)
    row = the_row(url)
    assert (row["property_id"], row["title"], row["price"], row["bedrooms"]) == (
        *(OLD, "Old", 100, None),
    )


def test_the_row_that_went_is_in_the_journal_without_its_agent(url: str) -> None:
    live(url, "casa-vieja", 1)
    live(url, "casa-nueva", 9, price=None, agent_name="Ana Ruiz", agent_phone="55 5555 5555")
    migrate.upgrade(url)
    [entry] = run(url, "SELECT * FROM property_changes WHERE field_name = 'property_id'")
    assert (entry["property_id"], entry["new_value"]) == (OLD, OLD)
    assert entry["old_value"]["property_id"] == NEW
    assert "Ana Ruiz" not in str(entry["old_value"])
    assert "one listing" in entry["change_reason"]
    assert entry["feed_position"] is None  # those who follow the feed hear of it
    assert the_row(url)["price"] == 100  # a page that shows none takes none


def test_prices_over_time_are_those_of_both(url: str) -> None:
    live(url, "casa-vieja", 1, price=110)
    live(url, "casa-nueva", 9, price=130)
    changed(url, "casa-vieja", 5, 100, 110)
    changed(url, "casa-nueva", 15, 120, 130)
    migrate.upgrade(url)
    assert prices(url) == [100, 110, 120, 130]


def test_what_both_noticed_is_no_price_of_its_own(url: str) -> None:
    live(url, "casa-vieja", 1, price=110)
    live(url, "casa-nueva", 9, price=110)
    changed(url, "casa-vieja", 15, 100, 110)
    changed(url, "casa-nueva", 16, 100, 110)
    migrate.upgrade(url)
    assert sorted(set(prices(url))) == [100, 110]
    assert prices(url)[-1] == 110


STATES = (
    ("active", "confirmed_removed", "active"),
    ("confirmed_removed", "active", "relisted"),
    ("sold", "likely_removed", "relisted"),
    ("likely_removed", "active", "active"),
    ("likely_removed", "sold", "likely_removed"),
    ("sold", "confirmed_removed", "sold"),
    ("relisted", "active", "relisted"),
)


def test_what_is_there_wins_over_what_is_removed(url: str) -> None:
    for number, (older, newer, _) in enumerate(STATES):
        name = f"EB-AA000{number}"
        live(url, f"casa-{number}-a", 1, public_id=name, listing_status=older)
        live(url, f"casa-{number}-b", 9, public_id=name, listing_status=newer)
    run(url, "UPDATE properties_live SET consecutive_missing_count = extract(day FROM created_at)")
    migrate.upgrade(url)
    found = run(
        url,
        """SELECT listing_status, consecutive_missing_count AS missing
             FROM properties_live ORDER BY public_id""",
    )
    assert [row["listing_status"] for row in found] == [becomes for _, _, becomes in STATES]
    assert {row["missing"] for row in found} == {1}
    back = run(url, "SELECT old_value FROM property_changes WHERE change_type = 'reactivated'")
    assert sorted(row["old_value"] for row in back) == ["confirmed_removed", "sold"]


def test_forms_of_one_id_are_one(url: str) -> None:
    live(url, "casa-vieja", 1, public_id=" eb-ug5586 ")
    live(url, "casa-nueva", 9, public_id="EB-UG 5586")
    live(url, "casa-otra", 9, public_id="EB-UG5587")
    for number, none in enumerate(["", " ", "5586", "EB-", "n/a", None]):
        live(url, f"casa-{number}", 2, public_id=none)
    migrate.upgrade(url)
    found = run(url, "SELECT public_id FROM properties_live ORDER BY public_id")
    assert [row["public_id"] for row in found] == [NAME, "EB-UG5587", *[None] * 6]
    with pytest.raises(psycopg.errors.UniqueViolation):
        live(url, "casa-ultima", 20)


def test_a_record_of_the_sitemap_goes_into_the_one_that_its_slug_is_a_form_of(url: str) -> None:
    live(url, "casa-vieja", 1)
    card(url, "casa-vieja", 3, public_id=NAME, sources=["sale"], listing_page_title="Shown")
    card(url, "casa-nueva", 9, is_new=True, needs_full_scrape=True)
    add(url, "property_aliases", alias=NEW, property_id=OLD)
    add(url, "scrape_queue", property_id=NEW, source_url="x", priority=3)
    migrate.upgrade(url)
    [row] = run(url, "SELECT * FROM property_manifest")
    assert (row["property_id"], row["public_id"], row["sources"]) == (OLD, NAME, ["sale"])
    assert (row["first_seen_at"].day, row["last_seen_at"].day) == (3, 9)
    assert (row["listing_page_title"], row["is_new"]) == ("Shown", False)
    assert run(url, "SELECT property_id, status FROM scrape_queue") == [
        {"property_id": OLD, "status": "cancelled"}
    ]


def test_a_slug_that_another_listing_has_now_is_not_merged(url: str) -> None:
    live(url, "casa-vieja", 1)
    live(url, "casa-nueva", 9, public_id="EB-UG9999")
    add(url, "property_aliases", alias=NEW, property_id=OLD)
    migrate.upgrade(url)
    assert len(run(url, "SELECT 1 FROM properties_live")) == 2


def test_a_card_and_a_row_under_two_slugs_are_one(url: str) -> None:
    card(url, "casa-nueva", 9, public_id=NAME, sources=["rent"])
    live(url, "casa-vieja", 1)
    live(url, "casa-tercera", 3, public_id=None)
    card(url, "casa-tercera", 4, public_id=None)
    migrate.upgrade(url)
    found = run(url, "SELECT property_id, public_id FROM property_manifest ORDER BY public_id")
    assert found == [
        {"property_id": OLD, "public_id": NAME},
        {"property_id": THIRD, "public_id": None},
    ]


def test_everything_that_names_a_record_follows_it(url: str) -> None:
    for day, slug in ((1, "casa-vieja"), (9, "casa-nueva"), (12, "casa-tercera")):
        live(url, slug, day)
        card(url, slug, day, public_id=NAME if day == 9 else None)
    add(url, "scraping_sessions", id=SESSION, base_url="x")
    add(url, "removal_batches", id=SESSION, session_id=SESSION)
    for record in (OLD, NEW, THIRD):
        add(
            url,
            "property_sightings",
            **{"session_id": SESSION, "source": "sale", "page_number": 1, "property_id": record},
            seen_at="2026-11-09",
        )
        add(
            url,
            "property_scrapes_staging",
            **{"session_id": SESSION, "property_id": record, "title": "x", "source_url": "x"},
        )
        add(
            url,
            "removal_checks",
            **{"property_id": record, "verdict": "gone", "evidence": "x", "url": "x"},
            batch_id=SESSION,
            checked_at="2026-11-09",
        )
        add(
            url,
            "removal_audits",
            **dict.fromkeys(("week", "removed_at", "drawn_at"), "2026-11-09"),
            property_id=record,
        )
        add(
            url,
            "price_reviews",
            **{"property_id": record, "operation": "sale", "currency": "MXN"},
            **{"price_unit": "total", "old_price": 1, "new_price": 9, "old_values": {}},
        )
        add(
            url,
            "identity_candidates",
            **{"property_id": record, "earlier_property_id": id_of("casa-x")},
            **dict.fromkeys(("metres", "title_similarity", "price_ratio"), 1),
        )
        add(url, "scrape_queue", property_id=record, source_url="x", priority=2)
        add(url, "property_aliases", alias=f"form of {record}", property_id=record)
    add(
        url,
        "identity_candidates",
        **{"property_id": NEW, "earlier_property_id": OLD},
        **dict.fromkeys(("metres", "title_similarity", "price_ratio"), 1),
    )
    migrate.upgrade(url)
    once = {"property_sightings", "property_scrapes_staging", "removal_audits", "property_manifest"}
    for table in (*once, "removal_checks", "price_reviews", "scrape_queue"):
        found = run(url, f"SELECT property_id FROM {table}")
        assert [row["property_id"] for row in found] == [OLD] * (1 if table in once else 3), table
    assert run(url, "SELECT DISTINCT batch_id FROM removal_checks") == [{"batch_id": None}]
    assert run(url, "SELECT count(*) FROM price_reviews WHERE status = 'open'") == [{"count": 1}]
    assert run(url, "SELECT count(*) FROM scrape_queue WHERE status = 'pending'") == [{"count": 1}]
    assert run(url, "SELECT property_id, status FROM identity_candidates ORDER BY status") == [
        {"property_id": NEW, "status": "confirmed"},
        {"property_id": OLD, "status": "open"},
    ]
    assert run(url, "SELECT DISTINCT property_id FROM property_aliases") == [{"property_id": OLD}]
    assert len(run(url, "SELECT 1 FROM property_aliases")) == 5


def test_tables_of_others_follow_and_what_they_may_say_once_is_kept(url: str) -> None:
    live(url, "casa-vieja", 1)
    live(url, "casa-nueva", 9)
    run(
        url,
        """CREATE TABLE favourites (person int, listing varchar(255) REFERENCES
               properties_live (property_id) ON DELETE CASCADE, note text,
               UNIQUE (person, listing))""",
    )
    run(url, "CREATE TABLE visits (live_id uuid REFERENCES properties_live (id))")
    add(url, "favourites", person=1, listing=OLD, note="first")
    add(url, "favourites", person=1, listing=NEW, note="second")
    add(url, "favourites", person=2, listing=NEW, note="third")
    run(url, "INSERT INTO visits SELECT id FROM properties_live")
    migrate.upgrade(url)
    assert run(url, "SELECT person, listing, note FROM favourites ORDER BY person") == [
        {"person": 1, "listing": OLD, "note": "first"},
        {"person": 2, "listing": OLD, "note": "third"},
    ]
    assert len(run(url, "SELECT 1 FROM visits")) == 2
    [kept] = run(url, "SELECT old_value FROM property_changes WHERE field_name = 'favourites'")
    assert kept["old_value"]["note"] == "second"


def test_it_says_what_it_did(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for slug in ("casa-vieja", "casa-nueva", "casa-tercera"):
        live(url, slug, 1)
    migrate.upgrade(url)
    assert (
        "listings that were there more than once: 1; records merged into others: 2" in caplog.text
    )


def test_an_upgrade_that_was_stopped_goes_on(url: str) -> None:
    run(
        url,
        """INSERT INTO properties_live (property_id, title, source_url, public_id)
           SELECT concat(n, '-', form), 'x', 'x', 'EB-AA' || lpad(n::text, 4, '0')
             FROM generate_series(1, 500) AS n, generate_series(1, 2) AS form""",
    )
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'stopped'; END $$;
               CREATE TRIGGER refuse BEFORE DELETE ON properties_live FOR EACH ROW
               WHEN (OLD.public_id = 'EB-AA0400') EXECUTE FUNCTION refuse()"""
        )
        with pytest.raises(Exception, match="stopped"):
            migrate.upgrade(url)
        assert 500 < len(run(url, "SELECT 1 FROM properties_live")) < 1_000
        other.execute("DROP TRIGGER refuse ON properties_live")
    migrate.upgrade(url)
    assert len(run(url, "SELECT 1 FROM properties_live")) == 500
    assert run(url, "SELECT to_regclass('double_records') AS left") == [{"left": None}]


def test_a_downgrade_gives_the_plain_index_back(url: str) -> None:
    live(url, "casa-vieja", 1)
    live(url, "casa-nueva", 9)
    migrate.upgrade(url)
    command.downgrade(migrate.alembic_config(url), BEFORE)
    live(url, "casa-tercera", 20)
    names = run(url, "SELECT indexname FROM pg_indexes WHERE indexname LIKE '%%live_public_id'")
    assert names == [{"indexname": "idx_live_public_id"}]
    migrate.upgrade(url)
    assert the_row(url)["property_id"] == OLD


def test_what_an_adopter_wrote_as_an_id_is_read_or_given_up(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url:
        create_legacy(url, rows=10)
        run(url, "ALTER TABLE properties_live ADD COLUMN public_id varchar(20)")
        run(url, "UPDATE properties_live SET public_id = CASE WHEN price > 1000005 THEN '' END")
        run(url, "UPDATE properties_live SET public_id = 'eb-sg0001 ' WHERE price = 1000001")
        migrate.upgrade(url)
        found = run(url, "SELECT public_id FROM properties_live WHERE public_id IS NOT NULL")
    names = {row["public_id"] for row in found}
    assert {"EB-SG0001", "EB-SF0006", "EB-SF0007"} <= names
    assert "" not in names
