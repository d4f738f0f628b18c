"""`scrapy crawl verification` proves what is gone, and nothing on a site that is not well."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.clock import SystemClock
from pincali_sync.db.engine import Database
from pincali_sync.pages.detail_page import parse_detail_page
from tests.acceptance.conftest import Scrapy
from tests.support.builders import (
    Workshop,
    add_all_live,
    add_live,
    add_queued,
    entry,
    id_of,
    rows,
)
from tests.support.clock import FixedClock
from tests.support.hostile_site import HostileSite, Says

pytestmark = pytest.mark.timeout(180)

GONE = [f"casa-que-ya-no-esta-{n}" for n in range(6)]
PAGES = Path(__file__).parents[1] / "pages"
JOB = "SELECT finish_reason FROM sync_run_jobs WHERE spider = 'verification'"
WAITING = """SELECT attempt_count AS attempts, count(*) FROM scrape_queue
              WHERE status = 'pending' GROUP BY 1"""
_VERIFY_AGAIN = """
UPDATE scrape_queue SET status = 'pending', queue_reason = 'verification', attempt_count = 0,
       lease_token = NULL, lease_expires_at = NULL, completed_at = NULL, available_at = '2020-01-01'
"""


async def prepare(scrapy: Scrapy, db: Database) -> None:
    """Ten listings that are there, and six that are not, wait for their verification."""
    assert scrapy("crawl", "manifest", "-a", "source=rent", "-a", "max_pages=1").returncode == 0
    assert scrapy("crawl", "detail", "-a", "max_items=10").returncode == 0
    await rows(db, "DELETE FROM scrape_queue WHERE status <> 'completed'")
    await add_all_live(db, {slug: {"public_id": f"EB-XQ{n:04}"} for n, slug in enumerate(GONE)})
    for slug in GONE:
        await add_queued(db, slug, FixedClock())
    await rows(db, _VERIFY_AGAIN)


async def verdicts(db: Database) -> Counter[tuple[str, bool]]:
    """By verdict and whether the listing is one that is not there."""
    gone = {id_of(slug) for slug in GONE}
    found = await rows(db, "SELECT property_id, verdict FROM removal_checks")
    return Counter((each["verdict"], each["property_id"] in gone) for each in found)


async def test_what_is_there_and_what_is_gone_are_told_apart(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    await prepare(scrapy, db)
    before = len(site.log())
    ended = scrapy("crawl", "verification")
    assert ended.returncode == 0, ended.stderr
    assert await verdicts(db) == {("alive", False): 10, ("gone", True): 6}
    asked = [each for each in site.log()[before:] if "/home/" in each["path"]]
    assert len(asked) == 2 + 1 + 16 + 1  # invented, there, waiting, there again
    assert {each["method"] for each in asked} == {"GET"}  # HEAD lies
    assert await rows(db, "SELECT 1 FROM scrape_queue WHERE status <> 'completed'") == []


@pytest.mark.parametrize("fault", ["404", "outage"])
async def test_a_fault_of_the_site_removes_nothing(
    scrapy: Scrapy, site: StandinProcess, db: Database, fault: str
) -> None:
    await prepare(scrapy, db)
    site.add_fault("/en/home/", fault, every=4)  # from the first listing that waits
    scrapy("crawl", "verification")
    assert ("gone", False) not in await verdicts(db)


async def test_missing_listings_whose_pages_fail_are_charged_and_no_outage(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    await prepare(scrapy, db)
    await rows(db, "DELETE FROM scrape_queue WHERE source_url NOT LIKE '%ya-no-esta%'")
    site.add_fault(f"/en/home/{GONE[0][:-2]}", "500")
    ended = scrapy("crawl", "verification")
    assert ended.returncode == 0, ended.stderr
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    assert await rows(db, WAITING) == [{"attempts": 1, "count": 6}]


@pytest.mark.parametrize(
    ("fault", "reason", "pauses"),
    [
        ("500", "paused", [{"scope": "all", "kind": "busy"}]),
        ("cut_chunked", "site_not_reached", []),
    ],
)
async def test_a_site_that_fails_from_the_beginning_is_an_outage(
    scrapy: Scrapy, site: StandinProcess, db: Database, fault: str, reason: str, pauses: object
) -> None:
    await prepare(scrapy, db)
    site.add_fault("/en/home/", fault)
    scrapy("crawl", "verification")
    assert await rows(db, JOB) == [{"finish_reason": reason}]
    assert await rows(db, "SELECT scope, kind FROM sync_pauses") == pauses
    assert await rows(db, WAITING) == [{"attempts": 0, "count": 16}]


async def test_a_page_that_robots_txt_forbids_is_unknown_at_its_first_attempt(
    scrapy: Scrapy, hostile: HostileSite, db: Database
) -> None:
    known = (PAGES / "detail-2026-es.html").read_bytes()
    house = parse_detail_page(known, f"{hostile.url}/en/home/known")
    hostile.answers = {
        "/robots.txt": Says(body=b"User-agent: *\nDisallow: /en/home/house-1\n"),
        "/en/home/known": Says(body=known),
    }
    await add_live(db, "known", public_id=house.public_id)
    shop = Workshop(db=db, clock=SystemClock())
    await shop.scan(entry("known", public_id=house.public_id), entry("house-1"), entry("house-2"))
    await rows(db, "DELETE FROM scrape_queue WHERE source_url LIKE '%/known'")
    await rows(db, _VERIFY_AGAIN)
    ended = scrapy("crawl", "verification", PINCALI_BASE_URL=hostile.url)
    assert ended.returncode == 0, ended.stderr
    assert "/en/home/house-1" not in hostile.paths
    checks = "SELECT property_id, verdict, evidence FROM removal_checks ORDER BY evidence"
    gone, forbidden = await rows(db, checks)
    assert gone["verdict"] == "gone"
    assert (forbidden["property_id"], forbidden["verdict"]) == (id_of("house-1"), "unknown")
    assert forbidden["evidence"].startswith("robots.txt forbids")
    assert await rows(db, WAITING) == []
