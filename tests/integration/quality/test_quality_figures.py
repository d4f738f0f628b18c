"""The figures of a quality report, each on a small table made for it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.items import ScrapeResult
from pincali_sync.services.data_quality_service import measure
from tests.support.builders import Workshop, add_live, add_queued, detail, entry, id_of, rows, sale
from tests.support.clock import FixedClock


async def measured(db: Database, clock: FixedClock) -> dict[str, Any]:
    async with db.transaction() as tx:
        return await measure(tx, clock.now())


async def add_rule(
    db: Database, name: str, field: str, kind: str, config: Any, **more: Any
) -> None:
    await rows(
        db,
        """INSERT INTO validation_rules
                  (rule_name, field_name, rule_type, rule_config, severity, is_active)
           VALUES (:name, :field, :kind, CAST(:config AS jsonb), :severity, :is_active)""",
        name=name,
        field=field,
        kind=kind,
        config=json.dumps(config),
        **{"severity": "warning", "is_active": True, **more},
    )


async def test_an_empty_table_has_no_shares(db: Database, clock: FixedClock) -> None:
    figures = await measured(db, clock)
    assert figures["listings"] == 0
    assert figures["average_completeness"] is None
    assert figures["coverage"]["all"]["fields"]["price"] is None
    assert figures["coverage"]["operations"] == {}
    assert set(figures["freshness"]["ages"].values()) == {0}
    assert figures["samples"]["accuracy"]["share"] is None


async def test_coverage_is_told_for_all_and_for_each_operation(
    db: Database, clock: FixedClock
) -> None:
    await add_live(db, "a", price=1_000_000, city="Zapopan")
    await add_live(db, "b", price=2_000_000, city="")
    await add_live(db, "c", operation_type="rent", price=9_000, image_urls='["https://x.test/1"]')
    await add_live(db, "d", operation_type=None, image_urls="[]")
    await add_live(db, "e", listing_status="sold", city="Zapopan")
    coverage = (await measured(db, clock))["coverage"]
    assert coverage["all"]["listings"] == 4
    assert coverage["all"]["fields"]["price"] == 0.75
    assert coverage["all"]["fields"]["city"] == 0.25  # an empty text is none
    assert coverage["all"]["fields"]["image_urls"] == 0.25  # and so is an empty list
    by_operation = coverage["operations"]
    assert {name: each["listings"] for name, each in by_operation.items()} == {
        "other": 1,
        "rent": 1,
        "sale": 2,
    }
    assert by_operation["sale"]["fields"]["city"] == 0.5
    assert by_operation["other"]["fields"]["operation_type"] == 0.0


async def test_ages_fall_into_classes(db: Database, clock: FixedClock) -> None:
    for number, days in enumerate((0, 0.5, 1, 6.9, 7, 29, 44, 59, 60, 400)):
        scraped = clock.now() - timedelta(days=days)
        await add_live(db, f"house-{number}", last_full_scrape_at=scraped)
    await add_live(db, "never")
    await add_live(db, "ahead", last_full_scrape_at=clock.now() + timedelta(minutes=1))
    freshness = (await measured(db, clock))["freshness"]
    assert freshness["ages"] == {
        "0-1": 3,
        "1-7": 2,
        "7-14": 1,
        "14-30": 1,
        "30-45": 1,
        "45-60": 1,
        "60+": 2,
        "never": 1,
    }
    assert freshness["within_days"] == pytest.approx(
        {"7": 5 / 12, "14": 0.5, "30": 7 / 12}, abs=1e-5
    )
    assert freshness["oldest"] == (clock.now() - timedelta(days=400)).isoformat()


async def test_implausible_values_are_counted_with_examples(
    db: Database, clock: FixedClock
) -> None:
    tomorrow = clock.now().date() + timedelta(days=5)
    await add_live(db, "free", price=0)
    await add_live(db, "peso", price=1)
    await add_live(db, "elsewhere", latitude=40.4, longitude=-3.7)
    await add_live(db, "null-island", latitude=0, longitude=0)
    await add_live(db, "future", listing_date=tomorrow)
    await add_live(
        db, "fine", price=5, latitude=20.6, longitude=-103.3, listing_date=date(2026, 1, 1)
    )
    anomalies = (await measured(db, clock))["anomalies"]
    found = {name: set(each["examples"]) for name, each in anomalies.items() if each["listings"]}
    assert found == {
        "price_of_nothing": {id_of("free"), id_of("peso")},
        "outside_mexico": {id_of("elsewhere"), id_of("null-island")},
        "listed_in_the_future": {id_of("future")},
    }


async def test_examples_are_five_at_most(db: Database, clock: FixedClock) -> None:
    for number in range(7):
        await add_live(db, f"free-{number}", price=0)
    anomaly = (await measured(db, clock))["anomalies"]["price_of_nothing"]
    assert anomaly["listings"] == 7
    assert anomaly["examples"] == sorted(id_of(f"free-{n}") for n in range(7))[:5]


async def test_outliers_stand_out_from_their_own_kind(db: Database, clock: FixedClock) -> None:
    for number in range(60):
        usual = {"total_area_m2": 100 + number, "property_type": "house", "currency": "MXN"}
        await add_live(db, f"sale-{number}", price=(100 + number) * 20_000, **usual)
        rent = {"operation_type": "rent", "price": (100 + number) * 100}
        await add_live(db, f"rent-{number}", **{**usual, **rent})
    odd = {"property_type": "house", "currency": "MXN"}
    await add_live(db, "cheap", price=12_000, total_area_m2=120, **odd)  # a rent, sold
    await add_live(db, "per-metre", price=9_000_000, price_unit="m2", **odd)
    await add_live(db, "huge", price=40_000 * 20_000, total_area_m2=40_000, **odd)
    await add_live(db, "castle", price=1, total_area_m2=9_000_000, property_type="castle")
    anomalies = (await measured(db, clock))["anomalies"]
    assert set(anomalies["price_per_m2"]["examples"]) == {id_of("cheap"), id_of("per-metre")}
    assert anomalies["total_area"]["examples"] == [id_of("huge")]  # no peers, no judgement


async def test_a_title_that_many_share_is_an_anomaly(db: Database, clock: FixedClock) -> None:
    for number in range(51):
        await add_live(db, f"same-{number}", title="House for sale")
    for number in range(50):
        await add_live(db, f"alike-{number}", title="Lot for sale")
    same = (await measured(db, clock))["anomalies"]["same_title"]
    assert same["listings"] == 51
    assert same["examples"] == [min(id_of(f"same-{n}") for n in range(51))]


async def test_duplicates_are_groups_that_share_a_key(db: Database, clock: FixedClock) -> None:
    place = {"latitude": 20.6, "longitude": -103.3, "price": 5_000_000, "title": "House"}
    for slug in ("a", "b", "c"):
        await add_live(db, slug, source_url="https://x.test/abc")
    await add_live(db, "sold", source_url="https://x.test/abc", listing_status="sold")
    await add_live(db, "d", public_id="EB-AA0002", source_url="https://x.test/d", **place)
    await add_live(db, "e", public_id="EB-AA0003", source_url="https://x.test/d", **place)
    await add_live(db, "f", **{**place, "price": 5_100_000})
    duplicates = (await measured(db, clock))["duplicates"]
    three = sorted(map(id_of, "abc"))
    pair = sorted([id_of("d"), id_of("e")])
    assert duplicates["same_url"] == {
        "groups": 2,
        "listings": 5,
        "examples": [[three[0], three[2]], pair],
    }
    assert duplicates["same_offer_at_the_same_place"]["examples"] == [pair]
    assert duplicates["same_public_id"]["groups"] == 0  # the database holds that


async def test_rules_are_applied_to_all_that_is_there(db: Database, clock: FixedClock) -> None:
    await add_rule(db, "city_is_there", "city", "required", {}, severity="error")
    await add_rule(db, "whole_price", "price", "pattern", {"regex": r"^\d+$"})
    await add_rule(db, "resting", "city", "required", {}, is_active=False)
    await add_live(
        db, "a", price=5, bedrooms=21, city="Zapopan", agent_email="agente12@example.org"
    )
    await add_live(db, "b", price=60_000_000, bedrooms=20, city="", agent_email="agente12")
    await add_live(db, "c", bedrooms=-1, listing_status="sold")
    rules = (await measured(db, clock))["rules"]
    assert {name: each["broken"] for name, each in rules.items()} == {
        "price_range": 2,
        "bedrooms_range": 1,
        "bathrooms_range": 0,
        "valid_coordinates": 0,
        "valid_longitude": 0,
        "valid_email": 1,
        "required_title": 0,
        "city_is_there": 1,
        "whole_price": 0,
    }
    assert rules["city_is_there"]["examples"] == [id_of("b")]
    assert rules["city_is_there"]["severity"] == "error"


@pytest.mark.parametrize(
    ("field", "kind", "config", "reason"),
    [
        ("city", "pattern", {"regex": "("}, "PostgreSQL cannot read its regex"),
        ("city", "pattern", {"regex": ""}, "it has no regex"),
        ("city", "pattern", ["("], "its configuration is no object"),
        ("city", "range", {"min": 1}, "city is no number"),
        ("price", "range", {"min": "1; DROP TABLE properties_live"}, "its min is no number"),
        ("price", "range", {}, "it has neither min nor max"),
        ("price) OR (true", "required", {}, "there is no field price) OR (true"),
        ("search_vector", "required", {}, "there is no field search_vector"),
        ("price", "custom", {}, "rules of the type custom are not known"),
    ],
)
async def test_a_rule_that_cannot_be_applied_is_told_and_stops_no_other(
    db: Database, clock: FixedClock, field: str, kind: str, config: Any, reason: str
) -> None:
    await add_rule(db, "odd", field, kind, config)
    await add_live(db, "a", price=5)
    rules = (await measured(db, clock))["rules"]
    assert rules["odd"]["broken"] is None
    assert reason in rules["odd"]["unusable"]
    assert rules["price_range"]["broken"] == 1


async def test_sample_visits_show_what_the_tiers_had_missed(
    db: Database, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock)
    slugs = [f"house-{n}" for n in range(6)]
    await shop.scan(*map(entry, slugs))
    for slug in slugs:
        await shop.visit(detail(slug))
    clock.advance(days=20)
    await visit_sample(shop, detail("house-0"))
    await visit_sample(shop, detail("house-1", sale(2_900_000)))
    await visit_sample(shop, detail("house-2", agent_name="Agente 12"))
    await end_sample(db, clock, "house-3", status="cancelled", last_error="HTTP 404", attempts=1)
    await end_sample(db, clock, "house-4", status="failed", last_error="HTTP 500")
    await end_sample(db, clock, "house-5", status="cancelled", last_error="by request")
    for slug, said in {"house-6": "the page says 'Vendida'", "house-7": "fetched since"}.items():
        await end_sample(db, clock, slug, status="cancelled", last_error=said, attempts=1)
    unclear = "unclear whether it is there: the page says 'Apartada'"
    await end_sample(db, clock, "house-8", status="cancelled", last_error=unclear, attempts=1)
    samples = (await measured(db, clock))["samples"]
    accuracy, all_fields = samples.pop("accuracy"), samples.pop("accuracy_of_all_fields")
    assert samples == {
        "visited": 6,
        "there": 3,
        "with_news": 2,
        "with_price_news": 1,
        "gone": 2,
        "failed": 1,
    }
    assert accuracy == {"share": 0.4, "low": 0.117618, "high": 0.76928, "trials": 5}
    assert all_fields["share"] == 0.2
    clock.advance(days=32)
    assert (await measured(db, clock))["samples"]["visited"] == 0


async def test_that_a_relisted_record_is_active_again_is_no_news_of_a_sample(
    db: Database, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock)
    await shop.visit(detail("house"))
    await rows(db, "UPDATE properties_live SET listing_status = 'sold', status = 'sold'")
    await shop.scan(entry("house"))
    clock.advance(days=20)
    await visit_sample(shop, detail("house"))
    assert (await shop.live("house"))["listing_status"] == "active"
    samples = (await measured(db, clock))["samples"]
    assert (samples["there"], samples["with_news"]) == (1, 0)


async def test_a_sample_whose_page_is_another_listings_was_not_there(
    db: Database, clock: FixedClock
) -> None:
    shop = Workshop(db=db, clock=clock)
    await shop.scan(entry("house", public_id="EB-AA0001"))
    await shop.visit(detail("house", public_id="EB-AA0001"))
    clock.advance(days=20)
    await add_queued(db, "house", clock, queue_reason="random_sample")
    [queued] = await shop.claim()
    page = detail("house", public_id="EB-BB0002")
    error = "the page shows EB-BB0002, the record is EB-AA0001"
    await shop.save(ScrapeResult(queued=queued, scraped=page, shows_another=True, error=error))
    samples = (await measured(db, clock))["samples"]
    assert (samples["visited"], samples["there"], samples["gone"]) == (1, 0, 1)
    assert (samples["accuracy"]["share"], samples["accuracy"]["trials"]) == (0, 1)


async def visit_sample(shop: Workshop, page: Any) -> None:
    await shop.visit(page)
    await rows(
        shop.db,
        """UPDATE scrape_queue SET queue_reason = 'random_sample'
            WHERE property_id = :id AND completed_at = :now""",
        id=page.property_id,
        now=shop.clock.now(),
    )


async def end_sample(
    db: Database, clock: FixedClock, slug: str, *, attempts: int = 0, **columns: Any
) -> None:
    await rows(
        db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason, status,
                                     last_error, claimed_at, completed_at, queued_at, available_at,
                                     attempt_count)
           VALUES (:id, 'x', 5, 'random_sample', :status, :last_error, :now, :now, :now, :now,
                   :attempts)""",
        id=id_of(slug),
        now=clock.now(),
        attempts=attempts,
        **columns,
    )


async def test_removals_looked_at_again_give_the_false_positive_rate(
    db: Database, clock: FixedClock
) -> None:
    verdicts = ["gone"] * 7 + ["sold", "alive", "alive", "unknown", None]
    for number, verdict in enumerate(verdicts):
        await add_audit(db, clock, f"house-{number}", verdict, days=number)
    await add_audit(db, clock, "long-ago", "alive", days=57)
    audit = (await measured(db, clock))["removal_audit"]
    rate = audit.pop("false_positives")
    assert audit == {"alive": 2, "gone": 7, "sold": 1, "unknown": 1, "waiting": 1}
    assert (rate["share"], rate["trials"]) == (0.2, 10)
    assert (rate["low"], rate["high"]) == pytest.approx((0.0567, 0.5098), abs=5e-5)


async def add_audit(
    db: Database, clock: FixedClock, slug: str, verdict: str | None, *, days: int
) -> None:
    drawn = clock.now() - timedelta(days=days)
    await rows(
        db,
        """INSERT INTO removal_audits (week, property_id, removed_at, drawn_at, verdict,
                                       checked_at)
           VALUES (:week, :id, :drawn, :drawn, CAST(:verdict AS text),
                   CASE WHEN CAST(:verdict AS text) IS NOT NULL
                        THEN CAST(:drawn AS timestamptz) END)""",
        week=drawn.date() - timedelta(days=drawn.weekday()),
        id=id_of(slug) + uuid4().hex[:4],
        drawn=drawn,
        verdict=verdict,
    )
