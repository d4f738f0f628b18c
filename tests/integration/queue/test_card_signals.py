"""What cards show otherwise is noted, its worth is learned from the sample, and it is heeded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.domain.freshness import CardSignal
from pincali_sync.items import ScrapeResult
from tests.support.builders import Workshop, add_live, detail, entry, id_of, rows, sale, value
from tests.support.clock import FixedClock

# What a month's sample found: titles tell of news, photos do not.
TAUGHT = """
INSERT INTO signal_lessons (month, signals, visits, news, expected_news)
VALUES (:month, 0, 1000, 150, 150), (:month, 1, 200, 180, 30), (:month, 2, 200, 30, 30)
"""
TARGET = """
INSERT INTO refresh_targets
       (month, stale_target, sample_target, stale_queued, sample_queued, stale_before, set_at)
VALUES (:month, 1, 0, 0, 0, :now, :now)
"""


async def signals(db: Database, slug: str = "blue-house") -> CardSignal:
    statement = "SELECT card_signals FROM property_manifest WHERE property_id = :id"
    return CardSignal(await value(db, statement, id=id_of(slug)))


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ({}, CardSignal(0)),
        ({"listing_page_title": "Sold soon"}, CardSignal.TITLE),
        ({"main_image_url": "https://assets.example.org/2.jpg"}, CardSignal.PHOTO),
        ({"bedrooms": 4, "city": "Mérida"}, CardSignal.FACTS | CardSignal.PLACE),
        ({"bedrooms": None, "main_image_url": None}, CardSignal(0)),
    ],
)
async def test_a_card_that_shows_something_else_is_noted_until_the_page_is_visited(
    shop: Workshop, db: Database, shown: dict[str, Any], told: CardSignal
) -> None:
    photo = "https://assets.example.org/1.jpg"
    first: dict[str, Any] = {"bedrooms": 3, "city": "Cancún", "main_image_url": photo}
    await shop.scan(entry("blue-house", sale(2_000_000), **first))
    await shop.visit(detail("blue-house"))
    for fields in ({**first, **shown}, first):  # and back again: it is noted still
        await shop.scan(entry("blue-house", sale(2_000_000), **fields))
        assert await signals(db) == told
    await shop.visit(detail("blue-house"))
    assert await signals(db) == CardSignal(0)


async def test_a_price_too_little_changed_to_be_told_is_noted_too(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", sale(2_000_000)))
    await shop.visit(detail("blue-house"))
    await shop.scan(entry("blue-house", sale(2_000_001)))
    assert await signals(db) == CardSignal.OFFERS
    assert await shop.claim() == []


async def test_a_newcomers_cards_are_no_signals(shop: Workshop, db: Database) -> None:
    for title in ("House", "Home"):
        await shop.scan(entry("blue-house", listing_page_title=title))
    assert await signals(db) == CardSignal(0)


async def test_only_the_sample_teaches_what_signals_are_worth(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    for slug in ("told", "calm"):
        await shop.scan(entry(slug, sale(2_000_000), listing_page_title="House"))
        await shop.visit(detail(slug))
    await shop.scan(entry("told", sale(2_000_000), listing_page_title="Home"))
    clock.advance(days=20)
    await shop.visit(detail("calm"))
    assert await rows(db, "SELECT * FROM signal_lessons") == []
    clock.advance(days=10)
    assert await shop.queue.queue_random_sample(10) == 2
    for queued in await shop.claim():
        slug = queued.source_url.rsplit("/", 1)[-1]
        shown = detail(slug, bedrooms=3 if slug == "told" else None)
        await shop.save(ScrapeResult(queued=queued, scraped=shown))
    taught = await rows(db, "SELECT * FROM signal_lessons ORDER BY signals")
    assert [(each["signals"], each["visits"], each["news"]) for each in taught] == [
        (0, 1, 0),
        (CardSignal.TITLE, 1, 1),
    ]
    assert all(0 < each["expected_news"] < 0.3 for each in taught)


async def test_a_young_record_whose_card_told_of_news_is_visited_before_a_stale_one(
    shop: Workshop, services: Services, db: Database, clock: FixedClock
) -> None:
    for slug, age in (("stale", 31), ("titled", 10), ("pictured", 10), ("edited-lately", 3)):
        await shop.scan(entry(slug))
        await rows(db, "UPDATE property_manifest SET is_new = false, needs_full_scrape = false")
        then = clock.now() - timedelta(days=age)
        await add_live(db, slug, price=1, visits=3, observed_days=60, last_full_scrape_at=then)
    await rows(db, "DELETE FROM scrape_queue")
    told = {"titled": 1, "pictured": 2, "edited-lately": 1}
    for slug, kinds in told.items():
        await rows(
            db,
            "UPDATE property_manifest SET card_signals = :kinds WHERE property_id = :id",
            kinds=kinds,
            id=id_of(slug),
        )
    month = clock.now().date().replace(day=1)
    await rows(db, TARGET, month=month, now=clock.now())
    assert (await services.refresh.top_up()).stale == 1  # nothing was learned yet
    assert [each["property_id"] for each in await queue(db)] == [id_of("stale")]
    await rows(db, "DELETE FROM scrape_queue")
    await rows(db, TAUGHT, month=month)
    await rows(db, "UPDATE refresh_targets SET stale_queued = 0, rests_until = NULL")
    assert (await services.refresh.top_up()).stale == 1
    assert [each["property_id"] for each in await queue(db)] == [id_of("titled")]


async def queue(db: Database) -> list[dict[str, Any]]:
    return await rows(db, "SELECT property_id FROM scrape_queue ORDER BY property_id")
