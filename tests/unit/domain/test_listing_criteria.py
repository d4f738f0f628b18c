"""What programs give to filter listings is held to the rules of what people write."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from pincali_sync.domain.listing_criteria import as_text
from pincali_sync.domain.listing_filter import FILTER_NAMES, Area, parse_filter
from pincali_sync.domain.listing_status import ListingStatus
from pincali_sync.domain.prices import Currency, Operation
from pincali_sync.exceptions import UsageError

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NAIVE = datetime.fromisoformat("2026-11-01T06:30")
END = datetime.max.replace(tzinfo=UTC)
WEST = timezone(timedelta(hours=-6))
HUGE = Decimal(10) ** 5000  # longer than Python writes whole numbers
SOLD, ACTIVE = ListingStatus.SOLD, ListingStatus.ACTIVE


def read(name: str, value: object) -> Any:
    return getattr(parse_filter({name: as_text(name, value)}, NOW), name)


@pytest.mark.parametrize(
    ("name", "value", "means"),
    [
        *(("city", "León", "León"), ("operation", Operation.RENT, Operation.RENT)),
        *(("currency", Currency.USD, Currency.USD), ("status", SOLD, (SOLD,))),
        *(("status", [SOLD, ACTIVE], (SOLD, ACTIVE)), ("status", ("sold",), (SOLD,))),
        *(("status", {SOLD}, (SOLD,)), ("status", iter([SOLD]), (SOLD,))),
        *(("price_min", 0, Decimal(0)), ("price_min", 1e6, Decimal(1_000_000))),
        *(("price_min", 1.234, Decimal("1.234")), ("price_max", 0.1, Decimal("0.1"))),
        *(("price_max", Decimal("1.500"), Decimal("1.5")), ("price_max", 10**12, 10**12)),
        ("changed_since", NAIVE, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        (
            *("changed_since", datetime(2026, 11, 1, 6, tzinfo=WEST)),
            datetime(2026, 11, 1, 12, tzinfo=UTC),
        ),
        ("first_seen_since", date(2026, 11, 1), datetime(2026, 11, 1, tzinfo=UTC)),
        ("first_seen_before", END, END),
        ("area", (20.6, -103.5, 20.8, -103.2), Area(20.6, -103.5, 20.8, -103.2)),
        ("area", [0, Decimal("-0.5"), 1e-05, 1], Area(0, -0.5, 0.00001, 1)),
    ],
)
def test_values_mean_what_they_are(name: str, value: object, means: object) -> None:
    assert read(name, value) == means


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("city", 5), ("city", ["a"]), ("city", b"abc"), ("words", 5), ("place", True)),
        *(("operation", 3), ("property_type", 1.5), ("currency", 5), ("city", object())),
        *(("status", 5), ("status", []), ("status", [""]), ("status", [5]), ("status", ["lost"])),
        *(("price_min", math.nan), ("price_max", math.nan), ("price_max", math.inf)),
        *(("price_min", -5), ("price_min", True), ("price_min", NOW), ("price_min", [])),
        *(("price_min", 10**30), ("price_max", HUGE), ("price_max", Decimal("1e999999999"))),
        *(("first_seen_since", 5), ("changed_since", timedelta(days=7))),
        ("changed_since", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=10)))),
        *(("area", (20.8, -103.5, 20.6, -103.2)), ("area", (math.nan,) * 4), ("area", (1, 2, 3))),
        *(("area", ()), ("area", 5), ("area", (True, False, True, True))),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"^{name} "):
        read(name, value)


@pytest.mark.parametrize("name", ["price_max", "city"])
def test_a_number_too_long_to_be_shown_is_refused_too(name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name} "):
        read(name, 10**5000)


def test_an_empty_list_of_states_does_not_ask_for_all() -> None:
    with pytest.raises(UsageError, match="one state or more: none is given"):
        as_text("status", [])


@pytest.mark.parametrize("name", FILTER_NAMES)
def test_no_name_takes_what_is_of_no_kind(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} takes "):
        as_text(name, object())
