"""A scan is as deep as what came since the last one asks for."""

from __future__ import annotations

import pytest

from pincali_sync.domain.run_notes import RunNotes


@pytest.mark.parametrize(
    ("last_run", "depth"),
    [
        (RunNotes(), 10),
        (RunNotes(depths={"sale": 10}, frontiers={}), 10),  # nothing to compare with
        (RunNotes(depths={"sale": 20}, frontiers={"sale": 7}), 10),
        (RunNotes(depths={"sale": 10}, frontiers={"sale": None}), 20),
        (RunNotes(depths={"sale": 80}, frontiers={"sale": None}), 100),
        # On a large site so much comes every time.
        (RunNotes(depths={"sale": 40}, frontiers={"sale": 37}), 50),
        (RunNotes(depths={"sale": 50}, frontiers={"sale": 35}), 50),
        (RunNotes(depths={"sale": 20}, frontiers={"sale": 9}), 20),
        (RunNotes(depths={"sale": 20}, frontiers={"sale": 8}), 10),
        (RunNotes(depths={"sale": 100}, frontiers={"sale": 95}), 100),
        (RunNotes(depths={"sale": 10, "rent": 10}, frontiers={"rent": None}), 10),
    ],
)
def test_the_depth_follows_from_the_last_run(last_run: RunNotes, depth: int) -> None:
    assert last_run.next_depth(10, "sale", page_cap=100) == depth


def test_all_pages_are_all_pages() -> None:
    last_run = RunNotes(depths={"sale": 0}, frontiers={"sale": None})
    assert last_run.next_depth(0, "sale", page_cap=100) == 0


def test_a_plan_beyond_the_cap_is_not_cut() -> None:
    last_run = RunNotes(depths={"sale": 300}, frontiers={"sale": None})
    assert last_run.next_depth(300, "sale", page_cap=100) == 300
