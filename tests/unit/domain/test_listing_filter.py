"""What people write to filter listings, and what is told when it cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from pincali_sync.domain.listing_filter import (
    Area,
    ListingFilter,
    ListingOrder,
    parse_filter,
    parse_order,
)
from pincali_sync.domain.listing_status import PRESENT, ListingStatus
from pincali_sync.domain.prices import Currency, Operation
from pincali_sync.exceptions import UsageError

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_texts_become_values() -> None:
    given = {
        "status": "present",
        "city": "  San  Luis Potosí ",
        "property_type": "Departamento",
        "operation": "Rent",
        "price_min": "$1,200,000",
        "price_max": "2500000.50",
        "currency": "usd",
        "first_seen_since": "7d",
        "changed_since": "2026-11-01",
        "area": "20.6,-103.5,20.8,-103.2",
        "place": "",
    }
    assert parse_filter(given, NOW, zone=ZoneInfo("America/Mexico_City")) == ListingFilter(
        status=PRESENT,
        city="San Luis Potosí",
        property_type="apartment",
        operation=Operation.RENT,
        price_min=Decimal(1_200_000),
        price_max=Decimal("2500000.50"),
        currency=Currency.USD,
        first_seen_since=NOW - timedelta(days=7),
        changed_since=datetime(2026, 11, 1, 6, tzinfo=UTC),
        area=Area(20.6, -103.5, 20.8, -103.2),
    )


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("all", tuple(ListingStatus)),
        ("Gone", (ListingStatus.CONFIRMED_REMOVED, ListingStatus.SOLD)),
        ("sold, active,sold", (ListingStatus.SOLD, ListingStatus.ACTIVE)),
    ],
)
def test_states_are_named_in_a_list_or_by_a_word(
    text: str, states: tuple[ListingStatus, ...]
) -> None:
    assert parse_filter({"status": text}, NOW).status == states


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("status", "present,gone"), ("status", "there"), ("operation", "buy")),
        *(("price_min", "cheap"), ("price_min", "-5"), ("price_max", "9" * 30)),
        *(
            ("currency", "GBP"),
            ("changed_since", "yesterday"),
            ("changed_since", "0001-01-01T00:00+09"),
        ),
        *(("area", "1,2,3"), ("area", "nan,0,1,1"), ("area", "2,0,1,1"), ("area", "0,0,1,999")),
        *(("area", "20,0,90.5,1"), ("area", "-91,0,1,1")),
        *(("city", "x" * 201), ("city", "a\x00b"), ("place", "a\u202eb")),
    ],
)
def test_what_cannot_be_read_is_named_with_the_remedy(name: str, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_filter({name: text}, NOW)
    assert str(refused.value).startswith(f"{name} ")


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'colour': status, city"):
        parse_filter({"colour": "red"}, NOW)


@pytest.mark.parametrize(
    "given",
    [
        {"price_min": "2", "price_max": "1"},
        {"first_seen_since": "1d", "first_seen_before": "2d"},
    ],
)
def test_a_range_that_ends_before_it_begins_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="lies before"):
        parse_filter(given, NOW)


def test_prices_are_compared_in_one_currency_pesos_unless_another_is_named() -> None:
    assert ListingFilter().prices_in is None
    assert ListingFilter(price_min=Decimal(1)).prices_in is Currency.MXN
    assert ListingFilter(price_max=Decimal(1), currency=Currency.USD).prices_in is Currency.USD


def test_an_order_is_one_of_those_there_are() -> None:
    assert parse_order("Newest") is ListingOrder.NEWEST
    with pytest.raises(UsageError, match="sort 'x': give one of newest"):
        parse_order("x")
