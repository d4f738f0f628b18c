"""How old it is what is known of a listing: its presence, its price, its details."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.db.repositories.listings.ages import AGE_COLUMNS, AGES
from pincali_sync.domain.listing_filter import ListingOrder, parse_filter
from tests.integration.site.test_sitemap import read
from tests.support.builders import Workshop, detail, entry, id_of, page, rows, sale
from tests.support.clock import FixedClock

_COLUMNS = ", ".join(AGE_COLUMNS)


async def ages(db: Database, slug: str) -> dict[str, Any]:
    """As statements have them; the view has the same."""
    of_slug = f"property_id = '{id_of(slug)}'"
    shared = f"SELECT {_COLUMNS} FROM properties_live l {AGES} WHERE l.{of_slug}"
    view = f"SELECT {_COLUMNS} FROM property_freshness WHERE {of_slug}"
    assert await rows(db, shared) == await rows(db, view)
    return (await rows(db, shared))[0]


async def test_presence_price_and_details_are_each_as_old_as_what_showed_them_last(
    shop: Workshop, services: Services, db: Database, clock: FixedClock
) -> None:
    await shop.visit(detail("casa"))
    fetched = clock.now()
    assert await ages(db, "casa") == dict.fromkeys(AGE_COLUMNS, fetched)

    clock.advance(days=1)  # a card with this very price
    await shop.scan(page(entry("casa")))
    carded = clock.now()
    known = {"presence_as_of": carded, "price_as_of": carded, "details_as_of": fetched}
    assert await ages(db, "casa") == known

    clock.advance(days=1)  # one with another price says nothing of this one
    await shop.scan(page(entry("casa", sale(2_500_000))))
    known |= {"presence_as_of": clock.now(), "price_as_of": fetched}
    assert await ages(db, "casa") == known

    clock.advance(days=1)  # back to it; and then the sitemap, which shows no price
    ticket = await shop.begin()
    await shop.scan(page(entry("casa")), ticket=ticket)
    await shop.jobs.finish(ticket, succeeded=True, reason="finished", stats={})
    carded = clock.now()
    clock.advance(days=1)
    await read(services, "casa", "next-door", dated_at=clock.now())
    known |= {"presence_as_of": clock.now(), "price_as_of": carded}
    assert await ages(db, "casa") == known
    await db.run(lambda tx: tx.listed.touch([id_of("casa")]))
    assert await ages(db, "casa") == known


async def test_of_all_half_and_nineteen_twentieths_are_told_and_what_has_but_a_url(
    shop: Workshop, services: Services, db: Database, clock: FixedClock
) -> None:
    await shop.visit(detail("old"))
    clock.advance(days=3)
    for slug in ("casa-1", "casa-2"):
        await shop.visit(detail(slug))
    await read(services, "old", "newcomer", dated_at=clock.now())
    told = {each.kind: each for each in await db.run(lambda tx: tx.ages.of_all())}
    assert set(told) == {"presence", "price", "details"}
    assert told["presence"].most == told["details"].median == clock.now()
    assert told["details"].most == clock.now() - timedelta(days=3)
    assert await db.run(lambda tx: tx.ages.known_by_url()) == 1


async def test_columns_of_the_adopter_with_the_names_of_ours_are_none_of_ours(
    shop: Workshop, db: Database
) -> None:
    names = (*AGE_COLUMNS, "kind", "as_of")
    columns = ", ".join(f"ADD COLUMN {name} text DEFAULT 'of the adopter'" for name in names)
    await rows(db, f"ALTER TABLE properties_live {columns}")
    await shop.visit(detail("casa"))
    fetched = shop.clock.now()
    known = await db.run(lambda tx: tx.ages.of_all())
    assert {each.kind: each.median for each in known} == dict.fromkeys(
        ("presence", "price", "details"), fetched
    )
    shown = await db.run(lambda tx: tx.dossier.shown(id_of("casa")))
    assert shown is not None
    assert {shown[name] for name in AGE_COLUMNS} == {fetched}
    every = parse_filter({}, fetched)
    page_of = await db.run(lambda tx: tx.browsing.page(every, ListingOrder.NEWEST, size=1))
    assert {getattr(page_of.rows[0], name) for name in AGE_COLUMNS} == {fetched}
