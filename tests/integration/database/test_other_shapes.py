"""Tables that somebody has in another shape: made to fit, or told in a line with what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from pincali_sync.config import load_config
from pincali_sync.db import migrate
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.export.exports import ExportFormat
from pincali_sync.domain.listing_filter import ListingFilter
from pincali_sync.domain.published import Listing
from pincali_sync.exceptions import SchemaVersionError
from pincali_sync.services.export.live_table import ExportService
from pincali_sync.services.export.schemas import Published, schema_of
from tests.support.builders import Workshop, detail, entry, id_of, rows, sale
from tests.support.clock import FixedClock
from tests.support.legacy import create_legacy
from tests.support.postgres import PLAIN_ROLE, administrator_of

pytestmark = pytest.mark.slow

_NO_KEY = "ALTER TABLE properties_live DROP CONSTRAINT properties_live_property_id_key"
_DOUBLES = """INSERT INTO properties_live (property_id, title, source_url)
              SELECT property_id, 'double', source_url FROM properties_live LIMIT 3"""
_TIMES = ("created_at", "first_seen_at", "last_seen_at", "scraped_at", "last_updated_at")
_NAIVE = "ALTER TABLE properties_live " + ", ".join(
    f"ALTER {each} TYPE timestamp" for each in _TIMES
)
_NO_STATISTICS = "DROP MATERIALIZED VIEW property_stats"
_FLOATS = """ALTER TABLE properties_live ALTER price TYPE double precision,
             ALTER latitude TYPE double precision, ALTER longitude TYPE double precision"""
_LISTS = """ALTER TABLE properties_live ALTER image_urls TYPE json USING image_urls::json,
            ALTER features TYPE json USING features::json"""

FITTING = {
    "no unique key": [_NO_KEY],
    "a unique index of another name": [
        _NO_KEY,
        "CREATE UNIQUE INDEX their_own ON properties_live (property_id)",
    ],
    "pages without a key": [
        "ALTER TABLE property_scrapes_staging DROP CONSTRAINT unique_property_per_session"
    ],
    "rules without a key": [
        "ALTER TABLE validation_rules DROP CONSTRAINT validation_rules_rule_name_key"
    ],
    "times without a zone": [_NAIVE],
    "times of the journal without a zone": [
        "ALTER TABLE property_changes ALTER created_at TYPE timestamp"
    ],
    "times that a view reads": [
        _NAIVE,
        "CREATE VIEW lately AS SELECT property_id, last_seen_at FROM properties_live",
    ],
    "status as an enum": [
        _NO_STATISTICS,
        "DROP INDEX idx_properties_active",
        "CREATE TYPE state AS ENUM ('active', 'inactive', 'removed', 'sold', 'rented')",
        """ALTER TABLE properties_live ALTER status DROP DEFAULT,
           ALTER status TYPE state USING status::state, ALTER status SET DEFAULT 'active'""",
    ],
    "texts without a limit": ["ALTER TABLE properties_live ALTER agency_name TYPE text"],
    "half baths in decimals": [
        """ALTER TABLE properties_live ALTER bathrooms TYPE numeric(3, 1),
           ALTER parking_spaces TYPE numeric, ALTER construction_year TYPE bigint""",
        "UPDATE properties_live SET bathrooms = 2.5, parking_spaces = 'NaN'",
        "UPDATE properties_live SET construction_year = 20240000000",
    ],
    "days as times": [
        "ALTER TABLE properties_live ALTER listing_date TYPE timestamp",
        "UPDATE properties_live SET listing_date = '2026-10-31 23:30'",
    ],
}
# What is done to it, what is told, and the remedy, which is part of what is told.
REFUSED = {
    "doubles": (
        [_NO_KEY, _DOUBLES],
        "properties_live has no unique key on property_id.*3 times.*keep one of each",
        ["DELETE FROM properties_live WHERE title = 'double'"],
    ),
    "prices in floating point": (
        [_NO_STATISTICS, _FLOATS],
        r"properties_live\.price is double precision instead of numeric\(15, 2\).*ALTER TABLE",
        None,
    ),
    "lists as json": (
        [_LISTS],
        r"properties_live\.image_urls is json instead of jsonb.*ALTER TABLE",
        None,
    ),
    "a journal as json": (
        [
            """ALTER TABLE property_changes ALTER old_value TYPE json USING old_value::json,
               ALTER new_value TYPE json USING new_value::json"""
        ],
        r"property_changes\.old_value is json instead of jsonb.*ALTER TABLE",
        None,
    ),
    "lists as arrays": (
        ["ALTER TABLE properties_live ALTER image_urls TYPE text[] USING NULL"],
        r"properties_live\.image_urls is text\[\] instead of jsonb.*ALTER TABLE",
        None,
    ),
    "prices as texts": (
        [
            _NO_STATISTICS,
            "DROP INDEX idx_properties_live_price",
            "ALTER TABLE properties_live ALTER price TYPE text",
        ],
        r"properties_live\.price is text instead of numeric\(15, 2\).*ALTER TABLE",
        None,
    ),
    "days as texts": (
        ["ALTER TABLE properties_live ALTER listing_date TYPE text"],
        r"properties_live\.listing_date is text instead of date.*ALTER TABLE",
        None,
    ),
    # Midnight where? In another zone it would be the day before.
    "days as times of a zone": (
        ["ALTER TABLE property_scrapes_staging ALTER listing_date TYPE timestamptz"],
        r"staging\.listing_date is timestamp with time zone instead of date.*ALTER TABLE",
        None,
    ),
    "times that a view of a view reads": (
        [
            _NAIVE,
            "CREATE VIEW lately AS SELECT property_id, last_seen_at FROM properties_live",
            "CREATE VIEW latest AS SELECT max(last_seen_at) AS at FROM lately",
        ],
        "times of properties_live have no time zone.*run the upgrade again",
        ["DROP VIEW latest"],
    ),
}


def make(url: str, statements: Sequence[str]) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def legacy(empty_database_url: str) -> str:
    create_legacy(empty_database_url, rows=40)
    return empty_database_url


async def assert_pages_are_saved(url: str, clock: FixedClock) -> None:
    """Of a listing that was there, twice, and of a newcomer."""
    db = Database(url)
    shop = Workshop(db=db, clock=clock)
    try:
        await shop.scan(entry("casa-5", public_id="EB-SG0005"), entry("casa-nueva"))
        for price in (1_000_005, 3_000_005):
            pictures = ("https://assets.invalid/a.jpg",)
            page = detail("casa-5", sale(price), public_id="EB-SG0005", image_urls=pictures)
            await shop.visit(page)
        await shop.visit(detail("casa-nueva"))
        [found] = await rows(db, "SELECT price FROM properties_live WHERE public_id = 'EB-SG0005'")
        assert found["price"] == 3_000_005
    finally:
        await db.dispose()


async def assert_exports_hold_what_is_published(
    url: str, clock: FixedClock, folder: Path
) -> dict[str, Any]:
    """Whatever the columns of the table are; returns the listing of casa-15."""
    db = Database(url)
    exports = ExportService(db, clock, load_config())
    schema = schema_of(Published.LISTING)
    try:
        for form in ExportFormat:
            await exports.to_file(folder / f"all.{form}", form)
        listings = await exports.page(ListingFilter(), after="", size=1_000)
    finally:
        await db.dispose()
    adapter = TypeAdapter(Listing)
    written = [json.loads(adapter.dump_json(each)) for each in listings]
    features = json.loads((folder / "all.geojson").read_bytes())["features"]
    for each in (*written, *(feature["properties"] for feature in features)):
        jsonschema.validate(each, schema)
    names = ["property_id", "bathrooms", "parking_spaces", "construction_year", "listing_date"]
    cells = pq.read_table(folder / "all.parquet", columns=names).to_pylist()
    picked = [{name: getattr(each, name) for name in names} for each in listings]
    assert sorted(cells, key=itemgetter("property_id")) == picked
    return next(each for each in picked if each["property_id"] == id_of("casa-15"))


@pytest.mark.parametrize("case", FITTING)
async def test_what_can_be_made_to_fit_is_and_pages_are_saved_and_exported(
    legacy: str, clock: FixedClock, case: str, tmp_path: Path
) -> None:
    make(legacy, FITTING[case])
    migrate.upgrade(legacy)
    await assert_pages_are_saved(legacy, clock)
    listing = await assert_exports_hold_what_is_published(legacy, clock, tmp_path)
    if case == "half baths in decimals":
        assert listing["bathrooms"] == 2  # whole ones
        assert listing["parking_spaces"] is listing["construction_year"] is None
    if case == "days as times":
        assert listing["listing_date"] == date(2026, 10, 31)


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_is_told_and_the_remedy_that_is_told_works(
    legacy: str, clock: FixedClock, case: str
) -> None:
    theirs, told, remedy = REFUSED[case]
    make(legacy, theirs)
    with pytest.raises(SchemaVersionError, match=told) as refused:
        migrate.upgrade(legacy)
    make(legacy, remedy or [str(refused.value).split("`")[1]])
    migrate.upgrade(legacy)
    await assert_pages_are_saved(legacy, clock)


async def test_a_database_that_was_adopted_without_a_key_gets_it(
    legacy: str, clock: FixedClock
) -> None:
    migrate.upgrade(legacy, "0036_short_scans_alone")
    make(legacy, [_NO_KEY])
    migrate.upgrade(legacy)
    await assert_pages_are_saved(legacy, clock)


async def test_a_database_whose_upgrade_stopped_at_times_without_a_zone_goes_on(
    legacy: str, clock: FixedClock
) -> None:
    migrate.upgrade(legacy, "0031_webhooks")
    with psycopg.connect(legacy) as connection:  # as it was adopted before, views included
        views = connection.execute(
            """SELECT viewname, definition, obj_description(viewname::regclass)
                 FROM pg_views WHERE schemaname = 'public' ORDER BY 1"""
        ).fetchall()
        for name, _, _ in views:
            connection.execute(f"DROP VIEW {name}")
        connection.execute(_NAIVE)
        for name, definition, remark in views:
            connection.execute(f"CREATE VIEW {name} AS {definition}")
            connection.execute(f"COMMENT ON VIEW {name} IS '{remark or ''}'")
        connection.execute("GRANT SELECT ON property_timeline TO PUBLIC")
    migrate.upgrade(legacy)
    await assert_pages_are_saved(legacy, clock)
    with psycopg.connect(legacy) as connection:
        [(may_read, remark)] = connection.execute(
            """SELECT 'PUBLIC' IN (SELECT grantee FROM information_schema.table_privileges
                                    WHERE table_name = 'property_timeline'),
                      obj_description('property_timeline'::regclass)"""
        ).fetchall()
    assert may_read
    assert remark.startswith("One row per record")


_THEIR_VIEW = [
    "CREATE VIEW lately AS SELECT property_id, title, last_seen_at FROM properties_live",
    "COMMENT ON COLUMN lately.title IS 'as shown'",
    "ALTER VIEW lately ALTER title SET DEFAULT 'none'",
    """CREATE FUNCTION their_own() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN UPDATE properties_live SET title = NEW.title WHERE property_id = NEW.property_id;
        RETURN NEW; END'""",
    """CREATE TRIGGER renamed INSTEAD OF UPDATE ON lately
       FOR EACH ROW EXECUTE FUNCTION their_own()""",
    "CREATE RULE kept AS ON DELETE TO lately DO INSTEAD NOTHING",
    "GRANT SELECT ON lately TO their_reader WITH GRANT OPTION",
    "GRANT UPDATE (title) ON lately TO their_reader",
    "ALTER VIEW lately OWNER TO their_owner",
]
_ON_IT = """
SELECT pg_get_userbyid(relowner), relacl::text, col_description(c.oid, 2),
       (SELECT array_agg(attacl::text) FROM pg_attribute WHERE attrelid = c.oid),
       (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = c.oid),
       (SELECT array_agg(pg_get_triggerdef(oid)) FROM pg_trigger WHERE tgrelid = c.oid),
       (SELECT array_agg(pg_get_ruledef(oid) ORDER BY rulename) FROM pg_rewrite
         WHERE ev_class = c.oid AND rulename <> '_RETURN')
  FROM pg_class c WHERE oid = 'lately'::regclass
"""


@pytest.fixture
def administrator(postgres_url: str, legacy: str) -> Iterator[str]:
    """Of a database in which another role than the product's has a view."""
    url = administrator_of(postgres_url, legacy)
    roles = ["CREATE ROLE their_reader", "CREATE ROLE their_owner"]
    make(url, [*roles, "GRANT CREATE ON SCHEMA public TO their_owner"])
    make(legacy, [_NAIVE])
    make(url, _THEIR_VIEW)
    yield url
    make(url, ["DROP OWNED BY their_reader, their_owner", "DROP ROLE their_reader, their_owner"])


def on_the_view(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(_ON_IT).fetchall()


def test_a_view_that_is_made_again_keeps_all_that_hangs_on_it(
    legacy: str, administrator: str
) -> None:
    make(administrator, [f"GRANT their_owner TO {PLAIN_ROLE}"])
    before = on_the_view(legacy)
    migrate.upgrade(legacy)
    assert on_the_view(legacy) == before


def test_a_view_that_cannot_be_given_back_to_its_owner_is_left_and_told(
    legacy: str, administrator: str
) -> None:
    before = on_the_view(legacy)
    with pytest.raises(SchemaVersionError, match=r"their_owner.*run the upgrade again"):
        migrate.upgrade(legacy)
    assert on_the_view(legacy) == before
    make(administrator, ["DROP VIEW lately"])
    migrate.upgrade(legacy)


def test_no_time_is_another_when_it_gets_a_zone(legacy: str) -> None:
    question = """SELECT property_id, extract(epoch FROM last_seen_at) FROM properties_live
                   WHERE property_id NOT IN ('pincali_casa-6', 'pincali_sin-alberca-6')"""
    make(legacy, ["SET timezone = 'UTC'", _NAIVE])
    with psycopg.connect(legacy) as connection:
        before = {*connection.execute(question).fetchall()}
    migrate.upgrade(legacy)
    with psycopg.connect(legacy) as connection:
        assert {*connection.execute(question).fetchall()} == before
