"""What is told of a season's changes, and who counts as late."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pincali_workshop.paper.start import adopted
from pincali_workshop.paper.truth import Delays, Truth
from pincali_workshop.standin.world.life import DAY
from pincali_workshop.standin.world.listing import Listing

from tests.support.paper import BEGIN, SEED, at, listing, state, then

LIMIT = 10


@pytest.mark.parametrize(("now", "told"), [(9, (0, 0)), (10, (1, 1)), (13, (2, 3)), (14, (2, 4))])
def test_a_change_is_judged_once_it_had_the_time_whether_it_is_known_or_not(
    now: int, told: tuple[int, int]
) -> None:
    delays = Delays()
    for public_id, since in (("a", 0), ("b", 2), ("c", 3), ("d", 4)):
        delays.begin(public_id, since)
    delays.end("a", 1)
    delays.end("b", 14)
    delays.end("c", 8)
    assert delays.in_time(LIMIT, now) == told


@pytest.fixture
def truth() -> Truth:
    return Truth(SEED, BEGIN)


def play(truth: Truth, of: Listing, *days: float) -> None:
    """Tells what becomes of a listing at these times; nothing of it was told before."""
    told = [None, *(state(of, each) for each in days)]
    for old, new in pairwise(told):
        assert new is not None
        truth.on_change(old, new)


@pytest.mark.parametrize("stays", [0.3, 3])
@pytest.mark.parametrize("is_unlisted", [False, True])
def test_who_left_before_the_journal_tells_that_it_was_live_is_gone_since_its_end(
    truth: Truth, stays: float, is_unlisted: bool
) -> None:
    newcomer = listing((1, 1 + stays), is_unlisted=is_unlisted)
    play(truth, newcomer, 1, 1 + stays)
    assert not truth.gone.open
    truth.note_live(newcomer.public_id, then(1.1))
    ended = truth.unlisted if is_unlisted else truth.gone
    assert ended.open == {newcomer.public_id: at(1 + stays)}


def test_who_is_live_only_after_it_left_is_gone_since_then(truth: Truth) -> None:
    newcomer = listing((1, 1.5))
    play(truth, newcomer, 1, 1.5)
    truth.note_live(newcomer.public_id, then(1.6))
    assert truth.gone.open == {newcomer.public_id: at(1.6)}


def test_who_came_back_meanwhile_is_not_gone(truth: Truth) -> None:
    newcomer = listing((1, 3), (5, 9))
    play(truth, newcomer, 1, 3, 5)
    truth.note_live(newcomer.public_id, then(5.5))
    assert not truth.gone.open


def test_a_newcomer_that_was_gone_within_a_day_and_never_live_is_nowhere(truth: Truth) -> None:
    play(truth, listing((1, 1.5)), 1, 1.5)
    assert (truth.new.open, truth.gone.open) == ({}, {})


def test_an_adopters_dead_stock_is_followed_from_the_begin_until_its_removal(truth: Truth) -> None:
    dead = listing((-30, -3))
    truth.note_adopted(state(dead, 0))
    assert truth.dead.open == {dead.public_id: at(0)}
    truth.note_removal(state(dead, 9), state(dead, 9), then(9))
    assert truth.dead.known == [(at(0), 9 * DAY)]


def test_stock_that_comes_back_is_dead_no_more(truth: Truth) -> None:
    back = listing((-30, -3), (2, 40))
    truth.note_adopted(state(back, 0))
    truth.on_change(state(back, 0), state(back, 2))
    assert (truth.dead.open, truth.dead.known) == ({}, [])


@pytest.mark.parametrize(("ends", "is_unlisted"), [(40, False), (-3, True)])
def test_stock_that_is_there_or_whose_page_is_is_not_dead(
    truth: Truth, ends: float, is_unlisted: bool
) -> None:
    truth.note_adopted(state(listing((-30, ends), is_unlisted=is_unlisted), 0))
    assert not truth.dead.open


def test_an_adopter_knows_of_listings_that_are_gone_but_not_of_todays() -> None:
    stock = [listing((-30, -3)), listing((-30, 40)), listing((-0.5, 40))]
    records = adopted([state(each, 0) for each in stock], SEED, at(0))
    assert [(each.state.active, each.now.active) for each in records] == [
        (True, False),
        (True, True),
    ]
