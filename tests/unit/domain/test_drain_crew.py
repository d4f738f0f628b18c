"""How many detail workers are of use."""

from __future__ import annotations

import math

import pytest

from pincali_sync.domain.drain_crew import DrainCrew


def crew(workers: int, pages: int, before: int = 0, *, is_measured: bool = True) -> DrainCrew:
    return DrainCrew(workers=workers, is_measured=is_measured, pages=pages, pages_before=before)


@pytest.mark.parametrize(
    ("workers", "is_wanted"),
    [
        (crew(1, 40), True),  # half of the turns are left
        (crew(1, 70), False),  # the pace is used up
        (crew(1, 10, is_measured=False), False),  # it has only begun
        (crew(2, 60, before=30), True),  # the second brought as much as the first
        (crew(2, 42, before=40), False),  # it brought hardly anything: they share a processor
        (crew(3, 55, before=40), True),
        (crew(3, 48, before=40), False),
    ],
)
def test_another_is_wanted_while_turns_are_left_and_the_last_one_was_of_use(
    workers: DrainCrew, is_wanted: bool
) -> None:
    assert workers.has_use_for_another(80) is is_wanted


def test_without_a_pace_only_their_use_counts() -> None:
    assert crew(2, 20_000, before=10_000).has_use_for_another(math.inf)
    assert not crew(2, 10_500, before=10_000).has_use_for_another(math.inf)
