"""Whether a missing listing is gone: a verdict with three values, and what it rests on.

Only answers that a listing's absence explains and nothing else does are taken for "gone": no
doubt removes a listing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


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
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of one answer to a GET for a listing's page."""

    url: str
    status: int | None  # None: no answer at all
    error: str | None = None
    redirect_url: str | None = None
    redirect_kind: RedirectKind | None = None
    shown_public_id: str | None = None  # the EasyBroker id that a listing's page shows
    shown_property_id: str | None = None  # computed from the page's own URL
    says_gone: bool = False
    says_sold: bool = False
    refusal: str | None = None  # a challenge, a captcha, a login: no answer about the listing
    signature: str = ""  # status, target and headings: equal for pages of one kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How the site answered, at the start of this job, URLs that never existed."""

    absent_signatures: frozenset[str] = frozenset()

    @classmethod
    def of(cls, invented: Iterable[Answer]) -> Calibration:
        """Answers of refusal or error calibrate nothing."""
        return cls(
            absent_signatures=frozenset(
                answer.signature
                for answer in invented
                if answer.signature and answer.shown_public_id is None and not _failed(answer)
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with its evidence, worded for the person who asks why."""

    verdict: Verdict
    evidence: str
    may_change: bool = False  # unknown for now: another try may tell


NO_CALIBRATION = Calibration()
_ABSENT = {404, 410}
_PASSING = {408, 425, 429}


def judge(
    answer: Answer,
    *,
    property_id: str,
    public_id: str | None,
    calibration: Calibration = NO_CALIBRATION,
) -> Judgement:
    """The verdict on one record.

    Args:
        answer: to a GET of its URL; a redirect to another listing's page must be followed first.
        property_id: the one its URL computes to.
        public_id: its EasyBroker id, where known: what a page must show to prove it alive.
    """
    if answer.refusal is not None:
        return _unknown(f"the site refused to answer ({answer.refusal})", may_change=True)
    if answer.status is None:
        return _unknown(f"no answer: {answer.error or 'unknown error'}", may_change=True)
    if answer.status in _ABSENT:
        said = ", and says that it was sold or rented" if answer.says_sold else ""
        return _absent(answer, f"HTTP {answer.status}{said}")
    if answer.redirect_url is not None:
        return _judge_redirect(answer, calibration)
    if answer.status == 200:
        return _judge_page(answer, property_id, public_id, calibration)
    return _unknown(f"HTTP {answer.status}", may_change=_failed(answer))


def _judge_redirect(answer: Answer, calibration: Calibration) -> Judgement:
    where = f"HTTP {answer.status} to {answer.redirect_url}"
    if answer.redirect_kind is RedirectKind.SEARCH:
        return _absent(answer, f"{where}, a search page")
    if answer.signature in calibration.absent_signatures:
        return _absent(answer, f"{where}, as for URLs that never existed")
    return _unknown(where)


def _judge_page(
    answer: Answer, property_id: str, public_id: str | None, calibration: Calibration
) -> Judgement:
    if answer.shown_public_id is not None:
        return _judge_listing(answer, property_id, public_id)
    if answer.says_sold:
        return _absent(answer, "the page says that it was sold or rented")
    if answer.says_gone:
        return _absent(answer, "the page says that it is no longer available")
    if answer.signature in calibration.absent_signatures:
        return _absent(answer, "HTTP 200, the page shown for URLs that never existed")
    return _unknown("HTTP 200 without a listing on it")


def _judge_listing(answer: Answer, property_id: str, public_id: str | None) -> Judgement:
    shown = answer.shown_public_id
    if shown == public_id:
        return Judgement(verdict=Verdict.ALIVE, evidence=f"the page shows {shown}")
    if public_id is None and answer.shown_property_id == property_id:
        return Judgement(
            verdict=Verdict.ALIVE, evidence=f"its own URL still shows a listing ({shown})"
        )
    return _unknown(f"the page shows {shown}, the record is {public_id or property_id}")


def _absent(answer: Answer, evidence: str) -> Judgement:
    verdict = Verdict.SOLD if answer.says_sold else Verdict.GONE
    return Judgement(verdict=verdict, evidence=evidence)


def _unknown(evidence: str, *, may_change: bool = False) -> Judgement:
    return Judgement(verdict=Verdict.UNKNOWN, evidence=evidence, may_change=may_change)


def _failed(answer: Answer) -> bool:
    return (
        answer.status is None
        or answer.refusal is not None
        or answer.status >= 500
        or answer.status in _PASSING
    )
