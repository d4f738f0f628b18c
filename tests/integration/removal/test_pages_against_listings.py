"""Pages that speak against their listings' being there: what verification and detail jobs keep."""

from __future__ import annotations

import asyncio
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import pytest

from pincali_sync.answers.detail import read_detail
from pincali_sync.bootstrap import Services, build_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.identity import slug_of
from pincali_sync.items import FetchedPage, QueuedProperty, ScrapeResult
from tests.support.builders import (
    SITE,
    Workshop,
    add_live,
    entry,
    id_of,
    rows,
    sale,
    until_somebody_waits,
    value,
)
from tests.support.clock import FixedClock
from tests.support.removals import FLATS, HOUSES, TOKEN, batch_id, begin, claim, miss, record
from tests.support.scans import FakeSite, full_scan, seen

OWN = HOUSES[0].public_id


def page(public_id: str | None = OWN, status: str = "", price: str = "$2,000,000 MXN") -> bytes:
    return f"""<html><head><title>House | Pincali</title></head><body>
        <div class="listing__header"><div class="status">{status}</div></div>
        <div class="listing__intro"><div class="listing-id"><span>ID: {public_id}</span></div>
        <div class="listing__price"><div class="price"><div class="digits">{price}</div>
        <div class="operation-type">For Sale</div></div></div>
        <h1 class="property-title">House</h1></div></body></html>""".encode()


async def checks(db: Database) -> list[dict[str, Any]]:
    return await rows(
        db,
        """SELECT verdict, evidence, shown_public_id, batch_id IS NOT NULL AS acts
             FROM removal_checks ORDER BY property_id""",
    )


async def fetch(shop: Workshop, url: str, answer: bytes | FetchedPage) -> None:
    """A detail job claims the only row that waits, and its page answers so."""
    [queued] = await shop.claim()
    if isinstance(answer, bytes):
        answer = FetchedPage(status=200, body=answer)
    result = read_detail(queued, url, answer)
    assert isinstance(result, ScrapeResult)
    await shop.save(result)


@pytest.mark.parametrize(
    ("status", "became"),
    [
        ("Vendida", ("sold", "sold")),
        ("No disponible", ("confirmed_removed", "removed")),
    ],
)
async def test_a_missing_listing_whose_page_says_that_it_was_sold_leaves_with_that_evidence(
    services: Services, shop: Workshop, clock: FixedClock, status: str, became: tuple[str, str]
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    await record(services, seen(queued, 200, page(status=status)))
    batch = await services.removals.apply(await batch_id(services.db))
    live = await shop.live("house-1")
    assert (batch.removed, (live["listing_status"], live["status"])) == (1, became)
    removal = [each for each in await shop.journal("house-1") if each["change_type"] == "removed"]
    assert [each["change_reason"] for each in removal] == [f'the page says "{status}"']


async def test_a_missing_listing_whose_page_shows_another_leaves_with_that_evidence(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    await record(services, seen(queued, 200, page("EB-ZZ0007")))
    await services.removals.apply(await batch_id(services.db))
    assert (await shop.live("house-1"))["listing_status"] == "confirmed_removed"
    [check] = await checks(services.db)
    assert check["evidence"] == f"its page shows another listing, EB-ZZ0007; the record is {OWN}"


async def miss_two(services: Services, clock: FixedClock) -> UUID:
    """Two weekly scans show neither house-1 nor flat-1; returns the last one's session."""
    await begin(services, clock)
    for _ in range(2):
        session_id = await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS[1:]})
        await services.diff.detect_removed_properties(session_id)
        clock.advance(days=7)
    return session_id


@pytest.mark.parametrize(("at_once", "jobs"), [(True, 1), (False, 1), (False, 2)])
async def test_one_listing_on_the_pages_of_several_is_a_fault_of_the_site(
    services: Services, clock: FixedClock, at_once: bool, jobs: int
) -> None:
    session_id = await miss_two(services, clock)
    results = [seen(each, 200, page("EB-ZZ0007")) for each in await claim(services, session_id)]
    assert len(results) == 2
    tickets = [
        await services.jobs.begin(uuid4(), spider="verification", source=None) for _ in range(jobs)
    ]
    batches = [results] if at_once else [[each] for each in results]
    for some, ticket in zip(batches, cycle(tickets), strict=False):
        await services.verification.record(
            some, ticket=ticket, lease_token=TOKEN, rules=(), max_attempts=3
        )
    assert {each["verdict"] for each in await checks(services.db)} == {"unknown"}
    assert all("; so do pages of others" in each["evidence"] for each in await checks(services.db))
    assert (await services.removals.apply(await batch_id(services.db))).removed == 0


async def test_two_jobs_that_keep_that_fault_at_the_same_moment_see_each_other(
    services: Services, clock: FixedClock
) -> None:
    session_id = await miss_two(services, clock)
    mine, others = (
        seen(each, 200, page("EB-ZZ0007")) for each in await claim(services, session_id)
    )
    async with services.db.transaction() as tx:
        await tx.checks.record([mine], session_id=None, now=clock.now())
        later = asyncio.create_task(
            services.db.run(lambda tx: tx.checks.record([others], session_id=None, now=clock.now()))
        )
        await until_somebody_waits(services.db, later)
    assert [each.judgement.verdict for each in await later] == ["unknown"]
    assert {each["verdict"] for each in await checks(services.db)} == {"unknown"}


async def ask_for(shop: Workshop, clock: FixedClock, url: str) -> None:
    """Of all pages only this one waits."""
    await rows(shop.db, "DELETE FROM scrape_queue WHERE status = 'pending'")
    await rows(
        shop.db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queued_at, available_at)
           SELECT property_id, source_url, 1, :now, :now FROM properties_live
            WHERE source_url = :url""",
        now=clock.now(),
        url=url,
    )


async def test_what_a_detail_job_meets_takes_back_a_proof_of_that_fault(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    await record(services, seen(queued, 200, page("EB-ZZ0007")))
    await ask_for(shop, clock, FLATS[0].source_url)
    await fetch(shop, FLATS[0].source_url, page("EB-ZZ0007"))
    assert {each["verdict"] for each in await checks(services.db)} == {"unknown"}
    assert (await services.removals.apply(await batch_id(services.db))).removed == 0


async def test_a_listings_own_page_is_no_such_fault(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    newcomer = HOUSES[1]
    await ask_for(shop, clock, newcomer.source_url)
    await fetch(shop, newcomer.source_url, page(newcomer.public_id, DOUBTFUL))
    await record(services, seen(queued, 200, page(newcomer.public_id)))
    assert (await services.removals.apply(await batch_id(services.db))).removed == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_whoever_looks_by_hand_is_told_of_that_fault_as_jobs_are(
    db: Database, clock: FixedClock, at_once: bool
) -> None:
    site = FakeSite()
    services = build_services(load_config(pincali_base_url=SITE), clock=clock, db=db, fetcher=site)
    session_id = await miss_two(services, clock)
    clock.advance(days=-7)  # listings that must be there were seen lately
    for each in (*HOUSES, *FLATS):
        is_gone = each in (HOUSES[0], FLATS[0])
        shown = "EB-ZZ0007" if is_gone else each.public_id
        site.set(slug_of(each.source_url), 200, page(shown))
    missing = [id_of("house-1"), id_of("flat-1")]
    for some in [missing] if at_once else [[each] for each in missing]:
        results = await services.diff.confirm_removals(some)
    assert {(each.verdict, each.confirmed_removed) for each in results} == {("unknown", False)}
    assert all("; so do pages of others" in each.evidence for each in results)
    assert {each["verdict"] for each in await checks(db)} == {"unknown"}
    assert await services.removals.apply_of(session_id, run_id=None) is None


async def test_a_sold_page_that_a_detail_job_meets_is_evidence_and_no_proof_of_life(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    await miss(services, clock, times=2)
    before = await shop.live("house-1")
    await services.queue.queue_stale_properties(0, 10)
    await ask_for(shop, clock, HOUSES[0].source_url)
    await fetch(shop, HOUSES[0].source_url, page(status="Sold", price="$1"))
    assert await shop.live("house-1") == before
    [check] = await checks(services.db)
    assert check == {
        "verdict": "sold",
        "evidence": 'the page says "Sold"',
        "shown_public_id": OWN,
        "acts": False,
    }
    assert [each["status"] for each in await shop.queued("house-1")] == ["cancelled"]
    assert await value(services.db, "SELECT count(*) FROM scraping_errors") == 0


DOUBTFUL = "Vendida</div><div>Exclusiva"
DOUBT = 'the page says "Vendida", but "Exclusiva" stands beside it'


async def test_a_doubtful_page_of_a_missing_listing_proves_neither_life_nor_end(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    [queued] = await claim(services, await miss(services, clock, times=2))
    before = await shop.live("house-1")
    await record(services, seen(queued, 200, page(status=DOUBTFUL, price="$1")))
    assert (await services.removals.apply(await batch_id(services.db))).removed == 0
    assert await shop.live("house-1") == before
    [check] = await checks(services.db)
    assert (check["verdict"], check["evidence"]) == ("unknown", DOUBT)


async def test_a_doubtful_page_that_a_detail_job_meets_saves_nothing_and_says_why(
    shop: Workshop, db: Database
) -> None:
    new = entry("new-house", public_id="EB-NW0001")
    await shop.scan(new)
    await fetch(shop, new.source_url, page("EB-NW0001", DOUBTFUL))
    assert await value(db, "SELECT count(*) FROM properties_live") == 0
    [queued] = await shop.queued("new-house")
    said = f"unclear whether it is there: {DOUBT}"
    assert (queued["status"], queued["last_error"]) == ("cancelled", said)
    [check] = await checks(db)
    assert (check["verdict"], check["evidence"], check["acts"]) == ("unknown", DOUBT, False)
    await shop.scan(new)
    assert await shop.claim() == []


@pytest.mark.parametrize("was_removed", [False, True])
@pytest.mark.parametrize(
    "answer",
    [
        page("EB-NW0001", DOUBTFUL),
        page("EB-NW0001", "Vendida"),
        FetchedPage(status=404),
        FetchedPage(status=301, headers={"location": "/en/properties/properties-for-sale"}),
    ],
)
async def test_no_page_makes_a_change_forgotten_that_cards_go_on_showing(
    shop: Workshop, clock: FixedClock, answer: FetchedPage, was_removed: bool
) -> None:
    removed = {"listing_status": "confirmed_removed", "status": "removed"} if was_removed else {}
    await add_live(shop.db, "house", visits=1, price=2_000_000, public_id="EB-NW0001", **removed)
    card = entry("house", public_id="EB-NW0001", offers=(sale(1_500_000),))
    await shop.scan(card)
    await fetch(shop, card.source_url, answer)
    assert await shop.queue.top_up() == 0
    clock.advance(days=1)
    await shop.scan(card)
    assert await shop.queue.top_up() == 1
    await fetch(shop, card.source_url, page("EB-NW0001", price="$1,500,000 MXN"))
    live = await shop.live("house")
    assert (live["price"], live["listing_status"]) == (1_500_000, "active")


async def test_what_cards_show_is_there_whatever_its_page_says(
    services: Services, shop: Workshop, clock: FixedClock
) -> None:
    await begin(services, clock)
    await miss(services, clock, times=2)
    await shop.scan(HOUSES[0])
    assert (await shop.live("house-1"))["listing_status"] == "active"


async def test_a_new_listing_whose_page_says_that_it_was_sold_does_not_go_live(
    shop: Workshop, db: Database
) -> None:
    new = entry("new-house", public_id="EB-NW0001")
    await shop.scan(new)
    await fetch(shop, new.source_url, page("EB-NW0001", "Vendida"))
    assert await value(db, "SELECT count(*) FROM properties_live") == 0
    assert not (await shop.manifest("new-house"))["needs_full_scrape"]


@pytest.mark.parametrize(
    "answer",
    [
        FetchedPage(
            status=200,
            body=b"<html><title>Pincali</title><h1>This property was sold</h1></html>",
        ),
        FetchedPage(status=301, headers={"location": "/en/properties/properties-for-sale"}),
        FetchedPage(status=302, headers={"location": "/en"}),
        FetchedPage(status=410),
        FetchedPage(status=422),
    ],
)
def test_a_listing_that_is_not_there_is_no_failure_of_its_page(answer: FetchedPage) -> None:
    queued = QueuedProperty(id="1", property_id="x", source_url=f"{SITE}/en/home/x", public_id=OWN)
    result = read_detail(queued, queued.source_url, answer)
    assert isinstance(result, ScrapeResult)
    assert (result.ending.value, result.scraped) == ("cancelled", None)
