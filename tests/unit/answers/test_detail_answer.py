"""What an answer to a request for a detail page leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pincali_sync.answers import detail
from pincali_sync.answers.detail import Moved, read_detail
from pincali_sync.items import NO_PAGE, Ending, FetchedPage, QueuedProperty, ScrapeResult

PAGE = Path(__file__).parents[2] / "pages" / "detail-2025-raw.html"
URL = "https://www.pincali.com/en/home/casa-en-venta-o-renta-el-mirador"
QUEUED = QueuedProperty(id="1", property_id="pincali_1", source_url=URL, public_id=None)
KNOWN = replace(QUEUED, public_id="EB-AA0001")


def read(queued: QueuedProperty, **answer: Any) -> ScrapeResult:
    led_to = read_detail(queued, URL, FetchedPage(**answer))
    assert isinstance(led_to, ScrapeResult)
    return led_to


def test_a_page_is_taken_with_the_row_it_was_queued_by() -> None:
    result = read(QUEUED, status=200, body=PAGE.read_bytes())
    assert result.queued is QUEUED
    assert result.scraped is not None
    assert read(replace(QUEUED, public_id=result.scraped.public_id), status=200,
                body=PAGE.read_bytes()).scraped == result.scraped  # fmt: skip


def test_a_page_of_another_listing_is_taken_as_that_ones() -> None:
    result = read(KNOWN, status=200, body=PAGE.read_bytes())
    assert result.scraped is not None
    assert result.shows_another
    assert result.error == f"the page shows {result.scraped.public_id}, the record is EB-AA0001"


def test_a_record_without_an_id_is_what_stands_under_its_own_slug() -> None:
    elsewhere = "https://www.pincali.com/inmueble/otro-lugar"
    led_to = read_detail(QUEUED, elsewhere, FetchedPage(status=200, body=PAGE.read_bytes()), hops=1)
    assert isinstance(led_to, ScrapeResult)
    assert led_to.shows_another
    for form in ("/inmueble/", "/pt/imovel/", "/inmobiliarios/una-agencia/inmueble/"):
        url = QUEUED.source_url.replace("/en/home/", form)
        found = read_detail(QUEUED, url, FetchedPage(status=200, body=PAGE.read_bytes()))
        assert isinstance(found, ScrapeResult)
        assert not found.shows_another


@pytest.mark.parametrize(
    ("status", "ending"),
    [(404, Ending.GONE), (410, Ending.GONE), (500, Ending.AGAIN), (301, Ending.AGAIN)],
)
def test_another_status_is_an_error_and_tells_whether_to_try_again(
    status: int, ending: Ending
) -> None:
    result = read(QUEUED, status=status)
    assert (result.error, result.error_type) == (f"HTTP {status}", "detail_http_error")
    assert result.ending is ending


@pytest.mark.parametrize("body", [b"", b"  ", b"<title>Hold on</title><form>", b"{}"])
def test_what_is_no_page_of_the_site_is_an_answer_about_nothing(body: bytes) -> None:
    result = read(KNOWN, status=200, body=body)
    assert result.is_no_page
    assert (result.scraped, result.ending) == (None, Ending.AGAIN)
    assert str(result.error).startswith(NO_PAGE)
    assert not read(KNOWN, status=200, body=b"<title>Casa | Pincali</title>").is_no_page


def test_without_an_answer_the_first_line_of_the_error_is_kept() -> None:
    result = read(QUEUED, status=None, error="TimeoutError: 30000ms\nCall log: much more")
    assert (result.error, result.error_type) == ("TimeoutError: 30000ms", "detail_error")
    assert result.ending is Ending.AGAIN


@pytest.mark.parametrize("queued", [KNOWN, QUEUED])
def test_a_redirect_to_a_listing_is_followed_twice(queued: QueuedProperty) -> None:
    moved = FetchedPage(status=301, headers={"location": "/en/home/new-slug"})
    assert read_detail(queued, URL, moved, hops=1) == Moved(
        url="https://www.pincali.com/en/home/new-slug"
    )
    assert isinstance(read_detail(queued, URL, moved, hops=2), ScrapeResult)


HOST = "https://www.pincali.com"
SLUG = "casa-en-venta-o-renta-el-mirador"


def led(location: str, url: str = URL, status: int = 302) -> ScrapeResult | Moved:
    return read_detail(KNOWN, url, FetchedPage(status=status, headers={"location": location}))


@pytest.mark.parametrize(
    "location",
    [
        f"/en/home/{SLUG}?utm_source=share&v=2",
        f"/en/home/{SLUG}/",
        f"/en/home/{SLUG.upper()}",
        f"/inmueble/{SLUG}",
        f"/pt/imovel/{SLUG}?from=%2Fen",
        f"/inmobiliarios/una-agencia/inmueble/{SLUG}",
    ],
)
def test_a_redirect_that_keeps_the_slug_is_followed_as_it_stands(location: str) -> None:
    for target in (location, HOST + location, f"//www.pincali.com{location}#photos"):
        assert led(target) == Moved(url=HOST + location)


def test_a_redirect_keeps_to_the_sites_host_and_scheme() -> None:
    local = f"http://127.0.0.1:8000/en/home/{SLUG}"
    for target in (f"{HOST}/inmueble/{SLUG}?v=2", f"http://pincali.com/inmueble/{SLUG}?v=2"):
        assert led(target, local) == Moved(url=f"http://127.0.0.1:8000/inmueble/{SLUG}?v=2")
        assert led(target) == Moved(url=f"{HOST}/inmueble/{SLUG}?v=2")
    for target in (
        f"https://pincali.example/en/home/{SLUG}?v=2",
        "https://pincali.example/en/home/new-slug",
        f"https://www.pincali.com:8443/en/home/{SLUG}?v=2",
        f"https://x@www.pincali.com/en/home/{SLUG}?v=2",
    ):
        assert isinstance(led(target), ScrapeResult), target


def test_a_new_slug_is_asked_for_as_any_listings_page_is() -> None:
    for target in ("/inmueble/new-slug?v=2", f"{HOST}/pt/imovel/New-Slug/"):
        assert led(target) == Moved(url=f"{HOST}/en/home/new-slug")


@pytest.mark.parametrize(
    ("url", "location"),
    [
        (URL, URL),
        (URL, f"http://pincali.com/en/home/{SLUG}#top"),
        (f"{HOST}/en/home/casa-%C3%B1", "/en/home/casa-\u00f1"),
        (f"{URL}?v=2", f"/en/home/{SLUG}?v=2"),
    ],
)
def test_a_redirect_to_where_it_was_asked_for_ends_at_once_and_says_where_it_leads(
    url: str, location: str
) -> None:
    ended = led(location, url)
    assert isinstance(ended, ScrapeResult)
    assert str(ended.error).startswith("HTTP 302 to http")
    assert str(ended.error).endswith(location.removeprefix(HOST))
    assert ended.ending is Ending.AGAIN


@pytest.mark.parametrize("agent", ["..", "%2e%2E", ".", r"a\..\..\en", r"..\b"])
def test_nothing_is_asked_for_by_a_path_of_which_browsers_make_another(agent: str) -> None:
    ended = led(f"{HOST}/inmobiliarios/{agent}/inmueble/{SLUG}")
    assert isinstance(ended, ScrapeResult)
    assert str(ended.error).startswith("HTTP 302 to ")


def test_a_redirect_to_anything_else_is_an_answer() -> None:
    assert read(KNOWN, status=301, headers={"location": "/en/properties"}).error == "HTTP 301"


def test_a_page_that_trips_the_parser_is_an_error_like_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> None:
        raise ArithmeticError("nobody thought of this")

    monkeypatch.setattr(detail, "read_listing", broken)
    result = read(QUEUED, status=200, body=PAGE.read_bytes())
    assert result.error == "parser: ArithmeticError('nobody thought of this')"
