"""What a rejection puts back, and what goes on beside it: the journal tells what is live."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.prices.price_change import PriceReview
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.prices import Offer
from pincali_sync.exceptions import UsageError
from pincali_sync.items import ScrapeResult
from tests.support.builders import (
    USD,
    Workshop,
    detail,
    entry,
    id_of,
    rent,
    rows,
    sale,
    until_somebody_waits,
    value,
)
from tests.support.clock import FixedClock

_FIELDS = ("operation_type", "price", "currency", "price_per_m2", "price_unit", "offers")


@pytest.fixture
def shop(db: Database, clock: FixedClock) -> Workshop:
    return Workshop(db=db, clock=clock)


@pytest.fixture
def days(shop: Workshop, clock: FixedClock) -> Any:
    """Visits of one listing, a day between them; None: a page without any offer."""

    async def visits(*pages: tuple[Offer, ...] | None, **fields: Any) -> None:
        for offers in pages:
            shown = {"offers": (), "price": None} if offers is None else {}
            await shop.visit(detail("blue-house", *(offers or ()), **shown, **fields))
            clock.advance(days=1)

    return visits


async def reviews_of(services: Services) -> list[PriceReview]:
    return await services.db.run(lambda tx: tx.reviews.open_reviews())


async def reject(services: Services, clock: FixedClock) -> None:
    [review] = await reviews_of(services)
    await services.reviews.settle(review.id, accept=False, settled_by="Operator 1")
    clock.advance(days=1)


async def prices(shop: Workshop) -> dict[str, int | None]:
    """What the live offers cost, by operation."""
    offers = (await shop.live("blue-house"))["offers"]
    return {each["operation"]: each["amount"] and int(float(each["amount"])) for each in offers}


async def told(db: Database) -> dict[str, Any]:
    """What the journal says last of each field of the price."""
    found = await rows(
        db,
        """SELECT DISTINCT ON (field_name) field_name, new_value FROM property_changes
            WHERE property_id = :id AND field_name = ANY(:fields)
            ORDER BY field_name, created_at DESC""",
        id=id_of("blue-house"),
        fields=list(_FIELDS),
    )
    return {each["field_name"]: each["new_value"] for each in found}


async def live_as_json(db: Database) -> dict[str, Any]:
    found: dict[str, Any] = await value(
        db,
        "SELECT to_jsonb(l) FROM properties_live l WHERE property_id = :id",
        id=id_of("blue-house"),
    )
    return found


async def assert_journal_tells_what_is_live(db: Database) -> None:
    last, live = await told(db), await live_as_json(db)
    assert last == {field: live[field] for field in last}


async def test_a_review_ends_when_the_site_tells_that_there_is_no_price(
    shop: Workshop, services: Services, db: Database, days: Any
) -> None:
    await days((sale(2_000_000),), (sale(200_000),))
    [review] = await reviews_of(services)
    await days((sale(None),))
    assert await reviews_of(services) == []
    with pytest.raises(UsageError, match="no open price review"):
        await services.reviews.settle(review.id, accept=False, settled_by="Operator 1")
    live = await shop.live("blue-house")
    assert (live["price"], live["verification_status"]) == (None, "unverified")
    [ended] = await services.db.run(lambda tx: tx.reviews.of_property(review.property_id, limit=5))
    assert (ended.status, int(ended.new_price)) == ("superseded", 200_000)
    await assert_journal_tells_what_is_live(db)


async def test_a_page_without_any_offer_leaves_a_review_open(
    shop: Workshop, services: Services, db: Database, clock: FixedClock, days: Any
) -> None:
    await days((sale(2_000_000),), (sale(200_000),), None)
    assert (await shop.live("blue-house"))["verification_status"] == "flagged"
    await reject(services, clock)
    assert await prices(shop) == {"sale": 2_000_000}
    await assert_journal_tells_what_is_live(db)


async def test_a_rejection_leaves_the_other_offer_as_it_is_now(
    shop: Workshop, services: Services, db: Database, clock: FixedClock, days: Any
) -> None:
    await days(
        (sale(2_000_000), rent(10_000)),
        (sale(200_000), rent(10_000)),
        (sale(200_000), rent(12_000)),
    )
    await reject(services, clock)
    assert await prices(shop) == {"sale": 2_000_000, "rent": 12_000}
    await assert_journal_tells_what_is_live(db)
    live = await shop.live("blue-house")
    assert (live["operation_type"], live["price"]) == ("sale", 2_000_000)


async def test_the_other_offer_goes_on_while_a_rejected_one_is_shown(
    shop: Workshop, services: Services, db: Database, clock: FixedClock, days: Any
) -> None:
    await days((sale(2_000_000), rent(10_000)), (sale(200_000), rent(10_000)))
    await reject(services, clock)
    await days((sale(200_000), rent(15_000)))
    assert await prices(shop) == {"sale": 2_000_000, "rent": 15_000}
    await assert_journal_tells_what_is_live(db)
    await days((sale(200_000),))
    assert await prices(shop) == {"sale": 2_000_000}
    assert await reviews_of(services) == []
    [latest, *_] = await rows(
        db, "SELECT price FROM property_scrapes_staging ORDER BY scraped_at DESC"
    )
    assert latest["price"] == 200_000  # as the page showed it


@pytest.mark.parametrize("seen_first_by", ["card", "visit"])
async def test_a_card_that_shows_a_rejected_price_is_no_change(
    shop: Workshop, services: Services, clock: FixedClock, seen_first_by: str
) -> None:
    true, wrong = (sale(2_000_000),), (sale(200_000),)
    await shop.scan(entry("blue-house", *true))
    await shop.visit(detail("blue-house", *true))
    if seen_first_by == "card":
        assert (await shop.scan(entry("blue-house", *wrong))).price_changes == 1
    await shop.visit(detail("blue-house", *wrong))
    await reject(services, clock)
    for _ in range(2):
        assert (await shop.scan(entry("blue-house", *wrong))).price_changes == 0
        await shop.visit(detail("blue-house", *wrong))
    assert await prices(shop) == {"sale": 2_000_000}
    assert (await shop.scan(entry("blue-house", *true))).price_changes == 0
    assert (await shop.scan(entry("blue-house", *wrong))).price_changes == 1


async def test_a_price_that_is_put_back_gives_its_price_per_m2_anew(
    shop: Workshop, services: Services, db: Database, clock: FixedClock, days: Any
) -> None:
    await days((sale(2_000_000),), total_area_m2=100)
    await days((sale(200_000),), total_area_m2=80)
    await reject(services, clock)
    assert (await shop.live("blue-house"))["price_per_m2"] == 25_000
    await assert_journal_tells_what_is_live(db)


async def test_on_request_lifts_a_rejection(
    shop: Workshop, services: Services, clock: FixedClock, days: Any
) -> None:
    await days((sale(2_000_000),), (sale(200_000),))
    await reject(services, clock)
    await days((sale(None),))
    assert (await shop.live("blue-house"))["price"] is None
    await days((sale(200_000),))
    [review] = await reviews_of(services)
    assert (int(review.old_price), int(review.new_price)) == (2_000_000, 200_000)


async def test_an_unusual_price_by_way_of_on_request_is_reviewed(
    shop: Workshop, services: Services, db: Database, clock: FixedClock, days: Any
) -> None:
    await days((sale(2_000_000),), (sale(None),), None, (sale(20_000),))
    [review] = await reviews_of(services)
    assert (int(review.old_price), int(review.new_price)) == (2_000_000, 20_000)
    assert (await shop.live("blue-house"))["verification_status"] == "flagged"
    await reject(services, clock)
    assert await prices(shop) == {"sale": None}  # what the site told before
    await days((sale(20_000),))
    assert await prices(shop) == {"sale": None}
    await assert_journal_tells_what_is_live(db)


async def test_a_price_that_nobody_agreed_to_is_nothing_to_compare_with(
    services: Services, days: Any
) -> None:
    await days((sale(2_000_000),), (sale(200_000),), (sale(None),), (sale(200_000),))
    [review] = await reviews_of(services)
    assert (int(review.old_price), int(review.new_price)) == (2_000_000, 200_000)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (sale(2_000_000), sale(1_500_000)),
        (sale(2_000_000), sale(110_000, USD)),
        (sale(2_000_000), sale(8_800, per_m2=True)),
        (rent(10_000), sale(2_000_000)),
    ],
)
async def test_after_on_request_like_is_compared_with_like(
    services: Services, days: Any, before: Offer, after: Offer
) -> None:
    await days((before,), (sale(None),), (after,))
    assert await reviews_of(services) == []


async def test_after_on_request_a_price_in_dollars_is_compared_with_the_last_in_dollars(
    services: Services, days: Any
) -> None:
    await days((sale(200_000, USD),), (sale(None),), (sale(20_000, USD),))
    [review] = await reviews_of(services)
    assert (int(review.old_price), review.currency) == (200_000, "USD")


async def test_a_page_that_is_saved_while_a_price_is_rejected_does_not_bring_it_back(
    services: Services, shop: Workshop, clock: FixedClock, days: Any
) -> None:
    await days((sale(2_000_000),), (sale(5_000_000),))
    [review] = await reviews_of(services)
    async with shop.db.transaction() as tx:
        assert await tx.reviews.settle(
            review.id, accept=False, settled_by="Operator 1", now=clock.now()
        )
        later = asyncio.create_task(shop.visit(detail("blue-house", sale(5_000_000))))
        await until_somebody_waits(shop.db, later)
    await later
    assert await prices(shop) == {"sale": 2_000_000}


async def test_two_who_save_one_record_journal_its_change_once(
    shop: Workshop, db: Database, days: Any
) -> None:
    await days((sale(2_000_000),))
    tickets = [await shop.begin("detail") for _ in range(2)]
    await shop.scan(entry("blue-house", sale(2_100_000)))
    [queued] = await shop.claim()
    result = ScrapeResult(queued=queued, scraped=detail("blue-house", sale(2_100_000)))

    async def save(tx: UnitOfWork) -> None:
        await shop.sync.save_in(tx, [result], session_id=tickets.pop().session_id, rules=())

    async with db.transaction() as tx:
        await save(tx)
        later = asyncio.create_task(db.run(save))
        await until_somebody_waits(db, later)
    await later
    journalled = "SELECT count(*) FROM property_changes WHERE field_name = 'price'"
    assert await value(db, journalled) == 1
