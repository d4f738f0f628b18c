"""Tiers 1 and 2 say whether they met what was known, and go deeper where they did not."""

from __future__ import annotations

import pytest

from pincali_sync.db.engine import Database
from pincali_sync.domain.run_notes import RunNotes
from pincali_sync.domain.tiers import ListingSource, Tier
from tests.support.builders import entry, page
from tests.support.clock import FixedClock
from tests.support.stage import Stage

PER_PAGE = 3


@pytest.fixture
def stage(db: Database, clock: FixedClock) -> Stage:
    return Stage(db, clock)


async def scan(stage: Stage, newest: int, *, pages: int) -> RunNotes:
    """A tier 1 whose sales are numbered downwards from the newest; returns what it notes."""
    await stage.start()
    await stage.tick()
    for spec in stage.runner.take("manifest"):
        ticket = await stage.begin(spec)
        if spec.arguments["source"] == ListingSource.SALE:
            for number in range(1, pages + 1):
                first = newest - (number - 1) * PER_PAGE
                cards = [entry(f"casa-{n}") for n in range(first, first - PER_PAGE, -1)]
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
