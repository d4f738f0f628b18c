"""All pages are challenged for days, and the sitemap goes on answering: what is true then."""

from __future__ import annotations

from pathlib import Path

import pytest
from pincali_workshop.simulation.closed_doors import ClosedDoors
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess
from pincali_workshop.standin.world.churn import Churn

from pincali_sync.config import load_config

pytestmark = pytest.mark.timeout(180)


async def test_behind_closed_doors_what_the_sitemap_lists_is_known_and_nothing_is_removed(
    database_url: str, tmp_path: Path
) -> None:
    options = StandinOptions(listings=60, page_size=42, churn=Churn(births=0.05))
    with StandinProcess(options) as site:
        config = load_config(
            database_url=database_url,
            pincali_home=tmp_path,
            pincali_base_url=site.base_url,
            site_min_gap_seconds=0,
            scrapyd_urls=("local",),
            tiers_enabled="2,3",
        )
        found = await ClosedDoors(config, site, options, closed=(1, 5)).play_closed(7)
    assert found.listed > 150
    assert found.newcomers > 3
    assert found.likely > 0
    assert found.holds, vars(found)
