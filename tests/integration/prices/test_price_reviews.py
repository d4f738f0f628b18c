"""A price that changes by more than half goes live as the site shows it, and waits for a person."""

from __future__ import annotations

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import UsageError
from tests.support.builders import USD, Workshop, add_live, detail, entry, sale
from tests.support.clock import FixedClock


@pytest.fixture
async def shop(db: Database, clock: FixedClock) -> Workshop:
    """A listing for sale at two million, visited once."""
    shop = Workshop(db=db, clock=clock)
    await shop.visit(detail("blue-house", sale(2_000_000)))
    clock.advance(days=1)
    return shop


async def test_a_price_that_halved_is_live_flagged_and_listed(
    shop: Workshop, services: Services
) -> None:
    await shop.visit(detail("blue-house", sale(200_000)))
    live = await shop.live("blue-house")
    assert (live["price"], live["verification_status"]) == (200_000, "flagged")
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    assert (int(review.old_price), int(review.new_price)) == (2_000_000, 200_000)


@pytest.mark.parametrize("amount", [1_000_000, 2_900_000])
async def test_a_change_of_up_to_half_needs_no_review(
    shop: Workshop, services: Services, amount: int
) -> None:
    await shop.visit(detail("blue-house", sale(amount)))
    assert await services.db.run(lambda tx: tx.reviews.open_reviews()) == []
    assert (await shop.live("blue-house"))["verification_status"] == "unverified"


async def test_a_change_of_currency_is_of_its_own_kind_and_no_review(
    shop: Workshop, services: Services
) -> None:
    await shop.visit(detail("blue-house", sale(110_000, USD)))
    assert await services.db.run(lambda tx: tx.reviews.open_reviews()) == []


async def test_the_first_visit_of_an_adopted_row_is_a_repair_and_no_news(
    shop: Workshop, services: Services, db: Database
) -> None:
    await add_live(db, "old-house", price=9_000_000, currency="MXN")
    await shop.visit(detail("old-house", sale(900_000)))
    assert await services.db.run(lambda tx: tx.reviews.open_reviews()) == []
    entries = await shop.journal("old-house")
    assert {each["change_reason"] for each in entries} == {"repair of an adopted row"}
    live = await shop.live("old-house")
    assert (live["visits"], live["visits_with_news"], live["observed_days"]) == (1, 0, 0)


async def test_an_accepted_price_stands_and_is_not_asked_about_again(
    shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.visit(detail("blue-house", sale(200_000)))
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    accepted = clock.advance(days=1)
    await services.reviews.settle(review.id, accept=True, settled_by="Operator 1")
    clock.advance(days=1)
    await shop.visit(detail("blue-house", sale(200_000)))
    live = await shop.live("blue-house")
    assert (live["price"], live["verification_status"]) == (200_000, "verified")
    assert live["last_updated_at"] == accepted  # exports since then have it as it is now
    assert await services.db.run(lambda tx: tx.reviews.open_reviews()) == []


async def test_a_rejected_price_is_taken_back_for_as_long_as_the_site_shows_it(
    shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.visit(detail("blue-house", sale(200_000)))
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    await services.reviews.settle(review.id, accept=False, settled_by="Operator 1")
    assert (await shop.live("blue-house"))["price"] == 2_000_000
    clock.advance(days=1)
    await shop.visit(detail("blue-house", sale(200_000)))
    assert (await shop.live("blue-house"))["price"] == 2_000_000
    await shop.visit(detail("blue-house", sale(1_950_000)))
    assert (await shop.live("blue-house"))["price"] == 1_950_000
    reasons = [each["change_reason"] for each in await shop.journal("blue-house")]
    assert "price rejected by Operator 1" in reasons


async def test_a_rejected_price_that_comes_back_after_another_is_asked_about_again(
    shop: Workshop, services: Services
) -> None:
    await shop.visit(detail("blue-house", sale(200_000)))
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    await services.reviews.settle(review.id, accept=False, settled_by="Operator 1")
    unpriced = detail("blue-house", offers=(), price=None)
    await shop.visit(unpriced)  # tells nothing: the rejection holds
    await shop.visit(detail("blue-house", sale(200_000)))
    assert (await shop.live("blue-house"))["price"] == 2_000_000
    await shop.visit(detail("blue-house", sale(1_950_000)))
    await shop.visit(detail("blue-house", sale(200_000)))
    live = await shop.live("blue-house")
    assert (live["price"], live["verification_status"]) == (200_000, "flagged")
    [again] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    assert again.id != review.id


async def test_a_review_that_another_currency_ends_is_settled(
    shop: Workshop, services: Services, clock: FixedClock
) -> None:
    await shop.visit(detail("blue-house", sale(200_000)))
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    await shop.visit(detail("blue-house", sale(110_000, USD)))
    [ended] = await services.db.run(lambda tx: tx.reviews.of_property(review.property_id, limit=5))
    assert (ended.status, ended.settled_at) == ("superseded", clock.now())
    assert int(ended.new_price) == 200_000  # in its own currency


async def test_a_rejected_price_on_a_card_is_not_fetched_for_ever(
    shop: Workshop, services: Services
) -> None:
    await shop.scan(entry("blue-house", sale(200_000)))
    await shop.visit(detail("blue-house", sale(200_000)))
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    await services.reviews.settle(review.id, accept=False, settled_by="Operator 1")
    assert (await shop.scan(entry("blue-house", sale(200_000)))).queued == 0


async def test_a_review_ends_by_itself_when_the_price_comes_back(
    shop: Workshop, services: Services
) -> None:
    await shop.visit(detail("blue-house", sale(200_000)))
    await shop.visit(detail("blue-house", sale(1_990_000)))
    assert await services.db.run(lambda tx: tx.reviews.open_reviews()) == []


async def test_a_review_is_settled_once(shop: Workshop, services: Services) -> None:
    await shop.visit(detail("blue-house", sale(200_000)))
    [review] = await services.db.run(lambda tx: tx.reviews.open_reviews())
    await services.reviews.settle(review.id, accept=True, settled_by="Operator 1")
    with pytest.raises(UsageError, match="no open price review"):
        await services.reviews.settle(review.id, accept=False, settled_by="Operator 2")
