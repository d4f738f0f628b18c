"""What scrapyd-k8s answers otherwise than Scrapyd: its API, with no cluster behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from scrapy import Spider
from scrapy.utils.test import get_crawler

from pincali_sync.crawl_job import CrawlJob
from pincali_sync.exceptions import RunnerError
from pincali_sync.runner.scrapyd import ScrapydJobRunner
from tests.support.http_listener import QuietHandler, serving
from tests.support.scrapyd import JOB, SPEC, UNKNOWN_JOB

VERSION = "0_1_0-aaaabbbbcccc"
ANSWERS: dict[str, dict[str, object]] = {
    "/listjobs.json": {"pending": [{"id": "a"}], "running": [{"id": "b"}, {"id": "c"}]},
    "/listprojects.json": {"projects": ["pincali-sync"]},
    "/listversions.json": {"versions": ["0_1_0-000000000000", VERSION, "latest"]},
    "/schedule.json": {"jobid": str(JOB)},
}


class Api(QuietHandler):
    """Keeps what it is sent; knows no job, and takes no eggs."""

    sent: list[dict[str, list[str]]] = []  # noqa: RUF012
    is_a_proxy = False  # something in front of it that finds nothing

    def do_GET(self) -> None:  # noqa: N802
        self._answer(ANSWERS.get(urlsplit(self.path).path))

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["content-length"]))
        self.sent.append(parse_qs(body.decode("latin-1")))
        self._answer(ANSWERS.get(self.path))

    def _answer(self, answer: dict[str, object] | None) -> None:
        lost = {"status": "error", "message": "job not found"}
        said = json.dumps({"status": "ok", **answer} if answer else lost)
        content = ("<h1>404</h1>" if self.is_a_proxy and not answer else said).encode()
        self.send_response(200 if answer else 404)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def api() -> Iterator[tuple[type[Api], str]]:
    class Own(Api):
        sent: list[dict[str, list[str]]] = []  # noqa: RUF012

    with serving(Own) as port:
        yield Own, f"http://127.0.0.1:{port}"


async def test_an_image_of_this_version_is_ordered_under_the_name_that_kubernetes_takes(
    api: tuple[type[Api], str],
) -> None:
    server, url = api
    runner = ScrapydJobRunner((url,), version=VERSION)
    [node] = await runner.look()
    assert (node.objection, node.version, node.running, node.pending) == (None, VERSION, 2, 1)
    await runner.start(SPEC, url)
    [order] = server.sent
    assert order["project"] == ["pincali-sync"]
    assert order["_version"] == [VERSION]
    assert order["jobid"] == [str(JOB)]


async def test_without_such_an_image_it_is_left_out_and_deploy_says_what_to_do(
    api: tuple[type[Api], str],
) -> None:
    runner = ScrapydJobRunner((api[1],), version="0_1_0-ddddeeeeffff")
    [node] = await runner.look()
    assert "has version latest of the project and not 0_1_0-ddddeeeeffff" in str(node.objection)
    with pytest.raises(RunnerError, match="takes images, not eggs"):
        await runner.deploy(api[1])


async def test_a_404_of_its_own_says_that_a_job_is_not_there_and_that_of_a_proxy_does_not(
    api: tuple[type[Api], str],
) -> None:
    server, url = api
    runner = ScrapydJobRunner((url,), version=VERSION)
    await runner.cancel(UNKNOWN_JOB, url)
    server.is_a_proxy = True
    with pytest.raises(RunnerError, match=r"refused cancel \(HTTP 404\)"):
        await runner.cancel(UNKNOWN_JOB, url)


async def test_what_is_no_scrapyd_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS, "/listjobs.json", {"jobs": []})
    with serving(Api) as port:
        [node] = await ScrapydJobRunner((f"http://127.0.0.1:{port}",), version=VERSION).look()
    assert "is no Scrapyd (KeyError at listjobs)" in str(node.objection)


def test_the_jobs_id_is_read_where_it_is_told(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("SCRAPYD_JOB", str(JOB))

    def id_of(**arguments: str) -> UUID:
        crawler = get_crawler(Spider)
        crawler.spider = Spider("anything", **arguments)
        return CrawlJob.of(crawler).job_id

    assert id_of() == JOB
    assert id_of(_job=str(UNKNOWN_JOB)) == UNKNOWN_JOB
