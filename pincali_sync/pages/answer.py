"""What one answer to a request for a listing's page says about that listing being there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pincali_sync.domain.headers import redirect_target
from pincali_sync.domain.identity import property_id_of
from pincali_sync.domain.liveness import Answer, RedirectKind
from pincali_sync.exceptions import PageError
from pincali_sync.items import Property
from pincali_sync.pages.challenge import challenge_kind
from pincali_sync.pages.detail_page import parse_detail_page
from pincali_sync.pages.markup import tree_of
from pincali_sync.pages.text import MAX_TITLE, fold, text_at, text_of

_SEARCH_PATH = re.compile(
    r"/(?:en/)?(?:pt/)?(?:properties|inmuebles|propiedades|imoveis)(?:/|$)", re.I
)
_MAIN = ("main", "[role=main]", "body")
# The rule is for pages without a listing on them: a description may well say "rented".
_GONE = re.compile(
    r"no longer (?:available|active|published)|not available any ?more|has been removed|"
    r"ya no (?:esta|se encuentra) (?:disponible|publicad[ao])|"
    r"nao (?:esta|se encontra) mais disponivel"
)
_SOLD = re.compile(
    r"(?:has been|was|already) (?:sold|rented)|"
    r"(?:ya fue|fue|ha sido) (?:vendid|rentad|alquilad)[ao]|(?:ja foi|foi) (?:vendid|alugad)[ao]"
)
_LONGEST_TEXT = 2_000  # a page that says so says it at the top


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """The answer's facts, and the listing's page itself where there is one."""

    answer: Answer
    scraped: Property | None = None


def read_answer(url: str, status: int, headers: Mapping[str, str], markup: bytes) -> ReadAnswer:
    """Reads an answer; never raises, whatever the markup.

    Args:
        url: that was asked for.
        headers: with their names in lower case.
    """
    refusal = challenge_kind(status, headers, markup)
    if refusal is not None:
        return ReadAnswer(answer=Answer(url=url, status=status, refusal=refusal.value))
    target = redirect_target(url, status, headers.get("location"))
    if target is not None:
        return ReadAnswer(answer=_redirect(url, status, target))
    scraped = _listing(markup, url) if status == 200 else None
    if scraped is None:
        return ReadAnswer(answer=_plain_page(url, status, markup))
    answer = Answer(
        url=url,
        status=status,
        shown_public_id=scraped.public_id,
        shown_property_id=scraped.property_id,
    )
    return ReadAnswer(answer=answer, scraped=scraped)


def _listing(markup: bytes, url: str) -> Property | None:
    try:
        return parse_detail_page(markup, url)
    except PageError:
        return None


def _redirect(url: str, status: int, target: str) -> Answer:
    kind = RedirectKind.ELSEWHERE
    try:
        property_id_of(target)
        kind = RedirectKind.LISTING
    except PageError:
        if _SEARCH_PATH.match(urlsplit(target).path):
            kind = RedirectKind.SEARCH
    return Answer(
        url=url,
        status=status,
        redirect_url=target,
        redirect_kind=kind,
        signature=f"{status} {urlsplit(target).path}",
    )


def _plain_page(url: str, status: int, markup: bytes) -> Answer:
    try:
        tree = tree_of(markup, url)
    except PageError:
        return Answer(url=url, status=status)
    main = next((node for node in map(tree.css_first, _MAIN) if node is not None), None)
    text = fold((text_of(main) or "")[:_LONGEST_TEXT])
    headings = " | ".join(fold(text_at(tree, tag) or "")[:MAX_TITLE] for tag in ("title", "h1"))
    return Answer(
        url=url,
        status=status,
        says_sold=bool(_SOLD.search(text)),
        says_gone=bool(_GONE.search(text)),
        # A blank page is no page: it must not be taken for "as URLs that never existed".
        signature=f"{status} {headings}" if headings.strip(" |") else "",
    )
