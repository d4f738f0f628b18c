"""What the rules of the database say about a detail page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.domain.prices import Offer
from pincali_sync.services.data_quality_service import judge
from tests.support.builders import detail, rent, sale


def rule(
    field_name: str, rule_type: str, severity: str = "warning", **config: Any
) -> ValidationRule:
    return ValidationRule(
        rule_name=f"rule_of_{field_name}",
        field_name=field_name,
        rule_type=rule_type,
        config=config,
        severity=severity,
    )


BEDROOMS = rule("bedrooms", "range", min=0, max=20)


@pytest.mark.parametrize(
    ("bedrooms", "odd"), [(0, False), (20, False), (21, True), (-1, True), (None, False)]
)
def test_a_range_holds_both_its_ends_and_minds_no_missing_value(
    bedrooms: int | None, *, odd: bool
) -> None:
    verdict = judge(detail("blue-house", bedrooms=bedrooms), [BEDROOMS])
    assert bool(verdict.warnings) is odd
    assert verdict.accepted


def test_a_range_may_be_open_on_one_side() -> None:
    assert judge(detail("blue-house", bedrooms=90), [rule("bedrooms", "range", min=0)]).accepted
    [warning] = judge(detail("blue-house", sale(5)), [rule("price", "range", min=1_000)]).warnings
    assert warning == "rule_of_price: price 5 is not within 1000 to None"


@pytest.mark.parametrize(
    ("offer", "odd"),
    [
        (sale("471.21", per_m2=True), False),
        (rent(150, per_m2=True), False),
        (sale("471.21"), True),
        (rent(60_000_000), True),
        (rent(9_000), False),
    ],
)
def test_a_range_of_prices_is_one_of_totals(offer: Offer, *, odd: bool) -> None:
    prices = rule("price", "range", min=1_000, max=50_000_000)
    assert bool(judge(detail("blue-house", offer), [prices]).warnings) is odd


@pytest.mark.parametrize(
    ("address", "odd"), [("agente12@example.org", False), ("agente12", True), (None, False)]
)
def test_a_pattern_is_looked_for_in_a_value_that_is_there(
    address: str | None, *, odd: bool
) -> None:
    pattern = rule("agent_email", "pattern", regex=r"^[^@]+@[^@]+\.[^@]+$")
    assert bool(judge(detail("blue-house", agent_email=address), [pattern]).warnings) is odd


@pytest.mark.parametrize("missing", [None, ""])
def test_a_required_value_must_be_there(missing: str | None) -> None:
    required = rule("city", "required", severity="error")
    verdict = judge(detail("blue-house", city=missing), [required])
    assert verdict.errors == ("rule_of_city: city is missing",)
    assert not verdict.accepted
    assert judge(detail("blue-house", city="Zapopan"), [required]).accepted


def test_zero_is_a_value() -> None:
    assert judge(detail("blue-house", bedrooms=0), [rule("bedrooms", "required")]).warnings == ()


def test_a_rule_for_a_field_that_pages_do_not_have_is_passed_over() -> None:
    verdict = judge(detail("blue-house"), [rule("swimming_pools", "required", severity="error")])
    assert (verdict.errors, verdict.warnings) == ((), ())


def test_a_rule_of_an_unknown_type_says_nothing() -> None:
    verdict = judge(detail("blue-house"), [rule("title", "custom", severity="error")])
    assert verdict.accepted


def test_all_broken_rules_are_told() -> None:
    verdict = judge(
        detail("blue-house", bedrooms=40),
        [BEDROOMS, rule("city", "required", severity="error"), rule("state", "required")],
    )
    assert (len(verdict.errors), len(verdict.warnings)) == (1, 2)


def test_completeness_is_the_share_of_expected_fields_that_are_there() -> None:
    bare = judge(detail("blue-house", offers=(), price=None, currency=None), [])
    more = judge(detail("blue-house", city="Zapopan", agent_name="Agente 12"), [])
    assert bare.completeness == Decimal("0.12")  # title and operation, of seventeen
    assert more.completeness == Decimal("0.35")
