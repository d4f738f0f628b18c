"""Spiders started by hand do their whole part, and fail the way an operator can read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pincali_workshop.demo.compare import compare_live, compare_manifest
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.db.engine import Database
from tests.acceptance.conftest import Scrapy
from tests.support.builders import rows
from tests.support.monitoring import ROOT
from tests.support.people import files_with, tables_with

pytestmark = pytest.mark.timeout(180)


async def test_a_manifest_job_by_hand_upserts_compares_and_queues(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    ended = scrapy("crawl", "manifest", "-a", "max_pages=0")
    assert ended.returncode == 0, ended.stderr
    truth = site.truth()["listings"]
    compared = await compare_manifest(db, truth)
    assert compared.missing == ()
    assert compared.differences == ()
    [session] = await rows(db, "SELECT status, properties_inserted FROM scraping_sessions")
    assert session == {"status": "completed", "properties_inserted": len(truth)}
    [job] = await rows(db, "SELECT spider, status, run_id FROM sync_run_jobs")
    assert job == {"spider": "manifest", "status": "completed", "run_id": None}
    [queue] = await rows(db, "SELECT count(*) AS pending FROM scrape_queue WHERE priority = 1")
    assert queue == {"pending": len(truth)}


async def test_details_by_hand_fetch_as_many_as_asked_for(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    assert scrapy("crawl", "manifest", "-a", "source=rent", "-a", "max_pages=1").returncode == 0
    ended = scrapy("crawl", "detail", "-a", "max_items=5")
    assert ended.returncode == 0, ended.stderr
    live = await rows(db, "SELECT property_id FROM properties_live")
    assert len(live) == 5
    ids = {row["property_id"] for row in live}
    truth = [each for each in site.truth()["listings"] if each["property_id"] in ids]
    assert (await compare_live(db, truth)).is_true
    [queue] = await rows(
        db,
        "SELECT count(*) FILTER (WHERE status = 'completed') AS completed,"
        " count(*) FILTER (WHERE status = 'in_progress') AS held FROM scrape_queue",
    )
    assert queue == {"completed": 5, "held": 0}


async def test_a_job_that_is_to_store_no_agents_writes_them_down_nowhere(
    scrapy: Scrapy, site: StandinProcess, db: Database, tmp_path: Path
) -> None:
    quiet = {"STORE_AGENT_DATA": "0", "LOG_LEVEL": "DEBUG"}
    for crawl in (("manifest", "-a", "source=rent", "-a", "max_pages=1"), ("detail",)):
        ended = scrapy("crawl", *crawl, **quiet)
        assert ended.returncode == 0, ended.stderr
        assert "Agente " not in ended.stdout + ended.stderr
    assert await rows(db, "SELECT 1 FROM properties_live WHERE agency_name <> '' LIMIT 1")
    assert {str(each["agent_name"])[:7] for each in site.truth()["listings"]} == {"Agente "}
    assert await tables_with(db, "Agente ") == set()
    assert files_with(tmp_path, b"Agente ") == []


async def test_a_page_that_stays_unreadable_is_retried_counted_and_written_down(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    path = "/en/properties/properties-for-sale"
    site.add_fault(re.escape(f"{path}?page=2"), "503")
    before = len(site.log())
    ended = scrapy("crawl", "manifest", "-a", "max_pages=0", RETRY_TIMES="3")
    asked = [entry for entry in site.log()[before:] if "page=2" in entry["path"] + str(entry)]
    assert len([entry for entry in asked if entry["status"] == 503]) == 4
    assert ended.returncode == 0, ended.stderr  # one page of many: the scan goes on
    lost = await rows(
        db, "SELECT source, page_number, error FROM manifest_pages WHERE status = 'lost'"
    )
    assert lost == [{"source": "sale", "page_number": 2, "error": "HTTP 503"}]


async def test_a_scan_that_loses_too_many_pages_is_aborted_and_fails(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    site.add_fault("/en/properties/.*page=", "500")  # the first ones are shown: it is no outage
    ended = scrapy("crawl", "manifest", "-a", "max_pages=5", RETRY_TIMES="0")
    assert ended.returncode == 1
    [job] = await rows(db, "SELECT status, finish_reason FROM sync_run_jobs")
    assert job == {"status": "failed", "finish_reason": "too_many_lost_pages"}


async def test_a_challenge_stops_the_scan_at_once(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    site.add_fault("/en/properties/", "challenge")
    before = len(site.log())
    ended = scrapy("crawl", "manifest", "-a", "max_pages=0")
    assert ended.returncode == 3
    assert len(site.log()) - before <= 6  # robots.txt, and what was under way already
    [job] = await rows(db, "SELECT status, finish_reason FROM sync_run_jobs")
    assert job == {"status": "failed", "finish_reason": "blocked"}
    assert await rows(db, "SELECT 1 FROM manifest_pages") == []


async def test_a_detail_page_that_fails_goes_back_and_is_set_aside_in_the_end(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    assert scrapy("crawl", "manifest", "-a", "source=foreclosure").returncode == 0
    site.add_fault("/en/home/", "500")
    found = "SELECT DISTINCT status, attempt_count, last_error FROM scrape_queue"
    for attempt, status in ((1, "pending"), (2, "failed")):
        ended = scrapy("crawl", "detail", QUEUE_MAX_ATTEMPTS="2", QUEUE_RETRY_SECONDS="0")
        assert ended.returncode == 0, ended.stderr
        assert await rows(db, found) == [
            {"status": status, "attempt_count": attempt, "last_error": "HTTP 500"}
        ]
    assert await rows(db, "SELECT 1 FROM properties_live") == []


async def test_a_listing_that_is_gone_is_not_asked_for_again(
    scrapy: Scrapy, site: StandinProcess, db: Database
) -> None:
    assert scrapy("crawl", "manifest", "-a", "source=new_construction").returncode == 0
    site.add_fault("/en/home/", "404")
    assert scrapy("crawl", "detail").returncode == 0
    found = await rows(db, "SELECT DISTINCT status, attempt_count, last_error FROM scrape_queue")
    assert found == [{"status": "cancelled", "attempt_count": 1, "last_error": "HTTP 404"}]
    asked = len(site.log())
    assert scrapy("crawl", "detail").returncode == 0
    assert [each for each in site.log()[asked:] if "/home/" in each["path"]] == []


async def test_where_no_browser_starts_the_job_ends_and_no_page_is_to_blame(
    scrapy: Scrapy, db: Database
) -> None:
    assert scrapy("crawl", "manifest", "-a", "source=new_construction").returncode == 0
    ended = scrapy(
        "crawl", "detail", DETAIL_TRANSPORT="playwright", CHROMIUM_EXECUTABLE="/bin/false"
    )
    assert ended.returncode == 1
    assert "no page can be fetched: Chromium does not start" in ended.stderr
    found = await rows(db, "SELECT DISTINCT status, attempt_count FROM scrape_queue")
    assert found == [{"status": "pending", "attempt_count": 0}]


def test_a_worker_that_does_not_get_on_is_ended(scrapy: Scrapy) -> None:
    assert scrapy("crawl", "manifest", "-a", "source=new_construction").returncode == 0
    hangs = json.dumps({"http": "tests.support.hanging_handler.HangingHandler"})
    ended = scrapy(
        *("crawl", "detail", "-s", f"DOWNLOAD_HANDLERS={hangs}"),
        PYTHONPATH=str(ROOT),
        REQUEST_TIMEOUT_SECONDS="0.1",
        JOB_SILENCE_SECONDS="5",
    )
    assert ended.returncode == 1
    assert "has not got on for" in ended.stderr


@pytest.mark.parametrize(
    ("spider", "table"), [("manifest", "property_manifest"), ("detail", "scrape_queue")]
)
async def test_a_fault_of_the_database_ends_a_job_in_one_line_which_its_row_has_too(
    scrapy: Scrapy, db: Database, spider: str, table: str
) -> None:
    await rows(
        db,
        """INSERT INTO scrape_queue (property_id, source_url, priority, queue_reason)
           VALUES ('pincali_1', 'https://www.pincali.com/en/home/a-1', 1, 'new')""",
    )
    for statement in (
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'not you'; END $$""",
        f"""CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse()""",
    ):
        await rows(db, statement)
    ended = scrapy("crawl", spider, "-s", "DETAIL_TRANSPORT=http", LOG_LEVEL="WARNING")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("does not let the role do that: not you. Use the role that owns") == 1
    [told] = await rows(
        db,
        """SELECT j.status, j.finish_reason, s.error_message
             FROM sync_run_jobs j JOIN scraping_sessions s ON s.id = j.session_id""",
    )
    assert told["status"] == "failed"
    assert re.match("(database|errors): PostgreSQL at ", told["finish_reason"])
    assert told["error_message"] == told["finish_reason"]


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "says"),
    [
        (("manifest", "-a", "source=lease"), {}, 2, "the sources are sale, rent"),
        (("manifest", "-a", "tier=9"), {}, 2, "unknown tier"),
        (("manifest", "-a", "max_pages=-1"), {}, 2, "max_pages=-1"),
        (("detail", "-a", "max_items=0"), {}, 2, "max_items=0"),
        (("detail", "-a", "max_items=²"), {}, 2, "max_items=²"),
        (("detail", "-a", "max_item=5"), {}, 2, "detail takes max_items, not max_item"),
        (("sitemap", "-a", "tier=1"), {}, 2, "sitemap takes no arguments, not tier"),
        (("manifest", "-a", "tier=4"), {}, 2, "`pincali-sync tier4` runs it"),
        (("manifest",), {"DATABASE_URL": "nonsense"}, 2, "DATABASE_URL"),
        (
            ("manifest",),
            {"DATABASE_URL": "postgresql://somebody:secret@127.0.0.1:1/nowhere"},
            1,
            "127.0.0.1:1/nowhere cannot be reached",
        ),
        (
            ("detail",),
            {"DETAIL_TRANSPORT": "playwright", "CHROMIUM_EXECUTABLE": "/nowhere/chromium"},
            1,
            "CHROMIUM_EXECUTABLE",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_one_clear_line(
    scrapy: Scrapy,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    status: int,
    says: str,
) -> None:
    ended = scrapy("crawl", *arguments, LOG_LEVEL="ERROR", **variables)
    assert ended.returncode == status, ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "secret" not in ended.stderr
