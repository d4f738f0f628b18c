"""A walk sees everything of a source, however little of it a query shows."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincali_sync.domain.listing_query import PROPERTY_TYPES, STATES, Order, WantedPage
from pincali_sync.domain.listing_walk import ListingWalk
from pincali_sync.domain.page_facts import PageFacts
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.domain.walk_summary import SHORT, UNREAD, Hole, WalkSummary
from tests.support.shifting_site import ABSENT, Row, ShiftingSite


async def walk(site: ShiftingSite, believed: int | None = None) -> WalkSummary:
    reader = ListingWalk(ListingSource.SALE, site.read, page_cap=believed or site.page_cap)
    return await reader.everything()


def priced_rows(count: int, *, seed: int = 1) -> list[Row]:
    draws = random.Random(seed)
    return [Row(number=n, price=Decimal(draws.randrange(1, 400))) for n in range(count)]


rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 60).map(Decimal)),
        st.sampled_from(list(PROPERTY_TYPES)[:4]),
        st.sampled_from(STATES[:3]),
        st.integers(1, 5),
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
            bedrooms=bedrooms,
            in_dollars=foreign and n % 7 == 0,
        )
        for n, (price, kind, state, bedrooms, foreign) in enumerate(drawn)
    ]
)


@given(
    rows=rows,
    unpriced_first=st.sets(st.sampled_from([Order.CHEAPEST, Order.DEAREST])),
    ignored=st.sets(st.sampled_from(["type", "place", "bedroom", "price", "sort_by"]), max_size=2),
)
async def test_everything_is_seen_or_a_hole_is_told(
    rows: list[Row], unpriced_first: set[Order], ignored: set[str]
) -> None:
    site = ShiftingSite(
        rows=rows, unpriced_first=frozenset(unpriced_first), ignored=frozenset(ignored)
    )
    summary = await walk(site)
    unseen = {row.number for row in rows} - site.seen
    assert len(unseen) <= sum(hole.out_of_reach for hole in summary.holes) + len(rows) // 20
    assert len(summary.gaps) >= len(summary.holes)
    assert len(site.asked) == len(set(site.asked)) >= summary.pages_wanted


async def test_a_source_within_the_cap_is_read_page_by_page() -> None:
    site = ShiftingSite(rows=priced_rows(18))
    summary = await walk(site)
    assert site.asked == [("", 1), ("", 2), ("", 3), ("", 4), ("", 5), ("end", 1)]
    assert (summary.parts, summary.gaps, summary.page_cap) == (2, (), None)


async def test_a_source_of_less_than_twice_the_cap_is_read_from_both_ends() -> None:
    site = ShiftingSite(rows=priced_rows(170), page_size=10, page_cap=10)
    summary = await walk(site)
    assert len(site.seen) == 170
    assert {partition for partition, _ in site.asked} == {"", "oldest", "end"}
    assert summary.gaps == ()


async def test_the_other_end_is_read_where_the_last_page_shown_tells_no_total() -> None:
    site = ShiftingSite(rows=priced_rows(170), page_size=10, page_cap=10)

    async def read(page: WantedPage) -> PageFacts | None:
        facts = await site.read(page)
        is_last = page.number == site.page_cap and page.query.order is Order.NEWEST
        return replace(facts, total=None, pages=None) if facts and is_last else facts

    await ListingWalk(ListingSource.SALE, read, page_cap=10).everything()
    assert len(site.seen) == 170


def varied_rows(count: int, *, seed: int = 1, unpriced: float = 0.013) -> list[Row]:
    """As on the site: most are houses, some on request, in dollars or without rooms."""
    draws = random.Random(seed)
    kinds = list(PROPERTY_TYPES)
    rows = []
    for number in range(count):
        kind = draws.choices(kinds[:4], (6, 3, 2, 1))[0]
        on_request = draws.random() < unpriced
        rows.append(
            Row(
                number=number,
                price=None if on_request else Decimal(draws.randrange(2, 400)) * 5_000,
                property_type=kind,
                state=draws.choice(STATES[:4]),
                city=f"City{draws.randrange(3)}",
                colonia=f"Colonia{draws.randrange(8)}",
                bedrooms=draws.randrange(1, 6) if kind != kinds[2] else None,
                area=draws.randrange(40, 900),
                in_dollars=draws.random() < 0.03,
            )
        )
    return rows


async def test_a_source_far_beyond_the_cap_is_read_at_little_more_than_the_fewest_pages() -> None:
    site = ShiftingSite(rows=varied_rows(6_000), page_size=10, page_cap=20)
    summary = await walk(site)
    assert len(site.seen) == 6_000
    assert summary.holes == ()
    assert len(site.asked) <= 1.1 * site.fewest_pages


async def test_the_few_of_a_rare_type_are_read_too() -> None:
    """They would be the same few in each scan, and so be missing."""
    many = [replace(row, number=10 * row.number) for row in varied_rows(2_200)]
    rarity = replace(many[0], number=11_001, property_type=list(PROPERTY_TYPES)[-1])
    site = ShiftingSite(rows=[*many, rarity], page_size=10, page_cap=20)
    await walk(site)
    assert rarity.number in site.seen


def with_a_few_of_a_small_state() -> tuple[list[Row], set[int]]:
    """Six thousand rows, and the numbers of eight that are in a state of their own."""
    many = [replace(row, number=10 * row.number) for row in varied_rows(6_000)]
    kinds = list(PROPERTY_TYPES)
    few = [
        replace(many[0], number=20_001 + 500 * n, property_type=kinds[n % 4], state="campeche")
        for n in range(8)
    ]
    return [*many, *few], {row.number for row in few}


async def test_the_few_of_a_small_state_are_read_where_others_find_more_than_there_are() -> None:
    rows, few = with_a_few_of_a_small_state()
    site = ShiftingSite(rows=rows, page_size=10, page_cap=20)

    async def read(page: WantedPage) -> PageFacts | None:
        facts = await site.read(page)
        place = page.query.place
        if facts is None or not facts.total or place is None or place.state == "campeche":
            return facts
        return replace(facts, total=facts.total + 1)  # somebody is in two states

    await ListingWalk(ListingSource.SALE, read, page_cap=20).everything()
    assert few <= site.seen


@pytest.mark.parametrize("killed_at", [60, 250])
async def test_the_few_of_a_small_state_are_read_where_the_stock_grew_since_a_kill(
    killed_at: int,
) -> None:
    rows, few = with_a_few_of_a_small_state()

    class KilledError(Exception):
        pass

    def kill(_: ShiftingSite, asked: int) -> None:
        if asked == killed_at:
            raise KilledError

    site = ShiftingSite(rows=rows, page_size=10, page_cap=20, before_each_page=kill)
    with pytest.raises(KilledError):
        await walk(site)
    site.asked.append(("killed", 0))
    site.remembered = {
        key: replace(facts, was_read_before=True) for key, facts in site.remembered.items()
    }
    came = varied_rows(12, seed=77)
    site.rows = [*rows, *(replace(row, number=100_000 + row.number) for row in came)]
    await walk(site)
    assert few <= site.seen


@pytest.mark.parametrize(
    "ignored",
    [("bedroom",), ("type",), ("place",), ("sort_by",), ("price",), ("bedroom", "place")],
    ids=str,
)
async def test_a_filter_that_the_site_ignores_is_noticed_and_another_taken(
    ignored: tuple[str, ...],
) -> None:
    site = ShiftingSite(
        rows=varied_rows(3_000), page_size=10, page_cap=20, ignored=frozenset(ignored)
    )
    summary = await walk(site)
    assert len(site.seen) >= 0.999 * 3_000
    assert summary.holes == ()
    assert len(site.asked) <= 1.5 * site.fewest_pages


async def test_where_nothing_but_prices_divides_listings_on_request_are_told_as_a_hole() -> None:
    ignored = frozenset({"type", "place", "bedroom", "total_square_meters"})
    site = ShiftingSite(rows=varied_rows(3_000), page_size=10, page_cap=20, ignored=ignored)
    summary = await walk(site)
    on_request = {row.number for row in site.rows if row.price is None}
    unseen = {row.number for row in site.rows} - site.seen
    assert unseen <= on_request
    [hole] = summary.holes
    assert hole == Hole(out_of_reach=hole.out_of_reach, listings=3_000, unpriced_only=True)
    assert hole.out_of_reach >= len(unseen)
    assert "listings on request" in summary.gaps[-1]


@pytest.mark.parametrize("front", [Order.CHEAPEST, Order.DEAREST])
async def test_listings_on_request_are_read_where_they_stand_before_all_prices(
    front: Order,
) -> None:
    ignored = frozenset({"type", "place", "bedroom", "total_square_meters"})
    site = ShiftingSite(
        rows=varied_rows(3_000),
        page_size=10,
        page_cap=20,
        ignored=ignored,
        unpriced_first=frozenset({front}),
    )
    summary = await walk(site)
    assert (len(site.seen), summary.holes) == (3_000, ())
    assert summary.unpriced_found == summary.unpriced_wanted > 0
    assert len(site.asked) <= 1.2 * site.fewest_pages


def with_prices_that_cards_do_not_tell(rows: list[Row], price: Decimal, *, every: int) -> list[Row]:
    return [
        replace(row, price=price, in_dollars=False, is_stand_in=True)
        if row.price is not None and row.number % every == 7
        else row
        for row in rows
    ]


STAND_IN, ABSURD = Decimal(1), Decimal(10) ** 13


@pytest.mark.parametrize(("price", "every"), [(STAND_IN, 50), (ABSURD, 1_000)])
@pytest.mark.parametrize("front", [None, Order.CHEAPEST, Order.DEAREST])
async def test_listings_whose_price_no_card_tells_pass_for_none_on_request(
    price: Decimal, every: int, front: Order | None
) -> None:
    """Ranges of prices show them: they fill no hole."""
    site = ShiftingSite(
        rows=with_prices_that_cards_do_not_tell(
            varied_rows(6_000, unpriced=0.005), price, every=every
        ),
        page_size=10,
        page_cap=20,
        ignored=frozenset({"place", "bedroom", "total_square_meters"}),
        unpriced_first=frozenset(filter(None, [front])),
    )
    summary = await walk(site)
    unseen = {row.number for row in site.rows} - site.seen
    a_few = 3 * 4  # come and go in each of four types
    lacking = summary.unpriced_wanted - summary.unpriced_found
    assert len(unseen) - a_few <= lacking <= len(unseen)
    assert sum(hole.out_of_reach for hole in summary.holes) >= len(unseen) - a_few
    assert front is None or len(unseen) <= a_few


@pytest.mark.parametrize("price", [Decimal(0), STAND_IN, ABSURD])
async def test_listings_on_request_are_looked_for_behind_prices_that_no_card_tells(
    price: Decimal,
) -> None:
    houses = [
        replace(row, property_type=29058, state="jalisco", city="Zapopan")
        for row in varied_rows(240, unpriced=0.06)
    ]
    usual, odd = (
        ShiftingSite(
            rows=rows,
            page_size=4,
            page_cap=10,
            ignored=frozenset({"bedroom", "total_square_meters"}),
        )
        for rows in (houses, with_prices_that_cards_do_not_tell(houses, price, every=40))
    )
    for site in (usual, odd):
        summary = await walk(site)
        assert summary.unpriced_wanted == summary.unpriced_found > 3
        assert (len(site.seen), summary.holes) == (240, ())
    assert len(odd.asked) <= len(usual.asked) + 5


async def test_listings_that_say_nothing_of_themselves_are_found_all_the_same() -> None:
    bare = [
        replace(row, bedrooms=None, area=None) if row.number % 50 == 0 else row
        for row in varied_rows(3_000)
    ]
    site = ShiftingSite(rows=bare, page_size=10, page_cap=20)
    summary = await walk(site)
    assert len(site.seen) >= 0.999 * 3_000
    assert summary.holes == ()


@pytest.mark.parametrize("ignored", [(), ("bedroom", "total_square_meters")], ids=str)
async def test_a_stock_that_shrinks_meanwhile_leaves_no_hole_and_no_page_unread(
    ignored: tuple[str, ...],
) -> None:
    def remove_one(site: ShiftingSite, asked: int) -> None:
        if asked % 20 == 0:
            site.rows = [row for row in site.rows if row.number != asked * 7919 % 3_000]

    site = ShiftingSite(
        rows=varied_rows(3_000),
        page_size=10,
        page_cap=20,
        ignored=frozenset(ignored),
        before_each_page=remove_one,
    )
    summary = await walk(site)
    unseen = {row.number for row in site.rows} - site.seen
    assert len(unseen) <= 0.003 * len(site.rows)
    assert summary.gaps == ()
    assert summary.pages_wanted <= site.pages_read


async def test_a_price_that_fills_a_window_is_divided_by_place() -> None:
    same = [replace(row, price=Decimal(500), bedrooms=None) for row in varied_rows(900)]
    site = ShiftingSite(rows=same, ignored=frozenset({"type"}))
    summary = await walk(site)
    assert (len(site.seen), summary.gaps) == (900, ())


async def test_what_no_part_can_show_is_told_by_type_and_place() -> None:
    alike = [Row(number=n, price=Decimal(5)) for n in range(200)]
    site = ShiftingSite(rows=alike)
    summary = await walk(site)
    [hole] = summary.holes
    assert (hole.property_type, hole.place) == (29058, "centro-zapopan-jalisco")
    assert hole.out_of_reach == 200 - len(site.seen)
    assert summary.gaps == (
        f"house in centro-zapopan-jalisco: {hole.out_of_reach} listings of 200 are out of reach",
    )


async def test_a_site_that_forgets_its_filters_is_not_believed() -> None:
    others = [replace(row, number=5_000 + row.number) for row in priced_rows(300)]
    site = ShiftingSite(rows=priced_rows(200), forgotten=others)
    summary = await walk(site)
    assert sum(hole.out_of_reach for hole in summary.holes) >= 100


@pytest.mark.parametrize(("believed", "shown"), [(20, 8), (8, 20), (20, 19), (20, 21), (20, 500)])
@pytest.mark.parametrize("repeats_last", [False, True])
async def test_another_page_cap_than_believed_is_found_out_and_used(
    believed: int, shown: int, repeats_last: bool
) -> None:
    site = ShiftingSite(
        rows=varied_rows(3_000), page_size=10, page_cap=shown, repeats_last=repeats_last
    )
    summary = await walk(site, believed)
    assert len(site.seen) == 3_000
    assert summary.page_cap == min(shown, 300)
    assert summary.gaps == (f"the site shows {summary.page_cap} pages of a query",)
    assert len(site.asked) <= (1.25 if shown == 8 else 1.1) * site.fewest_pages


async def test_a_page_that_is_away_for_a_moment_is_no_cap() -> None:
    rows = varied_rows(3_000)
    for number in (7, 19, 20, 21):
        site = ShiftingSite(rows=rows, page_size=10, page_cap=20)
        site.away[("", number)] = 1
        summary = await walk(site)
        assert (summary.page_cap, len(site.seen)) == (None, 3_000), number


async def test_a_cap_that_is_lowered_while_the_walk_goes_on_is_used_at_once() -> None:
    def lower(site: ShiftingSite, asked: int) -> None:
        if asked == 100:
            site.page_cap = 9

    site = ShiftingSite(rows=varied_rows(3_000), page_size=10, page_cap=20, before_each_page=lower)
    summary = await walk(site, 20)
    assert summary.page_cap == 9
    assert len(site.seen) >= 0.99 * 3_000


@pytest.mark.parametrize("from_end", [0, 1])
async def test_a_part_that_lacks_its_last_pages_is_no_page_cap(from_end: int) -> None:
    whole = ShiftingSite(rows=varied_rows(3_000), page_size=10, page_cap=20)
    await walk(whole)
    part, last = next(
        (part, number)
        for part, number in whole.asked
        if "type=" in part and 2 < number == whole.remembered[part, number].pages
    )
    lacking = {(part, last - each) for each in range(from_end + 1)}
    site = ShiftingSite(rows=whole.rows, page_size=10, page_cap=20)
    site.away.update(dict.fromkeys(lacking, 99))
    summary = await walk(site)
    assert (summary.page_cap, summary.pages_wanted) == (None, site.pages_read + len(lacking))
    assert len(whole.seen - site.seen) <= 10 * len(lacking)
    assert len(site.asked) <= len(whole.asked) + 10


@pytest.mark.parametrize("pages", [3, 12])
@pytest.mark.parametrize("newest", [0, 50])
async def test_a_small_source_that_lacks_its_last_page_is_no_page_cap(
    pages: int, newest: int
) -> None:
    site = ShiftingSite(rows=priced_rows(10 * pages - 1), page_size=10, page_cap=100)
    site.away["", pages] = 99
    reader = ListingWalk(ListingSource.SALE, site.read, page_cap=100)
    summary = await (reader.first_pages(newest) if newest else reader.everything())
    assert (summary.page_cap, summary.pages_wanted) == (None, site.pages_read + 1)


async def test_a_page_cap_that_is_believed_too_low_is_found_out_by_the_newest_pages_too() -> None:
    site = ShiftingSite(rows=priced_rows(3_000), page_size=10, page_cap=100)
    summary = await ListingWalk(ListingSource.SALE, site.read, page_cap=2).first_pages(50)
    assert (summary.page_cap, len(site.seen), len(site.asked)) == (50, 500, 50)
    again = ShiftingSite(rows=site.rows, page_size=10, page_cap=40)
    summary = await ListingWalk(ListingSource.SALE, again.read, page_cap=40).first_pages(50)
    assert (summary.page_cap, len(again.asked)) == (None, 41)


async def test_fewer_pages_than_wanted_are_noticed_on_the_deepest() -> None:
    site = ShiftingSite(rows=priced_rows(3_000), page_size=10, page_cap=12)
    summary = await ListingWalk(ListingSource.SALE, site.read, page_cap=100).first_pages(50)
    assert summary.page_cap == 12
    assert len(site.seen) == 120
    assert summary.pages_wanted == site.pages_read
    assert len(site.asked) <= 25


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


async def test_a_page_that_lacks_cards_is_told_where_the_second_answer_is_lost() -> None:
    site = ShiftingSite(rows=priced_rows(20), short={("", 3): 1})

    async def read(page: WantedPage) -> PageFacts | None:
        return None if page.again else await site.read(page)

    summary = await ListingWalk(ListingSource.SALE, read, page_cap=5).everything()
    assert summary.gaps == (f"plain: page 3 {SHORT}",)


@pytest.mark.parametrize("promoted_on", ["one page", "first pages"])
async def test_promoted_cards_on_some_pages_make_no_other_page_short(promoted_on: str) -> None:
    site = ShiftingSite(rows=varied_rows(4_000), page_size=24, page_cap=8)
    whole = ShiftingSite(rows=site.rows, page_size=24, page_cap=8)
    await walk(whole)
    promoted: set[tuple[str, int]] = set()

    async def read(page: WantedPage) -> PageFacts | None:
        facts = await site.read(page)
        if facts is None or not facts.has_next:
            return facts
        if page.number == 1 if promoted_on == "first pages" else not promoted:
            promoted.add(page.key)
        return replace(facts, cards=27) if page.key in promoted else facts

    summary = await ListingWalk(ListingSource.SALE, read, page_cap=8).everything()
    assert (len(site.seen), summary.gaps) == (4_000, ())
    assert len(site.asked) <= len(whole.asked) + 5


@pytest.mark.parametrize("changed_at", [60, 100])
async def test_another_page_size_from_some_page_on_costs_little_and_hides_nothing(
    changed_at: int,
) -> None:
    def change(site: ShiftingSite, asked: int) -> None:
        if asked == changed_at:
            site.page_size = 24

    site = ShiftingSite(rows=varied_rows(6_000), page_size=42, page_cap=20, before_each_page=change)
    await walk(site)
    assert len(site.seen) >= 0.999 * 6_000
    assert len(site.asked) <= 1.3 * site.fewest_pages


async def test_pages_that_lack_cards_now_and_then_are_no_page_size() -> None:
    """Each is cured by asking again, however many there are."""
    whole = ShiftingSite(rows=varied_rows(3_000), page_size=10, page_cap=20)
    await walk(whole)
    flaky = [key for key in whole.asked if whole.remembered.get(key, ABSENT).has_next][1::5]
    site = ShiftingSite(rows=whole.rows, page_size=10, page_cap=20, short=dict.fromkeys(flaky, 1))
    summary = await walk(site)
    assert (len(site.seen), summary.gaps) == (3_000, ())


async def test_the_last_page_may_be_as_short_as_it_likes() -> None:
    site = ShiftingSite(rows=priced_rows(17))
    summary = await walk(site)
    assert (len(site.asked), summary.gaps) == (6, ())


@pytest.mark.parametrize(("count", "gaps"), [(20, 0), (21, 1), (200, 1)])
async def test_where_no_page_tells_how_many_there_are_the_rest_beyond_the_cap_is_told(
    count: int, gaps: int
) -> None:
    site = ShiftingSite(rows=priced_rows(count))

    async def read(page: WantedPage) -> PageFacts | None:
        facts = await site.read(page)
        return replace(facts, total=None, pages=None) if facts else None

    summary = await ListingWalk(ListingSource.SALE, read, page_cap=5).everything()
    assert len(site.seen) == 20
    assert len([gap for gap in summary.gaps if "more follows after page 5" in gap]) == gaps


@pytest.mark.parametrize("count", [170, 2_000])
async def test_a_source_whose_pages_tell_how_many_listings_but_no_pages_is_read_whole(
    count: int,
) -> None:
    site = ShiftingSite(rows=varied_rows(count, unpriced=0), page_size=10, page_cap=10)

    async def read(page: WantedPage) -> PageFacts | None:
        facts = await site.read(page)
        return replace(facts, pages=None) if facts else None

    summary = await ListingWalk(ListingSource.SALE, read, page_cap=10).everything()
    assert (len(site.seen), summary.holes) == (count, ())


@pytest.mark.parametrize("count", [170, 2_000])
@pytest.mark.parametrize("tells_pages", [True, False])
async def test_a_pager_that_stops_at_the_cap_hides_nothing_of_the_other_end(
    count: int, *, tells_pages: bool
) -> None:
    site = ShiftingSite(rows=varied_rows(count, unpriced=0), page_size=10, page_cap=10)

    async def read(page: WantedPage) -> PageFacts | None:
        facts = await site.read(page)
        if facts is None or facts.is_absent:
            return facts
        if page.number == site.page_cap:
            return replace(facts, pages=page.number, has_next=False)
        return facts if tells_pages else replace(facts, pages=None)

    summary = await ListingWalk(ListingSource.SALE, read, page_cap=10).everything()
    assert (len(site.seen), summary.holes) == (count, ())


async def test_a_page_that_is_gone_with_the_last_row_is_no_loss() -> None:
    def remove_one(site: ShiftingSite, asked: int) -> None:
        if asked == 2:
            site.rows = site.rows[:-1]

    site = ShiftingSite(rows=priced_rows(13), before_each_page=remove_one)
    assert (await walk(site)).pages_wanted == site.pages_read
    assert {row.number for row in site.rows} <= site.seen


async def test_a_page_that_is_gone_although_it_should_be_there_is_a_loss() -> None:
    site = ShiftingSite(rows=priced_rows(20))
    site.away[("", 3)] = 9
    assert (await walk(site)).pages_wanted > site.pages_read


@pytest.mark.parametrize("is_lost", [False, True])
async def test_pages_that_nobody_wanted_make_up_for_none_that_was(*, is_lost: bool) -> None:
    """A site that repeats its last page has some to read beyond the page cap."""
    whole = ShiftingSite(rows=varied_rows(3_000), page_size=10, page_cap=20, repeats_last=True)
    assert UNREAD not in str((await walk(whole)).gaps)
    part, number = next(key for key in whole.asked if key[0].startswith("type=") and key[1] == 3)
    site = ShiftingSite(rows=whole.rows, page_size=10, page_cap=20, repeats_last=True)
    if is_lost:
        site.lost = {(part, number)}
    else:
        site.away[part, number] = 99
    summary = await walk(site)
    assert f"1 {UNREAD}, such as page {number} of {part}" in summary.gaps


async def test_rows_that_moved_up_behind_the_reader_are_read_again() -> None:
    def remove_from_the_front(site: ShiftingSite, asked: int) -> None:
        if asked == 2:
            site.rows = sorted(site.rows, key=lambda row: -row.number)[3:]

    site = ShiftingSite(rows=priced_rows(18), before_each_page=remove_from_the_front)
    await walk(site)
    assert {row.number for row in site.rows} <= site.seen


@pytest.mark.parametrize("count", [5, 25])
async def test_rows_that_moved_down_onto_pages_read_before_are_seen(count: int) -> None:
    def insert(site: ShiftingSite, asked: int) -> None:
        if asked == 6:  # the last pages within the cap were looked at
            new = (replace(site.rows[0], number=1_000 + n) for n in range(count))
            site.rows = [*site.rows, *new]

    rows = priced_rows(160)
    site = ShiftingSite(rows=rows, page_size=10, page_cap=10, before_each_page=insert)
    await walk(site)
    assert {row.number for row in rows} <= site.seen


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
    assert len(asked) <= len(whole.asked) + 6


async def test_lost_pages_are_counted_and_the_rest_is_read() -> None:
    whole = ShiftingSite(rows=varied_rows(900), page_size=10, page_cap=20)
    await walk(whole)
    lost = next(key for key in whole.asked if key[0].startswith("type=") and key[1] == 3)
    site = ShiftingSite(rows=whole.rows, page_size=10, page_cap=20, lost={lost})
    summary = await walk(site)
    assert summary.pages_wanted == site.pages_read + 1
    assert 890 <= len(site.seen) < 900
