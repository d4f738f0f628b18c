"""Whole numbers as sites write them."""

from __future__ import annotations

import pytest

from pincali_sync.domain.numbers import integer_of, last_integer_of, whole_number


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
        *("413,954 results", "413 954 resultados", "413.954 anúncios", "(413,954)"),
        *("413,954 results in 3 cities", "413,954, of 24"),
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


@pytest.mark.parametrize(
    "text",
    [
        *(
            "10,000+",
            "10,000 +",
            "+10,000",
            "> 10000",
            "≥10,000",
            "~10,000",
            "≈ 10,000",
            "< 10,000",
        ),
        *("más de 10,000", "MAS DE 10,000", "ma\u0301s de 10,000", "mais de 10,000", "over 10,000"),
        *("more than 10,000", "about 10,000", "aprox. 10,000", "cerca de 10,000", "casi 10,000"),
        *(
            "10 mil",
            "10 mil resultados",
            "10\u00a0mil",
            "10 k",
            "2 millones",
            "2 million",
            "10 thousand",
        ),
        *("10,000 o más", "10,000 or more", "hasta 10,000", "al menos 10,000 casas"),
    ],
)
def test_what_is_said_to_be_no_exact_number_is_none(text: str) -> None:
    assert integer_of(text) is None
    assert last_integer_of(text) is None


@pytest.mark.parametrize(
    "text", ["413,954", "24 of 413,954 ", "1–24 de 413.954", "2 bedrooms: 413 954"]
)
def test_the_last_number_of_a_text_is_read_where_it_ends_with_it(text: str) -> None:
    assert last_integer_of(text) == 413_954


@pytest.mark.parametrize(
    "text",
    ["", "413,954 houses", "2 413,954", "12.5", "24-413", "1/24", "-5", "9" * 30, "3" * 10_000],
)
def test_a_text_may_end_with_no_number_that_is_certain(text: str) -> None:
    assert last_integer_of(text) is None


def test_what_is_ordered_is_in_plain_digits_or_no_number() -> None:
    assert [whole_number(text) for text in ("0", "17", "007", "9" * 9)] == [0, 17, 7, 999_999_999]
    nothing = ("", "²", "٣", "-1", " 1", "1.0", "1_0", "9" * 10, "9" * 5000)
    assert {whole_number(text) for text in nothing} == {None}
