"""A scan of everything goes beyond the page cap, and on where it was killed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pincali_workshop.standin.options import StandinOptions
from pincali_workshop.standin.process import StandinProcess

from bench.full_scan import FIVE_TIMES_THE_REAL, measure_one
from pincali_sync.db.engine import Database
from tests.acceptance.conftest import Scrapy
from tests.support.builders import rows

pytestmark = pytest.mark.timeout(300)


def test_a_changing_stock_beyond_the_cap_is_found_though_the_scan_is_killed_three_times() -> None:
    scan = measure_one(
        4_000,
        kills=3,
        page_cap=15,
        believed=20,
        churn=FIVE_TIMES_THE_REAL,
        seconds_per_page=60,
        durable=False,
    )
    assert scan.share_found >= 0.999
    assert scan.certified == 4, scan.reasons


@pytest.fixture(scope="module")
def site() -> Iterator[StandinProcess]:
    with StandinProcess(StandinOptions(listings=900, page_cap=10)) as process:
        yield process


async def test_a_full_scan_is_walked_and_written_down(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    ended = scrapy("crawl", "manifest", "-a", "max_pages=0", SITE_PAGE_CAP="10")
    assert ended.returncode == 0, ended.stderr
    found = {
        row["property_id"] for row in await rows(db, "SELECT property_id FROM property_manifest")
    }
    assert {each["property_id"] for each in site.truth()["listings"]} == found
    walks = await rows(
        db, "SELECT source, gaps, unpriced_wanted = unpriced_found AS all_found FROM manifest_walks"
    )
    assert len(walks) == 4
    assert all(walk["gaps"] == [] and walk["all_found"] for walk in walks)


async def test_a_page_without_cards_is_asked_for_again_before_it_is_believed(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    path = re.escape("/en/properties/properties-for-rent?page=2") + "$"
    site.add_fault(path, "empty", times=1)
    before = len(site.log())
    ended = scrapy("crawl", "manifest", "-a", "source=rent", "-a", "max_pages=3")
    assert ended.returncode == 0, ended.stderr
    asked = [each for each in site.log()[before:] if re.match(path, str(each["path"]))]
    assert len(asked) == 2
    pages = await rows(db, "SELECT entries FROM manifest_pages ORDER BY page_number")
    assert [row["entries"] for row in pages] == [24, 24, 24]


async def test_the_sitemap_is_read_by_hand_and_an_unchanged_one_is_not_sent_again(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    for status in (200, 304):
        before = len(site.log())
        ended = scrapy("crawl", "sitemap")
        assert ended.returncode == 0, ended.stderr
        shards = [
            each for each in site.log()[before:] if "marketplace_sitemaps" in str(each["path"])
        ]
        assert [each["status"] for each in shards] == [status]
    [listed] = await rows(db, "SELECT count(*) AS urls FROM property_manifest WHERE is_new")
    truth = len(site.truth()["listings"])
    assert 0.8 * truth < listed["urls"] < truth
    passes = await rows(
        db, "SELECT is_complete, urls, new_urls FROM sitemap_passes ORDER BY started_at"
    )
    assert [(row["is_complete"], row["urls"]) for row in passes] == [(True, listed["urls"])] * 2
    assert passes[1]["new_urls"] == 0


async def test_a_site_without_a_sitemap_is_told_and_proves_nothing(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    site.add_fault("/sitemap.xml", "404")
    ended = scrapy("crawl", "sitemap")
    assert ended.returncode == 1
    assert "the sitemap index cannot be read: HTTP 404" in ended.stderr
    assert await rows(db, "SELECT 1 FROM sitemap_passes") == []
