"""What the specification names as methods does its work, as commands and runs do it their way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from pincali_workshop.demo.compare import compare_live, compare_manifest
from pincali_workshop.standin.process import StandinProcess

from pincali_sync import services as named
from pincali_sync.bootstrap import Services, build_runner, open_services
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.exceptions import PausedError
from tests.support.builders import rows, value

pytestmark = pytest.mark.timeout(180)
WANTED = {
    "ManifestScanService": (
        *("run_manifest_scan", "parse_listing_page_for_manifest", "upsert_manifest_entries"),
    ),
    "PropertyDiffService": (
        *("detect_new_properties", "detect_price_changes", "detect_removed_properties"),
        *("confirm_removals", "update_removal_status"),
    ),
    "ScrapeQueueService": (
        *("queue_new_properties", "queue_price_changes", "queue_stale_properties"),
        *("queue_random_sample", "claim_next_batch", "mark_completed", "get_queue_stats"),
        "cleanup_old_queue_entries",
    ),
    "TierOrchestrator": (
        *("run_tier_1_hot_listings", "run_tier_2_daily_sync", "run_tier_3_weekly_deep"),
        *("run_tier_4_monthly_refresh", "process_scrape_queue"),
    ),
    "SchedulerService": (
        *("should_run_tier", "get_next_scheduled_run", "run_scheduled_tiers"),
        "get_schedule_status",
    ),
    "PropertySyncOrchestrator": ("run_hybrid_sync", "daily_sync_workflow"),
}


@pytest.fixture
async def services(
    by_hand: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Services]:
    for name, given in by_hand.items():
        monkeypatch.setenv(name, given)
    async with open_services(load_config()) as opened:
        yield opened


@pytest.mark.parametrize("service", WANTED)
def test_services_are_found_under_their_names(service: str) -> None:
    methods = vars(getattr(named, service))
    assert set(WANTED[service]) <= methods.keys()


async def test_a_scan_and_the_queue_are_worked_on_by_hand(
    services: Services, site: StandinProcess, db: Database
) -> None:
    truth, session_id = site.truth()["listings"], uuid4()
    scanned = await services.scans.run_manifest_scan(0, session_id)
    assert (scanned.properties_found, scanned.new_properties) == (len(truth), len(truth))
    assert (scanned.price_changes, scanned.errors) == (0, ())
    assert scanned.duration_seconds > 0
    assert scanned.pages_scanned == await value(db, "SELECT count(*) FROM manifest_pages")
    assert (await compare_manifest(db, truth)).differences == ()
    assert await rows(db, "SELECT id FROM scraping_sessions") == [{"id": session_id}]

    orchestrator = services.orchestrator(build_runner(services.config))
    processed = await orchestrator.process_scrape_queue(5)
    assert (processed.processed, processed.succeeded, processed.failed) == (5, 5, 0)
    live = await rows(db, "SELECT property_id FROM properties_live")
    ids = {row["property_id"] for row in live}
    assert (await compare_live(db, [x for x in truth if x["property_id"] in ids])).is_true


async def test_pages_that_are_lost_are_named(
    services: Services, site: StandinProcess, db: Database
) -> None:
    site.add_fault("/en/properties/properties-for-rent", "503")
    scanned = await services.scans.run_manifest_scan(1)
    lost, failed = scanned.errors
    assert lost == "rent: 1 lost"
    assert failed.endswith("ended: too_many_lost_pages")
    assert scanned.pages_scanned == await value(db, "SELECT count(*) FROM manifest_pages") - 1


async def test_nothing_is_asked_for_while_pages_rest(
    services: Services, site: StandinProcess
) -> None:
    await services.pauses.pause(None, reason="maintenance", paused_by="Operator 1")
    before = len(site.log())
    with pytest.raises(PausedError, match="by Operator 1: maintenance"):
        await services.scans.run_manifest_scan(1)
    assert len(site.log()) == before


def test_the_cards_of_a_page_are_read(site: StandinProcess) -> None:
    path = "/en/properties/properties-for-sale"
    page = httpx.get(site.base_url + path).text
    cards = named.ManifestScanService.parse_listing_page_for_manifest(page, site.base_url + path)
    first = {each["property_id"] for each in site.truth()["listings"]}
    assert cards
    assert {card.property_id for card in cards} <= first
