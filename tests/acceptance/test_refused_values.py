"""Values that the database refuses, an adopter's trigger among them, cost their own page alone."""

from __future__ import annotations

import pytest
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db.engine import Database
from tests.acceptance.conftest import Scrapy
from tests.support.builders import rows, value

pytestmark = pytest.mark.timeout(180)

FUNCTION = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not this one' USING DETAIL = 'phone 555'; END $$
"""
TRIGGER = """
CREATE TRIGGER refuse BEFORE INSERT ON {table}
   FOR EACH ROW WHEN (NEW.property_id = '{property_id}') EXECUTE FUNCTION refuse()
"""
WANTED = "FROM scrape_queue WHERE property_id = :refused"


async def refuse(db: Database, table: str, property_id: str) -> None:
    await rows(db, FUNCTION)
    await rows(db, TRIGGER.format(table=table, property_id=property_id))


async def test_a_detail_page_that_is_refused_is_charged_and_keeps_no_other_back(
    scrapy: Scrapy, db: Database
) -> None:
    assert scrapy("crawl", "manifest", "-a", "source=rent", "-a", "max_pages=1").returncode == 0
    first = "SELECT property_id FROM scrape_queue ORDER BY priority, queued_at LIMIT 1"
    refused = await value(db, first)
    await refuse(db, "properties_live", refused)
    ended = scrapy("crawl", "detail", QUEUE_RETRY_SECONDS="3600")
    assert ended.returncode == 0, ended.stderr
    queue = await rows(
        db, "SELECT status, count(*) AS pages FROM scrape_queue GROUP BY 1 ORDER BY pages"
    )
    assert [row["status"] for row in queue] == ["pending", "completed"]
    assert queue[0]["pages"] == 1
    row = await rows(db, f"SELECT attempt_count, last_error {WANTED}", refused=refused)
    assert row == [{"attempt_count": 1, "last_error": "cannot be stored: not this one"}]
    assert "phone 555" not in ended.stdout + ended.stderr


async def test_a_listing_page_with_a_card_that_is_refused_is_lost_and_others_are_not(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    listed = [each for each in site.truth()["listings"] if "rent" in str(each)]
    await refuse(db, "property_manifest", listed[0]["property_id"])
    ended = scrapy("crawl", "manifest", "-a", "source=rent", "-a", "max_pages=0")
    assert ended.returncode == 0, ended.stderr
    pages = await rows(db, "SELECT DISTINCT status, error FROM manifest_pages ORDER BY status")
    assert pages == [
        {"status": "lost", "error": "cannot be stored: not this one"},
        {"status": "read", "error": None},
    ]
    assert await value(db, "SELECT count(*) FROM property_manifest") > 0
