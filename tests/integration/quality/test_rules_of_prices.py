"""The seeded rule of prices: it is one of totals in pesos, for a page as for the live table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.domain.prices import Offer
from tests.support.builders import USD, Workshop, add_live, detail, id_of, rent, rows, sale
from tests.support.clock import FixedClock


@pytest.mark.parametrize("offer", [sale("471.21", per_m2=True), rent(150, per_m2=True)])
async def test_a_price_per_m2_is_not_flagged_and_one_that_was_is_so_until_its_next_page(
    db: Database, clock: FixedClock, services: Services, offer: Offer
) -> None:
    shop = Workshop(db=db, clock=clock, rules=await services.quality.load_rules())
    await shop.visit(detail("blue-lot", offer))
    assert (await shop.live("blue-lot"))["verification_status"] == "unverified"
    await rows(db, "UPDATE properties_live SET verification_status = 'flagged'")
    await shop.visit(detail("blue-lot", offer))
    assert (await shop.live("blue-lot"))["verification_status"] == "unverified"
    await shop.visit(detail("blue-lot", replace(offer, per_m2=False)))
    assert (await shop.live("blue-lot"))["verification_status"] == "flagged"


async def test_prices_per_m2_and_in_dollars_break_no_rule_of_totals_in_pesos(
    db: Database, services: Services
) -> None:
    lot = {"price": 471, "price_unit": "m2"}
    await add_live(db, "lot", **lot)
    await add_live(db, "to-let", operation_type="rent", **lot)
    await add_live(db, "in-dollars", price=800, currency="USD", operation_type="rent")
    await add_live(db, "cheap", price=471)
    await add_live(db, "dear", price=60_000_000)
    rules = (await services.quality.report()).figures["rules"]
    assert rules["price_range"]["broken"] == 2
    assert rules["price_range"]["examples"] == sorted([id_of("cheap"), id_of("dear")])


async def test_a_rent_in_dollars_is_held_to_a_rule_in_dollars(
    db: Database, clock: FixedClock, services: Services
) -> None:
    shop = Workshop(db=db, clock=clock, rules=await services.quality.load_rules())
    await shop.visit(detail("to-let", rent(800, USD)))
    assert (await shop.live("to-let"))["verification_status"] == "unverified"
    config = 'rule_config = rule_config || \'{"currency": "USD"}\''
    await rows(db, f"UPDATE validation_rules SET {config}")
    shop = replace(shop, rules=await services.quality.load_rules())
    await shop.visit(detail("to-let", rent(800, USD)))
    assert (await shop.live("to-let"))["verification_status"] == "flagged"
    assert (await services.quality.report()).figures["rules"]["price_range"]["broken"] == 1


@pytest.mark.parametrize("currency", ['"pesos"', "1", '["MXN"]'])
async def test_a_rule_in_no_currency_is_passed_over_and_told(
    db: Database, services: Services, caplog: pytest.LogCaptureFixture, currency: str
) -> None:
    config = f"rule_config = rule_config || '{{\"currency\": {currency}}}'"
    await rows(db, f"UPDATE validation_rules SET {config} WHERE rule_name = 'price_range'")
    await add_live(db, "cheap", price=471)
    rules = await services.quality.load_rules()
    assert "price_range" not in {rule.rule_name for rule in rules}
    assert "its currency is none of MXN, USD, EUR" in caplog.text
    told = (await services.quality.report()).figures["rules"]["price_range"]
    assert told["unusable"] == "its currency is none of MXN, USD, EUR"
