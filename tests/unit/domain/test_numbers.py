"""Whole numbers as sites write them."""

from __future__ import annotations

import pytest

from pincali_sync.domain.numbers import integer_of


@pytest.mark.parametrize(
    "text",
    [
        *(
            "413954",
            "413,954",
            "413.954",
            "413 954",
            "413\u00a0954",
            "413\u202f954",
            "413\u2009954",
        ),
        *("413'954", "413’954", "413954.0", "413,954.00", "413.954,00", "413954.", " 413,954 "),
        *("413,954 results", "413 954 resultados", "413.954 anúncios", "(413,954)", "+413,954"),
        *("more than 413,954", "413,954 results in 3 cities", "413,954, of 24"),
    ],
)
def test_a_whole_number_is_read_however_it_is_grouped(text: str) -> None:
    assert integer_of(text) == 413_954


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("1.234.567", 1_234_567), ("24 / 99", 24)])
def test_the_first_number_counts(text: str, number: int) -> None:
    assert integer_of(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "results", "12.5", "12,34", "1 2", "413,9540", "413 9540", "1,23,456"),
        *(
            "-5",
            "1e6",
            "413K",
            "99%",
            "1.234,567",
            "v2",
            "413, 954",
            "413  954",
            "3-4",
            "1/2",
            "12:30",
            "9" * 30,
            "4000000000",
            "3" * 10_000,
        ),
    ],
)
def test_what_could_be_another_number_is_none(text: str | None) -> None:
    assert integer_of(text) is None
