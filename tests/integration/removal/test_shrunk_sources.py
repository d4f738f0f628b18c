"""A source with far fewer listings than before: an outage, until scans days apart agree."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pincali_sync.bootstrap import Services
from pincali_sync.db.engine import Database
from pincali_sync.items import ManifestEntry
from tests.support.builders import add_live, entry, rows
from tests.support.clock import FixedClock
from tests.support.removals import missing
from tests.support.scans import full_scan

MANY = [entry(f"house-{n}") for n in range(20)]
FEW = MANY[:8]


class Scans:
    """Scans of one source, each some days after the one before."""

    def __init__(self, services: Services, db: Database, clock: FixedClock) -> None:
        self._services, self._db, self._clock = services, db, clock

    async def read(
        self, shown: Sequence[ManifestEntry], *, days: float = 7, lost: Sequence[str] = ()
    ) -> tuple[bool, bool]:
        """Whether such a scan is certified, and whether it proves absence."""
        self._clock.advance(days=days)
        session_id = await full_scan(self._services, {"sale": shown}, lost=lost)
        await self._services.diff.detect_removed_properties(session_id)
        [issued] = await rows(
            self._db,
            "SELECT certified, proves_absence FROM scan_certificates"
            " WHERE session_id = :id AND source = 'sale'",
            id=session_id,
        )
        return issued["certified"], issued["proves_absence"]


@pytest.fixture
async def scans(services: Services, db: Database, clock: FixedClock) -> Scans:
    """After two certified scans of all listings, which are live."""
    for n in range(20):
        await add_live(db, f"house-{n}", price=1_000_000)
    scans = Scans(services, db, clock)
    assert await scans.read(MANY) == (True, False)
    assert await scans.read(MANY) == (True, True)
    return scans


async def test_a_source_that_shrank_is_certified_again_and_then_proves_absence(
    scans: Scans, db: Database
) -> None:
    assert await scans.read(FEW) == (False, False)
    assert await scans.read(FEW) == (True, False)
    assert await missing(db) == {}
    assert await scans.read(FEW) == (True, True)
    assert len(await missing(db)) == 12


async def test_an_outage_of_a_few_days_proves_nothing(scans: Scans, db: Database) -> None:
    assert await scans.read(FEW) == (False, False)
    for _ in range(4):
        assert await scans.read(FEW, days=0.7) == (False, False)
    assert await scans.read(MANY) == (True, True)
    assert await missing(db) == {}


async def test_where_every_day_is_scanned_the_scans_some_days_apart_agree(scans: Scans) -> None:
    issued = [await scans.read(FEW, days=1) for _ in range(5)]
    assert issued == [*[(False, False)] * 3, (True, False), (True, True)]


@pytest.mark.parametrize("lost", [(), ("sale",)])
async def test_a_scan_that_found_more_in_between_ends_what_those_before_it_tell(
    scans: Scans, lost: Sequence[str]
) -> None:
    await scans.read(FEW)
    await scans.read(MANY, lost=lost)
    assert await scans.read(FEW) == (False, False)
    assert await scans.read(FEW) == (True, False)


async def test_scans_that_lost_pages_or_disagree_set_no_mark(scans: Scans) -> None:
    await scans.read(FEW, lost=["sale"])
    assert await scans.read(FEW[:5]) == (False, False)
    assert await scans.read(FEW) == (False, False)
    assert await scans.read(FEW) == (True, False)
