"""Detail pages: what they show decides whose they are, whoever asked for them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from pincali_sync.answers.detail import shows_another
from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.quality.rules import ValidationRule
from pincali_sync.db.repositories.removal.checks import VerificationResult
from pincali_sync.domain.identity import canonical_url
from pincali_sync.domain.liveness import Answer, judge
from pincali_sync.items import ManifestEntry, Property, QueuedProperty, ScrapeResult
from tests.support.builders import (
    Workshop,
    add_live,
    detail,
    entry,
    id_of,
    newcomer_id_of,
    rows,
    value,
)
from tests.support.clock import FixedClock

NO_CASTLE = ValidationRule(
    rule_name="bedrooms",
    field_name="bedrooms",
    rule_type="range",
    config={"min": 0, "max": 40},
    severity="error",
)
ONE, OTHER, THIRD = "EB-QA0001", "EB-QB0002", "EB-QC0003"


def led_to(queued: QueuedProperty, page: Property) -> ScrapeResult:
    """What the spider would send of a page."""
    another = shows_another(queued, page)
    error = f"the page shows {page.public_id}" if another else None
    return ScrapeResult(queued=queued, scraped=page, shows_another=another, error=error)


async def unnamed(db: Database, clock: FixedClock, slug: str) -> None:
    """A record that only the sitemap knows."""
    await rows(
        db,
        """INSERT INTO property_manifest (property_id, source_url, first_seen_at, last_seen_at)
           VALUES (:id, :url, :now, :now)""",
        id=id_of(slug),
        url=canonical_url(f"/en/home/{slug}"),
        now=clock.now(),
    )


async def fetch(shop: Workshop, slug: str, page: Property) -> QueuedProperty:
    """Asks for a record's page, and is shown this one."""
    await shop.queue.queue_new_properties([id_of(slug)])
    [queued] = [each for each in await shop.claim() if each.property_id == id_of(slug)]
    await shop.save(led_to(queued, page))
    return queued


async def live(db: Database) -> dict[str, Any]:
    found = await rows(db, "SELECT property_id, public_id FROM properties_live")
    return {row["property_id"]: row["public_id"] for row in found}


@pytest.fixture
async def known(shop: Workshop, clock: FixedClock) -> None:
    """A listing that is live under its EasyBroker id."""
    await shop.scan(entry("blue-house", public_id=ONE))
    await shop.visit(detail("blue-house", public_id=ONE))
    clock.advance(days=1)


@pytest.mark.usefixtures("known")
async def test_a_page_of_the_sitemaps_record_is_saved_under_the_listing_it_shows(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await unnamed(db, clock, "sky-blue-house")
    await fetch(shop, "sky-blue-house", detail("sky-blue-house", public_id=ONE, bedrooms=4))
    row = await shop.live("blue-house")
    assert await live(db) == {id_of("blue-house"): ONE}
    assert (row["bedrooms"], row["source_url"].rpartition("/")[2]) == (4, "sky-blue-house")
    assert await value(db, "SELECT property_id FROM property_manifest") == id_of("blue-house")
    assert await value(db, "SELECT alias FROM property_aliases") == id_of("sky-blue-house")
    [queued] = await shop.queued("sky-blue-house")
    assert queued["status"] == "completed"


@pytest.mark.parametrize("order", ["card, page", "sitemap, card, page", "sitemap, page, card"])
@pytest.mark.usefixtures("known")
async def test_whoever_shows_a_new_slug_first_the_end_is_the_same(
    shop: Workshop, db: Database, clock: FixedClock, order: str
) -> None:
    for shown_by in order.split(", "):
        clock.advance(minutes=5)
        if shown_by == "sitemap":
            await unnamed(db, clock, "sky-blue-house")
        elif shown_by == "card":
            await shop.scan(entry("sky-blue-house", public_id=ONE))
        else:
            unknown = "SELECT count(*) FROM property_manifest WHERE public_id IS NULL"
            asked = "sky-blue-house" if await value(db, unknown) else "blue-house"
            await fetch(shop, asked, detail("sky-blue-house", public_id=ONE))
    assert await live(db) == {id_of("blue-house"): ONE}
    assert (await shop.live("blue-house"))["source_url"].endswith("/sky-blue-house")
    assert await value(db, "SELECT property_id FROM property_manifest") == id_of("blue-house")
    aliases = await rows(db, "SELECT alias, property_id FROM property_aliases")
    assert aliases == [{"alias": id_of("sky-blue-house"), "property_id": id_of("blue-house")}]
    told = await rows(db, "SELECT change_type, field_name FROM property_changes ORDER BY 1, 2")
    assert [tuple(each.values()) for each in told] == [
        ("created", None),
        ("updated", "source_url"),
        ("updated", "title"),
    ]


@pytest.mark.usefixtures("known")
async def test_a_slug_that_a_page_left_says_nothing_when_another_listing_takes_it(
    shop: Workshop, db: Database
) -> None:
    await fetch(shop, "blue-house", detail("sky-blue-house", public_id=ONE))
    assert (await shop.manifest("blue-house"))["source_url"].endswith("/sky-blue-house")
    await shop.scan(entry("blue-house", public_id=OTHER))
    assert await value(db, "SELECT count(*) FROM removal_checks") == 0
    assert (await shop.live("blue-house"))["source_url"].endswith("/sky-blue-house")


async def test_the_sitemaps_record_is_named_by_its_own_page(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await unnamed(db, clock, "blue-house")
    await fetch(shop, "blue-house", detail("blue-house", public_id=ONE))
    assert await live(db) == {id_of("blue-house"): ONE}
    assert (await shop.manifest("blue-house"))["public_id"] == ONE


@pytest.mark.usefixtures("known")
async def test_a_redirect_of_the_sitemaps_record_names_nobody_and_is_not_asked_again(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await unnamed(db, clock, "old-slug")
    await fetch(shop, "old-slug", detail("blue-house", public_id=ONE))
    await unnamed(db, clock, "other-slug")
    await fetch(shop, "other-slug", detail("green-house", public_id=OTHER))
    assert await live(db) == {id_of("blue-house"): ONE, id_of("green-house"): OTHER}
    assert await value(db, "SELECT count(*) FROM property_aliases") == 0
    assert await shop.queue.top_up() == 0


@pytest.mark.usefixtures("known")
async def test_a_page_that_shows_a_newcomer_is_saved_as_its_own_record(
    shop: Workshop, db: Database
) -> None:
    queued = await fetch(shop, "blue-house", detail("blue-house", public_id=OTHER, bedrooms=7))
    own = newcomer_id_of("blue-house", OTHER)
    assert await live(db) == {id_of("blue-house"): ONE, own: OTHER}
    assert (await shop.live("blue-house"))["bedrooms"] is None
    aliases = await rows(db, "SELECT alias, property_id FROM property_aliases")
    assert aliases == [{"alias": id_of("blue-house"), "property_id": own}]
    [check] = await rows(db, "SELECT * FROM removal_checks")
    assert (check["property_id"], check["verdict"]) == (queued.property_id, "unknown")
    assert (check["shown_public_id"], check["batch_id"]) == (OTHER, None)


@pytest.mark.usefixtures("known")
async def test_whoever_asked_for_anothers_page_has_not_failed_and_does_not_ask_again(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await rows(db, "UPDATE property_manifest SET needs_full_scrape = true")
    await fetch(shop, "blue-house", detail("blue-house", public_id=OTHER))
    states = [row["status"] for row in await shop.queued("blue-house")]
    assert states == ["completed", "completed"]
    assert await value(db, "SELECT count(*) FROM scraping_errors") == 0
    assert await shop.queue.top_up() == 0
    clock.advance(days=40)
    await shop.queue.queue_stale_properties(7, 100)
    assert id_of("blue-house") not in {each.property_id for each in await shop.claim()}


@pytest.fixture
async def in_place_of_another(shop: Workshop) -> None:
    """The page of the one shows another that is live under its own slug."""
    await shop.scan(entry("red-house", public_id=OTHER))
    await shop.visit(detail("red-house", public_id=OTHER))
    await fetch(shop, "blue-house", detail("blue-house", public_id=OTHER, bedrooms=7))


@pytest.mark.usefixtures("known", "in_place_of_another")
async def test_a_page_that_shows_a_known_listing_is_saved_as_that_ones(
    shop: Workshop, db: Database
) -> None:
    assert await live(db) == {id_of("blue-house"): ONE, id_of("red-house"): OTHER}
    assert (await shop.live("red-house"))["bedrooms"] == 7


@pytest.mark.usefixtures("known", "in_place_of_another")
async def test_a_page_in_place_of_one_that_is_gone_moves_nobody_there_and_a_card_does(
    shop: Workshop, db: Database
) -> None:
    """A slug may show somebody else each time: who is looked for there is another the next day."""
    urls = [(await shop.live("red-house"))["source_url"]]
    urls += [(await shop.manifest("red-house"))["source_url"]]
    assert [url.rpartition("/")[2] for url in urls] == ["red-house"] * 2
    assert await value(db, "SELECT count(*) FROM property_aliases") == 0
    await shop.scan(entry("blue-house", public_id=OTHER))
    assert (await shop.live("red-house"))["source_url"].endswith("/blue-house")
    assert await value(db, "SELECT property_id FROM property_aliases") == id_of("red-house")


@pytest.mark.usefixtures("known")
async def test_one_listing_under_the_slugs_of_several_is_a_fault_and_nothing_is_saved(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(entry("red-house", public_id=OTHER))
    await shop.queue.queue_new_properties([id_of("blue-house")])
    results = [
        led_to(each, detail(each.source_url.rpartition("/")[2], public_id=THIRD))
        for each in await shop.claim()
    ]
    assert len(results) == 2
    saved = await shop.save(*results)
    assert saved.failed == 2
    assert await live(db) == {id_of("blue-house"): ONE}
    assert await value(db, "SELECT count(*) FROM property_aliases") == 0


@pytest.mark.usefixtures("known")
async def test_a_fault_that_goes_on_is_known_in_the_next_batch_of_the_job(
    shop: Workshop, db: Database
) -> None:
    await shop.scan(*(entry(f"house-{n}", public_id=f"EB-QE000{n}") for n in range(3)))
    ticket = await shop.begin("detail")
    for n, queued in enumerate(await shop.claim()):
        slug = queued.source_url.rpartition("/")[2]
        saved = await shop.save(led_to(queued, detail(slug, public_id=THIRD)), ticket=ticket)
        assert saved.failed == (n > 0)
    assert sorted((await live(db)).values()) == [ONE, THIRD]


async def test_two_pages_of_one_listing_in_one_batch_are_one_row(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    slugs = ("blue-house", "azure-house", "sky-blue-house")
    for slug in slugs:
        await unnamed(db, clock, slug)
    await shop.queue.top_up()
    claimed = await shop.claim()
    pages = {each.property_id: each.source_url.rpartition("/")[2] for each in claimed}
    assert len(pages) == 3
    await shop.save(
        *(led_to(each, detail(pages[each.property_id], public_id=ONE)) for each in claimed)
    )
    assert list((await live(db)).values()) == [ONE]
    assert await value(db, "SELECT count(*) FROM property_manifest") == 1
    assert await value(db, "SELECT count(*) FROM property_aliases") == 2


async def test_a_page_of_a_record_that_was_merged_meanwhile_finds_the_one_that_stayed(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await shop.scan(entry("blue-house", public_id=ONE))
    await unnamed(db, clock, "sky-blue-house")
    await shop.queue.top_up()
    claimed = {each.property_id: each for each in await shop.claim()}
    await shop.scan(entry("sky-blue-house", public_id=ONE))
    stale = claimed[id_of("sky-blue-house")]
    assert stale.public_id is None
    await shop.save(led_to(stale, detail("sky-blue-house", public_id=ONE)))
    assert list((await live(db)).values()) == [ONE]
    assert await value(db, "SELECT count(*) FROM property_manifest") == 1


async def test_an_adopted_row_without_an_id_or_alias_is_joined_by_its_page(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await add_live(db, "blue-house", property_id="pincali_blue-house", created_at=clock.now())
    await add_live(
        db, "azure-house", public_id=ONE, created_at=clock.now().replace(year=clock.now().year + 1)
    )
    await shop.queue.queue_new_properties(["pincali_blue-house"])
    [queued] = await shop.claim()
    await shop.save(led_to(queued, detail("blue-house", public_id=ONE)))
    assert await live(db) == {"pincali_blue-house": ONE}
    aliases = await rows(db, "SELECT alias, property_id FROM property_aliases ORDER BY alias")
    assert {(row["alias"], row["property_id"]) for row in aliases} == {
        (id_of("blue-house"), "pincali_blue-house"),
        (id_of("azure-house"), "pincali_blue-house"),
    }


@pytest.mark.usefixtures("known")
async def test_a_rejected_page_moves_no_slug_and_joins_nothing(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    await unnamed(db, clock, "sky-blue-house")
    shop.rules = (NO_CASTLE,)
    await fetch(shop, "sky-blue-house", detail("sky-blue-house", public_id=ONE, bedrooms=400))
    assert await value(db, "SELECT count(*) FROM property_manifest") == 2
    assert await value(db, "SELECT count(*) FROM property_aliases") == 0


@pytest.mark.usefixtures("known")
async def test_a_verified_page_that_shows_a_newcomer_is_saved_as_that_ones(
    shop: Workshop, services: Services, db: Database
) -> None:
    token = uuid4()
    await rows(db, "UPDATE scrape_queue SET status = 'completed', completed_at = now()")
    await rows(
        db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason)
           SELECT property_id, source_url, 3, 'verification' FROM properties_live""",
    )
    await rows(db, "UPDATE scrape_queue SET available_at = :now", now=shop.clock.now())
    [queued] = await services.queue.claim_next_batch(
        10, "worker-1", lease_token=token, verification=True
    )
    answer = Answer(url=queued.source_url, status=200, shown_public_id=OTHER)
    judgement = judge(answer, property_id=queued.property_id, public_id=queued.public_id)
    page = detail("blue-house", public_id=OTHER)
    result = VerificationResult(queued=queued, answer=answer, judgement=judgement, scraped=page)
    ticket = await services.jobs.begin(uuid4(), spider="verification", source=None)
    await services.verification.record(
        [result], ticket=ticket, lease_token=token, rules=(), max_attempts=3
    )
    assert set((await live(db)).values()) == {ONE, OTHER}
    assert await value(db, "SELECT count(*) FROM removal_checks") == 1
    assert (await shop.queued("blue-house"))[-1]["status"] == "completed"


@pytest.mark.parametrize("first", ["card", "page"])
async def test_a_card_and_a_page_that_bring_one_listing_at_once_are_one_row(
    shop: Workshop, db: Database, clock: FixedClock, first: str
) -> None:
    await unnamed(db, clock, "blue-house")
    await shop.queue.top_up()
    [queued] = await shop.claim()
    page = led_to(queued, detail("blue-house", public_id=ONE))

    async def card() -> None:
        await shop.scan(entry("sky-blue-house", public_id=ONE))

    async def save() -> None:
        await shop.save(page)

    work = [card(), save()] if first == "card" else [save(), card()]
    await asyncio.gather(*work)
    assert list((await live(db)).values()) in ([ONE], [])
    records = await rows(db, "SELECT property_id FROM property_manifest")
    assert len(records) == 1


async def test_many_workers_that_bring_the_same_listings_under_many_slugs_leave_one_row_each(
    shop: Workshop, db: Database, clock: FixedClock
) -> None:
    ids = [f"EB-QD{n:04d}" for n in range(12)]
    slugs = [f"{letter}-house" for letter in "abcd"]
    for n in range(len(ids)):
        await unnamed(db, clock, f"a-house-{n}")
        await unnamed(db, clock, f"b-house-{n}")
    await shop.queue.top_up()
    claimed = {each.property_id: each for each in await shop.claim(100)}

    async def save(slug: str) -> None:
        await shop.save(
            *(
                led_to(claimed[id_of(f"{slug}-{n}")], detail(f"{slug}-{n}", public_id=each))
                for n, each in enumerate(ids)
            )
        )

    async def scan(slug: str) -> None:
        cards: list[ManifestEntry] = [
            entry(f"{slug}-{n}", public_id=each) for n, each in enumerate(ids)
        ]
        await shop.scan(*reversed(cards))

    await asyncio.gather(*(save(slug) for slug in slugs[:2]), *(scan(slug) for slug in slugs[1:]))
    assert sorted((await live(db)).values()) == ids
    named = await rows(db, "SELECT public_id FROM property_manifest")
    assert sorted(row["public_id"] for row in named) == ids
