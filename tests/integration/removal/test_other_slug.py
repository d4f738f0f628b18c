"""A changed slug: the sitemap drops one URL and takes up another, whose page nobody knows yet."""

from __future__ import annotations

from uuid import UUID

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from tests.integration.site.test_sitemap import read
from tests.support.builders import Workshop, detail, entry, id_of, rows
from tests.support.clock import FixedClock
from tests.support.removals import FLATS, HOUSES, TOKEN, begin, record
from tests.support.scans import full_scan, seen

OWN = HOUSES[0].public_id
OTHERS = tuple(f"other-{n}" for n in range(60))  # known to the sitemap alone, as from the first on


async def drop(
    services: Services,
    db: Database,
    clock: FixedClock,
    *,
    second: str,
    first: str = "other-1",
    third: str = "other-1",
    earlier: str | None = None,
) -> UUID:
    """Three days of the sitemap: house-1 is on the first alone, a URL comes with one of the three,
    or earlier. Its page is gone then; returns the session that looked."""
    await begin(services, clock)
    await rows(db, "UPDATE property_manifest SET needs_full_scrape = false")
    stay = ("house-2", "house-3", "flat-1", "flat-2", *OTHERS)
    if earlier:
        await read(services, "house-1", earlier, *stay, dated_at=clock.now())
        stay = (earlier, *stay)
    for come in (("house-1", first), (second,), (second, third)):
        clock.advance(days=1)
        session_id = (await read(services, *come, *stay, dated_at=clock.now())).session_id
        if "house-1" in come:  # these were fetched long ago
            await rows(
                db,
                """UPDATE property_manifest SET needs_full_scrape = false
                    WHERE property_id = ANY(:known)""",
                known=[id_of(slug) for slug in ("house-1", *stay) if slug != earlier],
            )
    await services.queue.queue_verifications(session_id)
    [queued] = await services.queue.claim_next_batch(
        10, "worker-1", lease_token=TOKEN, verification=True
    )
    assert queued.property_id == id_of("house-1")
    await record(services, seen(queued, 404))
    return session_id


async def state(services: Services, shop: Workshop, session_id: UUID) -> str:
    """What house-1 is after the batch was judged."""
    await services.removals.apply_of(session_id, run_id=None)
    return str((await shop.live("house-1"))["listing_status"])


async def test_what_may_have_another_slug_stays_until_its_page_tells(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    session_id = await drop(services, db, clock, second="house-1-renovated")
    assert await state(services, shop, session_id) == "likely_removed"
    await shop.visit(detail("house-1-renovated", public_id=OWN))
    assert await state(services, shop, session_id) == "active"


async def test_when_the_page_shows_somebody_else_the_proof_stands(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    session_id = await drop(services, db, clock, second="castle-1")
    assert await state(services, shop, session_id) == "likely_removed"
    await shop.visit(detail("castle-1", public_id="EB-ZZ0001"))
    assert await state(services, shop, session_id) == "confirmed_removed"


async def test_a_pass_may_list_both_slugs(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    session_id = await drop(
        services, db, clock, first="house-1-renovated", second="house-1-renovated"
    )
    assert await state(services, shop, session_id) == "likely_removed"
    await shop.visit(detail("house-1-renovated", public_id=OWN))
    assert await state(services, shop, session_id) == "active"


async def test_a_card_tells_as_well(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    session_id = await drop(services, db, clock, second="house-1-renovated")
    await shop.scan(entry("house-1-renovated", public_id=OWN))
    assert await state(services, shop, session_id) == "active"


async def test_what_came_after_it_had_gone_holds_nothing_up(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    session_id = await drop(services, db, clock, second="other-1", third="castle-1")
    assert await state(services, shop, session_id) == "confirmed_removed"


async def test_a_url_that_is_never_known_holds_up_nobody_who_was_listed_after_it_came(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    session_id = await drop(services, db, clock, second="other-1", earlier="castle-1")
    assert (await shop.manifest("castle-1"))["needs_full_scrape"]
    assert await state(services, shop, session_id) == "confirmed_removed"


async def test_a_certified_scan_that_misses_it_ends_the_doubt(
    services: Services, shop: Workshop, db: Database, clock: FixedClock
) -> None:
    session_id = await drop(services, db, clock, second="castle-1")
    assert await state(services, shop, session_id) == "likely_removed"
    clock.advance(hours=1)
    await full_scan(services, {"sale": HOUSES[1:], "rent": FLATS})
    assert await state(services, shop, session_id) == "confirmed_removed"
