"""Pages that ask before something is done: prices, twins, a run's end, pages set aside.

Each shows what it is about and what follows; its form carries what the person saw.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.bootstrap import build_runner
from pincali_sync.domain.dead_letters import BY_NAME, DeadLetterKind
from pincali_sync.exceptions import UsageError
from pincali_sync.language import N_, _, ngettext
from pincali_sync.moments import instant
from pincali_sync.rendering.formats import money, share
from pincali_sync.web.site import DASHBOARD, done, site_of
from pincali_sync.web.trust import trusted_form

logger = logging.getLogger(__name__)

_CHANGED = N_("It is not what you saw any more, so nothing was done. Look again, then decide.")
_NOT_SAID = N_("The form does not say what you saw. Nothing was done.")
_LETTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked, and the form of the answer."""

    heading: str
    consequence: str
    button: str
    command: str  # that does the same in a terminal
    back: str  # the page that led here
    facts: tuple[tuple[str, str, str | None], ...]  # name, text, and where it leads
    seen: Mapping[str, str] = field(default_factory=dict)  # must still be so when it is answered
    danger: bool = False


async def _ask(
    request: Request,
    question: Question,
    carry_out: Callable[[], Awaitable[object]],
    said: str,
) -> Response:
    """GET shows the question; POST, from who may decide, carries it out."""
    site = site_of(request)
    if request.method != "POST":
        return site.page(request, "confirm.html", question=question)
    form = await trusted_form(request, site.guard)
    if not question.seen.keys() <= form.keys():
        raise HTTPException(400, _(_NOT_SAID))
    if any(form[name] != value for name, value in question.seen.items()):
        raise HTTPException(409, _(_CHANGED))
    try:
        await carry_out()
    except UsageError as error:
        raise HTTPException(409, _(_CHANGED)) from error
    logger.warning("%s was decided by %s", question.command, DASHBOARD)
    return done(question.back, said)


async def price(request: Request) -> Response:
    """An unusual price: let it stand, or put the old one back."""
    site, accept = site_of(request), _verb(request, "accept", "reject")
    review_id = request.path_params["review_id"]
    review = await site.services.db.run(lambda tx: tx.reviews.get(review_id))
    if review is None:
        raise HTTPException(404, _("There is no such price review."))
    if review.status != "open":
        return done("/decisions", "settled-already")
    question = Question(
        heading=_("Let the new price stand?") if accept else _("Put the old price back?"),
        consequence=_("The new price stays live and is no longer flagged.")
        if accept
        else _("The old price is live again, until the site shows another than the new one."),
        button=_("Accept the price") if accept else _("Reject the price"),
        command=f"reviews {'accept' if accept else 'reject'} {review.id}",
        back="/decisions",
        facts=(
            (_("Property"), review.title or review.property_id, _record(review.property_id)),
            (_("Was"), money(review.old_price, review.currency), None),
            (_("Is"), money(review.new_price, review.currency), None),
            (_("Since"), instant(review.created_at), None),
        ),
        seen={"new_price": str(review.new_price)},
    )
    return await _ask(
        request,
        question,
        lambda: site.services.reviews.settle(
            review.id, accept=accept, settled_by=DASHBOARD, seen=review.new_price
        ),
        "price-accepted" if accept else "price-rejected",
    )


async def twins(request: Request) -> Response:
    """Two records that may be one property: make them one, or keep them two for good."""
    site, confirm = site_of(request), _verb(request, "confirm", "reject")
    pair_id = request.path_params["pair_id"]
    pair = await site.services.db.run(lambda tx: tx.identities.get(pair_id))
    if pair is None:
        raise HTTPException(404, _("There is no such pair."))
    if pair.status != "open":
        return done("/decisions", "settled-already")
    question = Question(
        heading=_("Are they one property?") if confirm else _("Are they two properties?"),
        consequence=_("The newcomer becomes the earlier record, under that one's id.")
        if confirm
        else _("They stay two records, for good; the pair is not proposed again."),
        button=_("They are one") if confirm else _("They are two"),
        command=f"candidates {'confirm' if confirm else 'reject'} {pair.id}",
        back="/decisions",
        facts=(
            (_("Newcomer"), pair.title or pair.property_id, _record(pair.property_id)),
            (
                _("Earlier record"),
                pair.earlier_title or pair.earlier_property_id,
                _record(pair.earlier_property_id),
            ),
            (_("Metres apart"), f"{pair.metres:.1f}", None),
            (_("Titles alike"), share(pair.title_similarity / 100), None),
            (_("Prices alike"), share(pair.price_ratio), None),
        ),
        danger=confirm,
    )
    return await _ask(
        request,
        question,
        lambda: site.services.identities.settle(pair.id, confirm=confirm, settled_by=DASHBOARD),
        "twins-one" if confirm else "twins-two",
    )


async def cancel(request: Request) -> Response:
    """Ends an open run and stops its jobs."""
    site, run_id = site_of(request), request.path_params["run_id"]
    run = await site.services.db.run(lambda tx: tx.runs.get(run_id))
    if run is None:
        raise HTTPException(404, _("There is no such run. Old ones are deleted after their term."))
    if run.status != "running":
        return done(f"/runs/{run.id}", "over-already")
    question = Question(
        heading=_("Cancel this run?"),
        consequence=_(
            "Its jobs are stopped. What it queued stays queued; the next slot starts another run."
        ),
        button=_("Cancel the run"),
        command=f"cancel {run.id}",
        back=f"/runs/{run.id}",
        facts=(
            (_("Run of a tier"), str(run.id), f"/runs/{run.id}"),
            (_("Tier"), str(run.tier_level), None),
            (_("Started"), instant(run.started_at), None),
        ),
        danger=True,
    )
    orchestrator = site.services.orchestrator(build_runner(site.services.config))
    return await _ask(request, question, lambda: orchestrator.cancel(run.id), "cancelled")


async def letters(request: Request) -> Response:
    """Pages that were set aside for errors of one kind."""
    site, kind = site_of(request), _kind(request)
    async with site.services.db.transaction() as tx:
        groups = {each.kind: each for each in await tx.queue_rows.dead_letter_groups()}
        found = await tx.queue_rows.dead_letters(limit=_LETTERS, kind=kind.name)
        titles = await tx.dossier.titles([each.property_id for each in found])
    return site.page(
        request,
        "letters.html",
        kind=kind,
        group=groups.get(kind.name),
        letters=found,
        titles=titles,
        limit=_LETTERS,
    )


async def settle_letters(request: Request) -> Response:
    """All pages of one kind, as far as they were seen: a new start, or out of the queue."""
    site, kind, retry = site_of(request), _kind(request), _verb(request, "retry", "dismiss")
    until = _moment(request.query_params.get("until", ""))
    groups = await site.services.db.run(lambda tx: tx.queue_rows.dead_letter_groups(until=until))
    pages = next((each.pages for each in groups if each.kind == kind.name), 0)
    question = Question(
        heading=_("Retry these pages?") if retry else _("Dismiss these pages?"),
        consequence=_("Each is queued again, with all its attempts.")
        if retry
        else _("They leave the queue. What wants them again queues them anew."),
        button=ngettext("Retry %(num)s page", "Retry %(num)s pages", pages)
        if retry
        else ngettext("Dismiss %(num)s page", "Dismiss %(num)s pages", pages),
        command=f"{'retry' if retry else 'dequeue'} --kind {kind.name}",
        back=f"/errors/{kind.name}",
        facts=(
            (_("What it is"), _(kind.means), None),
            (_("What to do"), _(kind.remedy), None),
            (_("Set aside up to"), instant(until), None),
        ),
        danger=not retry,
    )

    async def carry_out() -> int:
        now = site.services.clock.now()
        given = {"until": until, "now": now}
        return await site.services.db.run(
            lambda tx: (
                tx.queue_rows.retry(None, kind=kind.name, **given)
                if retry
                else tx.queue_rows.dismiss(kind.name, reason=f"dismissed by {DASHBOARD}", **given)
            )
        )

    return await _ask(request, question, carry_out, "retried" if retry else "dismissed")


def _verb(request: Request, yes: str, no: str) -> bool:
    """Which of the two the path says. Raises: HTTPException: 404 for another."""
    verb = request.path_params["verb"]
    if verb not in {yes, no}:
        raise HTTPException(404)
    return bool(verb == yes)


def _kind(request: Request) -> DeadLetterKind:
    kind = BY_NAME.get(request.path_params["kind"])
    if kind is None:
        raise HTTPException(404)
    return kind


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    # The first year and the last are out of some zone's calendar.
    if moment is None or moment.tzinfo is None or not 1 < moment.year < 9999:
        raise HTTPException(400, _(_NOT_SAID))
    return moment


def _record(property_id: str) -> str:
    return f"/properties/{quote(property_id, safe='')}"
