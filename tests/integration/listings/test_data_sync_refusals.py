"""Results that must not go live: broken rules, lapsed leases, failures, crashes."""

from __future__ import annotations

from typing import Any

import pytest

from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.listings.scrapes import ScrapeRepository
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.exceptions import SupersededError
from pincali_sync.items import ScrapeResult
from pincali_sync.services.data_quality_service import DataQualityService
from pincali_sync.services.data_sync_service import SavedBatch
from tests.support.builders import (
    Workshop,
    add_live,
    detail,
    entry,
    rows,
    sale,
    value,
)
from tests.support.clock import FixedClock

NO_RENT = ValidationRule(
    rule_name="price_range",
    field_name="price",
    rule_type="range",
    config={"min": 100_000, "max": 50_000_000},
    severity="error",
)


async def test_a_page_that_breaks_a_rule_is_staged_and_not_promoted(
    db: Database, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock, rules=(NO_RENT,))
    await shop.visit(detail("blue-house", sale(2_000_000)))
    saved = await shop.visit(detail("blue-house", sale(1_500)))
    staged = await rows(
        db, "SELECT processing_status FROM property_scrapes_staging ORDER BY scraped_at, price DESC"
    )
    [waiting] = [row for row in await shop.queued("blue-house") if row["status"] == "pending"]
    assert (saved.rejected, saved.updated) == (1, 0)
    assert [row["processing_status"] for row in staged] == ["processed", "error"]
    assert (await shop.live("blue-house"))["price"] == 2_000_000
    assert waiting["last_error"].startswith("price_range: price 1500 is not within")


async def test_a_page_that_looks_odd_is_promoted_and_flagged(
    db: Database, clock: FixedClock
) -> None:
    rules = await DataQualityService(db, FixedClock(), load_config()).load_rules()
    shop = Workshop(db=db, clock=clock, rules=rules)
    await shop.visit(detail("blue-house", bedrooms=40))
    assert (await shop.live("blue-house"))["verification_status"] == "flagged"


async def test_a_persons_verdict_is_not_taken_back_by_a_scrape(
    shop: Workshop, db: Database
) -> None:
    await add_live(db, "blue-house", verification_status="verified")
    await shop.visit(detail("blue-house"))
    assert (await shop.live("blue-house"))["verification_status"] == "verified"


async def test_a_result_that_comes_twice_is_refused_the_second_time(shop: Workshop) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    result = ScrapeResult(queued=queued, scraped=detail("blue-house"))
    first, second = await shop.save(result), await shop.save(result)
    assert (first.new, first.refused) == (1, 0)
    assert (second.new, second.unchanged, second.refused) == (0, 0, 1)
    assert len(await shop.journal("blue-house")) == 1


async def test_one_page_twice_in_a_batch_counts_once_and_the_last_wins(shop: Workshop) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    saved = await shop.save(
        ScrapeResult(queued=queued, scraped=None, error="timeout"),
        ScrapeResult(queued=queued, scraped=detail("blue-house")),
    )
    assert (saved.new, saved.failed) == (1, 0)


async def test_a_failure_goes_back_with_its_error_and_into_the_log(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    saved = await shop.save(
        ScrapeResult(queued=queued, scraped=None, error="HTTP 503", error_type="detail_http_error")
    )
    [row] = await shop.queued("blue-house")
    [logged] = await rows(
        db, "SELECT url, error_type, error_message, retry_count FROM scraping_errors"
    )
    assert (saved.failed, row["status"], row["last_error"]) == (1, "pending", "HTTP 503")
    assert tuple(logged.values()) == (queued.source_url, "detail_http_error", "HTTP 503", 0)
    assert (await shop.manifest("blue-house"))["needs_full_scrape"] is True


async def test_a_job_that_was_given_up_saves_nothing(shop: Workshop, db: Database) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    ticket = await shop.begin("detail")
    await shop.jobs.finish(ticket, succeeded=True, reason="finished", stats={})
    with pytest.raises(SupersededError):
        await shop.save(ScrapeResult(queued=queued, scraped=detail("blue-house")), ticket=ticket)
    assert await value(db, "SELECT count(*) FROM properties_live") == 0
    assert (await shop.queued("blue-house"))[0]["status"] == "in_progress"


@pytest.mark.parametrize("step", ["stage", "promote"])
async def test_a_batch_that_fails_on_its_way_saves_nothing(
    shop: Workshop, db: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await shop.scan(entry("blue-house"))
    [queued] = await shop.claim()
    original = getattr(ScrapeRepository, step)

    async def break_after(*args: Any, **kwargs: Any) -> None:
        await original(*args, **kwargs)
        raise OSError("the node went away")

    async def save() -> SavedBatch:
        return await shop.save(ScrapeResult(queued=queued, scraped=detail("blue-house")))

    with monkeypatch.context() as patch:
        patch.setattr(ScrapeRepository, step, break_after)
        with pytest.raises(OSError, match="went away"):
            await save()
    for table in ("properties_live", "property_scrapes_staging", "property_changes"):
        assert await value(db, f"SELECT count(*) FROM {table}") == 0
    assert (await save()).new == 1
