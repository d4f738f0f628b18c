"""Exports: every live row as it is, whole files only, nothing that a spreadsheet would run."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import stat
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.export.columns import EXPORT_COLUMNS, columns_named
from pincali_sync.db.repositories.export.exports import ExportFormat, ExportRepository, Wanted
from pincali_sync.db.repositories.listings.live import LIVE_COLUMNS
from pincali_sync.domain.listing_filter import ListingFilter
from pincali_sync.exceptions import DatabaseUnavailableError, UsageError, WriteError
from pincali_sync.services.export.formats import FORMATS, CsvFile
from pincali_sync.services.export.live_table import ExportService
from pincali_sync.services.export.schemas import Published, schema_of
from tests.support.builders import Workshop, add_live, detail, entry, id_of, rows
from tests.support.clock import FixedClock
from tests.support.strangers import Give

NAMES = [column.name for column in EXPORT_COLUMNS]
COMPUTED = ["removed_at", "days_on_market", "presence_as_of", "price_as_of", "details_as_of"]
STORED = [name for name in NAMES if name in LIVE_COLUMNS]
LISTS = [column.name for column in EXPORT_COLUMNS if column.is_list]
SEEN = datetime(2026, 11, 1, 6, 30, 0, 250_000, tzinfo=UTC)
HOSTILE = 'Casa "fina", \\"bella\\"\r\nnueva línea\ttab\\n \\. \u2028 🏡'
FULL: dict[str, Any] = {
    "title": HOSTILE,
    "description": "",
    "public_id": "EB-AB1234",
    "price": Decimal("2150000.50"),
    "currency": "MXN",
    "latitude": Decimal("20.72000000"),
    "longitude": Decimal("-103.41000001"),
    "bedrooms": 3,
    "total_area_m2": Decimal("250.25"),
    "agent_name": "Agente 12",
    "is_featured": True,
    "is_premium": False,
    "listing_date": date(2026, 10, 31),
    "first_seen_at": SEEN,
    "last_updated_at": SEEN,
    "data_completeness_score": Decimal("0.85"),
}
FORMULAS = (
    '=HYPERLINK("https://example.org")',
    "+52 33 0000 0000",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\tHouse",
    "\rHouse",
    "  =1",
    "\n=1",
    "\ufeff=1",
    "\u00a0 +1",
    "＝1",
)
OFFERS = [
    {"operation": "sale", "amount": "2150000.50", "currency": "MXN", "note": 'a "b" \\ c\n'},
    {"operation": "rent", "amount": None, "currency": "USD", "per_m2": True},
    {"amount": "none of ours"},
]
SHOWN_OFFERS = [
    {
        **{"operation": "sale", "amount": 2150000.5, "currency": "MXN"},
        **{"per_m2": False, "starting_at": False},
    },
    {
        **{"operation": "rent", "amount": None, "currency": "USD"},
        **{"per_m2": True, "starting_at": False},
    },
]


@pytest.fixture
def exports(db: Database) -> ExportService:
    return ExportService(db, FixedClock(), load_config())


@pytest.fixture
async def listings(db: Database) -> None:
    """One row with everything, one with next to nothing, one that is removed."""
    await add_live(db, "full", **FULL)
    await rows(
        db,
        'UPDATE properties_live SET offers = CAST(:offers AS jsonb), features = \'["A", "B"]\'',
        offers=json.dumps(OFFERS),
    )
    await add_live(db, "bare", title="House")
    await add_live(db, "gone", latitude=0, longitude=0, listing_status="confirmed_removed")


async def table(db: Database) -> list[dict[str, Any]]:
    """What exports are held to: what is stored, with the offers as they are shown."""
    found = await rows(db, f"SELECT {', '.join(STORED)} FROM properties_live ORDER BY property_id")
    return [{**row, "offers": SHOWN_OFFERS if row["offers"] else []} for row in found]


def csv_rows(path: Path, key: str = "property_id") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return sorted(csv.DictReader(file, strict=True), key=lambda row: row[key])


def changed_since(moment: datetime) -> Wanted:
    return Wanted(where=ListingFilter(changed_since=moment))


async def since(exports: ExportService, tmp_path: Path, moment: datetime) -> set[str]:
    await exports.to_file(tmp_path / "since.csv", ExportFormat.CSV, changed_since(moment))
    return {row["property_id"] for row in csv_rows(tmp_path / "since.csv")}


def no_temporary_file(folder: Path) -> bool:
    return [each for each in folder.iterdir() if each.name.endswith(".tmp")] == []


@pytest.mark.usefixtures("listings")
async def test_parquet_holds_the_table_value_by_value(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    path = tmp_path / "listings.parquet"
    result = await exports.to_file(path, ExportFormat.PARQUET, Wanted(exact=True))
    found = sorted(pq.read_table(path).to_pylist(), key=lambda row: row["property_id"])
    stored = [{name: row[name] for name in STORED} for row in found]
    assert stored == await table(db)
    assert [row["description"] for row in found].count("") == 1  # and the others are null
    assert (result.rows, result.bytes) == (3, path.stat().st_size)


@pytest.mark.usefixtures("listings")
async def test_parquet_can_be_reckoned_with_as_it_is(
    exports: ExportService, tmp_path: Path
) -> None:
    path = tmp_path / "listings.parquet"
    await exports.to_file(path, ExportFormat.PARQUET)
    found = pq.read_table(path)
    assert pc.max(pc.multiply(found["price"], 1.1)).as_py() == pytest.approx(2150000.5 * 1.1)
    assert pc.max(pc.list_value_length(found["features"])).as_py() == 2
    [full] = [row for row in found.to_pylist() if row["property_id"] == id_of("full")]
    assert (full["latitude"], full["longitude"]) == (20.72, -103.41000001)
    assert (full["features"], full["amenities"]) == (["A", "B"], None)
    assert full["offers"] == SHOWN_OFFERS


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.usefixtures("listings")
async def test_parquet_has_the_types_of_the_columns(
    exports: ExportService, tmp_path: Path, exact: bool
) -> None:
    path = tmp_path / "listings.parquet"
    await exports.to_file(path, ExportFormat.PARQUET, Wanted(exact=exact))
    schema = pq.read_schema(path)
    money = pa.decimal128(15, 2) if exact else pa.float64()
    assert schema.names == NAMES
    assert schema.metadata[b"pincali_sync.schema"] == b"1"
    held = {name: schema.field(name).type.value_type for name in LISTS}
    assert held.pop("offers").field("amount").type == money
    assert set(held.values()) == {pa.string()}
    assert {name: schema.field(name).type for name in (*FULL, *COMPUTED)} == {
        "title": pa.string(),
        "description": pa.string(),
        "public_id": pa.string(),
        "price": money,
        "currency": pa.string(),
        "latitude": pa.decimal128(10, 8) if exact else pa.float64(),
        "longitude": pa.decimal128(11, 8) if exact else pa.float64(),
        "bedrooms": pa.int32(),
        "total_area_m2": pa.decimal128(10, 2) if exact else pa.float64(),
        "agent_name": pa.string(),
        "is_featured": pa.bool_(),
        "is_premium": pa.bool_(),
        "listing_date": pa.date32(),
        "first_seen_at": pa.timestamp("us", tz="UTC"),
        "last_updated_at": pa.timestamp("us", tz="UTC"),
        "data_completeness_score": pa.decimal128(3, 2) if exact else pa.float64(),
        "days_on_market": pa.int32(),
        **{
            name: pa.timestamp("us", tz="UTC") for name in COMPUTED if name.endswith(("_at", "_of"))
        },
    }


async def test_what_is_no_list_of_texts_becomes_one(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    texts = ('["x", 3, null, {"b": 1}]', '{"pool": true}', "{}", "null", "7")
    for name, value in zip("abcde", texts, strict=True):
        await add_live(db, name)
        await rows(
            db,
            "UPDATE properties_live SET amenities = CAST(:value AS jsonb) WHERE property_id = :id",
            id=id_of(name),
            value=value,
        )
    await exports.to_file(tmp_path / "it", ExportFormat.PARQUET)
    found = pq.read_table(tmp_path / "it").to_pylist()
    amenities = {row["property_id"]: row["amenities"] for row in found}
    assert [amenities[id_of(name)] for name in "abcde"] == [
        ["x", "3", None, '{"b": 1}'],
        ['{"pool": true}'],
        None,
        None,
        ["7"],
    ]


async def test_a_listing_tells_when_it_went_and_as_of_when_it_is_known(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    day = timedelta(days=1)
    await add_live(
        db,
        "gone",
        first_seen_at=SEEN - 30 * day,
        last_full_scrape_at=SEEN - 20 * day,
        last_seen_at=SEEN - 19 * day,
        listing_status="confirmed_removed",
    )
    await rows(
        db,
        """INSERT INTO property_changes (property_id, change_type, created_at)
           VALUES (:id, 'removed', :at)""",
        id=id_of("gone"),
        at=SEEN - 18 * day,
    )
    await exports.to_file(tmp_path / "it", ExportFormat.PARQUET)
    [found] = pq.read_table(tmp_path / "it").select(COMPUTED).to_pylist()
    assert found == {
        "removed_at": SEEN - 18 * day,
        "days_on_market": 12,
        "presence_as_of": SEEN - 19 * day,
        "price_as_of": SEEN - 20 * day,
        "details_as_of": SEEN - 20 * day,
    }


@pytest.mark.usefixtures("listings")
async def test_only_the_columns_that_are_asked_for_are_written_in_that_order(
    exports: ExportService, tmp_path: Path
) -> None:
    names = ["title", "features", "price", "removed_at"]
    wanted = Wanted(columns=columns_named(names), where=ListingFilter(price_min=Decimal(1)))
    for form in ExportFormat:
        assert (await exports.to_file(tmp_path / form, form, wanted)).rows == 1
    [feature] = json.loads((tmp_path / "geojson").read_text())["features"]
    assert (feature["id"], list(feature["properties"])) == (id_of("full"), names)
    assert feature["geometry"]["coordinates"] == [-103.41000001, 20.72]
    assert pq.read_schema(tmp_path / "parquet").names == names
    [row] = csv_rows(tmp_path / "csv", "title")
    assert (list(row), row["features"]) == (names, '["A", "B"]')


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="is named 'prize', 'rooms': there are property_id, "):
        columns_named(["title", "prize", "rooms"])
    with pytest.raises(UsageError, match="named twice"):
        columns_named(["title", "title"])


@pytest.mark.usefixtures("listings")
async def test_csv_holds_the_table_value_by_value(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    await exports.to_file(tmp_path / "listings.csv", ExportFormat.CSV)
    found = csv_rows(tmp_path / "listings.csv")
    for row, expected in zip(found, await table(db), strict=True):
        assert {name: _as_csv(name, value) for name, value in expected.items()} == {
            name: json.loads(cell) if cell and name in {"offers", "features"} else cell
            for name, cell in row.items()
            if name in STORED
        }


def _as_csv(name: str, value: Any) -> Any:
    if name in {"offers", "features"} and value is not None:
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)


@pytest.mark.usefixtures("listings")
async def test_csv_lines_end_as_the_rfc_says(exports: ExportService, tmp_path: Path) -> None:
    await exports.to_file(tmp_path / "listings.csv", ExportFormat.CSV)
    content = (tmp_path / "listings.csv").read_bytes()
    # Marked as UTF-8 once, for spreadsheets.
    assert content.startswith(b"\xef\xbb\xbfproperty_id,public_id,listing_status,")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert content.endswith(b"\r\n")
    assert content.count(b"\r\n") == 1 + 3 + 1  # names, rows, and the one in the hostile title


@pytest.mark.usefixtures("listings")
async def test_geojson_holds_features_with_longitude_first(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    await exports.to_file(tmp_path / "listings.geojson", ExportFormat.GEOJSON)
    content = (tmp_path / "listings.geojson").read_text(encoding="utf-8")
    collection = json.loads(content)
    features = {each["id"]: each for each in collection["features"]}
    assert collection["type"] == "FeatureCollection"
    assert len(content.rstrip("\n").split("\n")) == 1 + 3 + 1
    full = features[id_of("full")]
    assert full["geometry"] == {"type": "Point", "coordinates": [-103.41000001, 20.72]}
    assert (features[id_of("bare")]["geometry"], features[id_of("gone")]["geometry"]) == (
        None,
        None,
    )
    assert {each["type"] for each in features.values()} == {"Feature"}
    for each in features.values():
        jsonschema.validate(each["properties"], schema_of(Published.LISTING))
    for expected in await table(db):
        properties = features[expected["property_id"]]["properties"]
        assert list(properties) == NAMES
        assert (properties["title"], properties["offers"]) == (
            expected["title"],
            expected["offers"],
        )
    assert full["properties"]["first_seen_at"] == "2026-11-01T06:30:00.25+00:00"
    assert (full["properties"]["price"], full["properties"]["is_premium"]) == (2150000.5, False)


async def test_an_empty_table_is_a_file_without_rows(
    exports: ExportService, tmp_path: Path
) -> None:
    for form in ExportFormat:
        assert (await exports.to_file(tmp_path / form, form)).rows == 0
    empty = pq.read_table(tmp_path / "parquet")
    assert (empty.num_rows, empty.column_names) == (0, NAMES)
    assert (tmp_path / "csv").read_bytes() == (",".join(NAMES) + "\r\n").encode("utf-8-sig")
    assert json.loads((tmp_path / "geojson").read_text()) == {
        "type": "FeatureCollection",
        "features": [],
    }


async def test_no_text_is_a_formula(db: Database, exports: ExportService, tmp_path: Path) -> None:
    for number, formula in enumerate(FORMULAS):
        await add_live(db, f"trap-{number}", title=formula, agent_phone=formula)
    await exports.to_file(tmp_path / "listings.csv", ExportFormat.CSV)
    found = {(row["title"], row["agent_phone"]) for row in csv_rows(tmp_path / "listings.csv")}
    assert found == {("'" + formula, "'" + formula) for formula in FORMULAS}


async def test_numbers_stay_numbers_and_plain_text_stays_as_it_is(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    titles = ["Casa - jardín", "3 = 3", "'quoted", "", "a\n=1"]
    for number, title in enumerate(titles):
        await add_live(db, f"house-{number}", title=title, longitude=-103.5, total_area_m2=-1)
    await exports.to_file(tmp_path / "listings.csv", ExportFormat.CSV)
    found = csv_rows(tmp_path / "listings.csv")
    assert {(row["longitude"], row["total_area_m2"]) for row in found} == {
        ("-103.50000000", "-1.00")
    }
    assert sorted(row["title"] for row in found) == sorted(titles)


async def test_what_no_format_can_hold_is_left_out(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    await add_live(db, "odd", total_area_m2=Decimal("NaN"))
    await rows(
        db, "UPDATE properties_live SET last_seen_at = 'infinity', listing_date = '-infinity'"
    )
    for form in ExportFormat:
        await exports.to_file(tmp_path / form, form)
    [feature] = json.loads((tmp_path / "geojson").read_text())["features"]
    found = (
        *pq.read_table(tmp_path / "parquet").to_pylist(),
        *csv_rows(tmp_path / "csv"),
        feature["properties"],
    )
    assert [(row["total_area_m2"], row["last_seen_at"], row["listing_date"]) for row in found] == [
        (None, None, None),
        ("", "", ""),
        (None, None, None),
    ]


async def test_since_takes_what_was_updated_at_or_after_it_removed_rows_too(
    db: Database, exports: ExportService, tmp_path: Path
) -> None:
    await add_live(db, "before", last_updated_at=SEEN - timedelta(microseconds=1))
    await add_live(db, "at", last_updated_at=SEEN)
    await add_live(db, "gone", last_updated_at=SEEN, listing_status="sold")
    await add_live(db, "never", last_updated_at=None)
    assert await since(exports, tmp_path, SEEN) == {id_of("at"), id_of("gone")}


async def test_since_takes_what_came_back_without_other_news(
    db: Database, exports: ExportService, tmp_path: Path, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock)
    await shop.visit(detail("blue-house"))
    await rows(
        db, "UPDATE properties_live SET listing_status = 'confirmed_removed', status = 'removed'"
    )
    exported = clock.advance(days=1)
    assert await since(exports, tmp_path, exported) == set()
    clock.advance(days=1)
    await shop.scan(entry("blue-house"))
    assert await since(exports, tmp_path, exported) == {id_of("blue-house")}
    relisted = clock.advance(days=1)
    await shop.visit(detail("blue-house"))
    assert await since(exports, tmp_path, relisted) == {id_of("blue-house")}


async def test_a_file_larger_than_a_batch_is_whole(
    db: Database, exports: ExportService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pincali_sync.db.repositories.base._BATCH_BYTES", 1_000)
    for number in range(20):
        await add_live(db, f"house-{number}")
    ids = {id_of(f"house-{number}") for number in range(20)}
    for form in ExportFormat:
        told: list[int] = []
        assert (await exports.to_file(tmp_path / form, form, tell=told.append)).rows == 20
        assert told[-1] == 20
        assert told[0] < 20
    groups = pq.ParquetFile(tmp_path / "parquet")
    assert groups.num_row_groups > 1
    assert set(groups.read().column("property_id").to_pylist()) == ids
    assert {row["property_id"] for row in csv_rows(tmp_path / "csv")} == ids
    features = json.loads((tmp_path / "geojson").read_text())["features"]
    assert {each["id"] for each in features} == ids


@pytest.mark.usefixtures("listings")
async def test_a_file_that_was_there_is_replaced_at_the_end(
    exports: ExportService, tmp_path: Path
) -> None:
    path = tmp_path / "listings.csv"
    link = tmp_path / "latest.csv"
    path.write_text("old")
    link.symlink_to(path)
    await exports.to_file(link, ExportFormat.CSV)
    assert link.is_symlink()
    assert len(csv_rows(path)) == 3
    assert no_temporary_file(tmp_path)


async def test_a_new_file_is_its_owners_alone_and_one_that_is_replaced_keeps_its_readers(
    exports: ExportService, tmp_path: Path
) -> None:
    path = tmp_path / "listings.csv"
    found = []
    for mode in (None, 0o640, 0o604):
        if mode is not None:
            path.chmod(mode)
        await exports.to_file(path, ExportFormat.CSV)
        found.append(stat.S_IMODE(path.stat().st_mode))
    assert found == [0o600, 0o640, 0o604]


def text_of(path: Path) -> str:
    return path.read_text()


@pytest.fixture
def victim(tmp_path: Path, give_to_a_stranger: Give) -> Path:
    """A file of ours that somebody else's links lead to, from a folder that all may write into."""
    tmp_path.chmod(0o1777)
    victim = tmp_path / "ours" / "listings.csv"
    victim.parent.mkdir()
    victim.write_text("untouched")
    for link, target in (("planted.csv", victim), ("folder", victim.parent)):
        (tmp_path / link).symlink_to(target)
        give_to_a_stranger(tmp_path / link)
    return victim


@pytest.mark.parametrize("place", ["planted.csv", "folder/listings.csv"])
async def test_a_link_of_another_user_is_not_followed(
    exports: ExportService, tmp_path: Path, victim: Path, place: str
) -> None:
    with pytest.raises(UsageError, match="is another user's link"):
        await exports.to_file(tmp_path / place, ExportFormat.CSV)
    assert text_of(victim) == "untouched"
    assert no_temporary_file(victim.parent)


class _FullDisk(CsvFile):
    def write(self, batch: list[bytes]) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.usefixtures("listings")
async def test_a_full_disk_leaves_the_old_file_and_no_other(
    exports: ExportService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "listings.csv"
    path.write_text("old")
    monkeypatch.setitem(FORMATS, ExportFormat.CSV, _FullDisk)
    with pytest.raises(WriteError, match="No space left on device"):
        await exports.to_file(path, ExportFormat.CSV)
    assert path.read_text() == "old"
    assert no_temporary_file(tmp_path)
    assert (await exports.to_file(path, ExportFormat.GEOJSON)).rows == 3  # the pool is in order


@pytest.mark.usefixtures("listings")
async def test_an_export_that_is_interrupted_leaves_the_old_file_and_no_other(
    exports: ExportService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    path = tmp_path / "listings.csv"
    path.write_text("old")
    writing, interrupted, written = asyncio.Event(), threading.Event(), threading.Event()

    class Slow(CsvFile):
        def write(self, batch: list[bytes]) -> None:
            loop.call_soon_threadsafe(writing.set)
            interrupted.wait(10)
            super().write(batch)
            written.set()

    monkeypatch.setitem(FORMATS, ExportFormat.CSV, Slow)
    task = asyncio.create_task(exports.to_file(path, ExportFormat.CSV))
    await writing.wait()
    task.cancel()
    loop.call_soon(interrupted.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert written.is_set()  # nobody closes a file that is being written
    assert path.read_text() == "old"
    assert no_temporary_file(tmp_path)


@pytest.mark.usefixtures("listings")
async def test_a_database_that_goes_away_leaves_the_old_file_and_no_other(
    exports: ExportService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "listings"
    path.write_text("old")
    copy_out = ExportRepository._copy_out
    monkeypatch.setattr(
        ExportRepository,
        "_copy_out",
        lambda self, *_, **__: copy_out(
            self, "COPY (SELECT pg_terminate_backend(pg_backend_pid())) TO STDOUT"
        ),
    )
    for form in ExportFormat:
        with pytest.raises(DatabaseUnavailableError, match="ended the connection"):
            await exports.to_file(path, form)
    assert path.read_text() == "old"
    assert no_temporary_file(tmp_path)


async def test_a_place_that_cannot_be_written_to_is_named(
    exports: ExportService, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f"folder {tmp_path}/none: No such file"):
        await exports.to_file(tmp_path / "none" / "listings.csv", ExportFormat.CSV)
    with pytest.raises(UsageError, match=f"{tmp_path} is not a file"):
        await exports.to_file(tmp_path, ExportFormat.CSV)
    with pytest.raises(UsageError, match="/dev/null is not a file"):
        await exports.to_file(Path("/dev/null"), ExportFormat.CSV)


@pytest.mark.usefixtures("listings")
async def test_a_stream_takes_csv_and_geojson_but_not_parquet(exports: ExportService) -> None:
    stream = io.BytesIO()
    assert (await exports.to_stream(stream, ExportFormat.CSV)).rows == 3
    assert stream.getvalue().startswith(b"property_id,")
    with pytest.raises(UsageError, match="--output FILE"):
        await exports.to_stream(io.BytesIO(), ExportFormat.PARQUET)
