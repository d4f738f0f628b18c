"""Whether a missing listing is gone: a verdict with its evidence.

Only answers that a listing's absence explains and nothing else does are taken for "gone": no
doubt removes a listing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce


class Verdict(StrEnum):
    """What a page says of its listing being there."""

    GONE = "gone"
    SOLD = "sold"  # gone, and the page says that it was sold or rented
    ALIVE = "alive"
    UNKNOWN = "unknown"  # changes nothing

    @property
    def removes(self) -> bool:
        """Whether the listing is to leave the live table."""
        return self in {Verdict.GONE, Verdict.SOLD}


class RedirectKind(StrEnum):
    """Where a redirect leads."""

    LISTING = "listing"
    SEARCH = "search"  # a search page of the site
    HOME = "home"  # its front page, in any language
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with its evidence, worded for the person who asks why."""

    verdict: Verdict
    evidence: str
    may_change: bool = False  # unknown for now: another try may tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of one answer to a GET for a listing's page."""

    url: str
    status: int | None  # None: no answer at all
    error: str | None = None  # why there is none, or what came is no page of the site
    is_forbidden: bool = False  # the error: by robots.txt, as any further request would be
    redirect_url: str | None = None
    redirect_kind: RedirectKind | None = None
    shown_public_id: str | None = None  # the EasyBroker id that a listing's page shows
    shown_property_id: str | None = None  # computed from the page's own URL
    says: Judgement | None = None  # what the page itself says, of its listing or of the site
    refusal: str | None = None  # a challenge, a captcha, a login: no answer about the listing
    signature: str = ""  # status, target and words: equal for pages of one kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How the site answered, in this job, URLs that never existed and listings that are there."""

    absent_signatures: frozenset[str] = frozenset()
    shows_listings: bool = False  # a listing that is there was shown

    @classmethod
    def of(cls, invented: Iterable[Answer], known: Iterable[Answer] = ()) -> Calibration:
        """What all invented URLs were answered, and no listing that should be there was.

        Answers of refusal or error calibrate nothing.
        """
        known = list(known)
        said = [_calibrating(answer) for answer in invented]
        agreed = reduce(frozenset.intersection, said) if said else frozenset[str]()
        return cls(
            absent_signatures=agreed - {answer.signature for answer in known},
            shows_listings=any(answer.shown_public_id is not None for answer in known),
        )


NO_CALIBRATION = Calibration()
_OK = 200
_ABSENT = {404, 410}
# The site answered URLs that never existed so (2026-06); alone it proves nothing.
_ABSENT_AT_TIMES = {422}
_REDIRECTS = range(300, 400)  # one that leads nowhere says nothing
_PASSING = {408, 425, 429}
BUSY = frozenset({429, 503})  # the site asks everybody to wait
# What a site says of whoever asks, and never of a listing.
_OF_THE_VISITOR = {202, 401, 402, 403, 405, 407}


def judge(
    answer: Answer,
    *,
    property_id: str,
    public_id: str | None,
    calibration: Calibration = NO_CALIBRATION,
) -> Judgement:
    """The verdict on one record that is missing elsewhere.

    Args:
        answer: to a GET of its URL; a redirect to another listing's page must be followed first.
        property_id: the one its URL computes to.
        public_id: its EasyBroker id, where known: what a page must show to prove it alive.
    """
    if answer.refusal is not None:
        return _unknown(f"the site refused to answer ({answer.refusal})", may_change=True)
    if answer.status is None or answer.error is not None:
        said = answer.error or "unknown error"
        evidence = said if answer.status or answer.is_forbidden else f"no answer: {said}"
        return _unknown(evidence, may_change=not answer.is_forbidden)
    if answer.redirect_url is not None:
        return _judge_redirect(answer, calibration)
    if answer.shown_public_id is not None:
        return _judge_listing(answer, property_id, public_id)
    if answer.says is not None and _is_doubtful(answer):
        return replace(answer.says, evidence=f"HTTP {answer.status}, {answer.says.evidence}")
    return _judge_page(answer, calibration)


def _judge_redirect(answer: Answer, calibration: Calibration) -> Judgement:
    where = f"HTTP {answer.status} to {answer.redirect_url}"
    if answer.redirect_kind is RedirectKind.SEARCH:
        return _gone(f"{where}, a search page")
    if answer.redirect_kind is RedirectKind.LISTING:  # what stands there nobody knows
        return _unknown(where)
    if answer.signature in calibration.absent_signatures:
        return _gone(f"{where}, as for URLs that never existed")
    if answer.redirect_kind is RedirectKind.HOME and calibration.shows_listings:
        return _gone(f"{where}, the front page, while listings that are there are shown")
    return _unknown(where)


def _judge_listing(answer: Answer, property_id: str, public_id: str | None) -> Judgement:
    shown, says, status = answer.shown_public_id, answer.says, answer.status
    if says is not None and says.may_change:
        return replace(says, evidence=f"HTTP {status}, {says.evidence}")
    if public_id is None and answer.shown_property_id != property_id:
        return _unknown(f"the page shows {shown}, the record is {property_id}")
    if public_id not in {None, shown} and status == _OK:
        return _gone(f"its page shows another listing, {shown}; the record is {public_id}")
    if public_id in {None, shown} and says is not None and status in {_OK, *_ABSENT}:
        return says
    if status != _OK:
        return _unknown(f"HTTP {status}, but the page shows {shown}")
    own = f"its own URL still shows a listing ({shown})" if public_id is None else ""
    return Judgement(verdict=Verdict.ALIVE, evidence=own or f"the page shows {shown}")


def _judge_page(answer: Answer, calibration: Calibration) -> Judgement:
    """A page that shows no listing, of a site that says of no trouble."""
    said = f"HTTP {answer.status}"
    if _is_no_answer(answer):
        return _unknown(said, may_change=tells_nothing(answer.status))
    if answer.says is not None:
        absent = f"{said}, " if answer.status in _ABSENT else ""
        return replace(answer.says, evidence=f"{absent}{answer.says.evidence}")
    if answer.status in _ABSENT:
        return _gone(said)
    if answer.signature in calibration.absent_signatures:
        return _gone(f"{said}, as for URLs that never existed")
    if answer.status in _ABSENT_AT_TIMES and calibration.shows_listings:
        return _gone(f"{said}, while listings that are there are shown")
    return _unknown(f"{said} without a listing on it" if answer.status == _OK else said)


def _gone(evidence: str) -> Judgement:
    return Judgement(verdict=Verdict.GONE, evidence=evidence)


def _unknown(evidence: str, *, may_change: bool = False) -> Judgement:
    return Judgement(verdict=Verdict.UNKNOWN, evidence=evidence, may_change=may_change)


def _calibrating(answer: Answer) -> frozenset[str]:
    is_void = _is_no_answer(answer) or answer.shown_public_id is not None or _is_doubtful(answer)
    return frozenset({answer.signature} if answer.signature and not is_void else ())


def _is_doubtful(answer: Answer) -> bool:
    return answer.says is not None and not answer.says.verdict.removes


def _is_no_answer(answer: Answer) -> bool:
    """Whether it is about the visitor or the site, and so about no listing."""
    if (
        answer.refusal is not None
        or answer.status in _OF_THE_VISITOR
        or tells_nothing(answer.status)
    ):
        return True
    return answer.redirect_url is None and answer.status in _REDIRECTS


def tells_nothing(status: int | None) -> bool:
    """No answer, or that of a busy or failing site: it may pass, and is about no listing."""
    return status is None or status >= 500 or status in _PASSING
