"""Pages of what a filter selects: every listing once, in the order asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.listings import browsing
from pincali_sync.db.repositories.listings.browsing import ListingPage
from pincali_sync.domain.listing_filter import ListingOrder, parse_filter
from pincali_sync.exceptions import UsageError
from tests.support.builders import add_all_live, id_of
from tests.support.clock import FixedClock

NOW = FixedClock().now()
COUNT = 24


def columns_of(number: int) -> dict[str, Any]:
    """Of all states and both operations, with ties in what orders sort by."""
    return {
        "listing_status": ("active", "likely_removed", "sold", "confirmed_removed")[number % 4],
        "operation_type": "rent" if number % 3 else "sale",
        "city": "Mérida" if number % 2 else "León",
        "price": 1_000 * (number % 7),
        "currency": "MXN",
        "first_seen_at": NOW - timedelta(days=number % 5),
        "last_updated_at": None if number % 6 == 0 else NOW - timedelta(days=number % 4),
        "created_at": NOW,
        "latitude": 20.5 + number / 100,
        "longitude": -103.25,
    }


KEYS: dict[ListingOrder, Callable[[dict[str, Any]], Any]] = {
    ListingOrder.NEWEST: lambda each: -(NOW - each["first_seen_at"]),
    ListingOrder.OLDEST: lambda each: NOW - each["first_seen_at"],
    ListingOrder.CHANGED: lambda each: -(NOW - (each["last_updated_at"] or NOW - timedelta(99))),
    ListingOrder.CHEAPEST: lambda each: -each["price"],
    ListingOrder.DEAREST: lambda each: each["price"],
}


async def page(db: Database, order: ListingOrder, given: dict[str, str], **of: Any) -> ListingPage:
    wanted = parse_filter(given, NOW)
    return await db.run(lambda tx: tx.browsing.page(wanted, order, **of))


@pytest.mark.parametrize(
    "bounds",
    [(5_000, 8_000, 20_000), (3, 2, 20_000), (3, 2, 3)],
    ids=["gathered", "sorted", "walked"],
)
async def test_pages_have_every_listing_once_in_their_order(
    db: Database, monkeypatch: pytest.MonkeyPatch, bounds: tuple[int, int, int]
) -> None:
    for name, bound in zip(("MOST_COUNTED", "LOOKED_AT", "_MOST_SORTED"), bounds, strict=True):
        monkeypatch.setattr(browsing, name, bound)
    listings = {f"house-{number}": columns_of(number) for number in range(COUNT)}
    await add_all_live(db, listings)
    by_id = {id_of(slug): columns for slug, columns in listings.items()}
    for given in ({}, {"city": "merida"}, {"status": "gone"}, {"operation": "rent"}):
        wanted = {id_ for id_, each in by_id.items() if _is_wanted(each, given)}
        for order, key in KEYS.items():
            seen: list[str] = []
            cursor: str | None = None
            while True:
                found = await page(db, order, given, after=cursor, size=5)
                seen += [each.property_id for each in found.rows]
                assert found.found in {len(wanted), None}
                cursor = found.next
                if cursor is None:
                    break
            assert sorted(seen) == sorted(wanted), (given, order)
            keys = [key(by_id[each]) for each in seen]
            assert keys == sorted(keys, reverse=True), (given, order)


def _is_wanted(listing: dict[str, Any], given: dict[str, str]) -> bool:
    return (
        ("city" not in given or listing["city"] == "Mérida")
        and ("status" not in given or listing["listing_status"] in {"sold", "confirmed_removed"})
        and ("operation" not in given or listing["operation_type"] == "rent")
    )


async def test_a_page_ends_where_looking_ended_and_the_next_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, bound in {"MOST_COUNTED": 1, "LOOKED_AT": 4, "_MOST_SORTED": 1}.items():
        monkeypatch.setattr(browsing, name, bound)
    common = {"currency": "MXN", "operation_type": "sale"}
    await add_all_live(
        db,
        {f"cheap-{n}": {**common, "price": n, "state": "Jalisco"} for n in range(6)}
        | {f"dear-{n}": {**common, "price": 100 + n, "state": "Sonora"} for n in range(3)},
    )
    asked = {"place": "sonora", "operation": "sale"}
    first = await page(db, ListingOrder.CHEAPEST, asked, size=5)
    assert (first.rows, first.found, first.is_cut) == ([], None, True)
    second = await page(db, ListingOrder.CHEAPEST, asked, size=5, after=first.next)
    assert [each.property_id for each in second.rows] == [id_of("dear-0"), id_of("dear-1")]
    assert second.is_cut
    third = await page(db, ListingOrder.CHEAPEST, asked, size=5, after=second.next)
    assert [each.property_id for each in third.rows] == [id_of("dear-2")]
    assert (third.next, third.is_cut) == (None, False)


async def test_what_takes_long_to_gather_is_walked(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "_PATIENCE_MS", 1)
    monkeypatch.setattr(browsing, "_GATHERED", "SELECT pg_sleep(60) -- {condition}")
    await add_all_live(db, {f"house-{number}": columns_of(number) for number in range(COUNT)})
    some = await page(db, ListingOrder.NEWEST, {}, size=5, points=10)
    assert (some.found, some.is_many, len(some.rows), len(some.points)) == (None, False, 5, 10)
    all_of_them = await page(db, ListingOrder.NEWEST, {}, size=COUNT)
    assert (all_of_them.found, all_of_them.is_cut) == (COUNT, False)


async def test_the_map_has_the_first_points_whichever_page_it_is(db: Database) -> None:
    await add_all_live(db, {f"house-{number}": columns_of(number) for number in range(COUNT)})
    first = await page(db, ListingOrder.NEWEST, {}, size=5, points=10)
    second = await page(db, ListingOrder.NEWEST, {}, after=first.next, size=5, points=10)
    assert len(first.points) == 10
    assert {each.property_id for each in second.points} == {
        each.property_id for each in first.points
    }
    assert {each.property_id for each in first.rows} <= {each.property_id for each in first.points}


async def test_an_order_of_prices_has_those_of_one_currency(db: Database) -> None:
    await add_all_live(
        db,
        {
            "pesos": {"price": 5, "currency": "MXN", "price_unit": "total"},
            "dollars": {"price": 4, "currency": "USD", "price_unit": "total"},
            "per-m2": {"price": 3, "currency": "MXN", "price_unit": "m2"},
            "unpriced": {"price": None, "currency": "MXN", "price_unit": "total"},
        },
    )
    cheapest = await page(db, ListingOrder.CHEAPEST, {}, size=5)
    assert [each.property_id for each in cheapest.rows] == [id_of("pesos")]
    dollars = await page(db, ListingOrder.CHEAPEST, {"currency": "USD"}, size=5)
    assert [each.property_id for each in dollars.rows] == [id_of("dollars")]


@pytest.mark.parametrize("text", ["x", "2026-11-01~x", "~", "nonsense~" + "0" * 32])
async def test_a_cursor_of_no_page_is_refused(db: Database, text: str) -> None:
    with pytest.raises(UsageError, match="no page in this order"):
        await page(db, ListingOrder.NEWEST, {}, after=text, size=5)


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (ListingOrder.NEWEST, "2026-W01-1"),
        (ListingOrder.NEWEST, "2026-01-01"),
        (ListingOrder.NEWEST, "0001-01-01T00:00:00+23:59:59"),
        (ListingOrder.CHEAPEST, "１２"),
        (ListingOrder.CHEAPEST, "1e400000"),
        (ListingOrder.CHEAPEST, "sNaN"),
        (ListingOrder.CHEAPEST, "NaN12"),
        (ListingOrder.CHEAPEST, "1_0"),
    ],
)
async def test_a_cursor_that_only_python_can_read_is_refused(
    db: Database, order: ListingOrder, key: str
) -> None:
    with pytest.raises(UsageError, match="no page in this order"):
        await page(db, order, {}, after=f"{key}~{UUID(int=0)}", size=5)


@pytest.mark.parametrize(
    "key", ["infinity", "-infinity", "2026-01-01T00:00:00+23:59:59", "2026-01-01 00:00:00.5-06"]
)
async def test_a_cursor_may_be_of_any_time(db: Database, key: str) -> None:
    found = await page(db, ListingOrder.NEWEST, {}, after=f"{key}~{UUID(int=0)}", size=5)
    assert found.rows == []
