"""The stand-in's search finds what its filters say, in each of its habits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pincali_workshop.standin.habits import FILTERS, Beyond, Habits
from pincali_workshop.standin.options import DEFAULT_START, StandinOptions
from pincali_workshop.standin.search import Search, place_slugs
from pincali_workshop.standin.site import Site
from pincali_workshop.standin.world.board import price_of
from pincali_workshop.standin.world.state import ListingState
from pincali_workshop.standin.world.traps import Traps

from pincali_sync.domain.prices import Operation
from pincali_sync.domain.tiers import ListingSource
from pincali_sync.exceptions import UsageError

SALE = ListingSource.SALE


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(StandinOptions(listings=1_500, traps=Traps(bare=0.05)))


def found(
    site: Site,
    place: str | None = None,
    parameters: dict[str, str] | None = None,
    habits: Habits | None = None,
) -> list[ListingState]:
    search = Search.parse(SALE, place, parameters or {}, habits)
    assert search is not None
    return list(search.results(site.board()))


@pytest.mark.parametrize(
    ("name", "attribute", "least", "most"),
    [
        ("bedroom", "bedrooms", 2, 3),
        ("bathroom", "bathrooms", 2, 2),
        ("parking_spaces", "parking_spaces", 1, 2),
        ("total_square_meters", "total_m2", 100, 250.5),
        ("lot_size_square_meters", "lot_m2", 90, 700),
    ],
)
def test_a_filter_finds_what_is_in_its_range_and_not_what_does_not_say(
    site: Site, name: str, attribute: str, least: float, most: float
) -> None:
    sizes = {state.listing.index: getattr(state.listing.rooms, attribute) for state in found(site)}
    fitting = {n for n, size in sizes.items() if size is not None and least <= size <= most}
    ends = {f"min_{name}": str(least), f"max_{name}": str(most)}
    assert {state.listing.index for state in found(site, None, ends)} == fitting
    assert 0 < len(fitting) < len(sizes)
    assert len(found(site, None, ends, Habits(ignored=(name,)))) == len(sizes)


def test_states_cities_and_colonias_are_places(site: Site) -> None:
    place = found(site)[0].listing.place
    sizes = [
        len(found(site, slug))
        for slug in place_slugs(place.neighborhood, place.city.name, place.city.state)
    ]
    assert sizes[0] >= sizes[1] > sizes[2] > 0
    assert len(found(site, "atlantis")) == 0


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("first", [False, True])
def test_listings_on_request_stand_at_either_end(site: Site, direction: str, first: bool) -> None:
    habits = Habits(unpriced_first=(direction,) if first else ())
    states = found(site, None, {"sort_by": f"sale_price-{direction}"}, habits)
    is_priced = [price_of(state, Operation.SALE) is not None for state in states]
    assert is_priced == sorted(is_priced, reverse=not first)
    assert not all(is_priced)


@pytest.mark.parametrize(
    ("beyond", "cards"), [(Beyond.NOT_FOUND, None), (Beyond.EMPTY, 0), (Beyond.REPEATED, 24)]
)
def test_beyond_the_cap_there_is_nothing_or_the_last_page_once_more(
    beyond: Beyond, cards: int | None
) -> None:
    site = Site(StandinOptions(listings=200, page_cap=2, habits=Habits(beyond_cap=beyond)))
    search = Search.parse(SALE, None, {})
    assert search is not None
    last, further = (site.search(search, number, SALE.path, "") for number in (2, 4))
    assert last is not None
    if cards is None:
        assert further is None
    else:
        assert further is not None
        assert len(further.states) == cards
        assert further.states == (last.states if cards else ())


def test_what_is_found_keeps_up_with_the_stock() -> None:
    site = Site(StandinOptions(listings=800, seconds_per_page=3_600))
    search = Search.parse(SALE, "jalisco", {"min_bedroom": "2", "sort_by": "sale_price-desc"})
    assert search is not None
    for _ in range(60):
        site.search(search, 1, SALE.path, "")
    assert site.clock.now() == DEFAULT_START + timedelta(hours=60)
    fresh = Site(StandinOptions(listings=800, start=DEFAULT_START)).population
    expected = list(search.results(fresh.board(site.clock.now())))
    assert [state.version for state in search.results(site.board())] == [
        state.version for state in expected
    ]


def test_there_is_no_filter_of_another_name() -> None:
    assert "price" in FILTERS
    with pytest.raises(UsageError, match="weather"):
        Habits(ignored=("weather",))
