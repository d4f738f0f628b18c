"""A listing for sale and for rent: a source's cards may show that source's price alone."""

from __future__ import annotations

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.domain.prices import Offer
from pincali_sync.items import ManifestPage
from tests.support.builders import Workshop, detail, entry, page, rent, sale

BOTH = detail("blue-house", sale(2_000_000), rent(9_000))


def of_source(source: str, offer: Offer) -> ManifestPage:
    """A page of a source whose card of the house shows this price alone."""
    return page(entry("blue-house", offer), source=source)


@pytest.mark.parametrize("first", ["sale", "rent"])
async def test_sources_that_each_show_their_own_price_invent_no_change(
    shop: Workshop, first: str
) -> None:
    await shop.visit(BOTH)
    pages = [of_source("sale", sale(2_000_000)), of_source("rent", rent(9_000))]
    for each in (pages if first == "sale" else pages[::-1]) * 3:
        batch = await shop.scan(each)
        assert (batch.price_changes, batch.queued) == (0, 0)
    await shop.visit(BOTH)
    assert [(await shop.scan(each)).price_changes for each in pages] == [0, 0]
    live = await shop.live("blue-house")
    assert (live["price_at_last_manifest"], live["unit_at_last_manifest"]) == (2_000_000, "total")


async def test_the_other_price_hides_no_change_of_the_live_one(shop: Workshop) -> None:
    await shop.visit(BOTH)
    assert (await shop.scan(of_source("sale", sale(2_500_000)))).price_changes == 1
    assert (await shop.scan(of_source("rent", rent(9_000)))).price_changes == 0
    row = await shop.manifest("blue-house")
    assert (row["operation_type"], row["listing_page_price"]) == ("sale", 2_500_000)
    await shop.visit(BOTH)  # its page always shows another price
    for _ in range(2):
        assert (await shop.scan(of_source("rent", rent(9_000)))).price_changes == 0
        assert (await shop.scan(of_source("sale", sale(2_500_000)))).price_changes == 0


async def test_an_operation_that_its_own_source_shows_no_more_is_a_change_once(
    shop: Workshop,
) -> None:
    await shop.visit(BOTH)
    await shop.scan(of_source("sale", sale(2_000_000)))
    await shop.scan(of_source("rent", rent(9_000)))
    assert (await shop.scan(of_source("sale", rent(9_000)))).price_changes == 1
    for source in ("rent", "sale", "rent", "sale"):
        assert (await shop.scan(of_source(source, rent(9_000)))).price_changes == 0


async def test_an_operation_that_came_in_the_place_of_another_is_a_change_in_any_source(
    shop: Workshop,
) -> None:
    await shop.visit(detail("blue-house", sale(2_000_000)))
    assert (await shop.scan(of_source("rent", rent(9_000)))).price_changes == 1


async def test_the_other_price_is_compared_once_it_is_the_live_one(shop: Workshop) -> None:
    await shop.visit(BOTH)
    assert (await shop.scan(of_source("rent", rent(9_000)))).price_changes == 0
    await shop.visit(detail("blue-house", rent(12_000)))
    assert (await shop.scan(of_source("rent", rent(9_000)))).price_changes == 1


@pytest.mark.parametrize(
    "card", [of_source("rent", rent(9_000)), page(entry("blue-house", offers=()))]
)
async def test_a_card_that_tells_no_price_of_the_live_operation_is_listed_as_no_change(
    shop: Workshop, services: Services, card: ManifestPage
) -> None:
    await shop.visit(BOTH)
    ticket = await shop.begin()
    await shop.scan(card, ticket=ticket)
    assert await services.diff.detect_price_changes(ticket.session_id) == []
