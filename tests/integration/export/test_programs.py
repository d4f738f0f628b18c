"""`import pincali_sync`: listings and changes for programs, with an event loop and without one."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice

import pytest

import pincali_sync
from pincali_sync.db.engine import Database
from pincali_sync.domain.listing_status import ListingStatus
from tests.support.builders import add_live, id_of, rows

HEAVY = {"sqlalchemy", "pydantic", "scrapy", "twisted", "pyarrow", "anyio", "httpx"}


@pytest.fixture(autouse=True)
async def filled(db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A house, a flat that is gone, and a change of each."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    await add_live(db, "house", price=2_000_000, currency="MXN", city="León", bedrooms=3)
    await add_live(db, "flat", price=900_000, currency="MXN", listing_status="sold")
    await rows(
        db,
        "UPDATE properties_live SET latitude = 21.1, longitude = -101.7 WHERE property_id = :id",
        id=id_of("house"),
    )
    await rows(
        db,
        """UPDATE properties_live SET features = '["Pool"]', offers =
           '[{"operation": "sale", "amount": "2000000.00", "currency": "MXN"}]'""",
    )
    for name in ("house", "flat"):
        await rows(
            db,
            "INSERT INTO property_changes (property_id, change_type) VALUES (:id, 'created')",
            id=id_of(name),
        )


def titles(**criteria: object) -> list[str]:
    return sorted(each.title for each in pincali_sync.listings(**criteria))  # type: ignore[arg-type]


async def test_listings_come_typed_also_where_a_loop_runs_already() -> None:
    [house] = pincali_sync.listings(city="leon", price_max=3_000_000)
    assert isinstance(house, pincali_sync.Listing)
    assert (house.title, house.bedrooms, house.listing_status) == (
        *("House house", 3, ListingStatus.ACTIVE),
    )
    assert house.price is not None
    assert house.price * 1.1 == pytest.approx(2_200_000)
    assert (house.features, house.removed_at) == (["Pool"], None)
    [offer] = house.offers
    assert (offer.operation, offer.amount, offer.per_m2) == ("sale", 2_000_000, False)


async def test_listings_are_filtered_by_texts_and_by_values() -> None:
    assert titles() == ["House flat", "House house"]
    assert titles(status="present") == titles(status=["active"]) == ["House house"]
    assert titles(price_max="1,000,000") == titles(price_max=1e6) == ["House flat"]
    assert titles(changed_since=datetime(2100, 1, 1, tzinfo=UTC)) == []
    assert titles(area=(21, -102, 22, -101)) == titles(area="21,-102,22,-101") == ["House house"]
    assert titles(area=(0, 0, 1, 1)) == []
    assert titles(city=None, status=None) == titles()


async def test_all_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pincali_sync.aio._PAGE", 1)
    found = [each.property_id async for each in pincali_sync.aio.listings()]
    assert found == sorted(id_of(name) for name in ("house", "flat"))


async def test_changes_come_with_their_listing_from_a_cursor_on() -> None:
    first, second = pincali_sync.changes()
    assert (first.position, second.position) == (1, 2)
    assert isinstance(first, pincali_sync.Change)
    assert {each.listing.title for each in (first, second) if each.listing} == {
        *("House flat", "House house"),
    }
    assert list(pincali_sync.changes(after=1)) == [second]
    assert [each async for each in pincali_sync.aio.changes(after=1)] == [second]
    assert list(islice(pincali_sync.changes(follow=True), 2)) == [first, second]


@pytest.mark.parametrize(
    ("criteria", "says"),
    [
        ({"prize": "1"}, "not filtered by 'prize'"),
        ({"price_max": "much"}, "price_max 'much': give an amount"),
        ({"status": ["lost"]}, "status 'lost': give one of present"),
        ({"price_min": 2, "price_max": 1}, "price_max lies before price_min"),
        ({"area": (22, -101, 21, -102)}, "area '22,-101,21,-102': give south,west"),
        ({"city": 5}, "city takes a text, not int"),
    ],
)
async def test_a_criterion_that_is_none_is_refused_at_once(
    criteria: dict[str, object], says: str
) -> None:
    with pytest.raises(pincali_sync.UsageError, match=says):
        pincali_sync.listings(**criteria)  # type: ignore[arg-type]


@pytest.mark.parametrize("after", ["0", None, 1.5, True])
async def test_a_cursor_that_is_no_number_is_refused_at_once(after: object) -> None:
    with pytest.raises(pincali_sync.UsageError, match="a cursor is a whole number"):
        pincali_sync.changes(after=after)  # type: ignore[arg-type]


async def test_errors_are_the_packages_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pincali_sync.UsageError, match="cursor 99 is not of this database"):
        list(pincali_sync.changes(after=99))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(pincali_sync.DatabaseError, match="cannot be reached"):
        list(pincali_sync.listings())
    with pytest.raises(AttributeError, match="no attribute 'lisings'"):
        _ = pincali_sync.lisings  # type: ignore[attr-defined]


def test_the_import_loads_nothing_and_offers_everything() -> None:
    program = f"import sys, pincali_sync; print(*{HEAVY!r} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert ran.stdout.split() == []
    assert all(getattr(pincali_sync, name) is not None for name in pincali_sync.__all__)
    assert {*pincali_sync.__all__} <= {*dir(pincali_sync)}


@pytest.mark.parametrize(
    "started",
    [
        "g = pincali_sync.listings(); next(g)",
        "g = pincali_sync.changes(); next(g)",
        "g = pincali_sync.listings()",
        "g = [pincali_sync.listings() for _ in range(2)]; [next(each) for each in g]",
        "g = [pincali_sync.listings()]; g.append(g); next(g[0])",
        "g = pincali_sync.changes(follow=True)\n"
        "threading.Thread(target=list, args=[g], daemon=True).start(); time.sleep(1)",
    ],
)
def test_a_program_ends_although_it_keeps_what_it_did_not_read_to_the_end(started: str) -> None:
    script = f"import pincali_sync, threading, time\n{started}"
    ran = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert ran.returncode == 0
