"""Tiers 1 and 2 say whether they met what was known, and go deeper where they did not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import ListingSource, Tier
from tests.support.builders import add_live, entry, id_of, page, rows
from tests.support.clock import FixedClock
from tests.support.stage import Stage

PER_PAGE = 3


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def scan(stage: Stage, newest: int, *, pages: int, front: Sequence[str] = ()) -> RunNotes:
    """A tier 1 whose sales are numbered downwards from the newest; returns what it notes.

    Args:
        front: those that stand before them.
    """
    await stage.start()
    await stage.tick()
    for spec in stage.runner.take("manifest"):
        ticket = await stage.begin(spec)
        if spec.arguments["source"] == ListingSource.SALE:
            for number in range(1, pages + 1):
                first = newest - (number - 1) * PER_PAGE
                cards = [entry(f"casa-{n}") for n in range(first, first - PER_PAGE, -1)]
                cards += [entry(slug) for slug in front if number == 1]
                await stage.shop.scan(page(*cards, number=number), ticket=ticket)
        await stage.end(ticket)
    run = await stage.tick()
    await stage.runs.cancel(run.id) if run.status == "running" else None
    stage.clock.advance(hours=6)
    return run.details


async def test_the_first_scan_has_nothing_to_meet(stage: Stage) -> None:
    assert (await scan(stage, 100, pages=4)).frontiers == {}


async def test_the_frontier_is_where_two_pages_in_a_row_were_known(stage: Stage) -> None:
    await scan(stage, 100, pages=8)
    details = await scan(stage, 104, pages=8)  # four new ones: page 3 is the first all known
    assert details.frontiers == {"sale": 3}


async def test_a_scan_that_meets_nothing_known_says_so(stage: Stage) -> None:
    await scan(stage, 100, pages=4)
    assert (await scan(stage, 200, pages=4)).frontiers == {"sale": None}


async def test_what_was_activated_again_stands_further_to_the_front(
    stage: Stage, db: Database
) -> None:
    await scan(stage, 30, pages=8)
    await scan(stage, 60, pages=8)
    for slug in ("casa-20", "casa-50"):
        await add_live(db, slug, price=1, last_full_scrape_at=stage.clock.now())
    stage.clock.advance(hours=1)
    await scan(stage, 61, pages=8, front=["casa-20"])
    moved = await rows(db, "SELECT property_id FROM property_manifest WHERE card_signals = 32")
    assert [each["property_id"] for each in moved] == [id_of("casa-20")]


async def test_the_next_scan_goes_deeper_until_the_frontier_is_met(
    stage: Stage, db: Database
) -> None:
    run = await stage.start()
    async with db.transaction() as tx:
        await tx.runs.note(run.id, RunNotes(depths={"sale": 10}, frontiers={"sale": None}))
        await tx.runs.finish(run.id, status="completed", error=None, now=stage.clock.now())
    stage.clock.advance(hours=6)
    await stage.start(Tier.HOT_LISTINGS)
    await stage.tick()
    depths = {
        spec.arguments["source"]: spec.settings["MANIFEST_MAX_PAGES"]
        for spec in stage.runner.ordered
    }
    assert depths["sale"] == "20"
    assert depths["rent"] == "10"
