"""A day of tiers through a real Scrapyd and a real Chromium, compared with the truth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pincali_workshop.demo.compare import compare_live
from pincali_workshop.demo.stage import Stage
from pincali_workshop.demo.tier_one import initial_sync
from pincali_workshop.standin.options import RemovalMode

from pincali_sync.bootstrap import open_services
from pincali_sync.cli.tier_commands import run_tier
from pincali_sync.config import load_config
from pincali_sync.db.repositories.runs.runs import SyncRun
from pincali_sync.domain.tiers import Tier
from tests.support.builders import rows

pytestmark = pytest.mark.timeout(300)

# The program's clock is the machine's, so the tiers are started by hand; the site's moves on.
_DAY = (
    Tier.WEEKLY_DEEP,
    Tier.HOT_LISTINGS,
    Tier.DAILY_SYNC,
    Tier.WEEKLY_DEEP,
    Tier.WEEKLY_DEEP,
)


@pytest.fixture(autouse=True)
def _on_stage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in stage.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def runs() -> list[SyncRun]:
    """What the first test played, for the others to look at."""
    return []


async def test_every_tier_of_the_day_completes(stage: Stage, runs: list[SyncRun]) -> None:
    await initial_sync(stage)
    stage.site.set_removal_mode(RemovalMode.REDIRECT)
    for tier in _DAY:
        run = await run_tier(tier, quiet=True)
        assert run.status == "completed", run.error_summary
        assert run.error_count == 0
        runs.append(run)
        stage.site.advance(timedelta(hours=6).total_seconds())


async def test_full_scans_are_certified(runs: list[SyncRun]) -> None:
    for run in runs:
        if run.tier_level == Tier.WEEKLY_DEEP:
            assert [each.certified for each in run.details.certificates] == [True] * 4


async def test_what_went_is_removed_on_evidence_and_nothing_else_is(
    stage: Stage, runs: list[SyncRun]
) -> None:
    last = runs[-1]
    assert last.removals_detected > 0
    assert last.details.removed == last.removals_detected
    truth = stage.site.truth()["listings"]
    async with open_services(load_config()) as services:
        [batch] = await services.db.run(lambda tx: tx.batches.latest())
        checks = await services.db.run(lambda tx: tx.checks.of_batch(batch.id))
        async with services.db.transaction() as tx:
            live = await tx.live.counts()
        shown = await rows(
            services.db,
            "SELECT listing_status FROM properties_live WHERE property_id = ANY(:ids)",
            ids=[each["property_id"] for each in truth],
        )
    assert live["confirmed_removed"] == last.removals_detected
    assert {(check.verdict, check.http_status) for check in checks} == {("gone", 301)}
    assert "confirmed_removed" not in {row["listing_status"] for row in shown}


async def test_what_is_on_the_site_is_live_and_right(stage: Stage, runs: list[SyncRun]) -> None:
    scanned_at = stage.site.now() - timedelta(hours=6)
    stage.site.set_clock(scanned_at)
    shown = stage.site.truth()["listings"]
    async with open_services(load_config()) as services:
        compared = await compare_live(services.db, shown)
    assert runs[-1].status == "completed"
    assert compared.missing == ()
    # Only what no listing page shows, such as a new translation, waits for its next visit.
    assert {each.field for each in compared.differences} <= {
        "title",
        "title_original",
        "description",
    }
