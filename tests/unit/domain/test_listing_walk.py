"""A walk sees everything of a source, however little of it a query shows."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.listing_query import PROPERTY_TYPES, STATES
from pincali_sync.domain.listing_walk import ListingWalk
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.walk_summary import SHORT, WalkSummary
from tests.support.shifting_site import Row, ShiftingSite


async def walk(site: ShiftingSite) -> WalkSummary:
    reader = ListingWalk(ListingSource.SALE, site.read, page_cap=site.page_cap)
    return await reader.everything()


def priced_rows(count: int, *, seed: int = 1) -> list[Row]:
    draws = random.Random(seed)
    return [Row(number=n, price=Decimal(draws.randrange(1, 400))) for n in range(count)]


rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 60).map(Decimal)),
        st.sampled_from(list(PROPERTY_TYPES)[:4]),
        st.sampled_from(STATES[:3]),
        st.booleans(),
    ),
    max_size=160,
).map(
    lambda drawn: [
        Row(
            number=n,
            price=price,
            property_type=kind,
            state=state,
            in_dollars=foreign and n % 7 == 0,
        )
        for n, (price, kind, state, foreign) in enumerate(drawn)
    ]
)


@given(rows=rows, unpriced_first=st.booleans())
async def test_everything_is_seen_or_a_gap_is_told(rows: list[Row], unpriced_first: bool) -> None:
    site = ShiftingSite(rows=rows, unpriced_first=unpriced_first)
    summary = await walk(site)
    unseen = {row.number for row in rows} - site.seen
    assert not unseen or summary.gaps
    assert len(site.asked) == len(set(site.asked)) >= summary.pages_wanted


async def test_a_source_within_the_cap_is_read_page_by_page() -> None:
    site = ShiftingSite(rows=priced_rows(18))
    summary = await walk(site)
    assert site.asked == [("", 1), ("", 2), ("", 3), ("", 4), ("", 5), ("end", 1)]
    assert (summary.parts, summary.gaps) == (2, ())


async def test_price_windows_go_past_the_cap_at_little_more_than_the_ideal() -> None:
    site = ShiftingSite(rows=priced_rows(2_000), page_size=10, page_cap=20)
    summary = await walk(site)
    assert len(site.seen) == 2_000
    assert summary.gaps == ()
    assert len(site.asked) <= 1.15 * 2_000 / 10


async def test_a_price_that_fills_a_window_is_divided_by_type_and_place() -> None:
    kinds = list(PROPERTY_TYPES)
    same = [
        Row(
            number=n,
            price=Decimal(500),
            property_type=kinds[n % 2],
            state=STATES[n % 5],
            city=f"City{n % 3}",
        )
        for n in range(300)
    ]
    around = [Row(number=1_000 + n, price=Decimal(n + 1)) for n in range(100)]
    site = ShiftingSite(rows=[*same, *around])
    summary = await walk(site)
    assert site.seen == {row.number for row in site.rows}
    assert summary.gaps == ()


@pytest.mark.parametrize("unpriced_first", [False, True])
async def test_listings_on_request_are_found_before_or_behind_all_prices(
    unpriced_first: bool,
) -> None:
    kinds = list(PROPERTY_TYPES)
    rows = [
        replace(row, property_type=kinds[row.number % 6], state=STATES[row.number // 6 % 4])
        for row in priced_rows(300)
    ]
    rows += [Row(number=900 + n, price=None, property_type=kinds[n % 6]) for n in range(9)]
    site = ShiftingSite(rows=rows, page_size=6, unpriced_first=unpriced_first)
    summary = await walk(site)
    assert site.seen == {row.number for row in rows}
    assert summary.unpriced_wanted == 9
    assert summary.unpriced_found == 9


async def test_what_a_partition_cannot_show_is_told() -> None:
    alike = [Row(number=n, price=Decimal(5)) for n in range(200)]
    summary = await walk(ShiftingSite(rows=alike))
    assert any("out of reach" in gap for gap in summary.gaps)
    assert {hole.place for hole in summary.holes} == {"zapopan-jalisco"}
    assert sum(hole.out_of_reach for hole in summary.holes) >= 180


async def test_a_site_that_forgets_its_filters_is_not_believed() -> None:
    others = [replace(row, number=5_000 + row.number) for row in priced_rows(300)]
    site = ShiftingSite(rows=priced_rows(200), forgotten=others)
    summary = await walk(site)
    assert any("did not keep to the filters" in gap for gap in summary.gaps)


@pytest.mark.parametrize("number", [2, 3, 4])
async def test_a_page_that_lacks_cards_is_asked_for_again(number: int) -> None:
    site = ShiftingSite(rows=priced_rows(20), short={("", number): 1})
    summary = await walk(site)
    assert site.asked.count(("", number)) == 2
    assert (len(site.seen), summary.gaps) == (20, ())


async def test_a_page_that_goes_on_lacking_cards_is_told() -> None:
    site = ShiftingSite(rows=priced_rows(20), short={("", 3): 9})
    summary = await walk(site)
    assert site.asked.count(("", 3)) == 2
    assert summary.gaps == (f"plain: page 3 {SHORT}",)


async def test_the_last_page_may_be_as_short_as_it_likes() -> None:
    site = ShiftingSite(rows=priced_rows(17))
    summary = await walk(site)
    assert (len(site.asked), summary.gaps) == (6, ())


async def test_a_page_that_is_gone_with_the_last_row_is_no_loss() -> None:
    def remove_one(site: ShiftingSite, asked: int) -> None:
        if asked == 2:
            site.rows = site.rows[:-1]

    site = ShiftingSite(rows=priced_rows(13), before_each_page=remove_one)
    assert (await walk(site)).pages_wanted == site.pages_read
    assert {row.number for row in site.rows} <= site.seen


async def test_a_page_that_is_gone_although_it_should_be_there_is_a_loss() -> None:
    site = ShiftingSite(rows=priced_rows(20))
    reader = ListingWalk(ListingSource.SALE, site.read, page_cap=10)  # the site stops at 5
    site.rows += [replace(row, number=100 + row.number) for row in site.rows]
    assert (await reader.everything()).pages_wanted > site.pages_read


async def test_rows_that_moved_up_behind_the_reader_are_read_again() -> None:
    def remove_from_the_front(site: ShiftingSite, asked: int) -> None:
        if asked == 2:
            site.rows = sorted(site.rows, key=lambda row: -row.number)[3:]

    site = ShiftingSite(rows=priced_rows(18), before_each_page=remove_from_the_front)
    await walk(site)
    assert {row.number for row in site.rows} <= site.seen


async def test_a_row_that_jumps_to_the_front_is_seen_there_at_the_end() -> None:
    def activate_the_oldest(site: ShiftingSite, asked: int) -> None:
        if asked == 2:
            oldest = min(site.rows, key=lambda row: row.number)
            site.rows = [row for row in site.rows if row is not oldest]
            site.rows.append(replace(oldest, number=1_000))

    site = ShiftingSite(rows=priced_rows(18), before_each_page=activate_the_oldest)
    await walk(site)
    assert 1_000 in site.seen


async def test_a_walk_that_is_taken_up_again_asks_for_little_twice() -> None:
    whole = ShiftingSite(rows=priced_rows(600), page_size=6, page_cap=10)
    await walk(whole)

    class KilledError(Exception):
        pass

    def kill(_: ShiftingSite, asked: int) -> None:
        if asked in {30, 60, 90}:
            raise KilledError

    site = ShiftingSite(rows=whole.rows, page_size=6, page_cap=10, before_each_page=kill)
    for _ in range(3):
        with pytest.raises(KilledError):
            await walk(site)
        site.asked.append(("killed", 0))
        site.remembered = {
            key: replace(facts, was_read_before=True) for key, facts in site.remembered.items()
        }
    await walk(site)
    assert site.seen == whole.seen
    asked = [key for key in site.asked if key[0] != "killed"]
    assert len(asked) <= len(whole.asked) + 3


async def test_lost_pages_are_counted_and_the_rest_is_read() -> None:
    site = ShiftingSite(rows=priced_rows(200), lost={("cheapest 1-", 3)})
    summary = await walk(site)
    assert summary.pages_wanted == site.pages_read + 1
    assert len(site.seen) >= 190
