"""An answer to a request for a queued detail page becomes what the database is told of it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from urllib.parse import unquote, urldefrag, urlsplit

from pincali_sync.domain.headers import redirect_target
from pincali_sync.domain.identity import is_same_slug, linked_listing, slug_of
from pincali_sync.domain.limits import MAX_MOVES
from pincali_sync.domain.liveness import Answer, Calibration, Judgement, judge, tells_nothing
from pincali_sync.exceptions import PageError
from pincali_sync.items import UNCLEAR, Ending, FetchedPage, Property, QueuedProperty, ScrapeResult
from pincali_sync.pages.answer import read_answer, read_listing
from pincali_sync.pages.markup import tree_of
from pincali_sync.pages.own_page import what_is_cut_off, what_is_missing

logger = logging.getLogger(__name__)

_OK = 200
_MADE_ANOTHER = re.compile(r"\\|/(?:\.|%2e){1,2}/", re.I)  # paths of which browsers make another
# What is not there is no failure of its page. No listing is removed for it.
_OTHERS_SHOWN = Calibration(shows_listings=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The answer is a redirect to a listing's page, which is to be asked for next."""

    url: str  # to be asked for as it stands


def detail_url(base_url: str, source_url: str) -> str:
    """The English page below the configured site, whatever host and language the URL names.

    Raises:
        PageError: when it is no listing's.
    """
    return f"{base_url}/en/home/{slug_of(source_url)}"


def led_to(url: str, target: str | None) -> str | None:
    """The page to ask for next where a listing's page redirects; None: what came is the answer.

    A new slug's page is asked for like any other. A redirect that keeps the slug is followed as it
    stands, with its query, its language and its agent's path: so the site wants to be asked.
    Host and scheme stay; what leads to another site, or to where it was asked for, is an answer.

    Args:
        url: that was asked for.
        target: where the redirect leads, as a whole URL; None: there is none.
    """
    if target is None or not _is_listing(url, target):
        return None
    here, there = urlsplit(url), urlsplit(target)
    root = f"{here.scheme}://{here.netloc}"
    if not is_same_slug(url, target):
        return detail_url(root, target)
    if _MADE_ANOTHER.search(there.path):
        return None
    following = f"{root}{there.path}" + (f"?{there.query}" if there.query else "")
    return None if unquote(following) == unquote(urldefrag(url).url) else following


def read_detail(
    queued: QueuedProperty, url: str, answer: FetchedPage, *, hops: int = 0
) -> ScrapeResult | Moved:
    """Reads an answer that is no refusal, or why there is none; never raises.

    A redirect to a listing's page is followed, as `led_to` has it: the slug may be a new one.
    Whose page it is the EasyBroker id shows; what leads anywhere else is an answer, and no page.

    Args:
        url: where the page was fetched.
        hops: redirects followed so far.
    """
    target = redirect_target(url, answer.status, answer.headers.get("location"))
    following = led_to(url, target)
    if following is not None and hops < MAX_MOVES:
        return Moved(url=following)
    if answer.status != _OK:
        said = answer.failure.splitlines()[0]
        where = f" to {target}" if target is not None and _is_listing(url, target) else ""
        return _without_listing(queued, url, answer, f"{said}{where}")
    missing = what_is_missing(answer)
    fault = missing or what_is_cut_off(answer.body)
    if fault is not None:
        return ScrapeResult(queued=queued, error=fault, is_no_page=missing is not None)
    try:
        page, says = read_listing(tree_of(answer.body, url), url)
        return _proven(queued, page) if says is None else _not_there(queued, url, page, says)
    except PageError as error:
        return _without_listing(queued, url, answer, str(error))
    except Exception as error:
        # A page that trips the parser must not be lost, nor come back for ever.
        logger.exception("parsing %s failed", url)
        return ScrapeResult(queued=queued, error=f"parser: {error!r}")


def _without_listing(
    queued: QueuedProperty, url: str, answer: FetchedPage, error: str
) -> ScrapeResult:
    """Asking again would not help where the listing is not there."""
    is_of_http = answer.status not in {None, _OK}
    failed = ScrapeResult(
        queued=queued,
        error=error,
        error_type="detail_http_error" if is_of_http else "detail_error",
        tells_nothing=tells_nothing(answer.status),
    )
    if answer.status is None:
        return failed
    read = read_answer(url, answer.status, answer.headers, answer.body).answer
    judgement = judge(
        read, property_id=queued.property_id, public_id=queued.public_id, calibration=_OTHERS_SHOWN
    )
    if not judgement.verdict.removes:
        return failed
    said = error if is_of_http else judgement.evidence
    return replace(failed, error=said, ending=Ending.GONE)


def _not_there(queued: QueuedProperty, url: str, page: Property, says: Judgement) -> ScrapeResult:
    """A page that says that its listing was sold, or may say so, proves no life, and is kept as
    evidence."""
    answer = Answer(
        url=url,
        status=_OK,
        shown_public_id=page.public_id,
        shown_property_id=page.property_id,
        says=says,
    )
    judgement = judge(answer, property_id=queued.property_id, public_id=queued.public_id)
    is_unclear = not judgement.verdict.removes
    return ScrapeResult(
        queued=queued,
        error=f"{UNCLEAR}: {judgement.evidence}" if is_unclear else judgement.evidence,
        ending=Ending.GONE,
        answer=answer,
        judgement=judgement,
    )


def shows_another(queued: QueuedProperty, page: Property) -> bool:
    """Whether a page that was asked for as a record's is certainly or possibly another listing's.

    A record without an EasyBroker id is whatever stands under its own slug, and nothing else.
    """
    if queued.public_id is not None:
        return page.public_id != queued.public_id
    return not is_same_slug(page.source_url, queued.source_url)


def _proven(queued: QueuedProperty, page: Property) -> ScrapeResult:
    """A page is saved under the record whose EasyBroker id it shows; who asked for it may learn
    that its own is not there."""
    if not shows_another(queued, page):
        return ScrapeResult(queued=queued, scraped=page)
    own = queued.public_id or f"the one of {queued.source_url}"
    return ScrapeResult(
        queued=queued,
        scraped=page,
        error=f"the page shows {page.public_id}, the record is {own}",
        shows_another=True,
    )


def _is_listing(url: str, target: str) -> bool:
    """Whether a redirect leads to a listing's page of the site."""
    try:
        return bool(linked_listing(target, url))
    except PageError:
        return False
