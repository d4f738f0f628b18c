"""Pages with forms: `/removals`, where held batches are decided, and `/pauses`."""

from __future__ import annotations

import logging
import re
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pincali_sync.db.repositories.removal.batches import RemovalBatch
from pincali_sync.db.repositories.site.pace import PAGES, SITEMAP, scope_of
from pincali_sync.db.unit_of_work import UnitOfWork
from pincali_sync.domain.tiers import Tier
from pincali_sync.exceptions import UsageError
from pincali_sync.language import N_, _
from pincali_sync.web.site import DASHBOARD, done, site_of
from pincali_sync.web.trust import trusted_form
from pincali_sync.web.words import LONG, plain

logger = logging.getLogger(__name__)

_BATCHES = 50
_UNSETTLED = 100
_CHECKS = 200
_SAMPLE = 10
_DECISIONS = {"approve": "approved", "reject": "rejected"}
_CHANGED = N_(
    "The batch is not what you saw any more, so nothing was done. Go back to it, look again, "
    "then decide."
)
_SCOPES: dict[str, Tier | None] = {scope_of(tier): tier for tier in (None, *Tier)}
_NO_SCOPE = N_("The form names neither everything nor a tier. Nothing was done.")
_OTHER_PAUSE = N_("It rests for another reason than the one you saw. Nothing was done. Look again.")


async def batches(request: Request) -> Response:
    """The newest batches, a held one first, and what is missing for long without a verdict."""
    site = site_of(request)
    async with site.services.db.transaction() as tx:
        found = await tx.batches.latest(limit=_BATCHES)
        held = await tx.batches.latest(status="held", limit=_BATCHES)
        unsettled, waiting = await tx.missing.survey(limit=_UNSETTLED)
        return site.page(
            request,
            "removals.html",
            batches=[*held, *(each for each in found if each.status != "held")],
            batches_limit=_BATCHES,
            unsettled=unsettled,
            unsettled_limit=_UNSETTLED,
            waiting=waiting,
        )


async def batch(request: Request) -> Response:
    """One batch with its checks."""
    evidence = await _evidence(request, _CHECKS)
    return site_of(request).page(request, "batch.html", **evidence, limit=_CHECKS)


async def decide(request: Request) -> Response:
    """GET shows what approving or rejecting would do; POST does it."""
    verb = request.path_params["verb"]
    if verb not in _DECISIONS:
        raise HTTPException(404)
    if request.method == "POST":
        return await _carry_out(request, verb)
    evidence = await _evidence(request, _SAMPLE)
    if evidence["batch"].status != "held":
        return _nothing_to_decide(evidence["batch"])
    return site_of(request).page(request, "decide.html", **evidence, approve=verb == "approve")


async def _carry_out(request: Request, verb: str) -> Response:
    site = site_of(request)
    form = await trusted_form(request, site.guard)
    if not re.fullmatch(r"[0-9]{1,9}", removable := form.get("removable", "")):
        raise HTTPException(400, _("The form does not say what you saw. Nothing was done."))
    try:
        if form.get("status") != "held":
            raise UsageError("only what is held is decided")
        decided = await site.services.removals.settle(
            request.path_params["batch_id"],
            approve=verb == "approve",
            decided_by=DASHBOARD,
            removable=int(removable),
        )
    except UsageError as error:  # there is none, or it is not what the person saw
        batch = await site.services.db.run(lambda tx: _batch(tx, request))
        if batch.status != "held":  # somebody was quicker, or clicked twice
            return _nothing_to_decide(batch)
        raise HTTPException(409, _(_CHANGED)) from error
    logger.warning(
        "removal batch %s was %s by %s: %s listings removed",
        decided.id,
        _DECISIONS[verb],
        DASHBOARD,
        decided.removed,
    )
    return done(f"/removals/{decided.id}", _DECISIONS[verb])


def _nothing_to_decide(batch: RemovalBatch) -> Response:
    message = "not-to-decide" if batch.status in {"open", "joined"} else "decided-already"
    return done(f"/removals/{batch.id}", message)


async def _batch(tx: UnitOfWork, request: Request) -> RemovalBatch:
    """The batch that the path names. Raises: HTTPException: 404 when there is none."""
    batch = await tx.batches.get(request.path_params["batch_id"])
    if batch is None:
        raise HTTPException(404, _("There is no such batch of removals."))
    return batch


async def _evidence(request: Request, checks: int) -> dict[str, Any]:
    """A batch and what its listings' pages answered, with as many of the checks."""
    services = site_of(request).services
    async with services.db.transaction() as tx:
        batch = await _batch(tx, request)
        found = await tx.checks.of_batch(batch.id, limit=checks)
        return {
            "batch": batch,
            # Proven gone and not seen since: what approving would remove now.
            "removable": await tx.batches.removable(batch.id, now=services.clock.now()),
            "verdicts": await tx.checks.verdicts_of_batch(batch.id),
            "checks": found,
            "titles": await tx.dossier.titles([each.property_id for each in found]),
        }


async def pauses(request: Request) -> Response:
    """GET shows what rests; POST pauses everything or one tier."""
    site = site_of(request)
    if request.method != "POST":
        in_force = await site.services.pauses.in_force()
        return site.page(request, "pauses.html", pauses=in_force, scopes=_SCOPES)
    form = await trusted_form(request, site.guard)
    scope = _scope(form.get("scope"))
    reason = plain(form.get("reason", ""), LONG) or "by request"
    if not await site.services.pauses.pause(_SCOPES[scope], reason=reason, paused_by=DASHBOARD):
        return done("/pauses", "paused-already")
    logger.warning("%s was paused by %s", scope, DASHBOARD)
    return done("/pauses", "paused")


async def resume(request: Request) -> Response:
    """Ends one pause: the one that the person saw."""
    site = site_of(request)
    form = await trusted_form(request, site.guard)
    scope = _scope(form.get("scope"), PAGES, SITEMAP)
    found = {each.scope: each for each in await site.services.pauses.in_force()}.get(scope)
    if found is None:
        return done("/pauses", "resumed-already")
    if found.paused_at.isoformat() != form.get("paused_at"):
        raise HTTPException(409, _(_OTHER_PAUSE))
    if scope == PAGES:
        await site.services.pauses.ask_again()
        logger.warning("one page is asked for, as %s wants", DASHBOARD)
        return done("/pauses", "asked-again")
    await site.services.pauses.resume(scope)
    logger.warning("%s was resumed by %s", scope, DASHBOARD)
    return done("/pauses", "resumed")


def _scope(text: str | None, *others: str) -> str:
    if text is None or text not in {*_SCOPES, *others}:
        raise HTTPException(400, _(_NO_SCOPE))
    return text
