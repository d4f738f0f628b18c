"""`scrapy crawl verification` proves what is gone, and nothing on a site that is not well."""

from __future__ import annotations

from collections import Counter

import pytest
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db.engine import Database
from tests.acceptance.conftest import Scrapy
from tests.support.builders import add_all_live, add_queued, id_of, rows
from tests.support.clock import FixedClock

pytestmark = pytest.mark.timeout(180)

GONE = [f"casa-que-ya-no-esta-{n}" for n in range(6)]
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
