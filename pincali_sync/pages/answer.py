"""What one answer to a request for a listing's page says about that listing being there."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from pincali_sync.domain.headers import redirect_target
from pincali_sync.domain.identity import CANONICAL_ROOT, property_id_of, slug_of
from pincali_sync.domain.liveness import Answer, Judgement, RedirectKind, Verdict
from pincali_sync.domain.prices import Operation
from pincali_sync.exceptions import PageError
from pincali_sync.items import Property
from pincali_sync.pages.absence import absence_in
from pincali_sync.pages.blocks import Block, blocks_of
from pincali_sync.pages.challenge import challenge_kind, may_be_a_wall
from pincali_sync.pages.detail_document import DetailDocument
from pincali_sync.pages.detail_page import property_of
from pincali_sync.pages.markup import tree_of
from pincali_sync.pages.own_page import is_framed, shows_the_site, title_of, what_is_cut_off
from pincali_sync.pages.standing import standing_of
from pincali_sync.pages.statements import end_of_listing, gone_in
from pincali_sync.pages.text import fold
from pincali_sync.pages.trouble import trouble_in

logger = logging.getLogger(__name__)

_SEARCH_PATH = re.compile(
    r"/(?:en/)?(?:pt/)?(?:properties|inmuebles|propiedades|imoveis)(?:/|$)", re.I
)
_HOME_PATH = re.compile(r"/?(?:[a-z]{2}(?:-[a-z]{2})?/?)?", re.I)
_CANONICAL = (urlsplit(CANONICAL_ROOT).hostname or "").removeprefix("www.")
_OK = 200
_ABSENT = {404, 410}
_LONGEST_WORDS = 400  # that tell pages apart; what differs from one to the next comes later
_WITH_DIGIT = re.compile(r"\S*\d\S*")
_LETTER = re.compile("[a-z]")
_ACTS = re.compile(rb"<(?:script|form|iframe)\b", re.I)
_ABSENCE = re.compile(
    r"\b404\b|\b410\b|not[ _-]?found|\bgone\b|\bmissing\b|\bno such|\bcannot get\b|"
    r"\b(?:can't|cannot|couldn't|could not|unable to) (?:be )?f(?:ind|ound)|no longer|any ?more|"
    r"\b(?:does(?:n't| not)|no|nao) exist|\b(?:removed|deleted|expired|sold|rented)\b|\bya no\b|"
    r"\b(?:no|nao) (?:(?:se|lo|la|fue|foi|pud\w+|possivel|posible|ha|sido) )*(?:encontr|hall|loc)|"
    r"\binexist|(?:eliminad|removid|vendid|rentad|alugad)[oa]\b"
)
_LEAST_WORDS = 2  # beside a page's title
_CUT_SHORT = Judgement(
    verdict=Verdict.UNKNOWN, evidence="a page that was cut short", may_change=True
)
_NOT_OF_THE_SITE = Judgement(
    verdict=Verdict.UNKNOWN, evidence="a page with no sign of being the site's", may_change=True
)
_MAY_BE_A_WALL = Judgement(
    verdict=Verdict.UNKNOWN, evidence="a page that may be a refusal", may_change=True
)
_UNREADABLE = Judgement(verdict=Verdict.UNKNOWN, evidence="a page that cannot be read")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """The answer's facts, and the listing's page itself where nothing speaks against it."""

    answer: Answer
    scraped: Property | None = None


def read_answer(url: str, status: int, headers: Mapping[str, str], markup: bytes) -> ReadAnswer:
    """Reads an answer; never raises, whatever the markup.

    Args:
        url: that was asked for.
        headers: with their names in lower case.
    """
    try:
        return _read(url, status, headers, markup)
    except Exception:
        # A page that trips the parser proves nothing, and must not end the job that looks at it.
        logger.exception("reading %s failed", url)
        return _unreadable(url, status)


def _unreadable(url: str, status: int) -> ReadAnswer:
    return ReadAnswer(answer=Answer(url=url, status=status, says=_UNREADABLE))


def _read(url: str, status: int, headers: Mapping[str, str], markup: bytes) -> ReadAnswer:
    refusal = challenge_kind(status, headers, markup)
    if refusal is not None:
        return ReadAnswer(answer=Answer(url=url, status=status, refusal=refusal.value))
    target = redirect_target(url, status, headers.get("location"))
    if target is not None:
        return ReadAnswer(answer=_redirect(url, status, target))
    try:
        tree = tree_of(markup, url)
    except PageError:
        return _unreadable(url, status)
    try:
        scraped, says = read_listing(tree, url)
    except PageError:
        return ReadAnswer(answer=_plain_page(url, status, markup, tree))
    answer = Answer(
        url=url,
        status=status,
        shown_public_id=scraped.public_id,
        shown_property_id=scraped.property_id,
        says=_CUT_SHORT if what_is_cut_off(markup) else says,
    )
    return ReadAnswer(answer=answer, scraped=scraped if answer.says is None else None)


def read_listing(tree: LexborHTMLParser, url: str) -> tuple[Property, Judgement | None]:
    """A listing's own page, and what it says against the listing's being there.

    Raises:
        PageError: see `parse_detail_page`.
    """
    document = DetailDocument.in_tree(tree, url)
    scraped = property_of(document, url)
    operations = {offer.operation for offer in scraped.offers}
    for name, operation in (("Sale", Operation.SALE), ("Rental", Operation.RENT)):
        if document.tracking.get(name) is True:
            operations.add(operation)
    return scraped, standing_of(document, operations, scraped.listing_date)


def _redirect(url: str, status: int, target: str) -> Answer:
    kind, to = _kind_of(target, url), urlsplit(target)
    path = "" if kind is RedirectKind.HOME else _without_slug(to.path.lower(), url).rstrip("/")
    return Answer(
        url=url,
        status=status,
        redirect_url=target,
        redirect_kind=kind,
        signature=f"redirect to {to.hostname}{path}",
    )


def _kind_of(target: str, url: str) -> RedirectKind:
    to = urlsplit(target)
    if not _is_of(to.hostname, url):
        return RedirectKind.ELSEWHERE
    try:
        property_id_of(target)
    except PageError:
        if _SEARCH_PATH.match(to.path):
            return RedirectKind.SEARCH
        return RedirectKind.HOME if _HOME_PATH.fullmatch(to.path) else RedirectKind.ELSEWHERE
    return RedirectKind.LISTING


def _is_of(host: str | None, url: str) -> bool:
    asked = (urlsplit(url).hostname or "").removeprefix("www.")
    return (host or "").removeprefix("www.") in {asked, _CANONICAL}


def _plain_page(url: str, status: int, markup: bytes, tree: LexborHTMLParser) -> Answer:
    blocks, title = blocks_of(tree), title_of(markup)
    called = title.partition(" |")[0]
    says = _says(status, markup, [Block(called, fold(called), True), *blocks])
    kind = (
        "" if says and says.verdict is Verdict.UNKNOWN else _signature(url, status, title, blocks)
    )
    return Answer(url=url, status=status, says=says, signature=kind)


def _says(status: int, markup: bytes, blocks: list[Block]) -> Judgement | None:
    """What a page without a listing says; the first block is its title."""
    words = gone_in(blocks[1:]) or (absence_in(blocks[1:]) if is_framed(markup) else None)
    trouble = trouble_in(blocks, mild=words is not None)
    if trouble:
        evidence = f"a page of trouble or refusal: {trouble.quoted}"
        return Judgement(verdict=Verdict.UNKNOWN, evidence=evidence, may_change=True)
    if may_be_a_wall(markup):
        return _MAY_BE_A_WALL
    is_bare = status in _ABSENT and _is_plainly_absent(markup, blocks)
    if status in {_OK, *_ABSENT} and not is_bare and not shows_the_site(markup):
        return _NOT_OF_THE_SITE
    if status == _OK and what_is_cut_off(markup):
        return _CUT_SHORT
    if words is None or not (status in _ABSENT or shows_the_site(markup)):
        return None
    return end_of_listing(words)


def _is_plainly_absent(markup: bytes, blocks: list[Block]) -> bool:
    """Whether a page that may be anybody's says that nothing is there, or says nothing at all."""
    said = " ".join(block.text for block in blocks)
    return bool(_ABSENCE.search(said)) or not (_LETTER.search(said) or _ACTS.search(markup))


def _signature(url: str, status: int, title: str, blocks: list[Block]) -> str:
    """Empty for a page of status 200 that says nothing: it must not equal another one."""
    said = " ".join(block.text for block in blocks)
    if status == _OK and len(said.split()) < _LEAST_WORDS:
        return ""
    words = _without_slug(f"{fold(title)} | {said[:_LONGEST_WORDS]}", url)
    # Ids of requests, times and tokens differ from one page of a kind to the next.
    return f"{status} {_WITH_DIGIT.sub('#', words)}" if status == _OK or status >= 400 else ""


def _without_slug(text: str, url: str) -> str:
    try:
        slug = slug_of(url)
    except PageError:
        return text
    return text.replace(slug, "#").replace(slug.replace("-", " "), "#")
