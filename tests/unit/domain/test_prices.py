"""Price text becomes offers, and offers are compared like with like."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.numbers import decimal_of, integer_of, numeric
from pincali_sync.domain.prices import (
    Currency,
    Offer,
    Operation,
    main_offer,
    operation_of,
    parse_offer,
)
from tests.support.prices import PriceChangeKind, compare_offers, is_price_change


def sale(
    amount: str | None,
    currency: Currency = Currency.MXN,
    *,
    per_m2: bool = False,
    starting_at: bool = False,
) -> Offer:
    return Offer(
        operation=Operation.SALE,
        amount=None if amount is None else Decimal(amount),
        currency=currency,
        per_m2=per_m2,
        starting_at=starting_at,
    )


def rent(amount: str) -> Offer:
    return Offer(operation=Operation.RENT, amount=Decimal(amount), currency=Currency.MXN)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("$4,650,000", "4650000", Currency.MXN),
        ("$3,200,000 MXN", "3200000", Currency.MXN),
        ("$3,200,000 M.N.", "3200000", Currency.MXN),
        ("US$ 12,000", "12000", Currency.USD),
        ("US$12,000", "12000", Currency.USD),
        ("USD 12,000", "12000", Currency.USD),
        ("$12,000 USD", "12000", Currency.USD),
        ("€ 900", "900", Currency.EUR),
        ("EUR 900", "900", Currency.EUR),
        ("$ 4 650 000", "4650000", Currency.MXN),
        ("$1.500.000", "1500000", Currency.MXN),
        ("$1'500,000", "1500000", Currency.MXN),
        ("$4.650.000,50", "4650000.50", Currency.MXN),
    ],
)
def test_an_amount_is_read_exactly_with_its_currency(
    text: str, amount: str, currency: Currency
) -> None:
    assert parse_offer(f"{text} For Sale") == sale(amount, currency)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$8,800 MXN por m²", "8800"),
        ("$0.50 MXN por m²", "0.50"),
        ("$12 per m²", "12"),
        ("$1,250 MXN por metro cuadrado", "1250"),
        ("$15 MXN / m2", "15"),
        ("$1 MXN por m²", "1"),
        ("$500,000 MXN por ha", "50"),
    ],
)
def test_a_price_per_area_is_one_per_m2(text: str, amount: str) -> None:
    assert parse_offer(f"{text} En Venta") == sale(amount, per_m2=True)


@pytest.mark.parametrize("text", ["From $1,200,000", "Desde $1,200,000 MXN"])
def test_the_cheapest_unit_of_a_development_is_marked(text: str) -> None:
    assert parse_offer(f"{text} For Sale") == sale("1200000", starting_at=True)


@pytest.mark.parametrize(
    "text",
    [
        "Contact for price",
        "Consulte precio",
        "Price on request",
        "Precio a consultar",
        "$0",
        "$1",
        "",
    ],
)
def test_a_price_on_request_or_a_stand_in_is_an_offer_without_amount(text: str) -> None:
    assert parse_offer(f"{text} For Sale") == sale(None)


@pytest.mark.parametrize(
    "text", ["$1,000,000,000,001", "$99,999,999,999,999", "$" + "9" * 60, "$9,000" + " a" * 100]
)
def test_a_price_beyond_reason_or_in_prose_is_no_offer(text: str) -> None:
    assert parse_offer(f"{text} For Sale") is None


@pytest.mark.parametrize("text", ["$1,500,00", "$1,2345", "$12,345.678", "$3.5 MDP"])
def test_a_price_in_an_unknown_writing_is_no_offer(text: str) -> None:
    assert parse_offer(f"{text} For Sale") is None


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("For Sale", Operation.SALE),
        ("En Venta", Operation.SALE),
        ("À venda", Operation.SALE),
        ("For Sale Foreclosure", Operation.SALE),
        ("Remate", Operation.SALE),
        ("For Rent", Operation.RENT),
        ("En Renta", Operation.RENT),
        ("Para alugar", Operation.RENT),
        ("Featured", None),
    ],
)
def test_the_operation_is_told_in_three_languages(text: str, operation: Operation | None) -> None:
    assert operation_of(text) == operation


def test_the_operation_may_stand_within_the_price_or_be_given() -> None:
    assert parse_offer("$9,000 For Rent") == rent("9000")
    assert parse_offer("$9,000", default=Operation.RENT) == rent("9000")
    assert parse_offer("$9,000") is None


@given(
    st.decimals("1.01", "1000000000000.00", places=2),
    st.sampled_from(["${}", "$ {}", "${} MXN"]),
)
def test_every_formatted_amount_is_read_back(amount: Decimal, form: str) -> None:
    assert parse_offer(form.format(f"{amount:,}") + " For Sale") == sale(str(amount))


@given(st.text())
def test_no_price_text_makes_the_parser_fail(text: str) -> None:
    offer = parse_offer(f"{text} For Sale")
    assert offer is None or offer.amount is None or 0 < offer.amount < 10**13


@given(st.decimals("0", "99999999", places=2))
def test_an_area_keeps_its_thousands_and_decimals(area: Decimal) -> None:
    assert decimal_of(f"{area:,}") == area


def test_numbers_that_a_column_cannot_hold_are_none() -> None:
    assert numeric(Decimal(10**8), 10) is None
    assert numeric(Decimal("99999999.999"), 10) is None
    assert numeric(Decimal("Infinity"), 10) is None
    assert integer_of("2,147,483,648 results") is None
    assert integer_of("413,954 results") == 413_954


def test_the_main_offer_is_of_sale_else_of_rent() -> None:
    assert main_offer((rent("9000"), sale("2000000"))) == sale("2000000")
    assert main_offer([rent("9000"), rent("8000")]) == rent("9000")
    assert main_offer([]) is None


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("50000", "50500", False),  # 1 % exactly
        ("50000", "50501", True),
        ("50000", "49499", True),
        ("5000000", "5001000", False),  # 1000 exactly, far below 1 %
        ("5000000", "5001001", True),
        ("0.50", "0.51", True),
    ],
)
def test_a_change_is_more_than_one_percent_or_a_thousand_whichever_is_smaller(
    old: str, new: str, *, changed: bool
) -> None:
    assert is_price_change(Decimal(old), Decimal(new)) is changed


@given(st.decimals("2", "9999999999999.99", places=2))
def test_an_unchanged_price_is_no_change(amount: Decimal) -> None:
    assert not is_price_change(amount, amount)
    assert compare_offers(sale(str(amount)), sale(str(amount))) is None


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (sale("2000000"), sale("2100000"), PriceChangeKind.AMOUNT),
        (sale("2000000"), sale("3000000"), PriceChangeKind.AMOUNT),  # 50 % exactly
        (sale("2000000"), sale("3000001"), PriceChangeKind.NEEDS_REVIEW),
        (sale("2000000"), sale("900000"), PriceChangeKind.NEEDS_REVIEW),
        (sale("2000000"), sale("2000000", Currency.USD), PriceChangeKind.CURRENCY),
        (sale("8800"), sale("8800", per_m2=True), PriceChangeKind.UNIT),
        (sale("2000000"), sale("2000000", starting_at=True), None),
        (sale(None), sale("2000000"), PriceChangeKind.APPEARED),
        (sale("2000000"), sale(None), PriceChangeKind.WITHDRAWN),
        (sale(None), sale(None), None),
        (sale("2000000"), sale("2000500"), None),
        (sale("2000000"), rent("9000"), None),
    ],
)
def test_only_like_is_compared_with_like(
    old: Offer, new: Offer, kind: PriceChangeKind | None
) -> None:
    assert compare_offers(old, new) == kind
