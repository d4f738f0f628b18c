"""Detail pages become staging rows, live rows and journal entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.items import Property, ScrapeResult
from tests.support.builders import (
    USD,
    Workshop,
    add_live,
    detail,
    entry,
    id_of,
    rent,
    rows,
    sale,
    value,
)
from tests.support.clock import FixedClock

FULL = detail(
    "blue-house",
    sale("2150000.50", USD, per_m2=False),
    rent(9_000),
    title="Casa con jardín",
    title_original="Casa con jardín y alberca",
    description="Two floors.\nA garden.",
    property_type="house",
    address="Calle Invento 12",
    neighborhood="Los Robles",
    city="Zapopan",
    state="Jalisco",
    postal_code="45000",
    latitude=20.72,
    longitude=-103.41,
    gps_coordinates="20.72,-103.41",
    price_per_m2=Decimal("8600.00"),
    bedrooms=3,
    bathrooms=2,
    half_bathrooms=1,
    parking_spaces=2,
    total_area_m2=Decimal("250.00"),
    covered_area_m2=Decimal("180.50"),
    lot_size_m2=Decimal("250.00"),
    floor_number=0,
    total_floors=2,
    age_years=5,
    construction_year=2021,
    features=("Garden", "Pool"),
    amenities={"Outdoors": ("Garden", "Pool")},
    main_image_url="https://img.example.org/1.jpg",
    image_urls=("https://img.example.org/1.jpg", "https://img.example.org/2.jpg"),
    virtual_tour_url="https://tour.example.org/1",
    video_url="https://video.example.org/1",
    agent_name="Agente 12",
    agency_name="Agencia 3",
    message_url="https://example.org/message",
    is_featured=True,
    listing_date=date(2026, 11, 2),
    public_id="EB-QA0001",
)
JSON_FIELDS = {"features", "amenities", "image_urls", "offers"}


def as_stored(scraped: Property, name: str) -> Any:
    if name == "offers":
        return [
            {
                "operation": each.operation.value,
                "amount": str(each.amount),
                "currency": each.currency.value,
                "per_m2": each.per_m2,
                "starting_at": each.starting_at,
            }
            for each in scraped.offers
        ]
    found = getattr(scraped, name)
    if name == "amenities":
        return {group: list(names) for group, names in found.items()}
    return list(found) if name in JSON_FIELDS else found


async def test_a_new_page_goes_live_field_by_field(shop: Workshop) -> None:
    saved = await shop.visit(FULL)
    live = await shop.live("blue-house")
    shown = {name: as_stored(FULL, name) for name in Property.__dataclass_fields__}
    stored = {
        name: float(live[name]) if name in {"latitude", "longitude"} else live[name]
        for name in shown
    }
    assert stored == shown
    assert (saved.new, saved.failed, saved.refused) == (1, 0, 0)
    assert (live["listing_status"], live["status"], live["price_unit"]) == (
        "active",
        "active",
        "total",
    )
    assert live["last_full_scrape_at"] == live["first_seen_at"] == shop.clock.now()
    assert live["data_completeness_score"] == 1


async def test_a_new_page_is_journalled_as_created_once(shop: Workshop) -> None:
    await shop.visit(FULL)
    [change] = await shop.journal("blue-house")
    assert (change["change_type"], change["field_name"]) == ("created", None)


async def test_a_page_is_staged_under_its_session(shop: Workshop, db: Database) -> None:
    await shop.visit(FULL)
    [staged] = await rows(db, "SELECT * FROM property_scrapes_staging")
    assert (staged["property_id"], staged["title"]) == (id_of("blue-house"), "Casa con jardín")
    assert (staged["processing_status"], staged["change_type"]) == ("processed", "new")


async def test_each_changed_field_is_one_row_of_the_journal(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.visit(detail("blue-house", bedrooms=3, city="Zapopan", agent_name="Agente 12"))
    now = clock.advance(hours=1)
    saved = await shop.visit(
        detail("blue-house", bedrooms=4, city="Zapopan", agent_name="Agente 13")
    )
    changes = await rows(
        db,
        """SELECT field_name, old_value, new_value FROM property_changes
            WHERE change_type = 'updated' ORDER BY field_name""",
    )
    assert [tuple(change.values()) for change in changes] == [
        ("agent_name", "Agente 12", "Agente 13"),
        ("bedrooms", 3, 4),
    ]
    assert saved.updated == 1
    assert (await shop.live("blue-house"))["last_updated_at"] == now


async def test_an_unchanged_page_journals_nothing_and_is_not_updated(
    shop: Workshop, clock: FixedClock
) -> None:
    await shop.visit(FULL)
    first = clock.now()
    later = clock.advance(days=3)
    saved = await shop.visit(FULL)
    live = await shop.live("blue-house")
    assert saved.unchanged == 1
    assert (live["last_updated_at"], live["last_full_scrape_at"]) == (first, later)
    assert live["first_seen_at"] == first
    assert len(await shop.journal("blue-house")) == 1


async def test_news_of_a_session_stays_news_when_the_page_is_seen_in_it_again(
    shop: Workshop, db: Database
) -> None:
    """Its former slug, say, leads to the same page."""
    told = "SELECT change_type FROM property_scrapes_staging WHERE session_id = :id"
    await shop.visit(FULL)
    for page, kind in ((FULL, "unchanged"), (replace(FULL, bedrooms=4), "updated")):
        ticket = await shop.begin("detail")
        for _ in range(2):
            await shop.visit(page, ticket=ticket)
        assert await value(db, told, id=ticket.session_id) == kind


async def test_a_page_that_shows_less_erases_nothing(shop: Workshop) -> None:
    await shop.visit(FULL)
    await shop.visit(Property(property_id=FULL.property_id, source_url=FULL.source_url, title="X"))
    live = await shop.live("blue-house")
    assert (live["price"], live["currency"]) == (Decimal("2150000.50"), "USD")
    assert len(live["offers"]) == 2
    assert (live["description"], live["bedrooms"]) == (FULL.description, 3)
    assert live["title"] == "X"


async def per_m2_after(shop: Workshop, *pages: Property) -> tuple[Decimal | None, list[str]]:
    """The price per m² after these pages, and the fields that changed."""
    for page in pages:
        await shop.visit(page)
    changes = [each["field_name"] for each in await shop.journal("blue-house")]
    live = await shop.live("blue-house")
    return live["price_per_m2"], sorted(filter(None, changes))


WHOLE = detail(
    "blue-house", sale(2_000_000), total_area_m2=Decimal(200), price_per_m2=Decimal(10_000)
)


@pytest.mark.parametrize(
    ("page", "per_m2", "changed"),
    [
        # as a page shows it that was cut below its price, above it, or lost its chips
        (detail("blue-house", sale(2_000_000)), 10_000, []),
        (detail("blue-house"), 10_000, []),
        (detail("blue-house", sale(3_000_000)), 15_000, ["offers", "price", "price_per_m2"]),
        (
            detail("blue-house", total_area_m2=Decimal(250)),
            8_000,
            ["price_per_m2", "total_area_m2"],
        ),
        (detail("blue-house", sale(None)), None, ["offers", "price", "price_per_m2"]),
        (
            detail("blue-house", sale(9_000, per_m2=True), price_per_m2=Decimal(9_000)),
            9_000,
            ["offers", "price", "price_per_m2", "price_unit"],
        ),
    ],
)
async def test_a_price_per_m2_lives_and_dies_with_price_and_area(
    shop: Workshop, page: Property, per_m2: int | None, changed: list[str]
) -> None:
    assert await per_m2_after(shop, WHOLE, page) == (per_m2, changed)


async def test_a_price_per_m2_without_an_area_stands_as_long_as_its_price(
    shop: Workshop, db: Database
) -> None:
    await add_live(db, "blue-house", price=2_000_000, price_per_m2=Decimal(9_999))
    same, other = detail("blue-house", sale(2_000_000)), detail("blue-house", sale(2_100_000))
    assert (await per_m2_after(shop, same))[0] == 9_999
    assert (await per_m2_after(shop, other))[0] is None


async def test_a_price_per_m2_beyond_its_column_is_none(shop: Workshop) -> None:
    tiny = detail("blue-house", sale(1_000_000_000), total_area_m2=Decimal("0.01"))
    assert (await per_m2_after(shop, tiny, tiny))[0] is None


async def test_a_price_per_m2_below_a_cent_is_none(shop: Workshop) -> None:
    vast = detail("blue-house", sale(12_000), total_area_m2=Decimal(30_000_000))
    assert (await per_m2_after(shop, vast, vast))[0] is None
    assert (await per_m2_after(shop, WHOLE, vast))[0] is None


@pytest.mark.parametrize(
    ("first", "then", "left"),
    [
        ({"bathrooms": 2, "half_bathrooms": 1}, {"bathrooms": 3}, {"half_bathrooms": None}),
        ({"bathrooms": 2, "half_bathrooms": 1}, {"bathrooms": 2}, {"half_bathrooms": 1}),
        ({"bathrooms": 2, "half_bathrooms": 1}, {"bedrooms": 4}, {"half_bathrooms": 1}),
        ({"bathrooms": 2, "half_bathrooms": 1}, {"half_bathrooms": 2}, {"bathrooms": 2}),
        ({"age_years": 0}, {"construction_year": 2025}, {"age_years": None}),
        ({"construction_year": 2015}, {"age_years": 3}, {"construction_year": None}),
        ({"construction_year": 2015}, {"bedrooms": 4}, {"construction_year": 2015}),
    ],
)
async def test_what_one_statement_told_is_told_anew_by_the_next(
    shop: Workshop, first: dict[str, int], then: dict[str, int], left: dict[str, int | None]
) -> None:
    await shop.visit(detail("blue-house", **first))
    await shop.visit(detail("blue-house", **then))
    live = await shop.live("blue-house")
    assert {name: live[name] for name in (then | left)} == then | left


async def test_a_record_is_no_less_complete_for_a_page_that_shows_less(shop: Workshop) -> None:
    await shop.visit(FULL)
    await shop.visit(detail("blue-house", sale(2_000_000), bedrooms=4))
    assert (await shop.live("blue-house"))["data_completeness_score"] == 1


async def test_a_price_on_request_takes_the_live_price_back(shop: Workshop) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    await shop.visit(detail("blue-house", sale(None)))
    live = await shop.live("blue-house")
    assert (live["price"], live["currency"]) == (None, "MXN")
    assert [each["amount"] for each in live["offers"]] == [None]


async def test_a_price_per_square_metre_is_stored_as_one(shop: Workshop) -> None:
    await shop.visit(detail("blue-plot", sale(8_800, per_m2=True)))
    assert (await shop.live("blue-plot"))["price_unit"] == "m2"


async def test_a_promoted_page_settles_its_flags_in_the_manifest(shop: Workshop) -> None:
    await shop.scan(entry("blue-house", sale(2_000_000)))
    await shop.visit(detail("blue-house", public_id="EB-QA0001"))
    row, live = await shop.manifest("blue-house"), await shop.live("blue-house")
    assert (row["is_new"], row["needs_full_scrape"], row["price_changed"]) == (False,) * 3
    assert row["public_id"] == "EB-QA0001"
    assert live["price_at_last_manifest"] == 2_000_000
    assert live["last_manifest_seen_at"] == row["last_seen_at"]


async def test_a_page_is_saved_under_the_record_with_the_id_that_it_shows(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id="EB-QA0001"), entry("red-house"))
    await shop.visit(detail("red-house", public_id="EB-QA0001"))
    assert await value(db, "SELECT property_id FROM properties_live") == id_of("blue-house")
    assert await value(db, "SELECT property_id FROM property_manifest") == id_of("blue-house")


async def test_two_pages_of_a_batch_with_one_easybroker_id_do_not_fail_it(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house"), entry("red-house"))
    claimed = await shop.claim()
    slugs = {id_of(slug): slug for slug in ("blue-house", "red-house")}
    saved = await shop.save(
        *(
            ScrapeResult(
                queued=each, scraped=detail(slugs[each.property_id], public_id="EB-QA0001")
            )
            for each in claimed
        )
    )
    assert saved.new == 1
    assert await value(db, "SELECT count(*) FROM properties_live") == 1
    assert await value(db, "SELECT count(public_id) FROM property_manifest") == 1


async def test_a_relisted_listing_is_active_after_its_next_page(
    shop: Workshop, db: Database
) -> None:
    await add_live(db, "blue-house", price=2_000_000, listing_status="sold", status="sold")
    await shop.scan(entry("blue-house"))
    await shop.visit(detail("blue-house"))
    live = await shop.live("blue-house")
    reactivations = [
        change
        for change in await shop.journal("blue-house")
        if change["change_type"] == "reactivated"
    ]
    assert (live["listing_status"], live["status"]) == ("active", "active")
    assert len(reactivations) == 1


async def test_a_page_under_another_slug_is_filed_under_its_record(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("blue-house", public_id="EB-QA0001"))
    [queued] = await shop.claim()
    await shop.save(ScrapeResult(queued=queued, scraped=detail("sky-blue-house")))
    assert await value(db, "SELECT property_id FROM properties_live") == id_of("blue-house")
    assert (await shop.live("blue-house"))["source_url"].endswith("/sky-blue-house")
