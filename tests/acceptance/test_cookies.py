"""Cookies go with detail pages, by whatever way those are fetched, and with nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pincali_workshop.standin.process import StandinProcess

from pincali_sync.single_property import scrape_single_property
from tests.acceptance.conftest import Scrapy

pytestmark = pytest.mark.timeout(180)

EXPORTED = [
    {"name": "language", "value": "en", "domain": "127.0.0.1", "path": "/en/home"},
    {"name": "elsewhere", "value": "sesame", "domain": "127.0.0.1", "path": "/es"},
    {"name": "bank", "value": "sesame", "domain": ".bank.example", "path": "/"},
    {"name": "old", "value": "sesame", "domain": "127.0.0.1", "expirationDate": 1_000_000_000},
    {"name": "over_https", "value": "sesame", "domain": "127.0.0.1", "secure": True},
]
both_ways = pytest.mark.parametrize("transport", ["http", "playwright"])


@pytest.fixture
def cookies_file(tmp_path: Path) -> Path:
    file = tmp_path / "cookies.json"
    file.write_text(json.dumps(EXPORTED))
    return file


def cookies_since(site: StandinProcess, number: int) -> dict[str, str]:
    """What came with each path."""
    return {entry["path"]: entry["cookies"] for entry in site.log(number)}


def expect_them_with_details_alone(came: dict[str, str]) -> None:
    details = {path for path in came if path.startswith("/en/home/")}
    assert details
    assert "/robots.txt" in came
    assert {path: "language=en" * (path in details) for path in came} == came


@both_ways
async def test_the_library_function_sends_what_belongs_to_the_page(
    site: StandinProcess, cookies_file: Path, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    variables = {
        "PINCALI_BASE_URL": site.base_url,
        "SITE_MIN_GAP_SECONDS": "0",
        "COOKIES_FILE": str(cookies_file),
        "DETAIL_TRANSPORT": transport,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = len(site.log())
    await scrape_single_property(site.truth()["listings"][0]["source_url"])
    expect_them_with_details_alone(cookies_since(site, before))


@both_ways
def test_a_detail_job_sends_what_belongs_to_its_pages_and_writes_none_of_it_down(
    scrapy: Scrapy, site: StandinProcess, cookies_file: Path, transport: str
) -> None:
    more = {"COOKIES_FILE": str(cookies_file), "DETAIL_TRANSPORT": transport, "LOG_LEVEL": "DEBUG"}
    before = len(site.log())
    listed = scrapy("crawl", "manifest", "-a", "source=rent", "-a", "max_pages=1", **more)
    assert listed.returncode == 0, listed.stderr
    assert set(cookies_since(site, before).values()) == {""}
    ended = scrapy("crawl", "detail", "-a", "max_items=3", **more)
    assert ended.returncode == 0, ended.stderr
    expect_them_with_details_alone(cookies_since(site, before))
    assert "sesame" not in ended.stdout + ended.stderr
    assert "language=en" not in ended.stdout + ended.stderr


@both_ways
def test_a_detail_job_refuses_a_file_of_another_form_in_one_line(
    scrapy: Scrapy, tmp_path: Path, transport: str
) -> None:
    (tmp_path / "cookies").write_text("language=sesame")
    more = {"COOKIES_FILE": "cookies", "DETAIL_TRANSPORT": transport, "LOG_LEVEL": "ERROR"}
    ended = scrapy("crawl", "detail", **more)
    assert ended.returncode == 2
    assert ended.stderr.startswith("scrapy crawl detail: COOKIES_FILE: cookies is neither")
    assert len(ended.stderr.splitlines()) == 1
    assert "sesame" not in ended.stderr
