"""Whether an answer is a page of the site's own: by marks that its pages have and no wall has.

That a wall names the site, in its title or in the address that it was met at, is no mark.
"""

from __future__ import annotations

import re
from html import unescape

from pincali_sync.items import NO_PAGE, FetchedPage
from pincali_sync.pages.text import as_bytes, fold, one_line

_MOST = 1_000_000  # of the body; a page of the site has said so by then
_END = 1_000  # where its last tag is
_HEAD = 100_000  # where the title stands
# What the site's pages are about: search results, a listing. Plain text is found soonest.
_CONTENT = (
    b"data-search-results",
    b"property__component",
    b"property-title",
    b"listing-id",
    b"listing__intro",
)
# What stands around everything that it shows.
_FRAME = (
    re.compile(rb"""<body\b[^<>]{0,200}\bclass=["']?(?:[^"'<>]{0,200}\s)?marketplace\b"""),
    re.compile(rb"""\bog:site_name\b[^<>]{0,100}\bPincali\b"""),
    re.compile(rb""""name"\s{0,9}:\s{0,9}"Pincali\""""),
    re.compile(rb"""\bdata-track-event-mode=["']?Marketplace\b"""),
    re.compile(rb"\bmarketplace__header\b"),
    re.compile(rb"\blogo-marketplace\b"),
)
_TITLE = re.compile(rb"<title\b[^<>]{0,200}>([^<]{0,1000})", re.I)
_LONGEST_TITLE = 200
# "Casa | Pincali", and not "Just a moment | www.pincali.com".
_BRAND = re.compile(r"(?<![\w@./-])pincali(?![\w@/-]|\.\w)")
_PAGES = {"text/html", "application/xhtml+xml", ""}


def what_is_missing(answer: FetchedPage) -> str | None:
    """Why what came in place of a page says nothing.

    None for the site's own pages, and for answers that claim to be none: redirects and errors.
    """
    if answer.status is None or not 200 <= answer.status < 300:
        return None
    kind = re.split("[;,\n]", answer.headers.get("content-type", ""))[0].strip().lower()
    if kind not in _PAGES:
        return f"{NO_PAGE}: HTTP {answer.status} brings {kind[:_LONGEST_TITLE]!r}"
    if not answer.body.strip():
        return f"{NO_PAGE}: HTTP {answer.status} brings nothing at all"
    if shows_the_site(answer.body):
        return None
    return f"{NO_PAGE}: none of its marks, and the title is {title_of(answer.body)!r}"


def what_is_cut_off(markup: str | bytes) -> str | None:
    """Why a page says nothing for sure: its end is not there. None for a whole one."""
    end = as_bytes(markup[-_END:]).lower()
    return None if b"</html" in end else "the page was cut short: its end is missing"


def shows_the_site(markup: str | bytes) -> bool:
    """Whether a page has a mark of the site's, if only the brand in its title."""
    body = as_bytes(markup[:_MOST])
    if shows_content(body) or _frame_marks(body):
        return True
    return _BRAND.search(fold(title_of(body))) is not None


def shows_content(markup: str | bytes) -> bool:
    """Whether a page holds search results or a listing, whatever scripts it carries beside."""
    body = as_bytes(markup[:_MOST])
    return any(mark in body for mark in _CONTENT)


def is_framed(markup: str | bytes) -> bool:
    """Whether the site's own frame is around a page: more than one thing says so."""
    return _frame_marks(as_bytes(markup[:_MOST])) > 1


def title_of(markup: str | bytes) -> str:
    """What a page calls itself; empty where it does not."""
    found = _TITLE.search(as_bytes(markup[:_HEAD]))
    text = unescape(found[1].decode("utf-8", "replace")) if found else ""
    return one_line(text, _LONGEST_TITLE) or ""


def _frame_marks(body: bytes) -> int:
    return sum(mark.search(body) is not None for mark in _FRAME)
