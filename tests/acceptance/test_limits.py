"""Bombs, endless answers and false leads cost the spiders a page or a pause, and nothing else."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pincali_sync.bootstrap import build_services
from pincali_sync.clock import SystemClock
from pincali_sync.config import load_config
from pincali_sync.db.engine import Database
from pincali_sync.domain.tiers import ListingSource
from tests.acceptance.conftest import environment, hurried
from tests.support.builders import Workshop, entry, rows, value
from tests.support.hostile_site import MEGABYTE, HostileSite, Says
from tests.unit.pages.test_sitemap_page import index, packed, shard

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parents[2]
# Tells at its end how many kilobytes it took at most.
PROGRAM = """
import atexit, pathlib, re, sys
from scrapy.cmdline import execute
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print("peak", re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]))
execute(["scrapy", "crawl", *sys.argv[1:]])
"""


@dataclass(frozen=True, slots=True)
class Ended:
    status: int
    log: str
    megabytes: int


Crawl = Callable[..., Ended]


@pytest.fixture
def crawl(hostile: HostileSite, database_url: str, tmp_path: Path) -> Crawl:
    variables = {
        **hurried(hostile, database_url, tmp_path),
        "RETRY_TIMES": "0",
    }

    def run(*arguments: str, **more: str) -> Ended:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            env=environment({**variables, **more}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        [peak] = re.findall(r"peak (\d+)", ended.stdout)
        return Ended(ended.returncode, ended.stderr, int(peak) // 1000)

    return run


async def test_pages_beyond_all_limits_are_lost(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    beyond = {
        ListingSource.SALE: Says(endless=MEGABYTE),
        ListingSource.RENT: Says.packed(400 * MEGABYTE),
        ListingSource.FORECLOSURE: Says(endless_head=b"X: " + b"x" * 10_000 + b"\r\n"),
        ListingSource.NEW_CONSTRUCTION: Says(endless_head=b"X: x\r\n" + b" x\r\n" * 10_000),
    }
    ended = []
    for source, says in beyond.items():  # the others are shown: it is no outage
        shown = Says(body=b"<title>Houses | Pincali</title>")
        hostile.answers.update({each.path: shown for each in ListingSource})
        hostile.answers[source.path] = says
        ended.append(crawl("manifest", "-a", f"source={source}", "-a", "max_pages=1"))
    lost = await rows(db, "SELECT source, error FROM manifest_pages WHERE status = 'lost'")
    errors = {row["source"]: row["error"] for row in lost}
    assert "longer than it may be" in errors["sale"]
    assert "10000000 B" in errors["rent"]
    assert "headers are longer" in errors["foreclosure"]
    assert "headers are longer" in errors["new_construction"]
    assert max(each.megabytes for each in ended) < 200


async def test_a_page_leads_nowhere(
    crawl: Crawl, hostile: HostileSite, neighbour: HostileSite, db: Database
) -> None:
    for where in (f"{neighbour.url}{ListingSource.SALE.path}", "http://["):
        hostile.answers = {ListingSource.SALE.path: Says.moved(where)}
        crawl("manifest", "-a", "source=sale", "-a", "max_pages=1")
    lost = await rows(db, "SELECT error FROM manifest_pages WHERE error = 'HTTP 302'")
    assert len(lost) == 2
    assert neighbour.asked == []


async def test_a_sitemap_leads_to_the_hosts_that_may_be_asked_and_within_limits(
    crawl: Crawl, hostile: HostileSite, neighbour: HostileSite, db: Database
) -> None:
    store = f"localhost:{hostile.port}"  # another host; it has no robots.txt, and says so by 403
    shards = {
        f"{neighbour.url}/properties.xml": None,
        f"http://localhost:{neighbour.port}/properties.xml": None,
        f"http://127.1:{neighbour.port}/properties.xml": None,
        "/properties-led-away.xml": Says.moved(f"{neighbour.url}/properties.xml"),
        "/properties-round.xml": Says.moved("/properties-round.xml"),
        "/properties-endless.xml": Says(endless=MEGABYTE),
        "/properties-index.xml": Says(body=index("<loc>/properties.xml</loc>")),
        "/properties-bomb.xml": Says(body=packed("siblings")),
        "/properties-page.xml": Says.packed(400 * MEGABYTE),
        "/properties-moved.xml": Says.moved("/properties.xml"),
        f"http://{store}/properties.xml.gz": None,
        f"http://{store}/properties-forbidden.xml.gz": Says(403),
    }
    hostile.answers = {
        **{path: says for path, says in shards.items() if says},
        "/sitemap.xml": Says.moved("/maps.xml", 301),
        "/maps.xml": Says(body=index(*(f"<loc>{url}</loc>" for url in shards))),
        "/properties.xml": Says(body=shard("https://www.pincali.com/inmueble/casa-1")),
        f"{store}/robots.txt": Says(403, b"<Error>AccessDenied</Error>"),
        f"{store}/properties.xml.gz": Says(
            body=gzip.compress(shard("https://www.pincali.com/inmueble/casa-2"))
        ),
        f"{store}/properties-forbidden.xml.gz": Says(403),
    }
    ended = crawl("sitemap", SITEMAP_HOSTS=store)
    read = await rows(db, "SELECT source_url FROM sitemap_urls ORDER BY 1")
    assert [row["source_url"][-6:] for row in read] == ["casa-1", "casa-2"]
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    lost = set(re.findall(r"shard (\S+) is lost|(\S+) cannot be read to its end", ended.log))
    assert len(lost) == len(shards) - 2
    assert ended.log.count("is asked nothing") >= 4
    assert hostile.paths.count("/properties-round.xml") == 6  # and not for ever
    assert ended.megabytes < 300


@pytest.mark.parametrize(
    ("robots", "kind", "why"),
    [
        (Says(body=b"User-agent: *\nCrawl-delay: 1e308\n"), "refused", "asks for 1e+308 s"),
        (Says.moved("http://127.1:1/robots.txt"), "busy", "127.1:1 is asked nothing"),
    ],
)
async def test_what_robots_txt_asks_for_and_cannot_be_borne_is_a_pause_until_resumed(
    crawl: Crawl, hostile: HostileSite, db: Database, robots: Says, kind: str, why: str
) -> None:
    hostile.answers["/robots.txt"] = robots
    ended = crawl("manifest", "-a", "source=sale", "-a", "max_pages=1")
    assert ended.status == 3, ended.log
    [pause] = await rows(db, "SELECT kind, reason FROM sync_pauses")
    assert pause["kind"] == kind
    assert why in pause["reason"]
    assert set(hostile.paths) == {"/robots.txt"}
    hostile.answers["/robots.txt"] = Says(404)
    await build_services(load_config(pincali_base_url=hostile.url), db=db).pauses.resume(None)
    crawl("manifest", "-a", "source=sale", "-a", "max_pages=1")
    assert hostile.paths[-1] == ListingSource.SALE.path


HOUSE = b"""<!DOCTYPE html><html><head><title>Casa | Pincali</title></head><body>
<div class="listing-id"><span>ID: EB-KL0000</span></div>
<div class="listing__intro"><h1 class="property-title">Casa</h1>
<div class="listing__price"><p class="price">For Sale <b>$2,000,000 MXN</b></p></div></div>
</body></html>"""
ODD = Says(body=b"<!DOCTYPE html><title>Hold on</title><form><button>Go on</button></form>")


async def test_what_shows_no_mark_of_the_sites_is_no_page_and_everything_rests_for_a_while(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    await Workshop(db=db, clock=SystemClock()).scan(
        *(entry(f"house-{number}") for number in range(20))
    )
    hostile.answers = {f"/en/home/house-{number}": ODD for number in range(20)}
    ended = crawl("detail", DETAIL_TRANSPORT="http", SITE_MIN_GAP_SECONDS="0")
    assert ended.status == 3, ended.log
    assert len(hostile.paths) < 20
    [pause] = await rows(db, "SELECT kind, reason FROM sync_pauses")
    assert pause["kind"] == "busy"  # and so tried again by itself
    # Six are enough; pages that were under way are counted before the pause is written down.
    told = re.search(r"none of its marks.*'Hold on'; (\d+) times in a row", pause["reason"])
    assert told is not None
    assert int(told[1]) >= 6
    assert ended.log.count("paused: all") == 1
    queue = "SELECT DISTINCT status, attempt_count FROM scrape_queue"
    assert await rows(db, queue) == [{"status": "pending", "attempt_count": 0}]
    assert await rows(db, "SELECT 1 FROM properties_live") == []


@pytest.mark.parametrize("transport", ["http", "playwright"])
async def test_a_listings_page_is_read_where_its_redirect_leads_within_the_site_and_robots_txt(
    crawl: Crawl, hostile: HostileSite, neighbour: HostileSite, db: Database, transport: str
) -> None:
    await Workshop(db=db, clock=SystemClock()).scan(
        *(entry(f"house-{number}", public_id=f"EB-KL000{number}") for number in range(5))
    )
    address = "/inmobiliarios/una-agencia/inmueble/house-0?utm_source=share"
    hostile.answers = {
        "/robots.txt": Says(body=b"User-agent: *\nDisallow: /pt/\n"),
        "/en/home/house-0": Says.moved(address),
        address: Says(body=HOUSE, headers={"Content-Type": "text/html"}),
        "/en/home/house-1": Says.moved("/pt/imovel/house-1"),
        "/en/home/house-2": Says.moved("/en/home/house-2"),
        "/en/home/house-3": Says.moved(f"{neighbour.url}/inmueble/house-3"),
        **{
            f"/en/home/house-4{each}": Says.moved(f"/en/home/house-4{each or '?'}1")
            for each in ("", "?1", "?11")
        },
    }
    ended = crawl("detail", DETAIL_TRANSPORT=transport, QUEUE_RETRY_SECONDS="3600")
    assert ended.status == 0, ended.log
    [live] = await rows(db, "SELECT source_url FROM properties_live")
    assert live["source_url"] == "https://www.pincali.com/en/home/house-0"
    assert hostile.paths.count(address) == hostile.paths.count("/en/home/house-2") == 1
    assert "/pt/imovel/house-1" not in hostile.paths
    assert sum("house-4" in path for path in hostile.paths) == 3
    assert neighbour.asked == []
    failed = await rows(db, "SELECT last_error FROM scrape_queue WHERE last_error <> '' ORDER BY 1")
    assert [each["last_error"].replace(hostile.url, "") for each in failed] == [
        "HTTP 302",
        "HTTP 302 to /en/home/house-2",
        "HTTP 302 to /en/home/house-4?111",
        "robots.txt forbids /pt/imovel/house-1",
    ]


async def test_one_odd_answer_pauses_nothing_and_its_page_goes_back(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    await Workshop(db=db, clock=SystemClock()).scan(
        *(entry(f"house-{number}") for number in range(8))
    )
    hostile.answers = {"/en/home/house-3": Says(), "/en/home/house-5": ODD}
    crawl("detail", DETAIL_TRANSPORT="http")
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    waiting = "SELECT source_url, attempt_count FROM scrape_queue WHERE status = 'pending'"
    back = {row["source_url"][-1]: row["attempt_count"] for row in await rows(db, waiting)}
    assert back == {"3": 0, "5": 0}


async def test_listing_pages_without_a_mark_certify_nothing_and_are_not_lost(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    hostile.answers = {source.path: ODD for source in ListingSource}
    ended = crawl("manifest", "-a", "max_pages=1", RETRY_TIMES="2")
    assert ended.status == 3, ended.log
    assert "none of its marks" in str(await value(db, "SELECT reason FROM sync_pauses"))
    assert await rows(db, "SELECT 1 FROM manifest_pages WHERE status <> 'lost'") == []


async def test_a_403_for_the_sitemap_or_robots_txt_is_about_those_alone(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    hostile.answers = {
        "/robots.txt": Says(403),
        "/sitemap.xml": Says(
            body=index("<loc>/properties.xml</loc>", "<loc>/properties2.xml</loc>")
        ),
        "/properties.xml": Says(403, b"<h1>Access Denied</h1> Reference #18"),
        "/properties2.xml": Says(body=shard("https://www.pincali.com/inmueble/casa-1")),
    }
    crawl("sitemap")
    assert {"/properties.xml", "/properties2.xml"} <= set(hostile.paths)
    assert len(await rows(db, "SELECT 1 FROM sitemap_urls")) == 1
    hostile.answers["/sitemap.xml"] = Says(403)
    crawl("sitemap")
    crawl("manifest", "-a", "source=sale", "-a", "max_pages=1")
    assert hostile.paths[-1] == ListingSource.SALE.path
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    hostile.answers[ListingSource.SALE.path] = Says(403)
    crawl("manifest", "-a", "source=sale", "-a", "max_pages=1")
    assert await value(db, "SELECT kind FROM sync_pauses") == "refused"


async def test_what_a_sitemap_names_twice_is_asked_for_once_and_the_sitemap_is_whole(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    first, second = "<loc>/properties.xml</loc>", "<loc>/properties2.xml</loc>"
    casas = [f"https://www.pincali.com/inmueble/casa-{number}" for number in range(3)]
    hostile.answers = {
        "/sitemap.xml": Says(body=index(first, second, first)),
        "/properties.xml": Says(body=shard(casas[0], casas[1], casas[0])),
        "/properties2.xml": Says(body=shard(casas[2], casas[1])),
    }
    ended = crawl("sitemap")
    assert ended.status == 0, ended.log
    assert hostile.paths[:2] == ["/robots.txt", "/sitemap.xml"]
    assert sorted(hostile.paths[2:]) == ["/properties.xml", "/properties2.xml"]
    [read] = await rows(db, "SELECT shards, urls, is_complete, reasons FROM sitemap_passes")
    assert read == {"shards": 2, "urls": 3, "is_complete": True, "reasons": []}


async def test_robots_txt_is_followed_and_kept_to(crawl: Crawl, hostile: HostileSite) -> None:
    hostile.answers["/robots.txt"] = Says.moved("/site/robots.txt", 301)
    hostile.answers["/site/robots.txt"] = Says(body=b"User-agent: *\nDisallow: /en/properties/\n")
    ended = crawl("manifest", "-a", "source=sale", "-a", "max_pages=1")
    assert hostile.paths == ["/robots.txt", "/site/robots.txt"]
    assert "robots.txt forbids" in ended.log


async def test_a_site_whose_name_leads_to_this_machine_is_not_asked(
    crawl: Crawl, hostile: HostileSite, db: Database
) -> None:
    ended = crawl("manifest", PINCALI_BASE_URL=f"http://127.1:{hostile.port}")
    assert hostile.asked == []
    assert "its name leads to 127.0.0.1, which is not public" in ended.log
    # Other nodes may see another address: it is this job's failure, and nobody else's.
    assert await rows(db, "SELECT 1 FROM sync_pauses") == []
    [job] = await rows(db, "SELECT status, finish_reason FROM sync_run_jobs")
    assert job == {"status": "failed", "finish_reason": "site_not_reached"}


async def test_headers_agreed_with_the_site_follow_no_redirect_elsewhere(
    crawl: Crawl, hostile: HostileSite, tmp_path: Path
) -> None:
    (tmp_path / "headers").write_text("X-Key: sesame\n")
    elsewhere = f"localhost:{hostile.port}"
    hostile.answers["/sitemap.xml"] = Says.moved(f"http://{elsewhere}/elsewhere.xml")
    hostile.answers[f"{elsewhere}/elsewhere.xml"] = Says.moved(f"{hostile.url}/back.xml")
    more = {"EXTRA_HEADERS_FILE": str(tmp_path / "headers"), "LOG_LEVEL": "DEBUG"}
    ended = crawl("sitemap", SITEMAP_HOSTS=elsewhere, **more)
    sent = dict(zip(hostile.asked, hostile.keys, strict=True))
    assert {each for each in sent if "xml" in each} == {
        *(f"127.0.0.1:{hostile.port}/{name}.xml" for name in ("sitemap", "back")),
        f"{elsewhere}/elsewhere.xml",
    }
    for each, key in sent.items():
        assert key == (None if each.startswith(elsewhere) else "sesame"), each
    assert "sesame" not in ended.log
    (tmp_path / "headers").write_text("sesame")
    refused = crawl("sitemap", **more)
    assert refused.status == 2
    assert "EXTRA_HEADERS_FILE: line 1 of" in refused.log
    assert "sesame" not in refused.log
