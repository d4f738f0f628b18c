"""The site's own pages are told from whatever stands in front of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pincali_workshop.standin.pages.plain_pages import (
    challenge_page,
    home_page,
    not_found_page,
)

from pincali_sync.items import NO_PAGE, FetchedPage
from pincali_sync.pages.own_page import (
    is_framed,
    shows_content,
    shows_the_site,
    title_of,
    what_is_missing,
)

PAGES = Path(__file__).parents[2] / "pages"
CONTENT = [
    "listing-2025-last",
    "listing-2026",
    "detail-2025-raw",
    "detail-2025-browser",
    "detail-2026-es",
]
SITE = "http://127.0.0.1:1"


@pytest.mark.parametrize("name", CONTENT)
def test_saved_pages_have_the_sites_marks_and_its_content(name: str) -> None:
    page = (PAGES / f"{name}.html").read_bytes()
    assert shows_the_site(page)
    assert shows_content(page)


@pytest.mark.parametrize("name", CONTENT)
def test_half_a_page_has_them_as_well(name: str) -> None:
    page = (PAGES / f"{name}.html").read_bytes()
    assert shows_the_site(page[: len(page) // 2])


@pytest.mark.parametrize("page", [home_page(SITE), not_found_page(SITE)])
def test_pages_of_the_site_without_content_are_framed(page: bytes) -> None:
    assert shows_the_site(page)
    assert is_framed(page)
    assert not shows_content(page)


def test_a_page_in_two_bytes_a_sign_is_read_too() -> None:
    assert shows_the_site("<title>Casa en venta | Pincali</title>".encode("utf-16"))


@pytest.mark.parametrize(
    "title",
    [
        "Pincali",
        "PINCALI",
        "Page not found | Pincali",
        "Casa en venta &#124; Pincali",
        "Pincali: casas y departamentos",
        "\n  Pincali – Casas en México\n",
        "Bienvenido a Pincali.",
        "Imóveis à venda | Pincali",
    ],
)
def test_the_brand_in_the_title_is_a_mark(title: str) -> None:
    assert shows_the_site(f"<html><head><TITLE lang=es>{title}</TITLE></head>")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   \n",
        "<html></html>",
        '{"name": "www.pincali.com", "blocked": true}',
        "<title>Just a moment... | www.pincali.com</title>",
        "<title>pincali.com</title>",
        "<title>www.pincali.com needs to review the security of your connection</title>",
        "<title>https://www.pincali.com/en/home/casa</title>",
        "<title>soporte@pincali.com</title>",
        "<title>pincali-security.example</title>",
        "<title>Access to pincali/home denied</title>",
        "<title>Denied</title><p>You cannot reach Pincali at www.pincali.com/en/home/casa</p>",
        "<title>Denied</title><a href='https://www.pincali.com/'>Pincali</a>",
        "<title>Denied</title><meta property='og:site_name' content='Cloudflare'>",
        "<body class='market'>marketplace</body>",
        "<script>var host = 'www.pincali.com', name = 'pincali';</script>",
        challenge_page(SITE),
    ],
)
def test_what_only_names_the_site_has_no_mark(body: str | bytes) -> None:
    assert not shows_the_site(body)
    assert not is_framed(body)


@pytest.mark.parametrize("name", ["captcha", "challenge"])
def test_saved_walls_have_no_mark(name: str) -> None:
    assert not shows_the_site((PAGES / f"{name}.html").read_bytes())


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("<title>One\n moment&hellip;</title><svg><title>x</title></svg>", "One moment…"),
        ("<TITLE\ndata-x='1'> A &amp; B </TITLE>", "A & B"),
        ("<title></title>", ""),
        ("no title", ""),
        ("<title>" + "x" * 900, "x" * 200),
    ],
)
def test_the_title_is_one_line(markup: str, title: str) -> None:
    assert title_of(markup) == title


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (FetchedPage(status=200), "HTTP 200 brings nothing at all"),
        (FetchedPage(status=200, body=b" \n\t"), "HTTP 200 brings nothing at all"),
        (FetchedPage(status=204), "HTTP 204 brings nothing at all"),
        (FetchedPage(status=200, body=b"<p>Hello"), "none of its marks, and the title is ''"),
        (
            FetchedPage(status=200, body=b"<title>Hold on &amp; wait</title>"),
            "none of its marks, and the title is 'Hold on & wait'",
        ),
        (
            FetchedPage(
                status=200,
                headers={"content-type": "application/json; charset=utf-8"},
                body=b'{"page": "<title>Casa | Pincali</title>"}',
            ),
            "HTTP 200 brings 'application/json'",
        ),
        (
            FetchedPage(status=203, headers={"content-type": "Text/Plain"}, body=b"Pincali"),
            "HTTP 203 brings 'text/plain'",
        ),
    ],
)
def test_what_comes_in_place_of_a_page_is_told(answer: FetchedPage, said: str) -> None:
    assert what_is_missing(answer) == f"{NO_PAGE}: {said}"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/html"},
        {"content-type": "Text/HTML;charset=UTF-8"},
        {"content-type": "text/html\ntext/html"},
        {"content-type": "application/xhtml+xml"},
    ],
)
@pytest.mark.parametrize("name", CONTENT)
def test_nothing_is_missing_in_the_sites_pages(name: str, headers: dict[str, str]) -> None:
    body = (PAGES / f"{name}.html").read_bytes()
    assert what_is_missing(FetchedPage(status=200, headers=headers, body=body)) is None


@pytest.mark.parametrize("status", [None, 301, 302, 304, 404, 410, 422, 500, 503])
def test_what_claims_to_be_no_page_lacks_nothing(status: int | None) -> None:
    assert what_is_missing(FetchedPage(status=status, body=b"<p>Hello")) is None
