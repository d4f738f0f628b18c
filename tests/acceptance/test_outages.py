"""A site that forbids its pages, or stops answering: nothing is asked for in vain, page by page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pincali_sync.clock import SystemClock
from pincali_sync.db.engine import Database
from tests.acceptance.conftest import environment, hurried
from tests.support.builders import Workshop, add_live, entry, rows
from tests.support.hostile_site import HostileSite, Says

pytestmark = pytest.mark.timeout(180)

Crawl = Callable[..., "subprocess.CompletedProcess[str]"]
QUEUE = """SELECT status, attempt_count AS attempts, count(*) FROM scrape_queue
            GROUP BY 1, 2 ORDER BY 1, 2"""
PENDING = """SELECT attempt_count AS attempts, count(*) FROM scrape_queue
              WHERE status = 'pending' GROUP BY 1"""
SHOWN = Says(body=b"<title>House in Merida | Pincali</title>")
JOB = "SELECT finish_reason FROM sync_run_jobs WHERE spider = 'detail'"


@pytest.fixture
def crawl(hostile: HostileSite, database_url: str, tmp_path: Path) -> Crawl:
    variables = {
        **hurried(hostile, database_url, tmp_path),
        "DETAIL_DELAY_SECONDS": "0",
        "DETAIL_TRANSPORT": "http",
        "RETRY_TIMES": "0",
        "QUEUE_RETRY_SECONDS": "3600",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", *arguments],
            env=environment(variables),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


async def queued(db: Database, number: int) -> None:
    shop = Workshop(db=db, clock=SystemClock())
    await shop.scan(*(entry(f"house-{each}") for each in range(number)))


async def seen_lately(db: Database, site: HostileSite, says: Says) -> str:
    """A listing whose page must be there; returns its path."""
    await add_live(db, "known", public_id="EB-XQ0001")
    await Workshop(db=db, clock=SystemClock()).scan(entry("known", public_id="EB-XQ0001"))
    await rows(db, "DELETE FROM scrape_queue WHERE source_url LIKE '%/known'")
    site.answers["/en/home/known"] = says
    return "/en/home/known"


def robots(rule: str) -> Says:
    return Says(body=f"User-agent: *\nDisallow: {rule}\n".encode())


def answer_all(site: HostileSite, number: int, says: Says | Callable[[], Says]) -> None:
    site.answers |= {f"/en/home/house-{each}": says for each in range(number)}


@pytest.mark.parametrize("spider", ["detail", "manifest"])
async def test_a_robots_txt_that_forbids_pages_lets_them_rest_and_holds_nothing_against_them(
    crawl: Crawl, hostile: HostileSite, db: Database, spider: str
) -> None:
    await queued(db, 12)
    hostile.answers["/robots.txt"] = robots("/en/")
    ended = crawl(spider)
    assert ended.returncode == 3, ended.stderr
    assert hostile.paths == ["/robots.txt"]
    [pause] = await rows(db, "SELECT scope, kind, reason FROM sync_pauses")
    assert (pause["scope"], pause["kind"]) == ("pages", "refused")
    assert "robots.txt forbids" in pause["reason"]
    assert await rows(db, QUEUE) == [{"status": "pending", "attempts": 0, "count": 12}]
    assert await rows(db, "SELECT 1 FROM manifest_pages WHERE status = 'lost'") == []


async def test_a_page_that_robots_txt_forbids_alone_is_set_aside_and_the_others_are_fetched(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    await queued(db, 3)
    hostile.answers["/robots.txt"] = robots("/en/home/house-1")
    ended = crawl("detail")
    assert ended.returncode == 0, ended.stderr
    assert sorted(hostile.paths) == ["/en/home/house-0", "/en/home/house-2", "/robots.txt"]
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    [aside] = await rows(
        db, "SELECT attempt_count, last_error FROM scrape_queue WHERE status = 'failed'"
    )
    assert aside["attempt_count"] == 1
    assert aside["last_error"].startswith("robots.txt forbids")


async def test_a_sitemap_that_robots_txt_forbids_is_a_loss_of_its_own(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    hostile.answers["/robots.txt"] = robots("/")
    crawl("sitemap")
    assert hostile.paths == ["/robots.txt"]
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []


async def test_errors_on_page_after_page_let_everything_rest_and_use_no_attempt(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    await queued(db, 30)
    answer_all(hostile, 30, Says(502, b"<h1>502 Bad Gateway</h1>"))
    ended = crawl("detail")
    assert ended.returncode == 3, ended.stderr
    assert len(hostile.paths) < 30
    [pause] = await rows(db, "SELECT scope, kind, reason FROM sync_pauses")
    assert (pause["scope"], pause["kind"]) == ("all", "busy")
    assert "HTTP 502, 6 pages in a row" in pause["reason"]
    assert await rows(db, QUEUE) == [{"status": "pending", "attempts": 0, "count": 30}]


async def test_a_site_that_is_gone_in_mid_drain_ends_the_job_and_uses_no_attempt(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    def break_off() -> Says:
        raise ConnectionResetError

    await queued(db, 30)
    answer_all(hostile, 30, break_off)
    ended = crawl("detail")
    assert ended.returncode == 1
    assert "the site is not reached any more: " in ended.stderr
    assert len(hostile.paths) < 30
    assert await rows(db, JOB) == [{"finish_reason": "site_not_reached"}]
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []  # its node's network may be to blame
    assert await rows(db, QUEUE) == [{"status": "pending", "attempts": 0, "count": 30}]


async def test_single_pages_that_fail_are_charged_and_no_outage(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    await queued(db, 12)
    answer_all(hostile, 12, Says(404))
    answer_all(hostile, 5, Says(500))
    ended = crawl("detail")
    assert ended.returncode == 0, ended.stderr
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    assert await rows(db, QUEUE) == [
        {"status": "cancelled", "attempts": 1, "count": 7},
        {"status": "pending", "attempts": 1, "count": 5},
    ]


@pytest.mark.parametrize("is_answered", [True, False])
async def test_pages_that_fail_while_one_that_must_be_there_is_shown_are_charged_and_no_outage(
    crawl: Crawl, hostile: HostileSite, db: Database, is_answered: bool
) -> None:
    def break_off() -> Says:
        raise ConnectionResetError

    await queued(db, 8)
    known = await seen_lately(db, hostile, SHOWN)
    answer_all(hostile, 8, Says(500) if is_answered else break_off)
    ended = crawl("detail")
    assert ended.returncode == 0, ended.stderr
    assert hostile.paths.count(known) == 1
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    assert await rows(db, QUEUE) == [
        {"status": "completed", "attempts": 1, "count": 1},  # the known one: it counts as fetched
        {"status": "pending", "attempts": 1, "count": 8},
    ]


@pytest.mark.parametrize("says", [Says(502), Says(404), Says(body=b"<title>Sorry</title>")])
async def test_where_the_page_that_must_be_there_is_not_shown_either_it_is_an_outage(
    crawl: Crawl, hostile: HostileSite, db: Database, says: Says
) -> None:
    await queued(db, 8)
    known = await seen_lately(db, hostile, says)
    answer_all(hostile, 8, Says(502))
    assert crawl("detail").returncode == 3
    assert hostile.paths.count(known) == 1
    [pause] = await rows(db, "SELECT scope, reason FROM sync_pauses")
    assert pause["scope"] == "all"
    assert "pages in a row" in pause["reason"]


async def test_a_refusal_of_the_page_that_must_be_there_lets_pages_rest(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    await queued(db, 8)
    await seen_lately(db, hostile, Says(403))
    answer_all(hostile, 8, Says(502))
    assert crawl("detail").returncode == 3
    assert await rows(db, "SELECT scope, kind FROM sync_pauses") == [
        {"scope": "pages", "kind": "refused"}
    ]
    assert await rows(db, PENDING) == [{"attempts": 0, "count": 8}]


async def test_an_error_after_a_busy_answer_ends_no_row_of_those(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    await queued(db, 2)
    turns = iter([Says(503, headers={"Retry-After": "0"}), Says(502)])
    answer_all(hostile, 2, lambda: next(turns))
    crawl("detail", "-s", "CONCURRENT_REQUESTS=1")
    assert await rows(db, "SELECT strikes FROM site_pace") == [{"strikes": 1}]
