"""`listings`, `export` and `changes`, as consumers call them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
from rich.console import Console

from pincali_sync.cli import listings_command, output
from pincali_sync.db.engine import Database
from pincali_sync.moments import show_times_in
from pincali_sync.services.export.change_feed import ChangeFeedService
from tests.support.builders import add_live, id_of, rows
from tests.support.cli import say
from tests.support.postgres import execute

CHANGED = datetime(2026, 11, 1, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def filled(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live row, and two changes of it."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    async def fill() -> None:
        db = Database(database_url)
        await add_live(db, "blue-house", last_updated_at=CHANGED)
        await rows(
            db,
            """INSERT INTO property_changes (property_id, change_type, change_reason, created_at)
               SELECT :id, 'updated', E'\\u2028 ' || n, '2026-11-01T06:00Z'::timestamptz
                 FROM generate_series(1, 2) AS n""",
            id=id_of("blue-house"),
        )
        await db.dispose()

    asyncio.run(fill())


def test_listings_that_are_asked_for_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = say(capfd, "listings", "--operation", "sale", "--sort", "changed")
    assert (status, out.count("\n")) == (0, 2)
    assert out.splitlines()[1].startswith(f"{id_of('blue-house')}\tHouse blue-house\t")
    status, out, _ = say(capfd, "listings", "--status", "gone", "--json")
    assert (status, json.loads(out)) == (0, {"found": 0, "listings": [], "next": None})
    status, _, told = say(capfd, "listings", "--price-min", "cheap")
    assert (status, "price_min 'cheap': give an amount" in told) == (2, True)


def test_a_narrow_terminal_tells_the_day_of_its_own_zone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    seen = "UPDATE properties_live SET first_seen_at = '2026-11-25T02:00Z'"
    execute(database_url, seen)
    monkeypatch.setenv("DISPLAY_TIMEZONE", "America/Mexico_City")
    for module in (output, listings_command):
        monkeypatch.setattr(module, "console", Console(width=100, force_terminal=True))
    try:
        assert "2026-11-24" in say(capsys, "listings")[1]
    finally:
        show_times_in(UTC)


def test_export_says_in_one_line_what_it_wrote(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "listings.parquet"
    status, out, _ = say(capfd, "export", "--format", "parquet", "--output", str(path))
    assert status == 0
    assert out.startswith(f"{path}: 1 row, {path.stat().st_size:,} bytes in ")
    assert out.count("\n") == 1


def test_a_value_that_a_parquet_file_cannot_hold_is_told_in_a_line(
    database_url: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE properties_live ALTER lot_size_m2 TYPE numeric(20, 2)")
        connection.execute("UPDATE properties_live SET lot_size_m2 = 1e12")
    path = tmp_path / "listings.parquet"
    asked = ("export", "--format", "parquet", "--output", str(path))
    status, _, told = say(capfd, *asked, "--exact")
    assert (status, told.count("\n"), path.exists()) == (1, 1, False)
    assert "cannot hold a value that is there" in told
    assert "without --exact" in told
    assert say(capfd, *asked)[0] == 0


def test_export_says_it_to_machines_as_json(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "listings.csv"
    status, out, _ = say(capfd, "export", "--format", "csv", "--output", str(path), "--json")
    said = json.loads(out)
    assert (status, said["rows"], said["bytes"]) == (0, 1, path.stat().st_size)
    assert 0 < said["seconds"] < 60


def test_export_to_standard_output_says_what_it_wrote_beside_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    status, out, err = say(capfd, "export", "--format", "geojson", "--output", "-")
    assert status == 0
    assert [each["id"] for each in json.loads(out)["features"]] == [id_of("blue-house")]
    assert err.startswith("1 row in ")


def test_a_moment_without_a_zone_is_utc(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("export", "--format", "csv", "--output", str(tmp_path / "listings.csv"), "--json")
    found = {
        since: json.loads(say(capfd, *words, "--since", since)[1])["rows"]
        for since in (
            "2026-11-01",
            "2026-11-01T06:00",
            "2026-11-01T01:00:01-05:00",
            "2026-11-01T06:00:01Z",
        )
    }
    assert list(found.values()) == [1, 1, 0, 0]


def test_export_takes_filters_and_columns(capfd: pytest.CaptureFixture[str]) -> None:
    words = ("export", "--format", "csv", "--output", "-", "--columns", "property_id, title")
    everything = f"property_id,title\r\n{id_of('blue-house')},House blue-house\r\n"
    filters = ((), ("--status", "gone"), ("--since", "2026-10-01"))
    found = [say(capfd, *words, *each)[1] for each in filters]
    assert found == [everything, "property_id,title\r\n", everything]


def test_wrong_usage_of_export_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    for words, says in (
        ("--format csv --output x.csv --since noon", "changed_since 'noon': give a date or time"),
        ("--format csv --output x.csv --columns title,prize", "is named 'prize': there are prop"),
        ("--format csv --output x.csv --price-min much", "price_min 'much': give an amount"),
        ("--format xls --output x.xls", "xls"),
        ("--format csv", "--output"),
        ("--format parquet --output -", "Parquet goes into a file"),
        ("--format csv --output none/x.csv", "cannot write into the folder none"),
    ):
        status, out, err = say(capfd, "export", *words.split())
        assert (status, out) == (2, "")
        assert says in err


def test_changes_are_a_json_object_a_line_and_the_last_position_is_the_next_cursor(
    capfd: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = say(capfd, "changes")
    first, second = map(json.loads, out.splitlines())
    assert (status, first["position"], second["position"]) == (0, 1, 2)
    assert {key: first[key] for key in ("property_id", "change_type", "field_name")} == {
        "property_id": id_of("blue-house"),
        "change_type": "updated",
        "field_name": None,
    }
    assert first["created_at"] == "2026-11-01T06:00:00+00:00"
    jsonschema.validate(first, json.loads(say(capfd, "schema", "change")[1]))
    assert json.loads(say(capfd, "changes", "--limit", "1", "--json")[1]) == first
    assert json.loads(say(capfd, "changes", "--after", "1")[1]) == second
    assert say(capfd, "changes", "--after", "2") == (0, "", "")
    assert say(capfd, "changes", "--follow", "--limit", "2") == (0, out, "")


def test_changes_tell_whose_they_are_if_asked(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = say(capfd, "changes", "--with-listing", "--limit", "1")
    listing = json.loads(out)["listing"]
    assert listing["source_url"] == "https://www.pincali.com/en/home/blue-house"
    assert (listing["title"], listing["listing_status"]) == ("House blue-house", "active")
    assert say(capfd, "changes", "--with-listing", "--after", "2") == (0, "", "")


def test_a_bad_cursor_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    for cursor, says in (
        ("-1", "'--after'"),
        ("soon", "'--after'"),
        ("99", "cursor 99 is not of this database"),
    ):
        status, out, err = say(capfd, "changes", "--after", cursor)
        assert (status, out) == (2, "")
        assert says in err


def test_following_ends_well_when_it_is_interrupted(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    follow = ChangeFeedService.follow

    async def interrupted(self: ChangeFeedService, after: int, **options: Any) -> Any:
        async for page in follow(self, after, **options):
            yield page
            raise KeyboardInterrupt

    monkeypatch.setattr(ChangeFeedService, "follow", interrupted)
    status, out, err = say(capfd, "changes", "--follow")
    assert (status, err) == (0, "")
    assert [json.loads(line)["position"] for line in out.splitlines()] == [1, 2]
